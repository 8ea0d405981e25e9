// The names that an import left open, worked off by keyboard; each choice is saved at once.

import { bdi, h, shown } from "./dom.js";
import { ask } from "./entry_ask.js";
import { Field } from "./entry_fields.js";
import { say } from "./entry_words.js";
import { drawGround } from "./ground.js";
import { nameIn } from "./search.js";
import { View } from "./view.js";

const SUSPICION = "suspicion";
const COMPLETES = { settlement: "place", actor: "actor", source: "source" };
const MAP = [440, 250];
const WHY = [["is the name of several", "several"], ["is no settlement", "settlement"], ["is no party", "party"], ["chosen", "chosen"]];
const COLOURS = ["#332288", "#117733", "#882255", "#B35900", "#1A5FD0"];

export class Review {
  constructor(app) {
    this.app = app;
    this.rows = [];
    this.at = 0;
    this.title = h("h2", { id: "reviewtitle" });
    this.close = h("button", { type: "button", class: "plain", onclick: () => this.dialog.close() }, "×");
    this.list = h("ul", { role: "listbox", class: "reviewlist", id: "reviewlist", tabIndex: 0 });
    this.detail = h("section", { class: "reviewdetail", tabIndex: -1 });
    this.mapBox = h("div", { class: "reviewmapbox" });
    this.left = h("strong", { id: "reviewleft", role: "status" });
    this.status = h("span", { id: "reviewstatus", role: "status" });
    this.keys = h("p", { class: "note" });
    this.dialog = h("dialog", { id: "review", "aria-labelledby": "reviewtitle", onkeydown: (event) => { this.#key(event); event.stopPropagation(); } },
      h("header", {}, this.title, this.close),
      h("div", { class: "reviewbody" }, this.list, this.mapBox, this.detail),
      h("div", { class: "entryfoot" }, this.left, this.status, this.keys));
    this.dialog.addEventListener("cancel", (event) => { if (this.other?.closed()) event.preventDefault(); });
    document.body.append(this.dialog);
  }

  async open() {
    const { app } = this;
    this.title.textContent = say(app, "review.title");
    this.close.setAttribute("aria-label", say(app, "act.close"));
    this.list.setAttribute("aria-label", say(app, "review.title"));
    this.keys.textContent = say(app, "review.keys");
    this.dialog.showModal();
    await this.#read();
    this.#next(0);
    this.list.focus();
  }

  async #read() {
    const { status, told } = await ask("entry/review", {});
    if (status !== 200) return this.#failed(status, told);
    this.rows = told.rows;
    this.seen = told.seen;
    this.file = told.file;
    this.at = Math.min(this.at, Math.max(this.rows.length - 1, 0));
    this.show();
  }

  #failed(status, told) {
    const { app } = this;
    const why = status === 0 ? say(app, "offline") : status === 401 ? say(app, "told.token") : shown(told.faults?.[0]?.message ?? status);
    this.status.replaceChildren(bdi(why));
    this.status.className = "bad";
  }

  /** Whether a row, a name or a value, is settled. */
  #settled(row) {
    return row.choice !== "";
  }

  // --- what is shown -------------------------------------------------------------

  show() {
    const { app } = this;
    this.status.replaceChildren();
    const open = this.rows.filter((row) => !this.#settled(row)).length;
    this.left.textContent = !this.rows.length ? say(app, "review.none") : open ? say(app, "review.left", { n: open, of: this.rows.length }) : say(app, "review.done", { file: this.file });
    this.list.replaceChildren(...this.rows.map((row, i) => h("li", {
      role: "option", id: `review-${i}`, "aria-selected": String(i === this.at), onclick: () => { this.at = i; this.show(); this.list.focus(); },
    }, h("span", { class: this.#settled(row) ? "mark done" : "mark", "aria-hidden": "true" }, this.#settled(row) ? "✓" : "○"),
    h("span", { class: "reviewname" }, bdi(row.name), h("small", {}, say(app, `review.kind.${row.kind}`), row.choice ? [" · ", bdi(this.#word(row.choice))] : [])))));
    this.list.setAttribute("aria-activedescendant", this.rows.length ? `review-${this.at}` : "");
    this.list.children[this.at]?.scrollIntoView({ block: "nearest" });
    this.#one();
  }

  /** Why it is open: the import's own words, in the language of the page. */
  #why(told) {
    const key = WHY.find(([words]) => told.startsWith(words))?.[1];
    return key ? say(this.app, `review.why.${key}`) : told;
  }

  #word(choice) {
    const key = { new: "review.new", "-": "review.skip", right: "review.right" }[choice];
    return key ? say(this.app, key) : choice;
  }

  #one() {
    const { app } = this;
    const row = this.rows[this.at];
    this.other = null;
    this.mapBox.replaceChildren();
    if (!row) return this.detail.replaceChildren(h("p", {}, say(app, "review.none")));
    const parts = [
      h("h3", {}, bdi(row.name)),
      h("p", { class: "note" }, bdi(this.#why(row.why)), row.line ? [" · ", say(app, row.rows === "1" ? "review.row" : "review.rows", { n: row.rows, line: row.line })] : []),
    ];
    if (row.kind !== SUSPICION && row.candidates.length) parts.push(h("h4", {}, say(app, "review.choose")));
    const choose = (choice, key, ...what) => h("button", { type: "button", class: "candidate", "aria-pressed": String(row.choice === choice), onclick: () => this.choose(choice) }, h("kbd", { "aria-hidden": "true" }, key), " ", h("span", {}, what));
    const options = row.candidates.map((one, i) => choose(one.id, String(i + 1), ...this.#candidate(one, i)));
    if (row.kind === SUSPICION) options.push(choose("right", "1", say(app, "review.right")));
    else options.push(choose("new", "n", say(app, "review.new")), choose("-", "s", say(app, "review.skip")));
    if (row.choice) options.push(h("button", { type: "button", class: "candidate", onclick: () => this.choose("") }, h("kbd", { "aria-hidden": "true" }, "u"), " ", say(app, "review.undo")));
    parts.push(h("div", { class: "candidates" }, options));
    if (row.kind !== SUSPICION) {
      const told = { name: "id", shape: "id", rule: "", allowed: [], needed: false, default: "", completes: COMPLETES[row.kind] };
      this.other = new Field(app, told, (field, taken) => { if (taken) this.choose(field.value); });
      this.other.element.querySelector("label").textContent = say(app, "review.other");
      this.other.control.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.defaultPrevented && this.other.value) this.choose(this.other.value); });
      parts.push(this.other.element);
    }
    this.mapBox.replaceChildren(...[this.#map(row)].filter(Boolean));
    this.detail.replaceChildren(...parts);
    this.detail.scrollTop = 0;
  }

  #candidate(one, i) {
    const { app } = this;
    const name = nameIn({ name: one.name, aliases: one.names ?? [] }, app.words.language);
    const away = one.km === undefined ? "" : say(app, one.from === "row" ? "review.away" : "review.apart", { km: app.words.number(one.km) });
    const people = one.people ? app.words.say("place.population", { n: app.words.number(one.people) }) : "";
    const more = [one.more, away, people].filter(Boolean);
    const dot = one.lat === undefined || one.lat === null ? null : h("span", { class: "dot", "aria-hidden": "true" });
    if (dot) dot.style.background = COLOURS[i % COLOURS.length];
    return [dot, h("strong", {}, bdi(name)), " ", h("bdi", { class: "id" }, shown(one.id)), more.length ? h("small", {}, more.flatMap((part, n) => [n ? " · " : "", bdi(part)])) : null].filter(Boolean);
  }

  /** Where the candidates lie, and where the table says that the place is. */
  #map(row) {
    const { app } = this;
    const spots = row.candidates.map((one, i) => ({ ...one, i })).filter((one) => one.lat !== undefined && one.lat !== null);
    if (!spots.length) return null;
    const [w, tall] = MAP;
    const canvas = h("canvas", { class: "reviewmap", width: w * 2, height: tall * 2, role: "img", "aria-label": say(app, "review.map", { names: spots.map((one) => `${one.i + 1} ${one.name}`).join("; ") }) });
    const points = spots.map((one) => [one.lon, one.lat]);
    if (row.spot) points.push([row.spot[1], row.spot[0]]);
    const view = new View(points);
    view.reach(Math.max(15, Math.max(view.box.w, view.box.h) * 0.2));
    view.resize(w, tall);
    view.fit();
    const ctx = canvas.getContext("2d");
    ctx.scale(2, 2);
    ctx.fillStyle = "#FBF9F4";
    ctx.fillRect(0, 0, w, tall);
    drawGround(ctx, view, app.land);
    ctx.font = "11px system-ui, sans-serif";
    for (const one of app.record.settlements) {
      if (one.lon === null) continue;
      const [x, y] = [view.px(one.lon), view.py(one.lat)];
      if (x < 0 || y < 0 || x > w || y > tall) continue;
      ctx.fillStyle = "#8b8f98";
      ctx.beginPath();
      ctx.arc(x, y, 2, 0, 7);
      ctx.fill();
    }
    const written = [];
    const write = (text, x, y, colour) => {
      const wide = ctx.measureText(text).width;
      const left = x + 11 + wide > w ? x - 11 - wide : x + 11;
      let down = y + 4;
      while (written.some(([l, d, r]) => Math.abs(d - down) < 13 && l < left + wide && left < r)) down += 13;
      written.push([left, down, left + wide]);
      ctx.lineWidth = 3;
      ctx.strokeStyle = "#fff";
      ctx.strokeText(text, left, down);
      ctx.fillStyle = colour;
      ctx.fillText(text, left, down);
    };
    if (row.spot) {
      const [x, y] = [view.px(row.spot[1]), view.py(row.spot[0])];
      ctx.strokeStyle = "#D7263D";
      ctx.lineWidth = 2.5;
      ctx.beginPath();
      ctx.moveTo(x - 7, y - 7);
      ctx.lineTo(x + 7, y + 7);
      ctx.moveTo(x + 7, y - 7);
      ctx.lineTo(x - 7, y + 7);
      ctx.stroke();
      write(say(app, "review.here"), x, y, "#861c00");
    }
    for (const one of spots) {
      const [x, y] = [view.px(one.lon), view.py(one.lat)];
      ctx.fillStyle = COLOURS[one.i % COLOURS.length];
      ctx.beginPath();
      ctx.arc(x, y, 8, 0, 7);
      ctx.fill();
      ctx.fillStyle = "#fff";
      ctx.textAlign = "center";
      ctx.fillText(String(one.i + 1), x, y + 4);
      ctx.textAlign = "left";
      write(shown(nameIn({ name: one.name, aliases: one.names ?? [] }, app.words.language)), x, y, "#1d1f24");
    }
    const km = view.roundKm(90);
    ctx.fillStyle = "#333";
    ctx.fillRect(8, tall - 8, km * view.scale, 2);
    ctx.fillText(`${app.words.number(km)} km`, 8, tall - 12);
    return canvas;
  }

  // --- choosing ------------------------------------------------------------------

  /** Save a choice for the name that is shown, and go to the next that is open. */
  async choose(choice) {
    const row = this.rows[this.at];
    if (!row || this.saving) return;
    this.saving = true;
    const { status, told } = await ask("entry/choose", { kind: row.kind, name: row.name, choice, seen: this.seen });
    this.saving = false;
    if (status === 409) {
      await this.#read();
      this.#failed(409, { faults: [{ message: say(this.app, "review.moved") }] });
      return;
    }
    if (status !== 200) return this.#failed(status, told);
    this.seen = told.seen;
    for (const one of this.rows) if (one.kind === row.kind && one.name === row.name) one.choice = choice;
    if (choice) this.#next(this.at + 1);
    else this.show();
    this.list.focus();
  }

  /** To the first open name from a place in the list on, or from its start. */
  #next(from) {
    const { rows } = this;
    const open = [...rows.keys()].filter((i) => !this.#settled(rows[i]));
    this.at = open.find((i) => i >= from) ?? open[0] ?? Math.min(this.at, Math.max(rows.length - 1, 0));
    this.show();
  }

  #key(event) {
    const { key } = event;
    const typing = event.target.matches("input");
    if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
    const row = this.rows[this.at];
    const way = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[key];
    if (way) {
      this.at = Math.min(Math.max(this.at + way, 0), Math.max(this.rows.length - 1, 0));
      this.show();
      this.list.focus();
    } else if (!row) return;
    else if (/^[1-9]$/.test(key)) {
      const choice = row.kind === SUSPICION ? (key === "1" ? "right" : undefined) : row.candidates[Number(key) - 1]?.id;
      if (choice !== undefined) this.choose(choice);
    } else if (key === "n" && row.kind !== SUSPICION) this.choose("new");
    else if ((key === "s" || key === "-") && row.kind !== SUSPICION) this.choose("-");
    else if (key === "u") this.choose("");
    else if (key === "/" && this.other) this.other.control.focus();
    else return;
    event.preventDefault();
  }
}
