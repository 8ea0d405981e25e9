// An ensemble beside the record: the chance that each place falls by the day shown.
// It is simulated, and says so on its face as long as it is shown.

import { LAND, mix } from "./looks.js";
import { bdi, chip, h, shown } from "./dom.js";

const FULL = "#6A1B4D"; // a scale of its own, no side's colour at full strength
const STEPS = 10;
const BASE = 1 << 24; // style keys from here on are chances, in steps

export const chanceOf = (key) => (key >= BASE ? (key - BASE) / STEPS : null);

/** The look of a place with a chance of falling; see lookOf in looks.js. */
export function chanceLook(key) {
  const share = chanceOf(key);
  const colour = mix(FULL, LAND, 0.06 + 0.88 * share);
  return { cell: colour, face: colour, edge: mix(FULL, "#000000", 0.7), shape: "held", doubt: 0, stale: 0 };
}

export class WhatIf {
  constructor(app, told) {
    this.app = app;
    this.told = told;
    this.arms = (told?.arms ?? []).map((one) => one.label);
    this.arm = null;
  }

  get shown() {
    return this.arm !== null;
  }

  choose(arm) {
    this.arm = arm !== null && this.told.arms[arm] ? arm : null;
    this.app.ask.arm = this.arm === null ? null : this.arms[this.arm];
    document.getElementById("whatifframe").hidden = this.arm === null;
  }

  /** The chance that a place of the run has fallen by the end of a day; null: not in it. */
  chance(place, day, arm = this.arm) {
    const { settlements, from, arms } = this.told;
    this.at ??= new Map(settlements.map((id, i) => [id, i]));
    const row = this.at.get(this.app.record.settlements[place].id);
    if (row === undefined) return null;
    const days = arms[arm].chances[row];
    const n = day - from;
    return n < 0 ? 0 : days[Math.min(n, days.length - 1)];
  }

  styles(wanted, day) {
    for (let s = 0; s < wanted.length; s += 1) {
      const chance = this.chance(s, day);
      wanted[s] = chance === null ? this.app.view.unknown * 8 : BASE + Math.round(chance * STEPS);
    }
  }

  tip(place) {
    const { words, ask } = this.app;
    const chance = this.chance(place, ask.on);
    return chance === null ? "–" : words.say("whatif.falls", { p: this.percent(chance) });
  }

  percent(chance) {
    return `${Math.round(chance * 100)} %`;
  }

  note() {
    const { words } = this.app;
    const { title, replicas, from, seed } = this.told;
    return words.say("whatif.note", { title: shown(title), n: words.number(replicas), day: words.day(from), seed });
  }

  /** The scale of chances, which stands in the place of the legend of sides. */
  #ramp() {
    const { words } = this.app;
    const colours = Array.from({ length: STEPS + 1 }, (_, i) => {
      const one = h("span");
      one.style.background = chanceLook(BASE + i).cell;
      return one;
    });
    return [
      h("div", { class: "ramp", "aria-hidden": "true", dir: "ltr" }, colours),
      h("div", { class: "rampwords", dir: "ltr" }, h("span", {}, "0 %"), h("span", {}, words.say("whatif.chance")), h("span", {}, "100 %")),
    ];
  }

  legend(box) {
    const { words } = this.app;
    box.replaceChildren(h("h2", {}, words.say("whatif.frame")), h("p", { class: "note" }, bdi(this.arms[this.arm])), ...this.#ramp(),
      h("p", { class: "note" }, words.say("whatif.hollow")));
  }

  render(box) {
    const { app } = this;
    const { words, record, ask, view } = app;
    if (!this.told?.arms?.length) return;
    const arm = this.arm ?? 0;
    const { statuses } = record.rules;
    const rows = [];
    const places = this.told.settlements.map((id) => record.placeAt.get(id)).filter((s) => s !== undefined);
    const chances = places.map((s) => [s, this.chance(s, ask.on, arm)]);
    chances.sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    for (const [s, chance] of chances.slice(0, 250)) {
      const others = this.told.arms.map((_, i) => h("td", { class: "num" }, this.percent(i === arm ? chance : this.chance(s, ask.on, i))));
      const status = statuses[view.status[s]];
      rows.push(h("tr", {}, h("td", {}, app.telling.place(record.settlements[s].id)), others,
        h("td", {}, chip(app.telling.colour(view.control[s], status)), " ", app.telling.side(view.control[s], status))));
    }
    box.replaceChildren(
      h("p", {}, h("span", { class: "tag warn" }, words.say("whatif.frame"))),
      h("p", { class: "note" }, bdi(this.note())), ...(this.shown ? [] : this.#ramp()),
      h("table", { class: "rows" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, words.say("col.place")),
        this.arms.map((label) => h("th", { scope: "col", class: "num" }, bdi(label))), h("th", { scope: "col" }, words.say("whatif.recorded")))), h("tbody", {}, rows)));
  }
}
