// Answers questions about documents with the page's own replay: JSON in, JSON out.
// [{document, asks: [{on, position, published, lens}]}] -> [[{places, figures, open}]]

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(`${process.argv[2]}/`);
const { NEVER, Record } = await import(new URL("record.js", folder));
const { Knowledge, figuresOn, roadsKnown, shutOn } = await import(new URL("replay.js", folder));

function answer(record, ask) {
  const knowledge = new Knowledge(record, ask.position, ask.published);
  const view = knowledge.through(ask.lens);
  view.at(ask.on - 3); // a slider comes from somewhere
  view.at(ask.on + 2);
  view.at(ask.on);
  const ids = (rows) => rows.map((row) => knowledge.rows[row].report_id);
  const places = {};
  record.settlements.forEach((one, s) => {
    if (!view.exists[s]) return;
    const whole = view.ruling(s, view.cursor[s]);
    const told = {
      control: view.control[s] < 0 ? null : record.actors[view.control[s]].id,
      status: record.rules.statuses[view.status[s]],
      since: view.since[s] === NEVER ? null : view.since[s],
      disputed: view.disputed[s] === 1,
      last_heard: view.last[s] === NEVER ? null : view.last[s],
      deciding: ids(whole.deciding),
      against: ids(whole.against),
    };
    const since = whole.since ?? null;
    if (whole.control !== view.control[s] || whole.disputed !== told.disputed || since !== told.since) {
      throw new Error("a view and its ruling differ");
    }
    places[one.id] = told;
  });
  const shut = shutOn(knowledge, ask.on);
  const open = roadsKnown(knowledge)
    .filter((one) => !shut.has(one.id))
    .map((one) => one.id);
  const figures = figuresOn(knowledge, ask.on).map((one) => [one.report_id, one.persons]);
  return { places, figures, open };
}

const cases = JSON.parse(readFileSync(0, "utf-8"));
const answers = cases.map(({ document, asks }) => {
  const record = new Record(document);
  return asks.map((ask) => answer(record, ask));
});
process.stdout.write(JSON.stringify(answers));
