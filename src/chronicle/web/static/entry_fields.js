// The fields of an entry: one control each, by the shape of its rule, with completion.

import { bdi, h, shown } from "./dom.js";
import { label, say, term, wrongness } from "./entry_words.js";
import { fold, nameIn } from "./search.js";
import { dayOfIso, isoOf } from "./words.js";

const MOST = 8;
const RULED = new Set(["id", "count", "number", "list"]); // of these the rule is worth reading
let count = 0;

/** What completes a field: objects with a `value`, and what is shown of it. */
export function completions(app, kind, text) {
  if (kind === "place") {
    const found = text.trim() ? app.finder.find(text, MOST) : [];
    return found.map(({ place, by }) => {
      const one = app.record.settlements[place];
      const name = nameIn(one, app.words.language);
      return { value: one.id, name, more: [by !== name ? by : "", one.admin1].filter(Boolean).join(" · ") };
    });
  }
  if (kind === "report") return reports(app, text);
  const table = kind === "actor" ? app.record.actors : app.record.sources.filter((one) => one.registered > 0 || one.id);
  const wanted = fold(text);
  return table
    .map((one) => ({ one, at: Math.min(...[one.id, one.name, one.short ?? ""].map((name) => rank(fold(name), wanted))) }))
    .filter(({ at }) => at < 9)
    .sort((a, b) => a.at - b.at)
    .slice(0, MOST)
    .map(({ one }) => ({ value: one.id, name: one.short || one.name, more: [one.short ? one.name : "", one.id].filter((text) => text && text !== one.name || text && one.short).join(" · ") }));
}

const rank = (key, wanted) => (!wanted ? 3 : key === wanted ? 0 : key.startsWith(wanted) ? 1 : key.includes(wanted) ? 2 : 9);

/** Reports by id, place, day or source; those of the chosen place and the latest first. */
function reports(app, text) {
  const { record } = app;
  const wanted = text.trim().toLowerCase();
  const key = fold(text);
  const all = [...record.controlRows.map((one) => ({ ...one, is: "control" })), ...Object.values(record.other).flat()];
  const found = [];
  for (const one of all) {
    const at = record.placeAt.get(one.settlement);
    const place = at === undefined ? null : record.settlements[at];
    const day = dayOf(one);
    const iso = day === null ? "" : isoOf(day);
    const names = place ? [place.name, place.id, ...(place.aliases ?? [])] : [one.area ?? ""];
    const hit = !wanted || one.report_id.toLowerCase().includes(wanted) || iso.includes(wanted) || one.source.toLowerCase() === wanted || (key && names.some((name) => fold(name).startsWith(key)));
    if (!hit) continue;
    const near = app.chosen !== null && at === app.chosen ? 1 : 0;
    found.push({ one, near, day: day ?? 0, name: place ? nameIn(place, app.words.language) : shown(one.area || one.kind || one.is), iso });
  }
  found.sort((a, b) => b.near - a.near || b.day - a.day || b.one.pos - a.one.pos);
  return found.slice(0, MOST).map(({ one, name, iso }) => ({ value: one.report_id, name: `${name} · ${iso}`, more: [sideWords(app, one), one.source].filter(Boolean).join(" · ") }));
}

function sideWords(app, one) {
  if (one.is !== "control") return app.words.term(one.category ?? one.kind ?? one.is);
  const at = app.record.actorAt.get(one.controller);
  const actor = at === undefined ? null : app.record.actors[at];
  return actor ? actor.short || actor.name : app.words.term(one.status);
}

export const dayOf = (one) => one.valid_from ?? one.valid_on ?? one.until ?? one.since ?? null;

/** One field: a label, a control, its rule, and what is wrong with it. */
export class Field {
  constructor(app, told, changed) {
    this.app = app;
    this.told = told;
    this.name = told.name;
    this.changed = changed;
    this.id = `entry-${told.name}-${(count += 1)}`;
    this.control = this.#control();
    this.rule = h("small", { class: "rule", id: `${this.id}-rule` }, RULED.has(told.shape) && !told.completes ? shown(told.rule) : "");
    this.hint = h("small", { class: "hint" });
    this.fault = h("p", { class: "fault", id: `${this.id}-fault`, hidden: true });
    this.control.setAttribute("aria-describedby", `${this.id}-rule ${this.id}-fault`);
    if (told.needed) this.control.setAttribute("aria-required", "true");
    const star = told.needed ? [" ", h("span", { class: "needed", title: say(app, "needed"), "aria-hidden": "true" }, "*")] : [];
    const wide = told.shape === "lines" || told.name === "ref" || told.completes === "report";
    this.element = h("div", { class: wide ? "field wide" : "field" },
      h("label", { htmlFor: this.id }, label(app, told.own ? "id" : told.name), star), this.list ? h("div", { class: "combo" }, this.control, this.list) : this.control, this.hint, this.rule, this.fault);
  }

  get value() {
    return this.control.value.trim();
  }

  set value(text) {
    this.control.value = text;
    this.#named();
  }

  #control() {
    const { told } = this;
    const common = { id: this.id, oninput: () => { this.#named(); this.changed(this); } };
    if (told.completes) return this.#combo(common);
    if (told.shape === "choice" || told.shape === "flag") {
      const words = told.shape === "flag" ? ["yes", "no"] : told.allowed;
      const all = told.needed || words.includes("") || told.default ? words : ["", ...words];
      const first = told.needed && !told.default ? ["", ...all] : all;
      const made = h("select", common, [...new Set(first)].map((word) => h("option", { value: word }, term(this.app, word))));
      made.value = told.default;
      return made;
    }
    if (told.shape === "day") return h("input", { ...common, type: "date", max: "2199-12-31" });
    if (told.shape === "lines") return h("textarea", { ...common, rows: 2, maxLength: 20000, dir: "auto" });
    const number = told.shape === "count" || told.shape === "number";
    return h("input", { ...common, type: "text", autocomplete: "off", spellcheck: false, maxLength: 2000, dir: "auto", inputMode: number ? "decimal" : "text" });
  }

  // --- completion ----------------------------------------------------------------

  #combo(common) {
    const list = h("ul", { role: "listbox", id: `${this.id}-list`, hidden: true, "aria-label": label(this.app, this.name) });
    this.list = list;
    this.at = -1;
    this.found = [];
    return h("input", {
      ...common, type: "text", role: "combobox", autocomplete: "off", spellcheck: false, maxLength: 300, dir: "auto",
      "aria-expanded": "false", "aria-autocomplete": "list", "aria-controls": `${this.id}-list`,
      oninput: () => { this.#named(); this.#offer(); this.changed(this); },
      onkeydown: (event) => this.#key(event), onblur: () => this.closed(), onfocus: () => { if (this.told.completes === "report" && !this.value) this.#offer(); },
    });
  }

  /** Close the list; whether it was open. */
  closed() {
    if (!this.list || this.list.hidden) return false;
    this.list.hidden = true;
    this.control.setAttribute("aria-expanded", "false");
    this.control.removeAttribute("aria-activedescendant");
    return true;
  }

  #offer() {
    this.found = completions(this.app, this.told.completes, this.control.value);
    this.at = -1;
    const items = this.found.map((one, i) => h("li", { role: "option", id: `${this.id}-o${i}`, "aria-selected": "false",
      onpointerdown: (event) => { event.preventDefault(); this.#take(one); } }, bdi(one.name), one.more ? [" ", h("small", {}, bdi(one.more))] : []));
    this.list.replaceChildren(...items);
    this.list.hidden = !items.length;
    this.control.setAttribute("aria-expanded", String(items.length > 0));
    this.control.removeAttribute("aria-activedescendant");
  }

  #take(one) {
    this.value = one.value;
    this.closed();
    this.changed(this, true);
  }

  #key(event) {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (way) {
      event.preventDefault();
      if (this.list.hidden) this.#offer();
      if (!this.found.length) return;
      this.at = (this.at + way + this.found.length + (this.at < 0 && way < 0 ? 1 : 0)) % this.found.length;
      [...this.list.children].forEach((one, i) => one.setAttribute("aria-selected", String(i === this.at)));
      this.control.setAttribute("aria-activedescendant", `${this.id}-o${this.at}`);
      this.list.children[this.at].scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !this.list.hidden && this.found.length) {
      event.preventDefault();
      this.#take(this.found[Math.max(this.at, 0)]);
    } else if (event.key === "Escape" && this.closed()) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  /** Whom an id names, beside the id. */
  #named() {
    if (!this.hint) return;
    const { record, words } = this.app;
    const text = this.control.value.trim();
    if (this.told.shape === "day") this.hint.replaceChildren(...(text ? [bdi(words.day(dayOfIso(text)))] : []));
    if (!this.told.completes || this.told.completes === "report") return;
    const shelf = { place: [record.placeAt, record.settlements], actor: [record.actorAt, record.actors], source: [record.sourceAt, record.sources] }[this.told.completes];
    const at = shelf[0].get(text);
    const one = at === undefined ? null : shelf[1][at];
    const name = one ? one.short || nameIn(one, words.language) : "";
    this.hint.replaceChildren(...(name && name !== text ? [bdi(name)] : []));
  }

  // --- faults --------------------------------------------------------------------

  /** Say what is wrong, and offer the ids that may be meant; null takes it back. */
  wrong(fault) {
    const bad = fault !== null;
    this.fault.hidden = !bad;
    this.element.classList.toggle("bad", bad);
    if (bad) this.control.setAttribute("aria-invalid", "true");
    else this.control.removeAttribute("aria-invalid");
    if (!bad) return;
    const picks = (fault.candidates ?? []).slice(0, 5).map((id) => h("button", { type: "button", onclick: () => { this.value = id; this.changed(this, true); this.control.focus(); } }, bdi(id)));
    this.fault.replaceChildren(bdi(wrongness(this.app, fault)), ...(picks.length ? [" ", say(this.app, "pick"), " ", ...picks] : []));
  }
}

/** An id out of a name, as the record's own rule makes it. */
export function slug(name) {
  const plain = name.replace(/['`’‘ʼʻʿʾ]/g, "").normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "");
  return plain.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 90);
}
