// Milliseconds of the page's replay, one JSON object: argv is the folder of the modules,
// the document comes on stdin. A step is one day of the slider, back or forth.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(`${process.argv[2]}/`);
const { Record } = await import(new URL("record.js", folder));
const { Knowledge } = await import(new URL("replay.js", folder));
const { cappedCells } = await import(new URL("cells.js", folder));
const { staleness, styleKey } = await import(new URL("looks.js", folder));

const timed = (act) => {
  const from = performance.now();
  const made = act();
  return [performance.now() - from, made];
};
const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

const document = JSON.parse(readFileSync(0, "utf-8"));
const [read, record] = timed(() => new Record(document));
const [known, knowledge] = timed(() => new Knowledge(record));
const lons = record.settlements.map((one) => one.lon);
const lats = record.settlements.map((one) => one.lat);
const [cells] = timed(() => cappedCells(lons, lats, 15));
const days = [...new Set(knowledge.days)].sort((a, b) => a - b);
const styles = new Int32Array(record.settlements.length);
const answer = { read, known, cells };
for (const lens of ["latest", "majority"]) {
  const view = knowledge.through(lens);
  const steps = [];
  let changed = 0;
  for (let round = 0; round < 5; round += 1) {
    for (let day = days[0]; day <= days[days.length - 1]; day += 1) {
      const [took] = timed(() => {
        view.at(day);
        for (let s = 0; s < styles.length; s += 1) {
          const key = styleKey(view.control[s], view.status[s], staleness(day, view.last[s]), view.disputed[s]);
          if (styles[s] !== key) {
            styles[s] = key;
            changed += 1;
          }
        }
      });
      if (round) steps.push(took);
    }
  }
  answer[lens] = median(steps);
  answer[`${lens}Most`] = Math.max(...steps);
  answer.changed = changed;
}
const later = [];
for (let i = 0; i < 15; i += 1) {
  later.push(timed(() => new Knowledge(record, record.position - i).through("latest").at(days[0] + 5))[0]);
}
answer.knowledge = median(later);
process.stdout.write(JSON.stringify(answer));
