// News of the log: the server says when it has grown, the page asks for what is new
// alone and adds it to the document that it has.

import { column } from "./record.js";

const LEAST_MS = 2000; // between two questions

/** A document with what was recorded after it; neither is changed. */
export function merged(data, told) {
  const moments = data.moments.slice();
  for (const [position, moment] of told.moments) {
    if (moments.length && moments[moments.length - 1][1] === moment) moments.pop();
    moments.push([position, moment]);
  }
  const claims = {};
  for (const [kind, table] of Object.entries(data.claims)) claims[kind] = joined(table, told.claims[kind]);
  return { ...data, position: told.position, moments, remarks: [...data.remarks, ...told.remarks], claims };
}

function joined(table, more) {
  if (!more.rows) return table;
  if (!table.rows) return more;
  const found = { rows: table.rows + more.rows };
  for (const name of Object.keys(table)) {
    if (name !== "rows") found[name] = [...column(table[name], table.rows), ...column(more[name], more.rows)];
  }
  return found;
}

/** Keep a page up to date, by one question at a time and not too often. */
export class News {
  constructor(app) {
    this.app = app;
    this.asked = -LEAST_MS;
    this.waiting = null;
  }

  /** The log has reached a position. */
  heard(position) {
    this.latest = position;
    if (position <= this.app.record.position || this.waiting !== null) return;
    const wait = Math.max(0, this.asked + LEAST_MS - performance.now());
    this.waiting = setTimeout(() => this.#ask(), wait);
  }

  async #ask() {
    const { app } = this;
    this.asked = performance.now();
    this.answered = false;
    try {
      let answer = await fetch(`news.json?after=${app.record.position}`);
      let told = answer.ok ? await answer.json() : null;
      if (told?.whole) {
        answer = await fetch("data.json");
        told = answer.ok ? await answer.json() : null;
        if (told) app.take(told);
      } else if (told) app.take(merged(app.data, told));
      this.answered = Boolean(told);
    } catch {
      // the server has gone: the stream says so, or opens again and tells its head
    } finally {
      this.waiting = null;
      if (this.answered) this.heard(this.latest); // more may have come meanwhile
    }
  }
}
