// The feed of reports, and how one report is told: by whom, how graded, how late.

import { actorColour } from "./looks.js";
import { bdi, chip, h, shown } from "./dom.js";
import { nameIn } from "./search.js";

const SHOWN = 40;

/** What several panels say in the same words. */
export class Telling {
  constructor(app) {
    this.app = app;
  }

  get words() {
    return this.app.words;
  }

  get arrow() {
    return this.words.rightToLeft ? " ← " : " → ";
  }

  colour(actor, status) {
    if (actor >= 0) return actorColour(actor);
    return status === "contested" ? "#B9B9B9" : "#FFFFFF";
  }

  /** A side in words: the actor's short name, and the status where it is not *held*. */
  side(actor, status) {
    const { record } = this.app;
    if (actor < 0) return this.words.term(status);
    const one = record.actors[actor];
    const name = shown(one.short || one.name);
    return status === "held" ? name : `${name} (${this.words.term(status)})`;
  }

  sideOf(knowledge, row) {
    const { statuses } = this.app.record.rules;
    const c = knowledge.columns;
    return [c.actor[row], statuses[c.status[row]]];
  }

  /** A place as a button that opens it; text where it is none of the record's. */
  place(id) {
    const at = this.app.record.placeAt.get(id);
    if (at === undefined) return bdi(id);
    const told = this.app.record.settlements[at];
    const name = nameIn(told, this.words.language);
    return h("button", { class: "linkish", type: "button", onclick: () => this.app.choose(at, true) }, bdi(name));
  }

  grade(claim) {
    const { record, knowledge } = this.app;
    const source = record.sourceAt.get(claim.source);
    const known = source === undefined ? "F" : record.rules.reliability[knowledge.defaults[source]] ?? "F";
    const letter = claim.reliability || known;
    const number = claim.credibility || 6;
    return h("abbr", { title: this.words.say("reliability", { letter, number }) }, `${letter}${number}`);
  }

  source(claim) {
    const at = this.app.record.sourceAt.get(claim.source);
    const told = at === undefined ? null : this.app.record.sources[at];
    return h("span", { class: "src", title: shown(told ? `${told.name}${told.affiliation ? ` · ${told.affiliation}` : ""}` : claim.source) }, bdi(claim.source));
  }

  lag(claim, day) {
    const { words } = this;
    if (claim.published === null) return words.say(claim.baseline ? "baseline" : "lag.none");
    const n = claim.published - day;
    if (n === 0) return words.say("lag.same");
    return n > 0 ? words.say("lag.later", { n }) : words.say("lag.before", { n: -n });
  }

  tags(claim, extra = {}) {
    const { words } = this;
    const found = [];
    const tag = (key, warn) => found.push(" ", h("span", { class: warn ? "tag warn" : "tag" }, words.say(key)));
    if (extra.retracted) tag("retracted", true);
    if (extra.disputed) tag("disputed", true);
    if (extra.alleged) tag("alleged", true);
    if (claim.amendments?.length) tag("amended", false);
    if (claim.aggregate) tag("aggregate", false);
    return found;
  }

  said(claim) {
    const told = [];
    if (claim.claimed_by) told.push(this.words.say("claimed.by", { who: shown(claim.claimed_by) }));
    if (claim.kind && claim.is !== "incidents") told.push(this.words.term(claim.kind));
    const parts = told.flatMap((one, i) => (i ? [" · ", bdi(one)] : [bdi(one)]));
    if (claim.note) parts.push(parts.length ? " · " : "", bdi(claim.note));
    const ref = this.#link(claim.ref);
    if (ref) parts.push(" ", ref);
    return parts.length ? h("div", { class: "said" }, parts) : null;
  }

  /** A reference as a link, only of https; anything else stays text. */
  #link(ref) {
    if (!ref) return null;
    if (!/^https:\/\/[^\s"'<>]+$/.test(ref)) return bdi(ref);
    return h("a", { href: ref, rel: "noopener noreferrer nofollow", target: "_blank" }, bdi(ref));
  }

  /** One report as an item of a list. */
  item(claim, day, what, tags) {
    return h("li", {},
      h("div", { class: "meta" },
        h("span", {}, bdi(this.words.day(day)), claim.time_of_day ? ` ${this.words.term(claim.time_of_day)}` : "", " · ", this.lag(claim, day), " · ", this.grade(claim), this.app.deeds?.(claim)),
        this.source(claim)),
      h("div", { class: "what" }, what, h("span", {}, tags)),
      this.said(claim));
  }

  killed(one) {
    const { words } = this;
    const told = [];
    for (const stem of ["killed", "injured"]) {
      const [best, low, high] = [one[stem], one[`${stem}_low`], one[`${stem}_high`]];
      if (best === null && low === null && high === null) continue;
      const range = low !== null && high !== null && low !== high ? ` (${words.number(low)}–${words.number(high)})` : "";
      told.push(`${words.number(best ?? low ?? high)}${range} ${words.say(stem)}`);
    }
    return told.join(", ");
  }

  control(knowledge, row) {
    const claim = knowledge.rows[row];
    const [actor, status] = this.sideOf(knowledge, row);
    const c = knowledge.columns;
    const links = knowledge.rivals.get(claim.report_id);
    return this.item(claim, c.day[row],
      [chip(this.colour(actor, status)), h("span", {}, this.place(claim.settlement), this.arrow, this.side(actor, status))].flat(),
      this.tags(claim, { disputed: !!links?.size }));
  }
}

export class Feed {
  constructor(app, telling) {
    this.app = app;
    this.telling = telling;
    this.more = SHOWN;
  }

  /** Reports up to the day, the latest first; baselines are no news. */
  entries(knowledge) {
    if (this.of === knowledge) return this.all;
    this.of = knowledge;
    const { columns: c, rows } = knowledge;
    const all = [];
    for (const row of knowledge.list) {
      if (!c.baseline[row]) all.push({ day: c.day[row], pos: c.pos[row], row });
    }
    for (const one of knowledge.other.incidents) all.push({ day: one.day, pos: one.pos, incident: one });
    for (const one of knowledge.other.displacement) all.push({ day: one.day, pos: one.pos, figure: one });
    const { record } = this.app;
    for (const [i, told] of record.controlRows.entries()) {
      if (knowledge.fallen.has(told.report_id) && told.pos <= knowledge.position) {
        all.push({ day: told.valid_from, pos: told.pos, fallen: told, i });
      }
    }
    all.sort((a, b) => a.day - b.day || a.pos - b.pos);
    this.all = all;
    void rows;
    return all;
  }

  render(box) {
    const { app, telling } = this;
    const { words } = app;
    const all = this.entries(app.knowledge);
    let end = all.length;
    while (end > 0 && all[end - 1].day > app.ask.on) end -= 1;
    if (!end) {
      box.replaceChildren(h("p", {}, words.say("feed.none")));
      return;
    }
    const items = [];
    for (let i = end - 1; i >= Math.max(0, end - this.more); i -= 1) items.push(this.#item(all[i]));
    const list = h("ul", { class: "feed" }, items);
    const left = end - items.length;
    const button = left > 0 && h("button", { type: "button", onclick: () => { this.more += 100; this.render(box); } },
      words.say("feed.more", { n: Math.min(100, left) }));
    box.replaceChildren(...[list, button].filter(Boolean));
  }

  #item(one) {
    const { telling, app } = this;
    const { words } = app;
    if (one.row !== undefined) return telling.control(app.knowledge, one.row);
    if (one.fallen) {
      const { settlement, controller, status } = one.fallen;
      const actor = controller === null ? -1 : app.record.actorAt.get(controller) ?? -1;
      return telling.item(one.fallen, one.day, [h("span", { class: "gone" }, telling.place(settlement), telling.arrow, telling.side(actor, status))], telling.tags({}, { retracted: true }));
    }
    if (one.incident) return incidentItem(telling, one.incident);
    const { figure } = one;
    return telling.item(figure, one.day, [h("span", {}, bdi(figureText(words, figure), { dir: "ltr" }), " ", words.term(figure.category), ", ",
      figure.settlement ? telling.place(figure.settlement) : bdi(figure.area || "–"))], telling.tags(figure));
  }
}

export function incidentItem(telling, one) {
  const { words } = telling;
  const who = one.alleged_actor ? telling.app.record.actor(one.alleged_actor) : -1;
  const casualties = telling.killed(one);
  return telling.item(one, one.day,
    [h("span", {}, bdi(words.term(one.kind)), ": ", one.settlement ? telling.place(one.settlement) : bdi(one.area || "–"), casualties ? [" · ", bdi(casualties)] : "",
      who >= 0 ? [" · ", bdi(telling.side(who, "held"))] : "")],
    telling.tags(one, { alleged: who >= 0, disputed: one.disputed }));
}

/** A figure of people with its qualifier and bounds. */
export function figureText(words, figure) {
  const marks = { about: "≈ ", over: "> ", under: "< " };
  const { persons, low, high } = figure;
  const range = low !== null && high !== null && low !== high ? ` (${words.number(low)}–${words.number(high)})` : "";
  return `${marks[figure.qualifier] ?? ""}${words.number(persons)}${range}`;
}
