// The panel of one place: what is so, why, since when, and all that was said of it.

import { LAND, actorColour, mix } from "./looks.js";
import { NEVER } from "./record.js";
import { bdi, h, shown } from "./dom.js";
import { nameIn } from "./search.js";
import { incidentItem } from "./feed.js";

export class PlacePanel {
  constructor(app, telling) {
    this.app = app;
    this.telling = telling;
  }

  render(box) {
    const { app } = this;
    const { words, record, knowledge, view } = app;
    if (app.chosen === null) {
      box.replaceChildren(h("p", {}, words.say("place.none")));
      return;
    }
    const s = app.chosen;
    const told = record.settlements[s];
    const others = [told.name, ...(told.aliases ?? [])].filter((name) => name !== nameIn(told, words.language));
    const where = [told.kind, told.admin1].filter(Boolean).map(shown).join(" · ");
    const people = told.population === null ? words.say("place.population.none") : words.say("place.population", { n: words.number(told.population) });
    const parts = [
      h("h2", { class: "placehead" }, bdi(nameIn(told, words.language))),
      others.length ? h("div", { class: "said" }, others.slice(0, 6).flatMap((name, i) => [i ? " · " : "", bdi(name)])) : null,
      h("div", { class: "said" }, where, where ? " · " : "", people),
      told.lat === null ? h("p", { class: "note" }, words.say("place.unlocated")) : null,
      this.#now(s),
      h("h3", {}, words.say("place.history")),
      this.#strip(s),
    ];
    const ruling = view.ruling(s, view.cursor[s]);
    parts.push(h("h3", {}, words.say("place.why")), h("p", {}, this.#reason(ruling)));
    parts.push(...this.#reports("place.for", ruling.deciding), ...this.#reports("place.against", ruling.against));
    const used = new Set([...ruling.deciding, ...ruling.against]);
    const rest = Array.from(knowledge.list.subarray(knowledge.starts[s], view.cursor[s])).filter((row) => !used.has(row));
    parts.push(...this.#reports("place.other", rest));
    const incidents = knowledge.other.incidents.filter((one) => one.settlement === told.id && one.day <= app.ask.on);
    if (incidents.length) {
      parts.push(h("h3", {}, words.say("tab.incidents")), h("ul", { class: "feed" }, incidents.reverse().map((one) => incidentItem(this.telling, one))));
    }
    box.replaceChildren(...parts.filter(Boolean));
  }

  #now(s) {
    const { words, view, ask, record } = this.app;
    const status = record.rules.statuses[view.status[s]];
    const box = h("div", { class: "sidebox" });
    const colour = this.telling.colour(view.control[s], status);
    box.style.setProperty("--side", colour === "#FFFFFF" ? "#999999" : colour);
    const reported = view.since[s] !== NEVER;
    const text = reported
      ? words.say("place.held", { side: this.telling.side(view.control[s], status), day: words.day(view.since[s]) })
      : words.say("place.unknown");
    const last = view.last[s];
    const heard = last === NEVER ? words.say("place.never")
      : last === ask.on ? words.say("place.heard.today")
        : words.say("place.heard", { day: words.day(last), n: words.number(ask.on - last) });
    box.append(h("div", {}, h("strong", {}, text), view.disputed[s] ? [" ", h("span", { class: "tag warn" }, words.say("disputed"))] : []), h("div", { class: "said" }, heard));
    return box;
  }

  /** Who held it on each day of the record, as this lens and clock have it. */
  #strip(s) {
    const { app } = this;
    const { knowledge, view, span, record, ask, words } = app;
    const canvas = h("canvas", { class: "strip", width: 680, height: 52, role: "img" });
    const ctx = canvas.getContext("2d");
    const days = span.last - span.first + 1;
    const x = (day) => ((day - span.first) / days) * canvas.width;
    ctx.fillStyle = "#F1EEE6";
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    const spoken = [];
    let said = "";
    for (let end = knowledge.starts[s] + 1; end <= knowledge.starts[s + 1]; end += 1) {
      const day = knowledge.days[end - 1];
      if (end < knowledge.starts[s + 1] && knowledge.days[end] === day) continue;
      const ruling = view.ruling(s, end);
      const status = record.rules.statuses[ruling.status];
      const until = end < knowledge.starts[s + 1] ? knowledge.days[end] : span.last + 1;
      ctx.fillStyle = ruling.control >= 0 ? mix(actorColour(ruling.control), LAND, status === "presence" ? 0.4 : 0.9) : status === "contested" ? "#B9B9B9" : "#FFFFFF";
      ctx.fillRect(x(day), 0, x(until) - x(day), canvas.height);
      const side = this.telling.side(ruling.control, status);
      if (side !== said) spoken.push(`${words.day(day)}: ${side}`);
      said = side;
    }
    ctx.fillStyle = "#000";
    for (let i = knowledge.starts[s]; i < knowledge.starts[s + 1]; i += 1) {
      if (!knowledge.columns.baseline[knowledge.list[i]]) ctx.fillRect(x(knowledge.days[i]) - 1, canvas.height - 12, 3, 12);
    }
    ctx.fillStyle = "#1A5FD0";
    ctx.fillRect(x(ask.on + 1) - 3, 0, 4, canvas.height);
    canvas.setAttribute("aria-label", spoken.join("; ") || words.say("place.unknown"));
    canvas.addEventListener("click", (event) => {
      app.setDay(span.first + Math.floor((event.offsetX / canvas.clientWidth) * days));
    });
    const list = h("div", { class: "said" }, spoken.slice(-6).flatMap((one, i) => [i ? " · " : "", bdi(one)]));
    return h("div", { dir: "ltr" }, canvas, list);
  }

  #reason({ why }) {
    const { words, knowledge } = this.app;
    if (!why) return words.say("place.unknown");
    const id = why.chosen === undefined ? "" : shown(knowledge.rows[why.chosen].report_id);
    const day = why.chosen === undefined ? "" : words.day(knowledge.columns.day[why.chosen]);
    if (why.rule === "latest") {
      if (!why.rivals) return words.say("why.latest", { report: id, day, source: shown(knowledge.rows[why.chosen].source) });
      return words.say(why.tie === "time" ? "why.latest.time" : "why.latest.log", { n: why.rivals + 1 });
    }
    if (why.rule === "graded") {
      return words.say("why.graded", { grade: this.telling.grade(knowledge.rows[why.chosen]).textContent, n: why.of });
    }
    if (why.rule === "majority") {
      return words.say(why.tied > 1 ? "why.majority.tied" : "why.majority", { n: why.most, of: why.of });
    }
    if (why.rule === "cautious") return words.say("why.cautious", { days: why.days });
    return words.say("why.silent");
  }

  #reports(key, rows) {
    if (!rows.length) return [];
    const { words, knowledge } = this.app;
    return [
      h("h3", {}, `${words.say(key)} (${words.number(rows.length)})`),
      h("ul", { class: "feed" }, [...rows].reverse().slice(0, 60).map((row) => this.telling.control(knowledge, row))),
    ];
  }
}
