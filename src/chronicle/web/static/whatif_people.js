// People away from home, by place and day: means over the replicas, and nine in ten.

import { PEOPLE, SHARES } from "./scales.js";
import { bdi, h, shown } from "./dom.js";

const MOST_PLACES = 120;

export class People {
  constructor(told, from) {
    this.told = told;
    this.from = from;
    this.shares = Boolean(told.no_people);
    this.scale = this.shares ? SHARES : PEOPLE;
    this.rows = told.arms.map(({ people }) => people && {
      places: new Map(people.places.name.map((id, i) => [id, i])),
      provinces: new Map(people.provinces.name.map((name, i) => [name, i])),
    });
  }

  /** `[mean, low, high]` of a place or province on a day of an arm; null: nobody. */
  of(arm, kind, name, day) {
    const n = Math.min(day - this.from, this.told.until - this.from) - 1;
    const row = this.rows[arm]?.[kind].get(name);
    if (row === undefined || n < 0) return null;
    const { mean, low, high } = this.told.arms[arm].people[kind];
    return [mean[row][n], low[row][n], high[row][n]];
  }

  /** A number of people, or the share of all who are away from home. */
  text(words, value) {
    if (!this.shares) return words.number(value);
    return `${words.number(value < 100 ? value / 10 : Math.round(value / 10))} %`;
  }

  range(words, told) {
    return told ? `${this.text(words, told[0])} (${this.text(words, told[1])}–${this.text(words, told[2])})` : "–";
  }

  /** Provinces, then places, those with most first; a column for each arm. */
  tables(app, arm, heads) {
    const { words, record, ask } = app;
    const made = (kind, title, cell, most) => {
      const names = this.rows[arm] ? [...this.rows[arm][kind].keys()] : [];
      const found = names.map((name) => [name, this.of(arm, kind, name, ask.on)?.[0] ?? 0]).filter(([, mean]) => mean > 0);
      found.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
      const rows = found.slice(0, most).map(([name]) => h("tr", {}, h("td", {}, cell(name)),
        this.told.arms.map((_, i) => h("td", { class: "num" }, bdi(this.range(words, this.of(i, kind, name, ask.on)))))));
      return rows.length ? [h("table", { class: "rows" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, words.say(title)), heads())), h("tbody", {}, rows))] : [];
    };
    const found = [
      ...made("provinces", "whatif.province", (name) => bdi(shown(name) || words.say("whatif.noprovince")), 60),
      ...made("places", "col.place", (id) => (record.placeAt.has(id) ? app.telling.place(id) : bdi(id)), MOST_PLACES),
    ];
    return found.length ? found : [h("p", {}, words.say("whatif.nopeople"))];
  }
}
