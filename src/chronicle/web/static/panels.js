// The other panels: displaced people, incidents, roads, sides, the table, what differs.

import { NEVER } from "./record.js";
import { figuresOn, roadsKnown, shutOn } from "./replay.js";
import { figureText, incidentItem } from "./feed.js";
import { bdi, chip, h, shown } from "./dom.js";
import { fold, nameIn } from "./search.js";

const MOST_ROWS = 400;

const head = (words, keys) =>
  h("thead", {}, h("tr", {}, keys.map((key) => h("th", { scope: "col" }, words.say(key)))));

export function renderPeople(app, telling, box) {
  const { words, knowledge, ask } = app;
  const figures = figuresOn(knowledge, ask.on).reverse();
  if (!figures.length) {
    box.replaceChildren(h("p", {}, words.say("people.none")));
    return;
  }
  const cards = figures.slice(0, 80).map((one) => {
    const places = [one.origin, one.destination].every(Boolean)
      ? [telling.place(one.origin), telling.arrow, telling.place(one.destination)]
      : [one.settlement ? telling.place(one.settlement) : bdi(one.area || "–")];
    const span = one.since !== null && one.until !== null ? `${words.day(one.since)} – ${words.day(one.until - 1)}` : words.day(one.day);
    return h("div", { class: "card" },
      h("div", {}, h("span", { class: "big" }, bdi(figureText(words, one), { dir: "ltr" })), " ", words.term(one.category), " · ", words.term(one.measure), telling.tags(one)),
      h("div", {}, places),
      h("div", { class: "said" }, `${words.say("as.of")} `, bdi(span), one.counter ? [` · ${words.say("counter")}: `, bdi(one.counter)] : [], " · ", telling.grade(one), " · ", bdi(one.source),
        one.includes?.length ? [" · ⊇ ", bdi(one.includes.join(", "))] : []),
      telling.said(one));
  });
  box.replaceChildren(h("p", { class: "note" }, words.say("people.figures")), ...cards);
}

export function renderIncidents(app, telling, box) {
  const { words, knowledge, ask } = app;
  const found = knowledge.other.incidents.filter((one) => one.day <= ask.on).reverse();
  box.replaceChildren(found.length
    ? h("ul", { class: "feed" }, found.slice(0, 120).map((one) => incidentItem(telling, one)))
    : h("p", {}, words.say("incidents.none")));
}

export function renderRoads(app, telling, box) {
  const { words, knowledge, ask } = app;
  const shut = [...shutOn(knowledge, ask.on).values()];
  const items = shut.map((one) => h("li", {},
    h("div", { class: "what" }, h("span", {}, telling.place(one.settlement_a), " – ", telling.place(one.settlement_b))),
    h("div", { class: "said" }, words.day(one.day), " · ", telling.grade(one), " · ", bdi(one.source)), telling.said(one)));
  box.replaceChildren(
    h("p", { class: "note" }, words.say("roads.count", { n: words.number(roadsKnown(knowledge).length) })),
    items.length ? h("ul", { class: "feed" }, items) : h("p", {}, words.say("roads.none")));
}

/** The sides of the conflict on that day, their backers, and dated legends of maps. */
export function renderSides(app, telling, box) {
  const { words, knowledge, ask, record } = app;
  const backers = new Map();
  for (const one of knowledge.other.support) {
    if (one.day > ask.on) continue;
    if (!backers.has(one.backed)) backers.set(one.backed, []);
    backers.get(one.backed).push(one);
  }
  const cards = [];
  record.actors.forEach((one, actor) => {
    if (one.registered > knowledge.position) return;
    const dates = [
      one.since !== null && one.since !== undefined ? words.say("in.being", { day: words.day(one.since) }) : "",
      one.until !== null && one.until !== undefined ? words.say("was.until", { day: words.day(one.until) }) : "",
    ].filter(Boolean);
    const by = (backers.get(one.id) ?? []).map((claim) =>
      h("div", { class: "said" }, words.say("support.line", { backer: shown(claim.backer), backed: shown(one.short || one.name) }), claim.support ? [": ", bdi(claim.support)] : [], " · ", bdi(claim.source), " ", telling.grade(claim)));
    cards.push(h("div", { class: "card" },
      h("div", { class: "what" }, chip(telling.colour(actor, "held")), " ", h("strong", {}, bdi(one.short || one.name)), one.side ? [" · ", bdi(one.side)] : []),
      h("div", { class: "said" }, bdi(one.name), dates.length ? ` · ${dates.join(" · ")}` : ""), by, one.note ? h("div", { class: "said" }, bdi(one.note)) : null));
  });
  const legends = knowledge.other.legends.filter((one) => one.day <= ask.on).map((one) =>
    h("p", { class: "note" }, words.say("legend.line", { legend: shown(one.legend), colour: shown(one.colour), means: shown(one.means), day: words.day(one.day) })));
  box.replaceChildren(...legends, ...cards);
}

/** All places in words: the mirror of the map. */
export class TablePanel {
  constructor(app, telling) {
    this.app = app;
    this.telling = telling;
    this.text = "";
  }

  render(box) {
    const { app } = this;
    const { words } = app;
    if (!this.input || this.language !== words.language) {
      this.language = words.language;
      this.input = h("input", { type: "text", "aria-label": words.say("table.filter"), placeholder: words.say("table.filter"), value: this.text,
        oninput: () => { this.text = this.input.value; this.#rows(); } });
      this.body = h("tbody");
      this.left = h("p", { class: "note" });
      this.table = h("table", { class: "rows" }, head(words, ["col.place", "col.control", "col.status", "col.since", "col.heard"]), this.body);
    }
    if (this.input.parentNode !== box) box.replaceChildren(this.input, this.table, this.left);
    this.#rows();
  }

  #rows() {
    const { app, telling } = this;
    const { words, record, view } = app;
    const wanted = fold(this.text);
    const rows = [];
    let left = 0;
    this.order ??= record.settlements.map((_, s) => s).sort((a, b) => record.settlements[a].name.localeCompare(record.settlements[b].name));
    for (const s of this.order) {
      if (!view.exists[s]) continue;
      if (wanted && !app.finder.keys[s].some(([key]) => key.includes(wanted))) continue;
      if (rows.length >= MOST_ROWS) {
        left += 1;
        continue;
      }
      const status = record.rules.statuses[view.status[s]];
      const actor = view.control[s];
      rows.push(h("tr", {},
        h("td", {}, telling.place(record.settlements[s].id)),
        h("td", {}, chip(telling.colour(actor, status)), " ", actor < 0 ? "–" : telling.side(actor, "held")),
        h("td", {}, words.term(status), view.disputed[s] ? telling.tags({}, { disputed: true }) : []),
        h("td", {}, view.since[s] === NEVER ? "–" : words.day(view.since[s])),
        h("td", {}, view.last[s] === NEVER ? "–" : words.day(view.last[s]))));
    }
    this.body.replaceChildren(...rows);
    this.left.textContent = left ? words.say("table.more", { n: words.number(left) }) : "";
  }
}

/** What differs between the two states compared, as a list. */
export function renderCompared(app, telling, box) {
  const { words, record, ask } = app;
  const found = app.differences ?? [];
  const side = (actor, status) => h("span", {}, chip(telling.colour(actor, record.rules.statuses[status])), " ", telling.side(actor, record.rules.statuses[status]));
  const rows = found.slice(0, MOST_ROWS).map(([s, before, after]) =>
    h("tr", {}, h("td", {}, telling.place(record.settlements[s].id)), h("td", {}, side(...before)), h("td", {}, side(...after))));
  const heading = h("h2", {}, bdi(app.comparisonText()));
  if (!rows.length) {
    box.replaceChildren(heading, h("p", {}, words.say("compare.none")));
    return;
  }
  const moves = new Map();
  for (const [, before, after] of found) {
    const key = `${telling.side(before[0], record.rules.statuses[before[1]])}${telling.arrow}${telling.side(after[0], record.rules.statuses[after[1]])}`;
    moves.set(key, (moves.get(key) ?? 0) + 1);
  }
  const summary = [...moves].sort((a, b) => b[1] - a[1]).map(([key, n]) => h("li", {}, `${words.number(n)}: `, bdi(key)));
  void ask;
  box.replaceChildren(heading, h("p", {}, h("strong", {}, words.say("compare.count", { n: words.number(found.length) }))), h("ul", {}, summary),
    h("table", { class: "rows" }, head(words, ["col.place", "col.before", "col.after"]), h("tbody", {}, rows)));
}

/** The name of a place in the language of the page. */
export const placeName = (app, s) => shown(nameIn(app.record.settlements[s], app.words.language));
