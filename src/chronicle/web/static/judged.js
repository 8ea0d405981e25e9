// What a lens makes of the record as known: for each place and day one ruling, worked
// out when it is first asked for. A step of the day moves a cursor for each place.

import { lensOf } from "./lenses.js";
import { NEVER } from "./record.js";

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
    const { registered, settlements } = knowledge.record;
    const late = (s) => knowledge.published !== null && (settlements[s].published ?? NEVER) > knowledge.published;
    for (let s = 0; s < places; s += 1) this.exists[s] = registered[s] <= knowledge.position && !late(s) ? 1 : 0;
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

  /** What was so at the end of a day; the arrays are this view's own, and change.
   *  Only the places of which something is said between two days are looked at. */
  at(day) {
    const places = this.cursor.length;
    if (this.day === undefined) {
      for (let s = 0; s < places; s += 1) this.#move(s, day);
    } else if (day !== this.day) {
      const { starts, places: said } = this.knowledge.agenda;
      const [from, to] = this.#between(Math.min(day, this.day), Math.max(day, this.day));
      const much = starts[to] - starts[from] > places;
      if (much) for (let s = 0; s < places; s += 1) this.#move(s, day);
      else for (let i = starts[from]; i < starts[to]; i += 1) this.#move(said[i], day);
    }
    this.day = day;
    return this;
  }

  /** The ranks of the days of the agenda after `first`, up to and with `last`. */
  #between(first, last) {
    const { days } = this.knowledge.agenda;
    const after = (day) => {
      let [low, high] = [0, days.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (days[middle] <= day) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return [after(first), after(last)];
  }

  #move(s, day) {
    const { knowledge, cursor, heard } = this;
    const { starts, days, heardStarts, heardDays } = knowledge;
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

  #judge(place, i) {
    if (this.lens === "latest") {
      this.#judgeLatest(place, i);
      return;
    }
    const found = this.ruling(place, i + 1);
    this.known[i] = 1;
    this.controls[i] = found.control;
    this.statuses[i] = found.status;
    this.sinces[i] = found.since === null ? NEVER : found.since;
    this.doubts[i] = found.disputed ? 1 : 0;
  }

  /** As `#judge`, without making a ruling: most of all that is ever judged. */
  #judgeLatest(place, i) {
    const { list, columns: c, starts, rivals, rows } = this.knowledge;
    const said = list[i];
    const first = starts[place];
    let since = i;
    const same = (row) => c.actor[row] === c.actor[said] && c.status[row] === c.status[said];
    while (since > first && same(list[since - 1])) since -= 1;
    let doubt = 0;
    for (let j = i - 1; j >= first; j -= 1) {
      const row = list[j];
      if (c.day[row] !== c.day[said] || c.time[row] !== c.time[said]) break;
      if (!same(row) && c.source[row] !== c.source[said] && !c.baseline[row]) doubt = 1;
    }
    for (let j = since; rivals.size && !doubt && j <= i; j += 1) {
      const against = rivals.get(rows[list[j]].report_id);
      if (against && list.subarray(first, i + 1).some((row) => against.has(rows[row].report_id))) doubt = 1;
    }
    this.known[i] = 1;
    this.controls[i] = c.actor[said];
    this.statuses[i] = c.status[said];
    this.sinces[i] = c.day[list[since]];
    this.doubts[i] = doubt;
  }

  /** The places that changed hands on the day asked for; a first report is no change. */
  changed() {
    const { knowledge, cursor, day } = this;
    const found = [];
    const { starts, places } = knowledge.agenda;
    const [from, to] = this.#between(day - 1, day);
    const said = new Set(places.subarray(starts[from], starts[to]));
    for (const s of [...said].sort((a, b) => a - b)) {
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
