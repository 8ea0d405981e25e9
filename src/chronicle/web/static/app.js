// What is asked and what is seen of it: one `ask`, from which everything is drawn.

import { cappedCells } from "./cells.js";
import { Controls } from "./controls.js";
import { $, bdi, h, shown } from "./dom.js";
import { Feed, Telling } from "./feed.js";
import { arcsOf, printedMap } from "./ground.js";
import { Legend } from "./legend.js";
import { askedBy, hashOf } from "./link.js";
import { staleness, styleKey } from "./looks.js";
import { MapInput } from "./mapinput.js";
import { LAYERS, Painter } from "./paint.js";
import { TablePanel, renderCompared, renderIncidents, renderPeople, renderRoads, renderSides } from "./panels.js";
import { PlacePanel } from "./place.js";
import { Record } from "./record.js";
import { Knowledge, differences, figuresOn, roadsKnown, shutOn } from "./replay.js";
import { Finder, nameIn } from "./search.js";
import { comparisonText, showTip } from "./tip.js";
import { Timeline, spanOf, stopAt, stopsOf } from "./timeline.js";
import { View } from "./view.js";
import { WhatIf } from "./whatif.js";
import { Words, isoOf } from "./words.js";

const CAP_KM = 15;
const CAP_SHARE = 0.06; // of the map, where the record is small
const SIDE_MS = 110; // the side follows when the slider rests
const ROAD_WIDTHS = { motorway: 2.2, primary: 1.5, secondary: 1, local: 0.7 };
const TWO_DAYS = 2 * 864e8; // microseconds
const PRINT_WIDTH = 1000; // of the map, in pixels, before it is fitted to the paper
const PRINT_HEIGHT = 800;
const MARK = "#1B1B1B";

export class App {
  constructor({ data, land, whatIf }) {
    this.data = data;
    this.record = new Record(data);
    this.land = land;
    this.whatIf = new WhatIf(this, whatIf);
    this.#span();
    const moments = this.record.moments;
    const spread = moments.length ? moments[moments.length - 1][1] - moments[0][1] : 0;
    this.ask = {
      on: this.span.last, clock: spread > TWO_DAYS ? "recorded" : "published", known: null, lens: "latest",
      place: null, tab: "feed", lang: "en", patterns: false, roads: false, compare: null, arm: null, show: "chance", map: null,
    };
    Object.assign(this.ask, askedBy(location.hash));
    this.#within();
    this.chosen = this.record.placeAt.get(this.ask.place) ?? null;
    this.cache = new Map();
  }

  #span() {
    this.spans = { reports: this.whatIf.span(spanOf(this.record, false)), all: this.whatIf.span(spanOf(this.record, true)) };
    this.span = this.spans.reports;
  }

  /** Widen the slider for a day that lies beyond the reports of control. */
  #within() {
    const { all } = this.spans;
    this.ask.on = Math.min(Math.max(this.ask.on, all.first), all.last);
    if (this.ask.on < this.span.first || this.ask.on > this.span.last) this.span = all;
  }

  /** All days of the record on the slider, or those of reports of control alone. */
  widen(wide) {
    this.span = wide ? this.spans.all : this.spans.reports;
    this.timeline = new Timeline(this.span);
    this.setDay(this.ask.on);
    this.showAll();
  }

  start() {
    this.words = new Words(this.ask.lang);
    this.#places();
    this.timeline = new Timeline(this.span);
    this.telling = new Telling(this);
    this.feed = new Feed(this, this.telling);
    this.placePanel = new PlacePanel(this, this.telling);
    this.tablePanel = new TablePanel(this, this.telling);
    this.input = new MapInput(this);
    this.controls = new Controls(this);
    this.whatIf.asked(this.ask);
    this.language(this.ask.lang);
    new ResizeObserver(() => this.resized()).observe($("map"));
    window.addEventListener("hashchange", () => this.#linked());
    matchMedia("print").addEventListener("change", (event) => this.#printed(event.matches));
    window.addEventListener("beforeprint", () => this.#printed(true));
    window.addEventListener("afterprint", () => this.#printed(false));
    if (this.ask.map) this.mapView.centre(this.ask.map[0], this.ask.map[1], this.ask.map[2]);
    this.resized();
  }

  #places() {
    const { settlements } = this.record;
    this.finder = new Finder(settlements);
    const lons = settlements.map((one) => one.lon);
    const lats = settlements.map((one) => one.lat);
    const points = settlements.filter((one) => one.lon !== null).map((one) => [one.lon, one.lat]);
    this.mapView = new View(points);
    const { w, h: tall } = this.mapView.box;
    this.capKm = Math.min(CAP_KM, Math.ceil(Math.hypot(w, tall) * CAP_SHARE));
    this.mapView.reach(this.capKm);
    this.cells = cappedCells(lons, lats, this.capKm);
    this.painter = new Painter(Object.fromEntries(LAYERS.map((name) => [name, $(name)])), this.mapView);
    this.painter.patterns = this.ask.patterns;
    this.painter.lines = this.land;
    this.#named();
  }

  #named() {
    const { record } = this;
    const reported = new Int32Array(record.settlements.length);
    for (let row = 0; row < record.controlRows.length; row += 1) {
      const place = record.columns.place[row];
      if (place >= 0 && !record.columns.baseline[row]) reported[place] += 1;
    }
    const places = record.settlements.map((one, s) => ({
      lon: one.lon, lat: one.lat, name: shown(nameIn(one, this.words.language)), people: one.population,
      rank: (one.population ?? (one.kind === "city" ? 60000 : 500)) + reported[s] * 400,
    }));
    this.painter.setPlaces(places, this.cells, record.rules.statuses);
    this.painter.roads = record.routes.map((one) => ({
      id: one.id, a: record.placeAt.get(one.settlement_a), b: record.placeAt.get(one.settlement_b), wide: ROAD_WIDTHS[one.road_class] ?? 0.8, shut: false, known: true,
    })).filter((one) => one.a !== undefined && one.b !== undefined);
  }

  /** The knowledge of a clock; the last few are kept. */
  knowledgeAt(clock, known) {
    const key = `${clock} ${known}`;
    if (known === null) this.all ??= new Knowledge(this.record);
    if (known === null) return this.all;
    if (!this.cache.has(key)) {
      if (this.cache.size > 12) this.cache.delete(this.cache.keys().next().value);
      this.cache.set(key, clock === "published" ? new Knowledge(this.record, null, known) : new Knowledge(this.record, known, null));
    }
    return this.cache.get(key);
  }

  // --- asking --------------------------------------------------------------------

  /** Ask for another day: the one thing that must be fast. */
  setDay(day) {
    this.ask.on = Math.min(Math.max(day, this.span.first), this.span.last);
    this.showDay();
  }

  /** Change anything else of what is asked. */
  set(changes) {
    Object.assign(this.ask, changes);
    this.showAll();
  }

  showAll() {
    const { ask } = this;
    this.stops = stopsOf(this.record, ask.clock);
    this.knowledge = this.knowledgeAt(ask.clock, ask.known);
    try {
      this.view = this.knowledge.through(ask.lens);
    } catch {
      ask.lens = "latest"; // a link may name a lens that is none
      this.view = this.knowledge.through(ask.lens);
    }
    this.timeline.draw(this.knowledge, this.words);
    this.painter.showRoads = ask.roads;
    this.controls.show();
    this.showDay();
  }

  showDay() {
    const { ask, view, painter } = this;
    view.at(ask.on);
    this.#styles();
    if (painter.xs) painter.step();
    this.#mark();
    this.#clock();
    if (this.whatIf.shown) this.whatIf.legend($("legend"));
    else this.legend.show(view, ask.patterns);
    this.timeline.cover(ask.on);
    clearTimeout(this.later);
    this.later = setTimeout(() => this.showSide(), this.playing ? SIDE_MS * 3 : SIDE_MS);
  }

  /** The style of every place on this day; the painter sees what has changed. */
  #styles() {
    const { view, painter, ask } = this;
    const { wanted } = painter;
    if (this.whatIf.shown) {
      this.whatIf.styles(wanted, ask.on);
      return;
    }
    for (let s = 0; s < wanted.length; s += 1) {
      wanted[s] = view.exists[s]
        ? styleKey(view.control[s], view.status[s], staleness(ask.on, view.last[s]), view.disputed[s])
        : -1;
    }
  }

  /** Outlines: what changed on the day, or what differs from what it is compared with. */
  #mark() {
    const { ask, painter, view } = this;
    const marked = [];
    this.differences = null;
    if (ask.compare) {
      this.differences = this.#compared();
      for (const [place] of this.differences) marked.push({ place, colour: "#D7263D", wide: 2.4 });
    } else if (this.whatIf.shown) {
      marked.push(...this.whatIf.marks());
    } else {
      for (const place of view.changed()) marked.push({ place, colour: MARK, wide: 1.8 });
    }
    const before = painter.marked.length;
    painter.marked = marked;
    painter.chosen = this.chosen;
    const shut = shutOn(this.knowledge, ask.on);
    const shutKey = [...shut.keys()].join();
    if (shutKey !== this.shutKey || this.roadsOf !== this.knowledge) {
      this.shutKey = shutKey;
      this.roadsOf = this.knowledge;
      const known = new Set(roadsKnown(this.knowledge).map((one) => one.id));
      for (const road of painter.roads) Object.assign(road, { shut: shut.has(road.id), known: known.has(road.id) });
      if (ask.roads && painter.xs) painter.paintFront();
    }
    painter.arcs = ask.tab === "people" ? arcsOf(figuresOn(this.knowledge, ask.on), this.record.placeAt) : [];
    if (painter.xs && (before || marked.length || this.chosen !== null || painter.arcs.length)) painter.paintOver();
  }

  #compared() {
    const { ask, view } = this;
    const { kind, value } = ask.compare;
    const unknown = view.unknown;
    const other = kind === "day" ? view : this.knowledgeAt(ask.clock, value).through(ask.lens);
    const before = other.kept(kind === "day" ? value : ask.on);
    const after = view.kept(ask.on);
    const earlier = kind === "known" || value <= ask.on;
    return earlier ? differences(before, after, unknown) : differences(after, before, unknown);
  }

  comparisonText() {
    return comparisonText(this);
  }

  // --- showing -------------------------------------------------------------------

  #clock() {
    const { ask, words } = this;
    const day = words.day(ask.on);
    $("day").textContent = day;
    $("day").dateTime = isoOf(ask.on);
    const then = ask.known === null ? "" : this.knownText(ask.known);
    $("knowing").textContent = then || words.say("known.now");
    $("knowing").className = then ? "then" : "";
    const [date, small] = this.bigday;
    date.textContent = day;
    small.textContent = then;
    this.controls.day(day);
  }

  /** What a stop of the knowledge slider says. */
  knownText(known) {
    const { words, ask } = this;
    if (known === null) return words.say("known.all");
    if (ask.clock === "published") return `${words.say("known.published")} ${words.day(known)}`;
    const stop = this.stops[stopAt(this.stops, known)];
    return `${words.say("known.recorded")} ${words.moment(stop.moment)}`;
  }

  showSide() {
    clearTimeout(this.later);
    const { ask, telling } = this;
    const box = $("panel");
    if (ask.tab === "feed") this.feed.render(box);
    else if (ask.tab === "place") this.placePanel.render(box);
    else if (ask.tab === "people") renderPeople(this, telling, box);
    else if (ask.tab === "incidents") renderIncidents(this, telling, box);
    else if (ask.tab === "roads") renderRoads(this, telling, box);
    else if (ask.tab === "sides") renderSides(this, telling, box);
    else if (ask.tab === "compare") renderCompared(this, telling, box);
    else if (ask.tab === "whatif") this.whatIf.render(box);
    else this.tablePanel.render(box);
    if (!this.playing) history.replaceState(null, "", hashOf(ask));
  }

  tab(name) {
    this.ask.tab = name;
    this.controls.tabs();
    this.#mark();
    this.painter.paintOver();
    this.showSide();
  }

  /** Open the panel of a place; `centre` brings it into sight. */
  choose(place, centre) {
    this.chosen = place;
    this.ask.place = place === null ? null : this.record.settlements[place].id;
    if (place !== null) {
      const one = this.record.settlements[place];
      if (centre && one.lon !== null) this.#bring(place, one);
      this.tab("place");
    } else this.tab(this.ask.tab === "place" ? "feed" : this.ask.tab);
  }

  #bring(place, one) {
    const { mapView, painter } = this;
    const [x, y] = [painter.xs[place], painter.ys[place]];
    if (x > 40 && y > 40 && x < mapView.width - 40 && y < mapView.height - 40) return;
    mapView.centre(one.lon, one.lat);
    this.mapMoved();
  }

  hover(at) {
    const place = at ? this.painter.at(...at) : null;
    const tip = $("tip");
    if (place !== this.painter.hovered) {
      this.painter.hovered = place;
      this.painter.paintOver();
    }
    tip.hidden = place === null;
    if (place === null) return;
    showTip(this, tip, place, at);
  }

  mapMoved() {
    this.painter.paintAll();
    const { mapView } = this;
    this.ask.map = mapView.fitted ? null : [...mapView.degrees(mapView.width / 2, mapView.height / 2), mapView.scale];
    const km = mapView.roundKm(120);
    $("scalebar").style.width = `${km * mapView.scale}px`;
    $("scaletext").textContent = `${this.words.number(km)} km`;
    history.replaceState(null, "", hashOf(this.ask));
  }

  resized(clientWidth = $("map").clientWidth, clientHeight = $("map").clientHeight) {
    if (this.printing && clientWidth !== PRINT_WIDTH) return; // the screen's map is not printed
    if (!clientWidth || !clientHeight) return;
    this.mapView.resize(clientWidth, clientHeight);
    if (this.mapView.fitted) this.mapView.fit();
    this.painter.resize();
    if (this.knowledge) {
      this.timeline.draw(this.knowledge, this.words);
      this.timeline.cover(this.ask.on);
    }
    this.#styles();
    this.mapMoved();
  }

  patterned(on) {
    this.painter.patterns = on;
    this.painter.restyle();
    this.painter.paintAll();
    if (!this.whatIf.shown) this.legend.show(this.view, on);
  }

  /** A print shows a picture of the map as it is on the screen, with patterns. */
  #printed(printing) {
    if (printing === this.printing) return;
    this.printing = printing;
    if (printing) this.resized(PRINT_WIDTH, PRINT_HEIGHT);
    this.patterned(printing || this.ask.patterns);
    $("printed").replaceChildren(...(printing ? [printedMap(LAYERS.map((name) => $(name)), this.mapView, this.words, this.painter.ratio)] : []));
    if (!printing) this.resized();
  }

  language(name) {
    this.words = new Words(name);
    this.ask.lang = this.words.language;
    const root = document.documentElement;
    root.lang = this.words.language;
    root.dir = this.words.rightToLeft ? "rtl" : "ltr";
    this.bigday = [h("bdi"), h("small", { dir: "auto" })];
    $("bigday").replaceChildren(...this.bigday);
    this.legend = new Legend($("legend"), this.record, this.words, this.capKm);
    this.#named();
    this.controls.language();
    this.feed.of = null;
    this.showAll();
    if (this.painter.xs) this.resized();
    if (this.words.rightToLeft) this.#shaped();
  }

  /** Names on the map wait for the font of their script, where the reader has none. */
  async #shaped() {
    const found = await document.fonts.load('12px "Chronicle Arabic"', "حلب");
    if (found.length && this.painter.xs) this.painter.paintNames();
  }

  /** A record that has grown: what was asked stays. */
  take(data) {
    const held = this.record.position;
    this.data = data;
    this.record = new Record(data);
    if (this.record.position === held) return;
    this.whatIf.forget();
    this.#span();
    this.#within();
    this.all = null;
    this.cache.clear();
    this.timeline = new Timeline(this.span);
    this.chosen = this.record.placeAt.get(this.ask.place) ?? null;
    this.#places();
    this.mapView.resize($("map").clientWidth, $("map").clientHeight);
    if (this.ask.map) this.mapView.centre(...this.ask.map);
    else this.mapView.fit();
    this.language(this.ask.lang);
    this.resized();
    this.news(this.words.say("live"));
  }

  news(text) {
    $("news").textContent = text;
    setTimeout(() => $("news").replaceChildren(), 5000);
  }

  #linked() {
    const lang = this.ask.lang;
    const defaults = { known: null, lens: "latest", place: null, tab: "feed", lang: "en", patterns: false, roads: false, compare: null, arm: null, show: "chance", map: null };
    Object.assign(this.ask, defaults, askedBy(location.hash));
    this.whatIf.asked(this.ask);
    this.#within();
    this.timeline = new Timeline(this.span);
    this.chosen = this.record.placeAt.get(this.ask.place) ?? null;
    this.painter.patterns = this.ask.patterns;
    this.painter.restyle();
    if (this.ask.map) this.mapView.centre(...this.ask.map);
    else this.mapView.fit();
    if (this.ask.lang !== lang) this.language(this.ask.lang);
    else this.showAll();
    this.mapMoved();
    this.controls.tabs();
  }
}
