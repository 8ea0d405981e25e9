// One replica beside the record: a branch, replayed by the rules that replay the record.

import { Record } from "./record.js";
import { Knowledge } from "./replay.js";
import { NEVER } from "./record.js";

/** What a branch says of each place, in the ranks of the record that it left. */
export class Branch {
  constructor(record, told, from) {
    this.record = record;
    this.from = from;
    const own = new Record(told);
    this.view = new Knowledge(own).through("latest");
    this.at_ = record.settlements.map((one) => own.placeAt.get(one.id) ?? -1);
    this.actors = own.actors.map((one) => record.actor(one.id));
    this.statuses = own.rules.statuses.map((one) => record.rules.statuses.indexOf(one));
    const places = record.settlements.length;
    this.unknown = record.rules.statuses.indexOf("unknown");
    this.control = new Int32Array(places).fill(-1);
    this.status = new Int8Array(places).fill(this.unknown);
    this.disputed = new Uint8Array(places);
    this.since = new Int32Array(places).fill(NEVER);
    this.exists = Uint8Array.from(this.at_, (at) => (at >= 0 ? 1 : 0));
  }

  /** Replay to the end of a day; before the branch there is the record alone. */
  at(day) {
    const { view } = this;
    this.day = day;
    view.at(Math.max(day, this.from));
    for (let s = 0; s < this.control.length; s += 1) {
      const at = this.at_[s];
      if (at < 0) continue;
      this.control[s] = view.control[at] < 0 ? -1 : this.actors[view.control[at]];
      this.status[s] = this.statuses[view.status[at]];
      this.since[s] = view.since[at];
    }
    return this;
  }

  /** The places of which the branch says another holder or status than a view. */
  differing(view) {
    const found = [];
    for (let s = 0; s < this.control.length; s += 1) {
      if (!this.exists[s] || !view.exists[s]) continue;
      if (this.control[s] !== view.control[s] || this.status[s] !== view.status[s]) found.push(s);
    }
    return found;
  }
}
