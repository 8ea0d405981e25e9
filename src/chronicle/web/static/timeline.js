// The time track: the slider of days with its histogram, and the slider of knowledge.

import { actorColour } from "./looks.js";
import { NEVER } from "./record.js";
import { $ } from "./dom.js";

const THUMB = 18; // pixels, as in style.css: the thumb's middle never reaches the ends
const STEPS = [1, 2, 5, 7, 14, 30, 61, 91, 182, 365, 730, 1826, 3652];

/** The first and last day of the reports of control and incidents, or of all. */
export function spanOf(record, all) {
  let first = Infinity;
  let last = -Infinity;
  const see = (day) => {
    first = Math.min(first, day);
    last = Math.max(last, day);
  };
  for (let row = 0; row < record.controlRows.length; row += 1) see(record.columns.day[row]);
  for (const kind of all || first > last ? ["displacement", "incidents", "closures"] : ["incidents"]) {
    for (const one of record.other[kind]) {
      const day = one.valid_from ?? one.valid_on ?? one.until;
      if (day !== null && day !== undefined) see(day);
    }
  }
  if (first > last) first = last = 0;
  return { first, last };
}

/** The stops of the knowledge slider; the last one is all that is recorded. */
export function stopsOf(record, clock) {
  if (clock === "recorded") {
    const stops = record.moments.map(([position, moment]) => ({ known: position, moment }));
    if (stops.length) stops[stops.length - 1].known = null;
    return stops.length ? stops : [{ known: null, moment: 0 }];
  }
  let first = Infinity;
  let last = -Infinity;
  const see = (day) => {
    if (day === null || day === NEVER) return;
    first = Math.min(first, day);
    last = Math.max(last, day);
  };
  record.columns.published.slice(0, record.controlRows.length).forEach(see);
  for (const claims of Object.values(record.other)) for (const one of claims) see(one.published);
  const stops = [];
  for (let day = first; day <= last && stops.length < 40000; day += 1) stops.push({ known: day });
  stops.push({ known: null });
  return stops;
}

/** The stop that an asked-for day or position names; the last for null. */
export function stopAt(stops, known) {
  if (known === null) return stops.length - 1;
  for (let i = stops.length - 1; i >= 0; i -= 1) {
    if (stops[i].known !== null && stops[i].known <= known) return i;
  }
  return 0;
}

function prepared(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.max(1, width * ratio);
  canvas.height = Math.max(1, height * ratio);
  const ctx = canvas.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  return { ctx, width, height };
}

export class Timeline {
  constructor(span) {
    this.span = span;
    const slider = $("on");
    slider.min = span.first;
    slider.max = span.last;
  }

  x(day, width) {
    const days = Math.max(this.span.last - this.span.first, 1);
    return THUMB / 2 + ((day - this.span.first) / days) * (width - THUMB);
  }

  /** Bars of reports by the day they speak of, coloured by who they say holds it. */
  draw(knowledge, words) {
    this.knowledge = knowledge;
    const { ctx, width, height } = prepared($("histogram"));
    this.width = width; // reading it at each step would make the browser lay out anew
    const days = Math.max(this.span.last - this.span.first, 1);
    const each = (width - THUMB) / days;
    const wide = Math.max(1, Math.ceil(2.5 / each)); // days in one bar
    const { columns, record } = knowledge;
    const bars = new Map();
    const count = (day, actor) => {
      const bar = Math.floor((day - this.span.first) / wide);
      if (!bars.has(bar)) bars.set(bar, new Map());
      bars.get(bar).set(actor, (bars.get(bar).get(actor) ?? 0) + 1);
    };
    for (const row of knowledge.list) if (!columns.baseline[row]) count(columns.day[row], columns.actor[row]);
    let most = 1;
    for (const bar of bars.values()) most = Math.max(most, [...bar.values()].reduce((a, b) => a + b, 0));
    const barWidth = Math.max(1.5, Math.min(each * wide - 1.5, 22));
    for (const [bar, actors] of bars) {
      const x = this.x(this.span.first + bar * wide + (wide - 1) / 2, width) - barWidth / 2;
      let y = height - 1;
      for (const actor of [...actors.keys()].sort((a, b) => a - b)) {
        const tall = (actors.get(actor) / most) * (height - 6);
        ctx.fillStyle = actor < 0 ? "#9A9A9A" : actorColour(actor);
        ctx.fillRect(x, y - tall, barWidth, tall);
        y -= tall;
      }
    }
    ctx.fillStyle = "#6b7079";
    ctx.font = "11px system-ui, sans-serif";
    ctx.textBaseline = "top";
    const most_ = words.number(most);
    ctx.strokeStyle = "#FFFFFFCC";
    ctx.lineWidth = 3;
    ctx.strokeText(most_, 1, 0);
    ctx.fillText(most_, 1, 0);
    this.#ticks(words);
    return record;
  }

  #ticks(words) {
    const { ctx, width } = prepared($("ticks"));
    const days = Math.max(this.span.last - this.span.first, 1);
    const each = (width - THUMB) / days;
    ctx.font = "11.5px system-ui, sans-serif";
    const sample = days > 700 ? words.month(this.span.first) : words.shortDay(this.span.first);
    const room = ctx.measureText(sample).width + 18;
    const step = STEPS.find((n) => n * each >= room) ?? STEPS[STEPS.length - 1];
    ctx.fillStyle = "#4c525c";
    ctx.strokeStyle = "#9b978c";
    ctx.font = "11.5px system-ui, sans-serif";
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    ctx.direction = words.rightToLeft ? "rtl" : "ltr";
    if (each >= 5) {
      ctx.beginPath();
      for (let day = this.span.first; day <= this.span.last; day += 1) {
        ctx.moveTo(this.x(day, width), 0);
        ctx.lineTo(this.x(day, width), 2.5);
      }
      ctx.stroke();
    }
    for (let day = this.span.first; day <= this.span.last; day += step) {
      const x = this.x(day, width);
      const told = days > 700 ? words.month(day) : words.shortDay(day);
      const w = ctx.measureText(told).width;
      ctx.beginPath();
      ctx.moveTo(x, 0);
      ctx.lineTo(x, 5);
      ctx.stroke();
      const left = Math.min(Math.max(x - w / 2, 0), width - w);
      ctx.fillText(told, left, 6);
    }
  }

  /** Pale over what lies after the day shown. */
  cover(day) {
    const { width } = this;
    const each = (width - THUMB) / Math.max(this.span.last - this.span.first, 1);
    const from = this.x(day, width) + Math.max(each / 2, 1);
    $("later").style.width = `${Math.max(0, width - from)}px`;
  }
}
