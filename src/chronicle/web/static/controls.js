// Everything that is pressed, turned or typed, and the keys that do the same.

import { $, bdi, h, shown } from "./dom.js";
import { flattened } from "./ground.js";
import { LAYERS } from "./paint.js";
import { stopAt } from "./timeline.js";
import { nameIn } from "./search.js";

const TABS = ["feed", "place", "people", "incidents", "roads", "sides", "table"];

export class Controls {
  constructor(app) {
    this.app = app;
    const on = (id, event, act) => $(id).addEventListener(event, act);
    on("on", "input", () => app.setDay(Number($("on").value)));
    on("known", "input", () => app.set({ known: app.stops[Number($("known").value)].known }));
    on("clock", "change", () => app.set({ clock: $("clock").value, known: null, compare: null }));
    on("lens", "change", () => app.set({ lens: $("lens").value }));
    on("layer", "change", () => this.#layer($("layer").value));
    on("comparekind", "change", () => this.#compare($("comparekind").value));
    on("against", "input", () => this.#against());
    on("patterns", "click", () => this.#patterns());
    on("roads", "click", () => this.#roads());
    on("picture", "click", () => this.#picture());
    on("language", "click", () => app.language(app.ask.lang === "en" ? "ar" : "en"));
    on("helpbutton", "click", () => this.help());
    on("play", "click", () => this.play());
    on("wide", "click", () => app.widen(app.span === app.spans.reports));
    on("previous", "click", () => this.change(-1));
    on("next", "click", () => this.change(1));
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#search();
  }

  // --- words ---------------------------------------------------------------------

  language() {
    const { app } = this;
    const { words, record } = app;
    for (const one of document.querySelectorAll("[data-say]")) one.textContent = words.say(one.dataset.say);
    for (const one of document.querySelectorAll("[data-title]")) {
      one.title = words.say(one.dataset.title);
      one.setAttribute("aria-label", one.title);
    }
    for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", words.say(one.dataset.label));
    $("name").textContent = shown(record.whatIf ? `${words.say("whatif")} · ${record.whatIf}` : record.name);
    document.title = `${shown(record.name)} · ${words.say("title")}`;
    $("endof").textContent = words.say("end.of");
    $("search").placeholder = words.say("search");
    $("search").setAttribute("aria-label", words.say("search"));
    $("map").setAttribute("aria-label", words.say("canvas", { n: words.number(record.settlements.length) }));
    $("cells").setAttribute("aria-label", words.say("canvas", { n: words.number(record.settlements.length) }));
    $("licence").textContent = words.say("licence");
    $("against").setAttribute("aria-label", words.say("compare.with"));
    $("panel").setAttribute("aria-label", words.say("tab.feed"));
    const sources = record.sources.filter((one) => one.registered <= record.position).map((one) => one.id).sort();
    const lenses = ["latest", "graded", "majority", "cautious"].map((name) => [name, words.say(`lens.${name}`)]);
    this.#options($("lens"), [...lenses, ...sources.map((id) => [`source:${id}`, words.say("lens.source", { source: shown(id) })])]);
    this.#options($("clock"), ["published", "recorded"].map((name) => [name, words.say(`clock.${name}`)]));
    this.#options($("comparekind"), ["off", "day", "known"].map((name) => [name, words.say(`compare.${name}`)]));
    const layers = app.whatIf.layers.map((one) => [one.join(":"), app.whatIf.title(one)]);
    this.#options($("layer"), [["", words.say("whatif.record")], ...layers]);
    $("layerbox").hidden = !layers.length;
    this.#playWord();
  }

  #options(select, pairs) {
    select.replaceChildren(...pairs.map(([value, text]) => h("option", { value }, text)));
  }

  // --- showing -------------------------------------------------------------------

  show() {
    const { app } = this;
    const { ask, words } = app;
    const lens = $("lens");
    if (![...lens.options].some((one) => one.value === ask.lens)) lens.append(h("option", { value: ask.lens }, ask.lens));
    lens.value = ask.lens;
    $("clock").value = ask.clock;
    $("layer").value = app.whatIf.value;
    const known = $("known");
    known.max = app.stops.length - 1;
    known.min = 0;
    known.value = stopAt(app.stops, ask.known);
    known.disabled = app.stops.length < 2;
    const text = app.knownText(ask.known);
    known.setAttribute("aria-valuetext", text);
    $("knownout").replaceChildren(bdi(text));
    const { reports, all } = app.spans;
    $("wide").hidden = reports.first === all.first && reports.last === all.last;
    $("wide").setAttribute("aria-pressed", String(app.span === all));
    $("wide").title = `${words.day(all.first)} – ${words.day(all.last)}`;
    $("patterns").setAttribute("aria-pressed", ask.patterns);
    $("roads").setAttribute("aria-pressed", ask.roads);
    $("comparekind").value = ask.compare ? ask.compare.kind : "off";
    $("comparebox").hidden = !ask.compare;
    if (ask.compare) this.#showAgainst();
    this.#banner(words);
    this.tabs();
  }

  #banner(words) {
    const { app } = this;
    const { ask } = app;
    const parts = [];
    if (app.record.whatIf) parts.push(h("strong", {}, words.say("whatif.frame")));
    if (ask.known !== null) {
      const stop = app.stops[stopAt(app.stops, ask.known)];
      const text = ask.clock === "published"
        ? words.say("banner.published", { day: words.day(ask.known) })
        : words.say("banner.recorded", { position: words.number(ask.known), moment: words.moment(stop.moment) });
      parts.push(h("span", {}, bdi(text)), h("button", { type: "button", onclick: () => app.set({ known: null }) }, words.say("banner.back")));
    }
    if (!app.record.controlRows.length) parts.push(words.say("empty"));
    if (app.whatIf.shown) parts.push(h("span", {}, h("strong", {}, words.say("whatif")), " · ", bdi(app.whatIf.note())));
    $("banner").replaceChildren(...(parts.length ? [h("p", {}, parts)] : []));
  }

  day(text) {
    const { ask } = this.app;
    const slider = $("on");
    if (Number(slider.value) !== ask.on) slider.value = ask.on;
    slider.setAttribute("aria-valuetext", text);
  }

  tabs() {
    const { app } = this;
    const { ask, words } = app;
    const names = [...TABS];
    if (ask.compare) names.push("compare");
    if (app.whatIf.arms.length) names.push("whatif");
    if (!names.includes(ask.tab)) ask.tab = "feed";
    const buttons = names.map((name) =>
      h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(name === ask.tab), "aria-controls": "panel", tabIndex: name === ask.tab ? 0 : -1,
        onclick: () => app.tab(name), onkeydown: (event) => this.#tabKey(event, names, name) }, words.say(`tab.${name}`)));
    const focused = document.activeElement?.getAttribute("role") === "tab";
    $("tabs").replaceChildren(...buttons);
    if (focused) $(`tab-${ask.tab}`).focus();
    $("panel").setAttribute("aria-labelledby", `tab-${ask.tab}`);
  }

  #tabKey(event, names, name) {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    const turn = document.documentElement.dir === "rtl" ? -way : way;
    this.app.tab(names[(names.indexOf(name) + turn + names.length) % names.length]);
  }

  // --- doing ---------------------------------------------------------------------

  #layer(value) {
    const { app } = this;
    app.whatIf.choose(value);
    app.set({ tab: value === "" ? "feed" : "whatif" });
    app.painter.paintAll();
  }

  #compare(kind) {
    const { app } = this;
    const { ask } = app;
    if (kind === "off") app.set({ compare: null, tab: "feed" });
    else if (kind === "day") app.set({ compare: { kind, value: Math.max(app.span.first, ask.on - 3) }, tab: "compare" });
    else {
      const at = Math.max(0, Math.min(stopAt(app.stops, ask.known) - 1, ask.clock === "published" ? app.stops.findIndex((one) => one.known >= ask.on) : Infinity));
      app.set({ compare: { kind, value: app.stops[at].known ?? app.record.position }, tab: "compare" });
    }
  }

  #showAgainst() {
    const { app } = this;
    const { kind, value } = app.ask.compare;
    const slider = $("against");
    const days = kind === "day";
    slider.min = days ? app.span.first : 0;
    slider.max = days ? app.span.last : Math.max(0, app.stops.length - 2);
    slider.value = days ? value : stopAt(app.stops, value);
    const text = days ? app.words.day(value) : app.knownText(value);
    slider.setAttribute("aria-valuetext", text);
    $("againstout").replaceChildren(bdi(text));
  }

  #against() {
    const { app } = this;
    const { kind } = app.ask.compare;
    const at = Number($("against").value);
    app.set({ compare: { kind, value: kind === "day" ? at : app.stops[at].known } });
  }

  #patterns() {
    const { app } = this;
    app.ask.patterns = !app.ask.patterns;
    app.patterned(app.ask.patterns);
    app.showAll();
  }

  #roads() {
    const { app } = this;
    app.set({ roads: !app.ask.roads });
    app.painter.paintFront();
  }

  #picture() {
    const { app } = this;
    flattened(LAYERS.map((name) => $(name))).toBlob((blob) => {
      const link = h("a", { href: URL.createObjectURL(blob), download: `chronicle-${$("day").dateTime}.png` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  help() {
    const { words } = this.app;
    const keys = [
      ["←", "→", "arrows"], ["[", "]", "brackets"], ["Space", "space"], ["k", "k"], ["c", "c"], ["p", "p"], ["l", "l"], ["/", "slash"], ["Esc", "escape"], ["?", "question"],
    ];
    $("helptext").replaceChildren(
      h("p", {}, words.say("help.clocks")), h("p", {}, words.say("help.lens")), h("h3", {}, words.say("help.keys")),
      h("table", {}, h("tbody", {}, keys.map((row) => h("tr", {},
        h("td", { dir: "ltr" }, row.slice(0, -1).flatMap((key) => [h("kbd", {}, key), " "])), h("td", {}, words.say(`help.${row[row.length - 1]}`)))))),
      h("p", {}, words.say("help.map")));
    $("help").showModal();
  }

  /** To the next or the previous day on which anything changes. */
  change(way) {
    const { app } = this;
    const days = app.view.changeDays();
    const found = way > 0 ? days.find((day) => day > app.ask.on) : days.filter((day) => day < app.ask.on).pop();
    if (found !== undefined) app.setDay(found);
  }

  play() {
    const { app } = this;
    if (app.playing) {
      app.playing = false;
      this.#playWord();
      app.showSide();
      return;
    }
    if (app.ask.on >= app.span.last) app.setDay(app.span.first);
    app.playing = true;
    this.#playWord();
    let from = performance.now();
    let day = app.ask.on;
    const step = (now) => {
      if (!app.playing) return;
      const speed = Number($("speed").value);
      day += ((now - from) / 1000) * speed;
      from = now;
      if (Math.floor(day) !== app.ask.on) app.setDay(Math.floor(day));
      if (app.ask.on >= app.span.last) this.play();
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  #playWord() {
    const key = this.app.playing ? "pause" : "play";
    $("play").textContent = this.app.playing ? "⏸" : "▶";
    $("play").title = this.app.words.say(key);
    $("play").setAttribute("aria-label", $("play").title);
  }

  #key(event) {
    const { app } = this;
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
    if (key === "Escape") {
      if (app.ask.compare) app.set({ compare: null });
      app.choose(null, false);
      return;
    }
    if (target.matches("input[type=text], select, textarea")) return;
    if (target.matches("button, summary") && key === " ") return;
    const slides = target.matches("input[type=range]") && target.id !== "on";
    const days = event.shiftKey ? 7 : 1;
    if (key === "ArrowLeft" && !slides) app.setDay(app.ask.on - days);
    else if (key === "ArrowRight" && !slides) app.setDay(app.ask.on + days);
    else if (key === "[") this.change(-1);
    else if (key === "]") this.change(1);
    else if (key === " ") this.play();
    else if (key === "k") (target.id === "known" ? $("on") : $("known")).focus();
    else if (key === "c") this.#compare(app.ask.compare ? "off" : "day");
    else if (key === "p") this.#patterns();
    else if (key === "l") {
      const { options, selectedIndex } = $("lens");
      app.set({ lens: options[(selectedIndex + 1) % options.length].value });
    } else if (key === "/") $("search").focus();
    else if (key === "?") this.help();
    else return;
    event.preventDefault();
  }

  // --- search --------------------------------------------------------------------

  #search() {
    const { app } = this;
    const input = $("search");
    const list = $("found");
    let found = [];
    let at = -1;
    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const take = (place) => {
      close();
      input.value = "";
      input.blur();
      app.choose(place, true);
    };
    const show = () => {
      found = app.finder.find(input.value);
      at = found.length ? 0 : -1;
      const items = found.map(({ place, by }, i) => {
        const told = app.record.settlements[place];
        const name = nameIn(told, app.words.language);
        return h("li", { role: "option", id: `found-${i}`, "aria-selected": String(i === at), onpointerdown: (event) => { event.preventDefault(); take(place); } },
          bdi(name), by !== name ? [" ", h("small", {}, bdi(by))] : [], told.admin1 ? [" ", h("small", {}, bdi(told.admin1))] : []);
      });
      if (!items.length && input.value.trim()) items.push(h("li", { role: "option", "aria-selected": "false" }, app.words.say("search.none")));
      list.replaceChildren(...items);
      list.setAttribute("aria-label", app.words.say("search"));
      list.hidden = !items.length;
      input.setAttribute("aria-expanded", String(items.length > 0));
      if (at >= 0) input.setAttribute("aria-activedescendant", "found-0");
    };
    input.addEventListener("input", show);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (way && found.length) {
        event.preventDefault();
        at = (at + way + found.length) % found.length;
        [...list.children].forEach((one, i) => one.setAttribute("aria-selected", String(i === at)));
        input.setAttribute("aria-activedescendant", `found-${at}`);
        list.children[at].scrollIntoView({ block: "nearest" });
      } else if (event.key === "Enter" && found[at]) take(found[at].place);
      else if (event.key === "Escape") {
        event.stopPropagation();
        input.value = "";
        close();
        input.blur();
      }
    });
  }
}
