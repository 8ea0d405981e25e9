// The legend: who is shown in which colour, on that day, with places and people.

import { CONTESTED_LINES, LAND, actorColour, contrast, hatched, lookOf, mix, patternOf, styleKey } from "./looks.js";
import { drawDot } from "./dots.js";
import { bdi, h } from "./dom.js";

const RATIO = 2;

function swatch(colour, lines, ink) {
  const canvas = h("canvas", { class: "swatch", width: 26 * RATIO, height: 16 * RATIO, "aria-hidden": "true" });
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = lines.length ? ctx.createPattern(hatched(colour, lines, ink, RATIO), "repeat") : colour;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.strokeStyle = "#0007";
  ctx.strokeRect(0.5, 0.5, canvas.width - 1, canvas.height - 1);
  return canvas;
}

function dotSwatch(status, actor, statuses) {
  const canvas = h("canvas", { width: 20 * RATIO, height: 20 * RATIO, "aria-hidden": "true" });
  const ctx = canvas.getContext("2d");
  ctx.scale(RATIO, RATIO);
  const look = lookOf(styleKey(actor, statuses.indexOf(status), 0, 0), statuses);
  drawDot(ctx, look, 10, 10, 5);
  return canvas;
}

/** How many places and people each side has: `a3` is an actor, else nobody, by status. */
export function counted(view, record) {
  const { settlements, actors, rules } = record;
  record.people ??= Int32Array.from(settlements, (one) => one.population ?? -1);
  const { people } = record;
  const n = actors.length;
  const places = new Int32Array(n + rules.statuses.length);
  const heads = new Float64Array(places.length).fill(-1);
  let withFigure = 0;
  for (let s = 0; s < people.length; s += 1) {
    if (!view.exists[s]) continue;
    const side = view.control[s] >= 0 ? view.control[s] : n + view.status[s];
    places[side] += 1;
    if (people[s] >= 0) {
      heads[side] = Math.max(heads[side], 0) + people[s];
      withFigure += 1;
    }
  }
  const sides = new Map();
  places.forEach((count, side) => {
    const told = { places: count, people: heads[side] < 0 ? null : heads[side] };
    if (count) sides.set(side < n ? `a${side}` : rules.statuses[side - n], told);
  });
  return { sides, withFigure };
}

export class Legend {
  constructor(box, record, words, capKm) {
    this.capKm = capKm;
    this.box = box;
    this.record = record;
    this.words = words;
    this.key = "";
  }

  /** Show the counts of a view; the table is made anew only where its rows change. */
  show(view, patterns) {
    const { record, words } = this;
    const { sides, withFigure } = counted(view, record);
    const actors = [...sides.keys()].filter((key) => key[0] === "a" && /^a\d+$/.test(key)).map((key) => Number(key.slice(1)));
    for (const actor of this.seen ?? []) if (!actors.includes(actor)) actors.push(actor);
    this.seen = actors.sort((a, b) => a - b);
    const nameless = ["contested", "vacated", "unknown"].filter((one) => sides.has(one));
    const key = JSON.stringify([this.seen, nameless, patterns, words.language]);
    if (key !== this.key || !this.note.isConnected) this.#build(this.seen, nameless, patterns, key);
    for (const [side, cells] of this.cells) {
      const count = sides.get(side);
      const told = `${count?.places} ${count?.people}`;
      if (cells.told !== told) {
        cells.told = told; // writing what is there already costs a layout
        cells.places.textContent = words.number(count?.places ?? 0);
        cells.people.textContent = count ? words.people(count.people) : "–";
        cells.row.className = count ? "" : "dim";
      }
      if (cells.actor) this.#dated(cells, view.day);
    }
    if (this.noted === withFigure) return;
    this.noted = withFigure;
    this.note.textContent = words.say("people.note", { n: words.number(withFigure), km: words.number(this.capKm) });
  }

  #dated(cells, day) {
    const { since, until } = cells.actor;
    const { words } = this;
    let told = "";
    if (until !== null && until !== undefined && day >= until) told = words.say("was.until", { day: words.day(until) });
    else if (since !== null && since !== undefined) told = words.say("in.being", { day: words.day(since) });
    if (cells.date !== told) cells.dated.textContent = cells.date = told;
  }

  #build(actors, nameless, patterns, key) {
    const { record, words } = this;
    const { statuses } = record.rules;
    this.key = key;
    this.cells = new Map();
    const rows = [];
    const row = (side, picture, name, actor) => {
      const cells = { places: h("td", { class: "num" }), people: h("td", { class: "num" }), actor };
      cells.dated = h("small");
      cells.row = h("tr", {}, h("td", {}, picture), h("td", {}, name, " ", cells.dated), cells.places, cells.people);
      this.cells.set(side, cells);
      rows.push(cells.row);
    };
    for (const actor of actors) {
      const told = record.actors[actor];
      const face = mix(actorColour(actor), LAND, 0.85);
      const picture = swatch(face, patterns ? patternOf(actor) : [], contrast(face));
      row(`a${actor}`, picture, bdi(told.short || told.name, { title: told.name }), told);
    }
    for (const status of nameless) {
      const picture = status === "contested" ? swatch("#CFCFCF", CONTESTED_LINES, "#555") : dotSwatch(status, -1, statuses);
      row(status, picture, words.term(status));
    }
    const first = actors[0] ?? 0;
    const keys = ["held", "presence", "besieged", "shared", "contested", "vacated"].map((status) =>
      h("span", {}, dotSwatch(status, ["contested", "vacated"].includes(status) ? -1 : first, statuses), words.term(status)),
    );
    this.note = h("p", { class: "note" });
    this.noted = null;
    const more = h("details", {}, h("summary", { class: "note" }, words.say("help.legend")), h("div", { class: "keys" }, keys), this.note,
      h("p", { class: "note" }, words.say("fade.note")), h("p", { class: "note" }, words.say("change.note")), h("p", { class: "note" }, words.say("doubt.note")));
    more.open = this.opened ?? window.innerHeight > 880;
    more.addEventListener("toggle", () => { this.opened = more.open; });
    this.box.replaceChildren(
      h("table", {}, h("thead", {}, h("tr", {}, h("th", { colSpan: 2, scope: "col" }, words.say("legend")),
        h("th", { class: "num", scope: "col" }, words.say("places")), h("th", { class: "num", scope: "col" }, words.say("people")))),
      h("tbody", {}, rows)),
      more,
    );
  }
}
