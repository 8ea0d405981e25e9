// The document of the server, decoded: plain arrays and objects, nothing worked out yet.
// Days are whole days since 1970-01-01; -1 stands for "none" in arrays of ranks.

export const NEVER = -2147483648; // a day before all days, in an Int32Array

/** One column as an array of `rows` values; the three forms are told in payload.py. */
export function column(told, rows) {
  if (Array.isArray(told)) return told;
  if (told === undefined) return new Array(rows).fill(null);
  if ("all" in told) return new Array(rows).fill(told.all);
  return told.at.map((rank) => told.of[rank]);
}

/** A table of columns as objects, one a row. */
export function objects(table) {
  const names = Object.keys(table).filter((name) => name !== "rows");
  const columns = names.map((name) => column(table[name], table.rows));
  return Array.from({ length: table.rows }, (_, i) =>
    Object.fromEntries(names.map((name, c) => [name, columns[c][i]])),
  );
}

const ranks = (ids) => new Map(ids.map((id, i) => [id, i]));

/** The decoded document; `control` is kept as columns, all else as objects. */
export class Record {
  constructor(data) {
    if (data.format !== 1) throw new Error(`format ${data.format} is not known here`);
    this.name = data.name;
    this.identity = data.identity;
    this.whatIf = data.what_if;
    this.position = data.position;
    this.moments = data.moments;
    this.rules = data.rules;
    this.settlements = objects(data.settlements);
    this.actors = objects(data.actors);
    this.sources = objects(data.sources);
    this.registered = Int32Array.from(this.settlements, (one) => one.registered);
    this.routes = objects(data.routes);
    this.grades = data.grades;
    this.remarks = data.remarks;
    this.placeAt = ranks(this.settlements.map((one) => one.id));
    this.actorAt = ranks(this.actors.map((one) => one.id));
    this.sourceAt = ranks(this.sources.map((one) => one.id));
    this.other = {};
    for (const kind of ["displacement", "incidents", "closures", "support", "legends"]) {
      this.other[kind] = objects(data.claims[kind]).map((one) => ({ ...one, is: kind }));
    }
    this.#control(data.claims.control);
  }

  /** An actor's rank; one that nobody registered gets its own, under its id. */
  actor(id) {
    if (id === null || id === undefined) return -1;
    let at = this.actorAt.get(id);
    if (at === undefined) {
      at = this.actors.length;
      this.actors.push({ id, name: id, short: "", side: "", colour: "", registered: 0 });
      this.actorAt.set(id, at);
    }
    return at;
  }

  source(id) {
    let at = this.sourceAt.get(id);
    if (at === undefined) {
      at = this.sources.length;
      this.sources.push({ id, name: id, kind: "", affiliation: "", registered: 0 });
      this.sourceAt.set(id, at);
    }
    return at;
  }

  #control(table) {
    const n = table.rows;
    this.controlRows = objects(table);
    const amended = new Set(
      this.remarks.filter((one) => one.kind === "amended").map((one) => one.report),
    );
    this.controlAt = ranks(this.controlRows.map((one) => one.report_id));
    const spare = [...amended].filter((id) => this.controlAt.has(id)).length;
    this.columns = emptyColumns(n + spare);
    for (let row = 0; row < n; row += 1) this.write(this.columns, row, this.controlRows[row]);
    this.order = new Int32Array(n).map((_, i) => i).sort(byPlaceAndTime(this.columns));
  }

  /** Write one control report into columns, as ranks. */
  write(columns, row, told) {
    const { rules } = this;
    const nameless = rules.nameless.includes(told.status);
    columns.place[row] = this.placeAt.get(told.settlement) ?? -1;
    columns.actor[row] = nameless ? -1 : this.actor(told.controller);
    columns.status[row] = rules.statuses.indexOf(told.status);
    columns.day[row] = told.valid_from;
    columns.time[row] = rules.times.indexOf(told.time_of_day);
    columns.source[row] = this.source(told.source);
    columns.letter[row] = told.reliability ? rules.reliability.indexOf(told.reliability) : -1;
    columns.credibility[row] = rules.credibility.indexOf(told.credibility || 6);
    columns.pos[row] = told.pos;
    columns.published[row] = told.published === null ? NEVER : told.published;
    columns.baseline[row] = told.baseline ? 1 : 0;
  }
}

export function emptyColumns(n) {
  const columns = {};
  for (const name of ["place", "actor", "day", "source", "pos", "published"]) {
    columns[name] = new Int32Array(n);
  }
  for (const name of ["status", "time", "letter", "credibility", "baseline"]) {
    columns[name] = new Int8Array(n);
  }
  return columns;
}

export function byPlaceAndTime(c) {
  return (a, b) =>
    c.place[a] - c.place[b] || c.day[a] - c.day[b] || c.time[a] - c.time[b] || c.pos[a] - c.pos[b];
}
