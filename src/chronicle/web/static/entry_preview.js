// What an entry would change, drawn before it is recorded.

import { bdi, chip, h, shown } from "./dom.js";
import { label, say, term } from "./entry_words.js";
import { LAND, actorColour, mix } from "./looks.js";
import { nameIn } from "./search.js";

const DAYS = new Set(["valid_from", "valid_on", "since", "until", "published", "population_published"]);
const QUIET = new Set(["type", "changes", "report_id"]);
const WIDE = 640;
const TALL = 34;

export function previewParts(app, told, draft) {
  const parts = [];
  const lens = draft.lens.startsWith("source:") ? say(app, "lens.source", { source: draft.lens.slice(7) }) : say(app, `lens.${draft.lens.split(":")[0]}`);
  if (!told.adds.length) parts.push(h("p", { class: "nothing" }, told.stands === null ? say(app, "preview.nothing") : say(app, "preview.stands", { position: told.stands })));
  for (const one of told.places) parts.push(place(app, one));
  if (told.adds.length) for (const one of told.told) parts.push(...reported(app, one, told.adds[0].type === "report-retracted"));
  if (told.cares.length) parts.push(h("ul", { class: "cares" }, told.cares.map((one) => h("li", {}, say(app, `care.${one}`)))));
  parts.push(h("p", { class: "note" }, say(app, "preview.lens", { lens })));
  return parts;
}

/** One line of the same, for where the preview is out of sight. */
export function summary(app, told) {
  const one = told.places[0];
  if (!one || !told.adds.length) return "";
  const name = placeName(app, one.settlement);
  const [before, after] = [one.before, one.after].map((state) => side(app, state.control, state.status));
  return before === after ? `${name}: ${after}. ${say(app, "preview.same")}` : `${name}: ${before}${app.words.rightToLeft ? " ← " : " → "}${after}`;
}

function placeName(app, id) {
  const at = app.record.placeAt.get(id);
  return at === undefined ? shown(id) : shown(nameIn(app.record.settlements[at], app.words.language));
}

function side(app, control, status) {
  const at = control === null ? -1 : app.record.actorAt.get(control) ?? -1;
  const one = at < 0 ? null : app.record.actors[at];
  const name = one ? shown(one.short || one.name) : control === null ? "" : shown(control);
  if (!name) return app.words.term(status);
  return status === "held" ? name : `${name} (${app.words.term(status)})`;
}

function colour(app, control, status) {
  const at = control === null ? -1 : app.record.actorAt.get(control) ?? -1;
  if (at >= 0) return actorColour(at);
  return status === "contested" ? "#B9B9B9" : "#FFFFFF";
}

function place(app, one) {
  const { words } = app;
  const name = placeName(app, one.settlement);
  const { before, after } = one;
  const same = ["control", "status", "disputed", "since"].every((key) => before[key] === after[key]);
  const row = (key, state) => h("tr", {},
    h("th", { scope: "row" }, say(app, `preview.${key}`)),
    h("td", {}, h("span", { class: "side" }, chip(colour(app, state.control, state.status)), h("strong", {}, bdi(side(app, state.control, state.status))))),
    h("td", {}, state.since === null ? "" : say(app, "preview.since", { day: words.day(state.since) }), state.disputed ? [" ", h("span", { class: "tag warn" }, say(app, "disputed"))] : []));
  const doubt = before.disputed === after.disputed ? null : h("p", { class: "doubt" }, say(app, after.disputed ? "preview.doubt" : "preview.settled"));
  return h("section", { class: "preplace" },
    h("h3", {}, bdi(name), " · ", say(app, "preview.day", { day: words.day(one.on) })),
    h("table", {}, h("tbody", {}, row("before", before), row("after", after))),
    same ? h("p", { class: "note" }, say(app, "preview.same")) : null, doubt,
    h("h4", {}, say(app, "preview.time")),
    strips(app, one));
}

/** Two strips, one over the other, on the same days. */
function strips(app, one) {
  const days = [...one.spansBefore, ...one.spansAfter].map(([day]) => day);
  const first = Math.min(...days, one.on) - 2;
  const last = Math.max(...days, one.on, app.span.last) + 2;
  const strip = (key, spans) => {
    const canvas = h("canvas", { class: "prestrip", width: WIDE, height: TALL, role: "img" });
    const ctx = canvas.getContext("2d");
    const x = (day) => ((day - first) / (last - first)) * WIDE;
    ctx.fillStyle = "#F1EEE6";
    ctx.fillRect(0, 0, WIDE, TALL);
    spans.forEach(([day, control, status, disputed], i) => {
      const until = i + 1 < spans.length ? spans[i + 1][0] : last;
      ctx.fillStyle = control === null ? colour(app, control, status) : mix(colour(app, control, status), LAND, status === "presence" ? 0.4 : 0.9);
      ctx.fillRect(x(day), 0, x(until) - x(day), TALL);
      ctx.fillStyle = "#1d1f24";
      ctx.fillRect(x(day), 0, 1, TALL);
      if (disputed) {
        ctx.fillStyle = "#861c00";
        ctx.fillRect(x(day), TALL - 6, x(until) - x(day), 6);
      }
    });
    ctx.strokeStyle = "#1A5FD0";
    ctx.lineWidth = 4;
    ctx.strokeRect(x(one.on) - 1, 2, Math.max(x(one.on + 1) - x(one.on), 5), TALL - 4);
    const words = spans.map(([day, control, status, disputed]) => `${app.words.day(day)}: ${side(app, control, status)}${disputed ? ` (${say(app, "disputed")})` : ""}`);
    canvas.setAttribute("aria-label", `${say(app, `preview.${key}`)}: ${words.join("; ") || "–"}`);
    return h("div", { class: "strippair" }, h("span", {}, say(app, `preview.${key}`)), canvas);
  };
  return h("div", { dir: "ltr" }, strip("before", one.spansBefore), strip("after", one.spansAfter),
    h("div", { class: "stripdays" }, h("bdi", {}, app.words.day(first + 2)), h("bdi", {}, app.words.day(last - 2))));
}

function written(app, name, value) {
  if (value === undefined || value === null) return "–";
  if (DAYS.has(name)) return app.words.day(value);
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "boolean" || name === "status" || name === "relation") return term(app, value);
  return shown(value);
}

/** A report, or what is registered, before and after: all of a new one, else what differs. */
function reported(app, one, retracts) {
  const { before, after } = one;
  const registers = (after ?? before)?.report_id === undefined;
  const head = (text) => h("h3", {}, say(app, registers ? "preview.registered" : "preview.report"), " ", h("bdi", { class: "id" }, shown(one.key)), text ? [" ", h("span", { class: "tag" }, text)] : []);
  if (before && !after) return [head(say(app, "preview.gone"))];
  if (!before && !after) return [];
  if (!before && retracts) return [head(say(app, "preview.back"))];
  const names = Object.keys(after).filter((name) => !QUIET.has(name));
  if (!before) return [head(""), rows(app, after, null)];
  const changed = [...new Set([...names, ...Object.keys(before)])].filter((name) => !QUIET.has(name) && JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return changed.length ? [head(""), rows(app, after, before, changed)] : [];
}

function rows(app, after, before, names = Object.keys(after).filter((name) => !QUIET.has(name) && after[name] !== false && !(name === "precision" && after[name] === "day"))) {
  const line = (name) => h("tr", {}, h("th", { scope: "row" }, label(app, name)), before ? h("td", { class: "was" }, bdi(written(app, name, before[name]))) : null, h("td", {}, bdi(written(app, name, after[name]))));
  return h("table", { class: "prerows" }, h("tbody", {}, names.map(line)));
}
