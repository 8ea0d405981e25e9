// The painter: five canvases on top of each other, of which a step of the day repaints
// only the cells and dots whose style has changed.
//   cells  land and the coloured cells      front  sea, coast, rivers, roads
//   dots   settlements                      names  labels       over  what is marked

import { CONTESTED_LINES, INK, LAND, contrast, hatched, lookOf, mix, patternOf } from "./looks.js";
import { obstaclesOf, placeNames } from "./labels.js";
import { drawDot } from "./dots.js";
import { drawArc, drawGround, drawRoads } from "./ground.js";
import { isStep, stepLook } from "./scales.js";

export const LAYERS = ["cells", "front", "dots", "names", "over"];
const FONT = 'system-ui, "Segoe UI", "Noto Sans", "Noto Sans Arabic", "Chronicle Arabic", "DejaVu Sans", sans-serif';
const BUCKET = 32;
const CROWD = 1500; // dots in sight
const PLAIN_PX = 3.2;

/** The radius of a dot in pixels; `people` null is unknown, and drawn small. */
export function radius(people, many) {
  if (!people) return many > 2000 ? 1.7 : many < 40 ? 5 : 2.4;
  const shrink = many > 2000 ? 0.75 : many < 40 ? 1.5 : 1;
  return Math.max(Math.min(2.2 + 7.2 * Math.sqrt(people / 1.5e6), 10) * shrink, many < 40 ? 5 : 0);
}

export class Painter {
  constructor(canvases, view) {
    this.view = view;
    this.canvases = canvases;
    this.ctx = {};
    for (const name of LAYERS) {
      this.ctx[name] = canvases[name].getContext("2d", name === "cells" ? { willReadFrequently: false } : undefined);
    }
    this.patterns = false;
    this.looks = new Map();
    this.stamps = new Map();
    this.places = [];
    this.cells = [];
    this.styles = new Int32Array(0);
    this.wanted = new Int32Array(0);
    this.lines = { land: [], lakes: [], rivers: [], coast: [] };
    this.roads = [];
    this.showRoads = false;
    this.marked = [];
  }

  /** The places ({lon, lat, name, people, rank}), their cells, the vocabulary. */
  setPlaces(places, cells, statuses) {
    this.places = places;
    this.cells = cells;
    this.statuses = statuses;
    this.styles = new Int32Array(places.length).fill(-1);
    this.wanted = new Int32Array(places.length).fill(-1);
    const shown = places.filter((one) => one.lon !== null).length;
    this.radii = places.map((one) => radius(one.people, shown));
    const order = places.map((_, i) => i).filter((i) => places[i].lon !== null);
    this.order = order.sort((a, b) => this.radii[b] - this.radii[a] || a - b);
    this.place = new Int32Array(places.length);
    this.reaches = new Float32Array(places.length);
    this.order.forEach((i, n) => {
      this.place[i] = n;
    });
    this.paths = new Array(places.length).fill(null);
    this.byRank = order.slice().sort((a, b) => places[b].rank - places[a].rank || a - b);
  }

  resize() {
    const { view } = this;
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const name of LAYERS) {
      const canvas = this.canvases[name];
      canvas.width = Math.round(view.width * this.ratio);
      canvas.height = Math.round(view.height * this.ratio);
      this.ctx[name].setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    }
    this.restyle();
  }

  /** Forget how styles look: patterns or the sharpness of the screen have changed. */
  restyle() {
    this.looks.clear();
    this.stamps.clear();
  }

  look(key) {
    let look = this.looks.get(key);
    if (!look) {
      look = isStep(key) ? stepLook(key) : lookOf(key, this.statuses);
      look.fill = look.cell;
      const lines = look.hatch ? CONTESTED_LINES : this.patterns && look.actor !== undefined && look.cell ? patternOf(look.actor) : [];
      if (look.cell && lines.length) {
        const ink = look.hatch ? "#55555588" : `${contrast(look.cell)}AA`;
        const tile = hatched(look.cell, lines, ink, this.ratio);
        look.fill = this.ctx.cells.createPattern(tile, "repeat");
        look.fill.setTransform(new DOMMatrix().scale(1 / this.ratio / this.view.scale)); // cells are in km
      }
      look.line = look.cell ? mix(look.cell, "#FFFFFF", 0.62) : "#E6E2D8";
      this.looks.set(key, look);
    }
    return look;
  }

  /** All layers, after the view has moved. */
  paintAll() {
    const { view } = this;
    this.xs = new Float32Array(this.places.length);
    this.ys = new Float32Array(this.places.length);
    this.buckets = new Map();
    for (const i of this.order) {
      const x = (this.xs[i] = view.px(this.places[i].lon));
      const y = (this.ys[i] = view.py(this.places[i].lat));
      const key = Math.floor(x / BUCKET) * 65536 + Math.floor(y / BUCKET);
      if (!this.buckets.has(key)) this.buckets.set(key, []);
      this.buckets.get(key).push(i);
    }
    if (this.scale !== this.view.scale) this.looks.clear(); // patterns keep their size
    this.scale = this.view.scale;
    let seen = 0;
    for (const i of this.order) if (this.#seen(i, 0)) seen += 1;
    this.crowded = seen > CROWD;
    this.plain = new Uint8Array(this.places.length);
    this.styles.set(this.wanted);
    this.#land();
    this.#allCells();
    this.paintFront();
    this.#allDots();
    this.paintNames();
    this.paintOver();
  }

  /** Repaint what differs between the styles on screen and those in `wanted`. */
  step() {
    const changed = [];
    const { styles, wanted } = this;
    for (let i = 0; i < wanted.length; i += 1) {
      if (styles[i] !== wanted[i]) {
        styles[i] = wanted[i];
        if (this.places[i].lon !== null) changed.push(i);
      }
    }
    if (changed.length > this.order.length / 3) {
      this.#land();
      this.#allCells();
      this.#allDots();
    } else if (changed.length) {
      this.#someCells(changed);
      const signs = [];
      for (const i of changed) {
        // A square covers the square that it was; whatever else it was must go first.
        if (this.plain[i] && this.styles[i] >= 0 && this.#isPlain(i)) this.#dot(this.ctx.dots, i);
        else signs.push(i);
      }
      if (signs.length) this.#someDots(signs);
    }
    return changed.length;
  }

  #land() {
    const ctx = this.ctx.cells;
    ctx.fillStyle = LAND;
    ctx.fillRect(0, 0, this.view.width, this.view.height);
  }

  #seen(i, margin) {
    return this.xs[i] > -margin && this.ys[i] > -margin && this.xs[i] < this.view.width + margin && this.ys[i] < this.view.height + margin;
  }

  #allCells() {
    this.#someCells(this.order.filter((i) => this.styles[i] >= 0 && this.look(this.styles[i]).cell));
  }

  /** Cells by style: one path for all of a style is much less work than one for each. */
  #someCells(places) {
    const ctx = this.ctx.cells;
    const margin = this.view.scale * 16 + 2;
    const byStyle = new Map();
    for (const i of places) {
      if (!this.cells[i] || this.styles[i] < 0 || !this.#seen(i, margin)) continue;
      const style = this.styles[i];
      if (!byStyle.has(style)) byStyle.set(style, []);
      byStyle.get(style).push(i);
    }
    this.#inKm(ctx, () => {
      for (const [style, group] of byStyle) {
        const look = this.look(style);
        const path = this.#outlines(group);
        ctx.fillStyle = look.fill ?? LAND;
        ctx.fill(path);
        ctx.strokeStyle = look.cell ? look.line : "#EFECE4";
        ctx.lineWidth = 0.8 / this.view.scale;
        ctx.stroke(path);
      }
    });
  }

  /** Draw in kilometres from the middle of the projection, so that paths serve any view. */
  #inKm(ctx, draw) {
    const { scale, x, y, width, height } = this.view;
    const { ratio } = this;
    ctx.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * (width / 2 - x * scale), ratio * (height / 2 + y * scale));
    draw();
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  }

  /** The cells of some places as one path, in kilometres. */
  #outlines(places) {
    const all = new Path2D();
    for (const i of places) {
      let path = this.paths[i];
      if (!path) {
        const cell = this.cells[i];
        path = new Path2D();
        for (let n = 0; n < cell.length; n += 2) path.lineTo(this.view.kmEast(cell[n]), -this.view.kmNorth(cell[n + 1]));
        path.closePath();
        this.paths[i] = path;
      }
      all.addPath(path);
    }
    return all;
  }

  #allDots() {
    const ctx = this.ctx.dots;
    ctx.clearRect(0, 0, this.view.width, this.view.height);
    for (const i of this.order) {
      this.#dot(ctx, i);
      this.reaches[i] = this.#reachOf(i);
    }
  }

  #dot(ctx, i) {
    if (this.styles[i] < 0 || !this.#seen(i, 14)) return;
    const { ratio } = this;
    this.plain[i] = this.#isPlain(i) ? 1 : 0;
    if (this.plain[i]) {
      const r = Math.round(this.radii[i] * ratio) / ratio;
      ctx.fillStyle = this.look(this.styles[i]).face;
      ctx.fillRect(Math.round((this.xs[i] - r) * ratio) / ratio, Math.round((this.ys[i] - r) * ratio) / ratio, 2 * r, 2 * r);
      return;
    }
    const dot = this.#stamp(this.styles[i], this.radii[i]);
    const x = Math.round((this.xs[i] - dot.half) * ratio) / ratio;
    const y = Math.round((this.ys[i] - dot.half) * ratio) / ratio;
    ctx.drawImage(dot.canvas, x, y, 2 * dot.half, 2 * dot.half);
  }

  /** Where thousands are seen, small dots without a sign are plain squares. */
  #isPlain(i) {
    if (!this.crowded || this.radii[i] > PLAIN_PX) return false;
    const { shape, doubt } = this.look(this.styles[i]);
    return !doubt && (shape === "held" || shape === "unknown");
  }

  /** The picture of a dot, drawn once for each style and size, and stamped from then on. */
  #stamp(style, r) {
    const key = style * 64 + Math.round(r * 4);
    let dot = this.stamps.get(key);
    if (dot) return dot;
    const look = this.look(style);
    const half = Math.ceil(r + (look.doubt || look.shape === "besieged" || look.shape === "vacated" ? 6 : 1.5));
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.round(2 * half * this.ratio);
    const ctx = canvas.getContext("2d");
    ctx.scale(this.ratio, this.ratio);
    drawDot(ctx, look, half, half, r);
    dot = { canvas, half };
    this.stamps.set(key, dot);
    return dot;
  }

  /** How far a dot reaches from its middle, with its signs. */
  #reachOf(i) {
    if (this.styles[i] < 0) return 0;
    const { shape, doubt } = this.look(this.styles[i]);
    return this.radii[i] + (doubt || shape === "besieged" || shape === "vacated" ? 7 : 2);
  }

  /** Dots that changed, and those that overlap them, in the same order as ever. */
  #someDots(changed) {
    const ctx = this.ctx.dots;
    const { xs, ys, buckets, place } = this;
    for (const i of changed) {
      if (!this.#seen(i, 16)) continue;
      const r = Math.max(this.reaches[i], this.#reachOf(i)); // what it was, and what it is
      this.reaches[i] = this.#reachOf(i);
      const [l, t, right, bottom] = [Math.floor(xs[i] - r), Math.floor(ys[i] - r), Math.ceil(xs[i] + r), Math.ceil(ys[i] + r)];
      const again = [];
      for (let x = Math.floor((l - 16) / BUCKET); x <= Math.floor((right + 16) / BUCKET); x += 1) {
        for (let y = Math.floor((t - 16) / BUCKET); y <= Math.floor((bottom + 16) / BUCKET); y += 1) {
          for (const j of buckets.get(x * 65536 + y) ?? []) {
            const reach = this.#reachOf(j);
            if (xs[j] - reach < right && xs[j] + reach > l && ys[j] - reach < bottom && ys[j] + reach > t) again.push(j);
          }
        }
      }
      again.sort((a, b) => place[a] - place[b]);
      ctx.save();
      ctx.beginPath();
      ctx.rect(l, t, right - l, bottom - t);
      ctx.clip();
      ctx.clearRect(l, t, right - l, bottom - t);
      for (const j of again) this.#dot(ctx, j);
      ctx.restore();
    }
  }

  paintFront() {
    const ctx = this.ctx.front;
    ctx.clearRect(0, 0, this.view.width, this.view.height);
    this.shore = drawGround(ctx, this.view, this.lines);
    if (this.showRoads) drawRoads(ctx, this);
  }

  paintNames() {
    const ctx = this.ctx.names;
    const { width, height } = this.view;
    ctx.clearRect(0, 0, width, height);
    const near = this.view.scale > 4;
    const spots = [];
    for (const i of this.byRank) {
      if (!this.#seen(i, 0)) continue;
      const one = this.places[i];
      const size = one.people > 400000 ? 14.5 : one.people > 90000 ? 12.5 : near ? 12 : 11;
      spots.push({ i, x: this.xs[i], y: this.ys[i], r: this.radii[i], name: one.name, size });
      if (spots.length > 1200) break;
    }
    const widths = new Map();
    const font = (size) => `${size > 13 ? 600 : 500} ${size}px ${FONT}`;
    const measure = (name, size) => {
      const key = `${size}${name}`;
      if (!widths.has(key)) {
        ctx.font = font(size);
        widths.set(key, ctx.measureText(name).width);
      }
      return widths.get(key);
    };
    const most = Math.round((width * height) / 9000);
    this.named = placeNames(spots, measure, width, height, most, obstaclesOf(this.canvases.names.parentNode.parentNode));
    ctx.textBaseline = "middle";
    ctx.textAlign = "left"; // whatever the direction of the page
    ctx.direction = document.documentElement.dir;
    ctx.lineJoin = "round";
    for (const one of this.named) {
      ctx.font = font(one.size);
      ctx.strokeStyle = "rgba(255,255,255,0.88)";
      ctx.lineWidth = 3;
      ctx.strokeText(one.name, one.left, one.top + one.h / 2);
      ctx.fillStyle = INK;
      ctx.fillText(one.name, one.left, one.top + one.h / 2);
    }
  }

  /** What is marked: outlines of changes, the chosen place, arcs of movements. */
  paintOver() {
    const ctx = this.ctx.over;
    ctx.clearRect(0, 0, this.view.width, this.view.height);
    ctx.lineJoin = "round";
    ctx.save();
    if (this.shore) ctx.clip(this.shore, "evenodd"); // no outline of a cell on the sea
    const outlined = this.marked.filter(({ place }) => this.cells[place] && this.#seen(place, this.view.scale * 16));
    if (outlined.length) {
      this.#inKm(ctx, () => {
        ctx.strokeStyle = outlined[0].colour; // all marks of one day are of one kind
        ctx.lineWidth = outlined[0].wide / this.view.scale;
        ctx.stroke(this.#outlines(outlined.map(({ place }) => place)));
      });
    }
    ctx.restore();
    for (const { place, colour, wide } of this.marked) {
      if (this.cells[place] || this.places[place].lon === null) continue;
      ctx.strokeStyle = colour;
      ctx.lineWidth = wide;
      this.#ring(ctx, place, 4);
    }
    for (const arc of this.arcs ?? []) drawArc(ctx, this, arc);
    for (const [place, colour] of [[this.hovered, "#00000088"], [this.chosen, "#111111"]]) {
      if (place === undefined || place === null || this.places[place].lon === null) continue;
      ctx.strokeStyle = "#FFFFFF";
      ctx.lineWidth = 4.5;
      this.#ring(ctx, place, 4.5);
      ctx.strokeStyle = colour;
      ctx.lineWidth = 2;
      this.#ring(ctx, place, 4.5);
    }
  }

  #ring(ctx, i, gap) {
    ctx.beginPath();
    ctx.arc(this.xs[i], this.ys[i], this.radii[i] + gap, 0, 2 * Math.PI);
    ctx.stroke();
  }

  /** The place under a point of the screen: its dot, else the cell it lies in. */
  at(x, y) {
    let best = null;
    let nearest = Infinity;
    for (const i of this.order) {
      const d = Math.hypot(this.xs[i] - x, this.ys[i] - y);
      if (d < nearest && (d <= this.radii[i] + 5 || d < this.view.scale * 15)) {
        nearest = d;
        best = i;
      }
    }
    return best;
  }
}
