// A run beside the record: chances by day, what arms change, people, one replica.
// It is simulated, and says so on its face as long as it is shown.

import { Branch } from "./whatif_branch.js";
import { CHANCES, DIFFERENCES } from "./scales.js";
import { People } from "./whatif_people.js";
import { bdi, chip, h, shown } from "./dom.js";
import { styleKey } from "./looks.js";

const MOST_ROWS = 250;
const APART = "#D7263D"; // as in a comparison

export class WhatIf {
  constructor(app, told) {
    this.app = app;
    this.told = told?.arms?.length ? told : null;
    this.arms = (this.told?.arms ?? []).map((one) => one.label);
    this.arm = null; // of what is shown; null: the record alone
    this.show = "chance";
    this.people = this.told && new People(this.told, this.told.from);
    this.forget();
  }

  /** What was worked out for a record that has grown since. */
  forget() {
    this.at = new Map((this.told?.settlements ?? []).map((id, i) => [id, i]));
    this.branches = new Map();
  }

  get shown() {
    return this.arm !== null;
  }

  /** The days of a slider, and with them those of the run, which may lie beyond. */
  span({ first, last }) {
    return this.told ? { first: Math.min(first, this.told.from), last: Math.max(last, this.told.until ?? last) } : { first, last };
  }

  /** All that can be shown, as `[show, arm]`. */
  get layers() {
    const found = this.told?.published ? [["published", 0]] : [];
    this.arms.forEach((_, arm) => found.push(["chance", arm]));
    this.arms.forEach((_, arm) => arm && found.push(["differs", arm]));
    this.arms.forEach((_, arm) => this.told.arms[arm].people && found.push(["people", arm]));
    this.arms.forEach((_, arm) => this.told.arms[arm].branch && found.push(["run", arm]));
    return found;
  }

  title([show, arm]) {
    const named = { arm: shown(this.arms[arm]), base: shown(this.arms[0]) };
    return this.app.words.say(show === "chance" ? "whatif.arm" : `whatif.${show}`, named);
  }

  get value() {
    return this.shown ? `${this.show}:${this.arm}` : "";
  }

  /** Show a layer by its value, as in the menu; what is none is the record. */
  choose(value) {
    const found = this.layers.find(([show, arm]) => `${show}:${arm}` === value);
    [this.show, this.arm] = found ?? ["chance", null];
    Object.assign(this.app.ask, { arm: found ? this.arms[this.arm] : null, show: this.show });
    document.getElementById("whatifframe").hidden = !found;
  }

  /** Show what an address asks. */
  asked({ arm, show }) {
    this.choose(`${show}:${this.arms.indexOf(arm)}`);
  }

  // --- what it says of a place -----------------------------------------------------

  /** The chance that a place of the run has fallen by the end of a day; null: not in it. */
  chance(place, day, arm, published = false) {
    const row = this.at.get(this.app.record.settlements[place].id);
    if (row === undefined) return null;
    const { from, arms } = this.told;
    const days = (published ? this.told.published : arms[arm].chances)[row];
    const n = day - from;
    return n < 0 ? 0 : days[Math.min(n, days.length - 1)];
  }

  /** The number that the layer shown has for a place; null: nothing. */
  #number(place, day) {
    const { show, arm } = this;
    if (show === "people") return this.people.of(arm, "places", this.app.record.settlements[place].id, day)?.[0] ?? 0;
    const chance = this.chance(place, day, arm, show === "published");
    return chance === null || show !== "differs" ? chance : chance - this.chance(place, day, 0);
  }

  get scale() {
    return this.show === "people" ? this.people.scale : this.show === "differs" ? DIFFERENCES : CHANCES;
  }

  /** The replica shown, replayed to the day that is asked for. */
  get branch() {
    const { app, arm } = this;
    if (!this.branches.has(arm)) this.branches.set(arm, new Branch(app.record, this.told.arms[arm].branch.record, this.told.from));
    const found = this.branches.get(arm);
    if (found.day !== app.ask.on) found.at(app.ask.on);
    return found;
  }

  /** Before the branch there is nothing but the record. */
  get begun() {
    return this.app.ask.on >= this.told.from;
  }

  styles(wanted, day) {
    const { view } = this.app;
    const hollow = styleKey(-1, view.unknown, 0, 0);
    if (this.show === "run") {
      const seen = this.begun ? this.branch : view;
      for (let s = 0; s < wanted.length; s += 1) wanted[s] = seen.exists[s] ? styleKey(seen.control[s], seen.status[s], 0, 0) : -1;
      return;
    }
    const { scale } = this;
    for (let s = 0; s < wanted.length; s += 1) {
      const number = view.exists[s] ? this.#number(s, day) : null;
      wanted[s] = number === null ? (view.exists[s] ? hollow : -1) : scale.key(number);
    }
  }

  /** Outlined: where the replica and the record differ on the day. */
  marks() {
    if (this.show !== "run" || !this.begun) return [];
    return this.branch.differing(this.app.view).map((place) => ({ place, colour: APART, wide: 2.4 }));
  }

  // --- words -----------------------------------------------------------------------

  percent(chance) {
    return `${Math.round(chance * 100)} %`;
  }

  points(difference) {
    const points = Math.round(difference * 100);
    return `${points > 0 ? "+" : points < 0 ? "−" : "±"}${Math.abs(points)}`;
  }

  tip(place) {
    const { app } = this;
    const { words, ask } = app;
    if (this.show === "run") {
      const { control, status } = this.begun ? this.branch : app.view;
      return app.telling.side(control[place], app.record.rules.statuses[status[place]]);
    }
    const number = this.#number(place, ask.on);
    if (number === null) return "–";
    if (this.show === "people") return this.people.range(words, this.people.of(this.arm, "places", app.record.settlements[place].id, ask.on));
    if (this.show === "differs") return words.say("whatif.points", { n: this.points(number) });
    return words.say("whatif.falls", { p: this.percent(number) });
  }

  note() {
    const { words } = this.app;
    const { title, replicas, from, seed } = this.told;
    const run = words.say("whatif.note", { title: shown(title), n: words.number(replicas), day: words.day(from), seed });
    const said = { n: this.told.arms[this.arm ?? 0].branch?.replica, why: shown(this.told.no_people), until: words.day(this.told.until) };
    const kind = this.show === "people" && this.people.shares ? "shares" : this.show;
    return `${run} ${words.say(`whatif.is.${kind}`, said)}`;
  }

  /** The scale of what is shown, which stands in the place of the legend of sides. */
  #ramp() {
    const { words } = this.app;
    const { scale } = this;
    const colours = scale.colours.map((colour) => {
      const one = h("span");
      one.style.background = colour;
      return one;
    });
    const ends = this.show === "differs" ? ["−100", words.say("whatif.less"), "+100"]
      : this.show === "people" ? [this.people.text(words, 0), words.say(this.people.shares ? "whatif.share" : "whatif.persons"), `≥ ${this.people.text(words, scale.bounds[scale.bounds.length - 1])}`]
        : ["0 %", words.say("whatif.chance"), "100 %"];
    return [
      h("div", { class: "ramp", "aria-hidden": "true", dir: "ltr" }, colours),
      h("div", { class: "rampwords", dir: "ltr" }, ends.map((one) => h("span", { dir: "auto" }, one))),
    ];
  }

  legend(box) {
    const { app } = this;
    const { words } = app;
    const head = [h("h2", {}, words.say("whatif.frame")), h("p", { class: "note" }, bdi(this.title([this.show, this.arm])))];
    if (this.show === "run") {
      app.legend.show(this.begun ? this.branch : app.view, app.ask.patterns);
      box.querySelector(".whatifhead")?.remove();
      box.prepend(h("div", { class: "whatifhead" }, head, h("p", { class: "note" }, words.say("whatif.outlined"))));
      return;
    }
    box.replaceChildren(...head, ...this.#ramp(), this.show === "people" ? "" : h("p", { class: "note" }, words.say("whatif.hollow")));
  }

  render(box) {
    const { app } = this;
    const { words } = app;
    if (!this.told) return;
    const columns = this.show === "people" ? this.people.tables(app, this.arm ?? 0, () => this.#heads())
      : this.show === "run" && this.shown ? this.#apart() : this.#chances();
    box.replaceChildren(
      h("p", {}, h("span", { class: "tag warn" }, words.say("whatif.frame"))),
      h("p", { class: "note" }, bdi(this.note())), ...(this.shown ? [] : this.#ramp()), ...columns);
  }

  #heads() {
    return this.arms.map((label) => h("th", { scope: "col", class: "num" }, bdi(label)));
  }

  /** The chance of each place in all arms, beside what was recorded of it. */
  #chances() {
    const { app, show } = this;
    const { words, record, ask, view } = app;
    const arm = this.arm ?? 0;
    const { statuses } = record.rules;
    const pool = show === "published"; // what is published knows nothing of the arms
    const places = this.told.settlements.map((id) => record.placeAt.get(id)).filter((s) => s !== undefined);
    const rank = (s) => (show === "differs" ? Math.abs(this.chance(s, ask.on, arm) - this.chance(s, ask.on, 0)) : this.chance(s, ask.on, arm, show === "published"));
    const ranked = places.map((s) => [s, rank(s)]).sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    const cell = (text) => h("td", { class: "num" }, bdi(text));
    const rows = ranked.slice(0, MOST_ROWS).map(([s]) => {
      const status = statuses[view.status[s]];
      return h("tr", {}, h("td", {}, app.telling.place(record.settlements[s].id)),
        pool ? cell(this.percent(this.chance(s, ask.on, 0, true))) : null,
        (pool ? [] : this.arms).map((_, i) => cell(this.percent(this.chance(s, ask.on, i)))),
        show === "differs" ? cell(this.points(this.chance(s, ask.on, arm) - this.chance(s, ask.on, 0))) : null,
        show === "differs" ? null : h("td", {}, chip(app.telling.colour(view.control[s], status)), " ", app.telling.side(view.control[s], status)));
    });
    const head = (key) => h("th", { scope: "col", class: "num" }, words.say(key));
    return [h("table", { class: "rows" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, words.say("col.place")),
      pool ? head("whatif.pool") : null, pool ? [] : this.#heads(), show === "differs" ? head("whatif.difference") : null,
      show === "differs" ? null : h("th", { scope: "col" }, words.say("whatif.recorded")))), h("tbody", {}, rows))];
  }

  /** Where the replica and the record differ on the day, side by side. */
  #apart() {
    const { app } = this;
    const { words, record, view } = app;
    if (!this.begun) return [h("p", {}, words.say("whatif.before", { day: words.day(this.told.from) }))];
    const { branch } = this;
    const found = branch.differing(view);
    const side = ({ control, status }, s) => {
      const word = record.rules.statuses[status[s]];
      return h("td", {}, chip(app.telling.colour(control[s], word)), " ", app.telling.side(control[s], word));
    };
    const rows = found.slice(0, MOST_ROWS).map((s) => h("tr", {}, h("td", {}, app.telling.place(record.settlements[s].id)), side(branch, s), side(view, s)));
    const count = h("p", {}, h("strong", {}, words.say("whatif.apart", { n: words.number(found.length) })));
    if (!rows.length) return [count];
    return [count, h("table", { class: "rows" }, h("thead", {}, h("tr", {}, ["col.place", "whatif", "whatif.recorded"].map((key) => h("th", { scope: "col" }, words.say(key))))), h("tbody", {}, rows))];
  }
}
