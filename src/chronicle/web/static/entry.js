// Entry by hand: a form that shows what would change, then records it.

import { $, bdi, h, shown } from "./dom.js";
import { Field, slug } from "./entry_fields.js";
import { previewParts, summary } from "./entry_preview.js";
import { Review } from "./entry_review.js";
import { ask } from "./entry_ask.js";
import { say } from "./entry_words.js";
import { isoOf } from "./words.js";

const DEEDS = ["report", "amend", "retract", "link"];
const REST_MS = 350; // of the keys, after which what was typed is looked at
const KEPT = ["source", "published"]; // they are often the same for the next report
const REGISTERS = { settlement: "settlement", actor: "actor", source: "source", route: null }; // the id that a name proposes

class Entry {
  constructor(app, form) {
    this.app = app;
    this.form = form;
    this.deed = "report";
    this.kind = "control";
    this.stores = {}; // what was typed, by field: of claims, of remarks, of each registration
    this.mended = {}; // what was typed of amendments, by report and field
    this.fields = [];
    this.target = null; // the report that is amended, as it is
    this.keys = new Map(); // an idempotency key for each content
    this.looked = 0;
    this.#build();
  }

  #build() {
    const tell = (event) => event.stopPropagation(); // the page's own keys rest meanwhile
    this.title = h("h2", { id: "entrytitle" });
    this.close = h("button", { type: "button", class: "plain", onclick: () => this.dialog.close() }, "×");
    this.deeds = h("div", { class: "deeds", role: "group" });
    this.kinds = h("select", { id: "entrykind", onchange: () => this.#kinded() });
    this.kindLabel = h("label", { htmlFor: "entrykind" });
    this.box = h("div", { class: "fields" });
    this.more = h("div", { class: "fields" });
    this.summary = h("summary");
    this.details = h("details", {}, this.summary, this.more);
    this.care = h("p", { class: "note care" });
    this.preview = h("section", { id: "entrypreview", tabIndex: 0, "aria-live": "polite" });
    this.status = h("div", { id: "entrystatus", role: "status" });
    this.record = h("button", { type: "submit", class: "main", disabled: true });
    this.clear = h("button", { type: "button", onclick: () => this.#clear(true) });
    const left = h("div", { class: "entryleft" }, this.deeds, h("div", { class: "field wide kindbox" }, this.kindLabel, this.kinds), this.box, this.details, this.care);
    const body = h("form", { class: "entrybody", noValidate: true, onsubmit: (event) => { event.preventDefault(); this.#submit(); } },
      left, h("div", { class: "entryright" }, this.preview),
      h("div", { class: "entryfoot" }, this.status, h("div", { class: "acts" }, this.clear, this.record)));
    this.dialog = h("dialog", { id: "entry", "aria-labelledby": "entrytitle", onkeydown: (event) => { this.#key(event); tell(event); } },
      h("header", {}, this.title, this.close), body);
    this.dialog.addEventListener("cancel", (event) => { if (this.fields.some((one) => one.closed())) event.preventDefault(); });
    document.body.append(this.dialog);
    window.addEventListener("beforeunload", (event) => { if (this.dirty) event.preventDefault(); });
  }

  // --- what is shown -------------------------------------------------------------

  /** Open it; `report` is one to be amended, retracted or linked. */
  open(report = null) {
    const { app } = this;
    if (report !== null) {
      if (this.deed === "report") this.deed = "amend";
      this.typed.report = report;
      this.target = null;
    }
    const claims = this.#store("claims");
    if (app.chosen !== null && !claims.settlement) claims.settlement = app.record.settlements[app.chosen].id;
    if (!claims.valid_from) claims.valid_from = isoOf(app.ask.on);
    this.say();
    this.dialog.showModal();
    (this.fields.find((one) => !one.value) ?? this.fields[0])?.control.focus();
    this.#soon(0);
  }

  /** All words anew, in the language of the page, with the fields of what is told. */
  say() {
    const { app } = this;
    this.title.textContent = say(app, "entry.title");
    this.close.setAttribute("aria-label", say(app, "act.close"));
    this.deeds.setAttribute("aria-label", say(app, "deeds"));
    this.deeds.replaceChildren(...DEEDS.map((deed) => h("button", { type: "button", "aria-pressed": String(deed === this.deed), onclick: () => this.#turn(deed) }, say(app, `deed.${deed}`))));
    this.kindLabel.textContent = say(app, "kind");
    const kinds = Object.keys(this.form).filter((name) => !DEEDS.includes(name));
    this.kinds.replaceChildren(...kinds.map((kind) => h("option", { value: kind }, say(app, `kind.${kind}`))));
    this.kinds.value = this.kind;
    this.summary.textContent = say(app, "more");
    this.care.textContent = say(app, "care");
    this.clear.textContent = say(app, "act.clear");
    this.record.textContent = say(app, "act.record");
    this.preview.setAttribute("aria-label", say(app, "preview"));
    this.#fields();
    this.#idle("preview.wait");
  }

  #turn(deed) {
    this.deed = deed;
    this.target = null;
    this.say();
    [...this.deeds.children][DEEDS.indexOf(deed)].focus();
    this.#soon(0);
  }

  #kinded() {
    this.kind = this.kinds.value;
    this.#fields();
    this.#idle("preview.wait");
    this.#soon(0);
  }

  /** What is typed of a claim serves the next kind of claim; of nothing else. */
  get typed() {
    return this.#store(this.deed !== "report" ? "remarks" : this.kind in REGISTERS ? this.kind : "claims");
  }

  set typed(values) {
    const told = this.typed;
    for (const name of Object.keys(told)) delete told[name];
    Object.assign(told, values);
  }

  #store(name) {
    return (this.stores[name] ??= {});
  }

  get what() {
    return this.deed === "report" ? this.kind : this.deed;
  }

  #fields() {
    const { app } = this;
    const made = this.form[this.what].map((told) => [told, new Field(app, told, (one, now) => this.#changed(one, now))]);
    let extra = [];
    if (this.deed === "amend" && this.target) {
      extra = this.form[this.target.kind].filter((told) => !told.fixed).map((told) => {
        const field = new Field(app, { ...told, needed: false, default: "" }, (one, now) => this.#changed(one, now));
        field.value = this.mended[this.target.report]?.[told.name] ?? this.target.values[told.name] ?? told.default ?? "";
        field.of = "changes";
        field.first = told.first;
        return [told, field];
      });
    }
    for (const [told, field] of made) {
      const kept = this.typed[told.name];
      if (kept !== undefined) field.value = kept;
      else if (told.name === "source" && this.deed !== "report") field.value = told.default;
    }
    const all = [...made, ...extra];
    this.fields = all.map(([, field]) => field);
    const early = ([told, field]) => told.first || (field.of === "changes" && told.first);
    this.box.replaceChildren(...all.filter(early).map(([, field]) => field.element));
    const later = all.filter((one) => !early(one));
    this.more.replaceChildren(...later.map(([, field]) => field.element));
    this.details.hidden = !later.length;
    this.kinds.parentElement.hidden = this.deed !== "report";
  }

  #idle(key, values = {}) {
    this.ready = null;
    this.record.disabled = true;
    if (this.status.className === "sum") this.#tell("");
    this.preview.replaceChildren(h("h3", {}, say(this.app, "preview")), h("p", { class: "note" }, say(this.app, key, values)));
  }

  #tell(kind, ...parts) {
    this.status.className = kind;
    this.status.replaceChildren(...parts);
  }

  // --- what was typed ------------------------------------------------------------

  #changed(field, now = false) {
    this.#tell("");
    if (field.of !== "changes") this.typed[field.name] = field.value;
    else (this.mended[this.target.report] ??= {})[field.name] = field.value;
    this.dirty = true;
    const own = this.deed === "report" ? REGISTERS[this.kind] : null;
    if (own && field.name === "name") {
      const id = this.fields.find((one) => one.name === own);
      if (!id.value || id.value === this.proposed) {
        this.proposed = slug(field.value);
        id.value = this.proposed;
        this.typed[own] = this.proposed;
      }
    } else if (own && field.name === own) this.proposed = null;
    this.record.disabled = true;
    this.#soon(now ? 0 : REST_MS);
  }

  draft() {
    const { app } = this;
    const fields = {};
    const changes = {};
    for (const one of this.fields) {
      if (one.of === "changes") {
        if (one.value !== (this.target.values[one.name] ?? one.told.default ?? "")) changes[one.name] = one.value;
      } else if (one.value !== "") fields[one.name] = one.value;
    }
    return { kind: this.what, fields, changes, lens: app.ask.lens };
  }

  #keyOf(draft) {
    const content = JSON.stringify([draft.kind, draft.fields, draft.changes]);
    if (!this.keys.has(content)) this.keys.set(content, crypto.randomUUID());
    return this.keys.get(content);
  }

  #clear(all) {
    const kept = all || this.deed !== "report" || this.kind in REGISTERS ? [] : KEPT.filter((name) => this.typed[name]).map((name) => [name, this.typed[name]]);
    this.typed = Object.fromEntries(kept);
    this.target = null;
    this.mended = {};
    this.dirty = false;
    this.keys.clear();
    this.#fields();
    this.#idle("preview.wait");
    this.#tell("");
    this.fields[0].control.focus();
  }

  // --- looking -------------------------------------------------------------------

  #soon(milliseconds) {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.look(), milliseconds);
  }

  /** Ask what it would change; only the last answer counts. */
  async look() {
    const turn = (this.looked += 1);
    if (this.deed === "amend" && (await this.#fetched()) === false) return;
    if (turn !== this.looked) return;
    const draft = this.draft();
    const missing = this.fields.find((one) => one.told.needed && !one.value);
    for (const one of this.fields) one.wrong(null);
    if (missing) return this.#idle(missing.name === "report" ? "report.none" : missing.name === "other" ? "other.first" : "preview.wait");
    if (this.deed === "amend" && !Object.keys(draft.changes).length) return this.#idle("changes.none");
    const { status, told } = await ask("entry/preview", draft);
    if (turn !== this.looked) return;
    if (status !== 200) return this.#refused(status, told);
    this.ready = { draft, seen: told.seen, adds: told.adds.length > 0 };
    this.record.disabled = !this.ready.adds;
    this.preview.replaceChildren(h("h3", { class: "prehead" }, say(this.app, "preview")), ...previewParts(this.app, told, draft));
    if (!this.status.textContent) this.#tell("sum", h("bdi", {}, summary(this.app, told)));
  }

  /** The report to be amended, as it is; false where there is none yet. */
  async #fetched() {
    const report = this.fields.find((one) => one.name === "report")?.value;
    if (this.target?.report === report) return true;
    this.target = null;
    if (!report) return true;
    const { status, told } = await ask("entry/report", { kind: "amend", fields: { report } });
    if (this.fields.find((one) => one.name === "report")?.value !== report) return false;
    if (status !== 200) {
      this.#refused(status, told);
      return false;
    }
    this.target = { report, ...told };
    const focused = this.fields.find((one) => one.control === document.activeElement)?.name;
    this.#fields();
    this.fields.find((one) => one.name === focused)?.control.focus();
    return true;
  }

  #refused(status, told) {
    if (status === 0) return this.#tell("bad", say(this.app, "offline"));
    if (status === 401) return this.#tell("bad", say(this.app, "told.token"));
    const faults = told.faults ?? [];
    const rest = [];
    let first = null;
    for (const fault of faults) {
      const field = this.fields.find((one) => one.name === fault.field);
      if (!field) rest.push(fault.message);
      else {
        field.wrong(fault);
        first ??= field;
      }
    }
    const n = faults.length - rest.length;
    this.#idle(n > 1 ? "preview.faults" : "preview.fault", { n });
    if (!n) this.preview.replaceChildren(h("h3", {}, say(this.app, "preview")), ...rest.map((text) => h("p", { class: "fault" }, bdi(text))));
    if (first && this.details.contains(first.element)) this.details.open = true;
  }

  // --- recording -----------------------------------------------------------------

  #submit() {
    const draft = this.draft();
    if (this.ready && !this.record.disabled && JSON.stringify(this.ready.draft) === JSON.stringify(draft)) this.#record();
    else this.#soon(0);
  }

  async #record() {
    if (this.sending) return;
    this.sending = true;
    this.record.disabled = true;
    this.#tell("");
    const { draft, seen } = this.ready;
    const { status, told } = await ask("entry/record", { ...draft, expected: seen, key: this.#keyOf(draft) });
    this.sending = false;
    const error = told.faults?.[0]?.error;
    const { app } = this;
    if (status === 200) return this.#done(told);
    if (error === "Conflict" && !told.faults[0].field) {
      this.#tell("bad", say(app, "told.conflict"));
      return this.look();
    }
    const again = (key) => {
      this.#tell("bad", say(app, key));
      this.record.disabled = false;
      this.record.textContent = say(app, key === "told.unknown" ? "act.again" : "act.record");
      this.record.focus();
    };
    if (status === 0 || error === "OutcomeUnknown") return again("told.unknown");
    if (error === "Busy") return again("told.busy");
    if (status === 401) return this.#tell("bad", say(app, "told.token"));
    if (told.faults?.some((one) => one.field)) return this.#refused(status, told);
    this.#tell("bad", bdi(say(app, "told.refused", { why: shown(told.faults?.[0]?.message) })));
    this.record.disabled = false;
  }

  #done(told) {
    const { app } = this;
    const undo = told.report && this.deed !== "retract" ? told.report : "";
    this.record.textContent = say(app, "act.record");
    this.#clear(false);
    const next = h("button", { type: "button", class: "main", onclick: () => { this.#tell(""); this.deed = "report"; this.say(); this.fields[0].control.focus(); } }, say(app, "act.next"));
    const back = undo && h("button", { type: "button", onclick: () => this.#undo(undo) }, say(app, "act.retract"));
    this.#tell("good", h("span", {}, say(app, undo ? "done.undo" : "done", { position: app.words.number(told.position) }), undo ? [" ", h("bdi", { class: "id" }, shown(undo))] : []), ...[back, next].filter(Boolean));
    next.focus();
  }

  /** Offer the retraction of what was just recorded, with what it would change. */
  #undo(report) {
    this.deed = "retract";
    this.typed = { report };
    this.#tell("");
    this.say();
    this.fields.find((one) => one.name === "reason").control.focus();
    this.#soon(0);
  }

  #key(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.#submit();
    }
  }
}

/** A button among the page's tools, and a key for it. */
export function tool(app, key, word, open) {
  const button = h("button", { type: "button", "aria-haspopup": "dialog", onclick: open });
  const named = () => {
    button.textContent = say(app, word);
    button.title = say(app, `${word.split(".")[0]}.open`);
  };
  named();
  $("language").addEventListener("click", () => setTimeout(named, 0));
  window.addEventListener("hashchange", () => setTimeout(named, 0));
  $("helpbutton").before(button);
  document.addEventListener("keydown", (event) => {
    if (event.key !== key || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input[type=text], select, textarea")) return;
    event.preventDefault();
    open();
  });
  return button;
}

async function start() {
  const { chronicle: app } = window;
  const answer = await fetch("entry.json");
  const { form, review } = await answer.json();
  const entry = new Entry(app, form);
  const button = tool(app, "e", "entry.title", () => entry.open());
  button.id = "entrybutton";
  app.deeds = (claim) => h("button", { type: "button", class: "linkish deed", "aria-label": say(app, "deeds.of", { report: shown(claim.report_id) }), title: say(app, "deeds.of", { report: shown(claim.report_id) }), onclick: () => entry.open(claim.report_id) }, "✎");
  app.entry = entry;
  const help = app.controls.help.bind(app.controls);
  app.controls.help = () => { // its own keys, and ours
    help();
    $("helptext").append(...["help.entry", ...(review ? ["help.review"] : [])].map((key) => h("p", {}, say(app, key))));
  };
  if (review) {
    app.review = new Review(app);
    tool(app, "r", "review.title", () => app.review.open()).id = "reviewbutton";
  }
  app.showSide();
  document.documentElement.dataset.entry = "1";
}

if (window.chronicle) start();
else document.addEventListener("chronicle-ready", start, { once: true });
