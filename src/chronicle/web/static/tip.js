// Words over the map: what is under the pointer, and what a comparison compares.

import { bdi, h } from "./dom.js";
import { placeName } from "./panels.js";
import { NEVER } from "./record.js";

/** Fill the tip with what is so of a place, beside a point of the map. */
export function showTip(app, tip, place, [x, y]) {
  const { view, record, words } = app;
  const status = record.rules.statuses[view.status[place]];
  const people = record.settlements[place].population;
  const side = app.whatIf.shown ? app.whatIf.tip(place) : app.telling.side(view.control[place], status);
  tip.replaceChildren(h("strong", {}, bdi(placeName(app, place))), h("br"), side,
    view.since[place] !== NEVER && !app.whatIf.shown ? ` · ${words.say("in.being", { day: words.day(view.since[place]) })}` : "",
    h("br"), people === null ? words.say("place.population.none") : words.say("place.population", { n: words.number(people) }));
  tip.style.left = `${Math.min(x + 14, app.mapView.width - 230)}px`;
  tip.style.top = `${y > app.mapView.height - 90 ? y - 80 : y + 14}px`;
}

/** What is compared, in a line. */
export function comparisonText({ ask, words }) {
  if (!ask.compare) return "";
  const { kind, value } = ask.compare;
  if (kind === "day") {
    const [a, b] = [Math.min(value, ask.on), Math.max(value, ask.on)];
    return words.say("compare.world", { a: words.day(a), b: words.day(b) });
  }
  const told = (known) => (known === null ? words.say("known.now") : ask.clock === "published" ? words.day(known) : words.number(known));
  return words.say(ask.clock === "published" ? "compare.knowledge" : "compare.positions", { on: words.day(ask.on), a: told(value), b: told(ask.known) });
}
