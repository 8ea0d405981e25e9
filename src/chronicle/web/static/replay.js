// The replay: what was so on a day, as known then, through a lens. It says the same as
// chronicle.domain (timeline, lenses, state); tests/web holds the two against each other.
// A step of the day costs no request and no sorting: only cursors move.

import { NEVER, byPlaceAndTime, emptyColumns } from "./record.js";
import { lensOf } from "./lenses.js";

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

  knows(place) {
    return this.record.settlements[place].registered <= this.position;
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
    const keep = [];
    for (const row of record.order) {
      if (base.pos[row] > position || changed.has(row)) continue;
      if (base.place[row] < 0 || fallen.has(this.rows[row].report_id)) continue;
      if (published !== null) {
        const day = base.published[row];
        if (day === NEVER ? !base.baseline[row] : day > published) continue;
      }
      keep.push(row);
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
        if (this.columns.place[row] >= 0 && published_by(told, published)) keep.push(row);
      });
      keep.sort(byPlaceAndTime(this.columns));
    }
    this.list = Int32Array.from(keep);
    this.starts = new Int32Array(record.settlements.length + 1);
    for (const row of keep) this.starts[this.columns.place[row] + 1] += 1;
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
    const said = record.settlements.map(() => []);
    const hear = (id, day) => {
      const place = record.placeAt.get(id);
      if (place !== undefined) said[place].push(day);
    };
    for (const row of this.list) if (!columns.baseline[row]) said[columns.place[row]].push(columns.day[row]);
    for (const one of this.other.displacement) hear(one.settlement, one.day);
    for (const one of this.other.incidents) hear(one.settlement, one.day);
    for (const one of this.other.closures) {
      hear(one.settlement_a, one.day);
      hear(one.settlement_b, one.day);
    }
    this.heardStarts = new Int32Array(said.length + 1);
    said.forEach((days, s) => {
      this.heardStarts[s + 1] = this.heardStarts[s] + days.length;
    });
    this.heardDays = new Int32Array(this.heardStarts[said.length]);
    said.forEach((days, s) => this.heardDays.set(Int32Array.from(days).sort(), this.heardStarts[s]));
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

const UNREPORTED = { control: -1, status: -1, since: null, deciding: [], against: [] };

/** Rulings of one lens, worked out when they are asked for, once for each prefix. */
export class View {
  constructor(knowledge, lens) {
    this.knowledge = knowledge;
    this.lens = lens;
    this.rule = lensOf(lens);
    const places = knowledge.record.settlements.length;
    const n = knowledge.list.length;
    this.known = new Uint8Array(n);
    this.controls = new Int32Array(n);
    this.statuses = new Int8Array(n);
    this.sinces = new Int32Array(n);
    this.doubts = new Uint8Array(n);
    this.cursor = knowledge.starts.slice(0, places); // the end of each prefix
    this.heard = knowledge.heardStarts.slice(0, places);
    this.unknown = knowledge.record.rules.statuses.indexOf("unknown");
    this.control = new Int32Array(places).fill(-1);
    this.status = new Int8Array(places).fill(this.unknown);
    this.disputed = new Uint8Array(places);
    this.since = new Int32Array(places).fill(NEVER);
    this.last = new Int32Array(places).fill(NEVER);
    this.exists = new Uint8Array(places);
    for (let s = 0; s < places; s += 1) this.exists[s] = knowledge.knows(s) ? 1 : 0;
  }

  /** The whole ruling on a place with the reports of the first `end` of the list. */
  ruling(place, end) {
    const { knowledge } = this;
    const from = knowledge.starts[place];
    const prefix = knowledge.list.subarray(from, end);
    const found = prefix.length ? this.rule(knowledge, prefix) : UNREPORTED;
    const status = found.status < 0 ? this.unknown : found.status;
    return { ...found, status, disputed: disputed(knowledge, found, prefix) };
  }

  /** What was so at the end of a day; the arrays are this view's own, and change. */
  at(day) {
    const { knowledge, cursor, heard } = this;
    const { starts, days, heardStarts, heardDays } = knowledge;
    for (let s = 0; s < cursor.length; s += 1) {
      const first = starts[s];
      const last = starts[s + 1];
      let end = cursor[s];
      while (end < last && days[end] <= day) end += 1;
      while (end > first && days[end - 1] > day) end -= 1;
      cursor[s] = end;
      if (end === first || !this.exists[s]) {
        this.control[s] = -1;
        this.status[s] = this.unknown;
        this.disputed[s] = 0;
        this.since[s] = NEVER;
      } else {
        const i = end - 1;
        if (!this.known[i]) this.#judge(s, i);
        this.control[s] = this.controls[i];
        this.status[s] = this.statuses[i];
        this.disputed[s] = this.doubts[i];
        this.since[s] = this.sinces[i];
      }
      let h = heard[s];
      while (h < heardStarts[s + 1] && heardDays[h] <= day) h += 1;
      while (h > heardStarts[s] && heardDays[h - 1] > day) h -= 1;
      heard[s] = h;
      this.last[s] = h > heardStarts[s] ? heardDays[h - 1] : NEVER;
    }
    this.day = day;
    return this;
  }

  #judge(place, i) {
    const found = this.ruling(place, i + 1);
    this.known[i] = 1;
    this.controls[i] = found.control;
    this.statuses[i] = found.status;
    this.sinces[i] = found.since === null ? NEVER : found.since;
    this.doubts[i] = found.disputed ? 1 : 0;
  }

  /** The places that changed hands on the day asked for; a first report is no change. */
  changed() {
    const { knowledge, cursor, day } = this;
    const found = [];
    for (let s = 0; s < cursor.length; s += 1) {
      const end = cursor[s];
      const first = knowledge.starts[s];
      if (end === first || !this.exists[s] || knowledge.days[end - 1] !== day) continue;
      let before = end - 1;
      while (before > first && knowledge.days[before - 1] === day) before -= 1;
      if (before === first) continue;
      if (!this.known[before - 1]) this.#judge(s, before - 1);
      if (this.controls[before - 1] !== this.control[s] || this.statuses[before - 1] !== this.status[s]) found.push(s);
    }
    return found;
  }

  /** Copies of what a comparison needs, since `at` writes over its arrays. */
  kept(day) {
    this.at(day);
    return {
      control: this.control.slice(),
      status: this.status.slice(),
      since: this.since.slice(),
      exists: this.exists,
    };
  }

  /** The days on which what this view says of any place changes, in order. */
  changeDays() {
    if (this.changes) return this.changes;
    const { knowledge } = this;
    const found = new Set();
    for (let s = 0; s < this.cursor.length; s += 1) {
      let control = -1;
      let status = this.unknown;
      for (let i = knowledge.starts[s]; i < knowledge.starts[s + 1]; i += 1) {
        if (i + 1 < knowledge.starts[s + 1] && knowledge.days[i + 1] === knowledge.days[i]) continue;
        if (!this.known[i]) this.#judge(s, i);
        if (this.controls[i] !== control || this.statuses[i] !== status) {
          found.add(knowledge.days[i]);
        }
        control = this.controls[i];
        status = this.statuses[i];
      }
    }
    this.changes = [...found].sort((a, b) => a - b);
    return this.changes;
  }
}

function disputed(knowledge, found, prefix) {
  if (!found.deciding.length) return false;
  const { columns, rivals, rows } = knowledge;
  if (rivals.size) {
    const standing = new Set(Array.from(prefix, (row) => rows[row].report_id));
    for (const row of found.deciding) {
      for (const rival of rivals.get(rows[row].report_id) ?? []) if (standing.has(rival)) return true;
    }
  }
  const said = found.deciding[found.deciding.length - 1];
  for (let i = prefix.length - 1; i >= 0; i -= 1) {
    const row = prefix[i];
    if (columns.day[row] < columns.day[said]) break;
    if (
      columns.day[row] === columns.day[said] &&
      columns.time[row] === columns.time[said] &&
      (columns.actor[row] !== columns.actor[said] || columns.status[row] !== columns.status[said]) &&
      columns.source[row] !== columns.source[said] &&
      !columns.baseline[row]
    ) {
      return true;
    }
  }
  return false;
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
