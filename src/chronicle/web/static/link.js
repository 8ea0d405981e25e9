// A link that restores what is seen: all that was asked, in the part after the hash.

import { dayOfIso, isoOf } from "./words.js";

/** What the hash of an address asks; what it does not say is left out. */
export function askedBy(hash) {
  const told = new URLSearchParams(hash.replace(/^#/, ""));
  const ask = {};
  const on = dayOfIso(told.get("on"));
  if (on !== null) ask.on = on;
  const published = dayOfIso(told.get("published"));
  if (published !== null) Object.assign(ask, { clock: "published", known: published });
  const position = /^\d{1,9}$/.test(told.get("recorded") ?? "") ? Number(told.get("recorded")) : null;
  if (position !== null) Object.assign(ask, { clock: "recorded", known: position });
  if (told.get("clock") === "published" || told.get("clock") === "recorded") ask.clock ??= told.get("clock");
  for (const name of ["lens", "place", "tab", "lang", "arm", "show"]) if (told.get(name)) ask[name] = told.get(name);
  for (const name of ["patterns", "roads"]) if (told.get(name)) ask[name] = told.get(name) === "1";
  const against = told.get("against") ?? "";
  if (dayOfIso(against) !== null) ask.compare = { kind: "day", value: dayOfIso(against) };
  if (against.startsWith("published:") && dayOfIso(against.slice(10)) !== null) {
    ask.compare = { kind: "known", value: dayOfIso(against.slice(10)) };
    ask.clock ??= "published";
  }
  if (/^recorded:\d{1,9}$/.test(against)) {
    ask.compare = { kind: "known", value: Number(against.slice(9)) };
    ask.clock ??= "recorded";
  }
  const map = (told.get("map") ?? "").split(",").map(Number);
  if (map.length === 3 && map.every(Number.isFinite)) ask.map = map;
  return ask;
}

/** The hash of an ask; defaults are left out, so that links stay short. */
export function hashOf(ask) {
  const told = new URLSearchParams();
  told.set("on", isoOf(ask.on));
  if (ask.known !== null) {
    told.set(ask.clock, ask.clock === "published" ? isoOf(ask.known) : String(ask.known));
  } else told.set("clock", ask.clock);
  if (ask.lens !== "latest") told.set("lens", ask.lens);
  for (const name of ["place", "arm"]) if (ask[name]) told.set(name, ask[name]);
  if (ask.arm && ask.show !== "chance") told.set("show", ask.show);
  if (ask.tab !== "feed") told.set("tab", ask.tab);
  if (ask.lang !== "en") told.set("lang", ask.lang);
  for (const name of ["patterns", "roads"]) if (ask[name]) told.set(name, "1");
  if (ask.compare) {
    const { kind, value } = ask.compare;
    const known = ask.clock === "published" ? `published:${isoOf(value)}` : `recorded:${value}`;
    told.set("against", kind === "day" ? isoOf(value) : known);
  }
  if (ask.map) told.set("map", ask.map.map((n) => Number(n.toFixed(4))).join(","));
  return `#${told.toString().replaceAll("%3A", ":").replaceAll("%2C", ",")}`;
}
