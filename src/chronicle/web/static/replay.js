// The replay: what was so on a day, as known then, through a lens. It says the same as
// chronicle.domain (timeline, lenses, state); tests/web holds the two against each other.
// A step of the day costs no request and no sorting: only cursors move.

import { View } from "./judged.js";
import { NEVER, byPlaceAndTime, emptyColumns } from "./record.js";

/** What stands of the remarks at a position, published by a day (null: asks nothing). */
function remarksAt(record, position, published) {
  const fallen = new Map();
  const changes = new Map();
  const links = [];
  for (let i = record.remarks.length - 1; i >= 0; i -= 1) {
    const one = record.remarks[i];
    if (one.pos > position) continue;
    if (one.kind === "redacted") fallen.set(one.report, one.id);
    else if (fallen.has(one.id)) continue;
    else if (published !== null && one.published !== null && one.published > published) continue;
    else if (one.kind === "retracted") {
      if (!fallen.has(one.report)) fallen.set(one.report, one.id);
    } else if (one.kind === "amended") {
      if (!changes.has(one.report)) changes.set(one.report, []);
      changes.get(one.report).push(one);
    } else links.unshift(one);
  }
  return { fallen, changes, links };
}

/** A claim with its amendments laid on, the oldest first; `amendments` names them. */
function withChanges(claim, amendments) {
  const changed = { ...claim };
  for (const one of [...amendments].reverse()) Object.assign(changed, one.changes);
  changed.amendments = amendments.map((one) => one.id).reverse();
  return changed;
}

const published_by = (claim, day) =>
  day === null || (claim.published === null ? !!claim.baseline : claim.published <= day);

/** The record as known at a position and published by a day: what a lens may see. */
export class Knowledge {
  constructor(record, position = null, published = null) {
    this.record = record;
    this.position = position === null ? record.position : position;
    this.published = published;
    const remarks = remarksAt(record, this.position, published);
    Object.assign(this, remarks);
    this.#grades();
    this.#control();
    this.#others();
    this.#heard();
    this.#rivals();
    this.views = new Map();
  }

  #grades() {
    const { record } = this;
    this.defaults = new Int8Array(record.sources.length).fill(
      record.rules.reliability.indexOf("F"),
    );
    const unknown = record.rules.reliability.indexOf("F");
    for (const [pos, source, letter] of record.grades) {
      if (pos > this.position) break;
      this.defaults[record.source(source)] = letter
        ? record.rules.reliability.indexOf(letter)
        : unknown;
    }
  }

  #control() {
    const { record, fallen, changes, position, published } = this;
    const base = record.columns;
    const n = record.controlRows.length;
    this.rows = record.controlRows;
    this.columns = base;
    const moved = [];
    for (const id of changes.keys()) {
      const at = record.controlAt.get(id);
      if (at === undefined || fallen.has(id) || base.pos[at] > position) continue;
      moved.push(at);
    }
    const changed = new Set(moved);
    const kept = new Int32Array(record.order.length + moved.length);
    let n_ = 0;
    const someFell = fallen.size > 0;
    for (const row of record.order) {
      if (base.pos[row] > position || base.place[row] < 0) continue;
      if (changed.size && changed.has(row)) continue;
      if (someFell && fallen.has(this.rows[row].report_id)) continue;
      if (published !== null) {
        const day = base.published[row];
        if (day === NEVER ? !base.baseline[row] : day > published) continue;
      }
      kept[n_++] = row;
    }
    if (moved.length) {
      this.columns = emptyColumns(base.place.length);
      for (const name of Object.keys(base)) this.columns[name].set(base[name]);
      this.rows = record.controlRows.slice();
      moved.forEach((at, i) => {
        const told = withChanges(record.controlRows[at], changes.get(this.rows[at].report_id));
        const row = n + i;
        this.rows[row] = told;
        record.write(this.columns, row, told);
        if (this.columns.place[row] >= 0 && published_by(told, published)) kept[n_++] = row;
      });
      kept.subarray(0, n_).sort(byPlaceAndTime(this.columns));
    }
    this.list = kept.slice(0, n_);
    this.starts = new Int32Array(record.settlements.length + 1);
    for (const row of this.list) this.starts[this.columns.place[row] + 1] += 1;
    for (let s = 0; s < record.settlements.length; s += 1) this.starts[s + 1] += this.starts[s];
    this.days = this.list.map((row) => this.columns.day[row]);
  }

  /** The claims that are not about control, in order of the day, and of the log. */
  #others() {
    this.other = {};
    for (const [kind, claims] of Object.entries(this.record.other)) {
      const standing = [];
      for (const claim of claims) {
        if (claim.pos > this.position || this.fallen.has(claim.report_id)) continue;
        const amendments = this.changes.get(claim.report_id);
        const one = amendments ? withChanges(claim, amendments) : claim;
        if (published_by(one, this.published)) standing.push({ ...one, day: dayOf(one) });
      }
      const times = this.record.rules.times;
      const time = (one) => times.indexOf(one.time_of_day ?? "");
      standing.sort((a, b) => a.day - b.day || time(a) - time(b) || a.pos - b.pos);
      this.other[kind] = standing;
    }
  }

  /** The days on which anybody said anything of each place, in order. */
  #heard() {
    const { record, columns } = this;
    const places = record.settlements.length;
    const more = new Map(); // what was said that is not about control, by place
    let others = 0;
    const hear = (id, day) => {
      const place = record.placeAt.get(id);
      if (place === undefined) return;
      if (!more.has(place)) more.set(place, []);
      more.get(place).push(day);
      others += 1;
    };
    for (const one of this.other.displacement) hear(one.settlement, one.day);
    for (const one of this.other.incidents) hear(one.settlement, one.day);
    for (const one of this.other.closures) {
      hear(one.settlement_a, one.day);
      hear(one.settlement_b, one.day);
    }
    this.heardStarts = new Int32Array(places + 1);
    this.heardDays = new Int32Array(this.list.length + others);
    let n = 0;
    for (let s = 0; s < places; s += 1) {
      const first = n;
      for (let i = this.starts[s]; i < this.starts[s + 1]; i += 1) {
        if (!columns.baseline[this.list[i]]) this.heardDays[n++] = this.days[i];
      }
      if (more.has(s)) {
        for (const day of more.get(s)) this.heardDays[n++] = day;
        this.heardDays.subarray(first, n).sort();
      }
      this.heardStarts[s + 1] = n;
    }
  }

  /** The days on which anything is said, and of which places; worked out when asked. */
  get agenda() {
    if (this.said) return this.said;
    const { starts, days, heardStarts, heardDays } = this;
    const places = starts.length - 1;
    const sorted = Int32Array.from(new Set([...days, ...heardDays])).sort();
    const rank = new Map(Array.from(sorted, (day, i) => [day, i]));
    const counts = new Int32Array(sorted.length + 1);
    const each = (visit) => {
      for (let s = 0; s < places; s += 1) {
        for (let i = starts[s]; i < starts[s + 1]; i += 1) visit(rank.get(days[i]), s);
        for (let i = heardStarts[s]; i < heardStarts[s + 1]; i += 1) visit(rank.get(heardDays[i]), s);
      }
    };
    each((at) => { counts[at + 1] += 1; });
    for (let at = 0; at < sorted.length; at += 1) counts[at + 1] += counts[at];
    const touched = new Int32Array(counts[sorted.length]);
    const next = counts.slice();
    each((at, s) => { touched[next[at]++] = s; });
    this.said = { days: sorted, starts: counts, places: touched };
    return this.said;
  }

  #rivals() {
    this.rivals = new Map();
    const pair = (a, b) => {
      if (!this.rivals.has(a)) this.rivals.set(a, new Set());
      this.rivals.get(a).add(b);
    };
    for (const link of this.links) {
      if (link.relation !== "disputes") continue;
      pair(link.report, link.other);
      pair(link.other, link.report);
    }
  }

  /** The view through a lens; kept, so that going back to it costs nothing. */
  through(lens) {
    if (!this.views.has(lens)) this.views.set(lens, new View(this, lens));
    return this.views.get(lens);
  }
}

/** The day from which a claim holds, as `since_day` has it in Python. */
export function dayOf(claim) {
  if (claim.is !== "displacement") return claim.valid_from;
  return claim.valid_on ?? claim.until ?? claim.since ?? 2932896; // 9999-12-31
}

/** The position that the log had reached at a moment (microseconds since 1970). */
export function positionAt(record, moment) {
  let position = 0;
  for (const [pos, at] of record.moments) {
    if (at > moment) break;
    position = pos;
  }
  return position;
}

/** The displacement figures that hold on a day, as `figures_on` has them. */
export function figuresOn(knowledge, day) {
  const figures = new Map();
  for (const one of knowledge.other.displacement) {
    if (one.day > day) break;
    const stock = one.measure === "stock";
    const key = stock
      ? JSON.stringify([one.counter, one.category, one.area || one.settlement || ""])
      : one.report_id;
    figures.delete(key);
    figures.set(key, one);
  }
  return [...figures.values()];
}

/** The roads that were registered by then, and published by the day that is asked. */
export function roadsKnown({ record, position, published }) {
  return record.routes.filter((one) => one.registered <= position && (published === null || one.published === null || one.published <= published));
}

/** The ids of the roads that the last word on them has shut, on a day. */
export function shutOn(knowledge, day) {
  const last = new Map();
  for (const one of knowledge.other.closures) {
    if (one.day > day) break;
    last.set([one.settlement_a, one.settlement_b].sort().join("--"), one);
  }
  const shut = new Map();
  for (const [route, one] of last) {
    if (one.shut && (one.until === null || day < one.until)) shut.set(route, one);
  }
  return shut;
}

/** Where two kept views differ: `[place, before, after]`, a side being [actor, status]. */
export function differences(before, after, unknown) {
  const found = [];
  for (let s = 0; s < after.control.length; s += 1) {
    const old = before.exists[s] ? [before.control[s], before.status[s]] : [-1, unknown];
    const now = after.exists[s] ? [after.control[s], after.status[s]] : [-1, unknown];
    if (old[0] !== now[0] || old[1] !== now[1]) found.push([s, old, now]);
  }
  return found;
}
