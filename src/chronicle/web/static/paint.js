// The painter: five canvases on top of each other, of which a step of the day repaints
// only the cells and dots whose style has changed.
//   cells  land and the coloured cells      front  sea, coast, rivers, roads
//   dots   settlements                      names  labels       over  what is marked

import { CONTESTED_LINES, INK, LAND, contrast, hatched, lookOf, mix, patternOf } from "./looks.js";
import { placeNames } from "./labels.js";
import { drawDot } from "./dots.js";
import { chanceLook, chanceOf } from "./whatif.js";

export const LAYERS = ["cells", "front", "dots", "names", "over"];
const SEA = "#D9E4EA";
const SHORE = "#8FA3AE";
const FONT = 'system-ui, "Segoe UI", "Noto Sans", "Noto Sans Arabic", "DejaVu Sans", sans-serif';
const BUCKET = 32;

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
    this.order.forEach((i, n) => {
      this.place[i] = n;
    });
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
    this.looks.clear();
  }

  look(key) {
    let look = this.looks.get(key);
    if (!look) {
      look = chanceOf(key) === null ? lookOf(key, this.statuses) : chanceLook(key);
      look.fill = look.cell;
      const lines = look.hatch ? CONTESTED_LINES : this.patterns && look.actor !== undefined && look.cell ? patternOf(look.actor) : [];
      if (look.cell && lines.length) {
        const ink = look.hatch ? "#55555588" : `${contrast(look.cell)}AA`;
        const tile = hatched(look.cell, lines, ink, this.ratio);
        look.fill = this.ctx.cells.createPattern(tile, "repeat");
        look.fill.setTransform(new DOMMatrix().scale(1 / this.ratio));
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
    this.paths = new Array(this.places.length).fill(null);
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
      for (const i of changed) this.#cell(i);
      this.#someDots(changed);
    }
    return changed.length;
  }

  #land() {
    const ctx = this.ctx.cells;
    ctx.fillStyle = LAND;
    ctx.fillRect(0, 0, this.view.width, this.view.height);
  }

  #path(i) {
    if (this.paths[i]) return this.paths[i];
    const cell = this.cells[i];
    const path = new Path2D();
    for (let n = 0; n < cell.length; n += 2) {
      path.lineTo(this.view.px(cell[n]), this.view.py(cell[n + 1]));
    }
    path.closePath();
    this.paths[i] = path;
    return path;
  }

  #seen(i, margin) {
    return this.xs[i] > -margin && this.ys[i] > -margin && this.xs[i] < this.view.width + margin && this.ys[i] < this.view.height + margin;
  }

  #cell(i) {
    if (!this.cells[i] || this.styles[i] < 0 || !this.#seen(i, this.view.scale * 16 + 2)) return;
    const look = this.look(this.styles[i]);
    const ctx = this.ctx.cells;
    const path = this.#path(i);
    ctx.fillStyle = look.fill ?? LAND;
    ctx.fill(path);
    ctx.strokeStyle = look.cell ? look.line : "#EFECE4";
    ctx.lineWidth = 0.8;
    ctx.stroke(path);
  }

  #allCells() {
    // First what is uncoloured, so that its pale edge does not lie over colour.
    const coloured = [];
    for (const i of this.order) {
      if (this.styles[i] >= 0 && this.look(this.styles[i]).cell) coloured.push(i);
    }
    for (const i of coloured) this.#cell(i);
  }

  #allDots() {
    const ctx = this.ctx.dots;
    ctx.clearRect(0, 0, this.view.width, this.view.height);
    for (const i of this.order) this.#dot(ctx, i);
  }

  #dot(ctx, i) {
    if (this.styles[i] < 0 || !this.#seen(i, 14)) return;
    drawDot(ctx, this.look(this.styles[i]), this.xs[i], this.ys[i], this.radii[i]);
  }

  /** Dots that changed, and those that overlap them, in the same order as ever. */
  #someDots(changed) {
    const ctx = this.ctx.dots;
    const again = new Set();
    const box = (i) => {
      const r = this.radii[i] + 5;
      return [this.xs[i] - r, this.ys[i] - r, this.xs[i] + r, this.ys[i] + r];
    };
    ctx.save();
    ctx.beginPath();
    for (const i of changed) {
      const [l, t, r, b] = box(i);
      ctx.rect(l, t, r - l, b - t);
      for (let x = Math.floor((l - 15) / BUCKET); x <= Math.floor((r + 15) / BUCKET); x += 1) {
        for (let y = Math.floor((t - 15) / BUCKET); y <= Math.floor((b + 15) / BUCKET); y += 1) {
          for (const j of this.buckets.get(x * 65536 + y) ?? []) {
            const [l2, t2, r2, b2] = box(j);
            if (l2 < r && r2 > l && t2 < b && b2 > t) again.add(j);
          }
        }
      }
    }
    ctx.clip();
    for (const i of changed) {
      const [l, t, r, b] = box(i);
      ctx.clearRect(l, t, r - l, b - t);
    }
    for (const i of [...again].sort((a, b) => this.place[a] - this.place[b])) this.#dot(ctx, i);
    ctx.restore();
  }

  #trace(ctx, points, closed) {
    for (let n = 0; n < points.length; n += 2) {
      const x = this.view.px(points[n]);
      const y = this.view.py(points[n + 1]);
      if (n) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
    }
    if (closed) ctx.closePath();
  }

  paintFront() {
    const ctx = this.ctx.front;
    const { width, height } = this.view;
    ctx.clearRect(0, 0, width, height);
    if (this.lines.land.length) {
      ctx.fillStyle = SEA;
      this.shore = new Path2D();
      for (const polygon of this.lines.land) for (const ring of polygon) this.#trace(this.shore, ring, true);
      const sea = new Path2D(this.shore);
      sea.rect(-2, -2, width + 4, height + 4);
      ctx.fill(sea, "evenodd");
      ctx.beginPath();
      for (const polygon of this.lines.lakes) for (const ring of polygon) this.#trace(ctx, ring, true);
      ctx.fill("evenodd");
      ctx.strokeStyle = SHORE;
      ctx.lineWidth = 0.9;
      ctx.beginPath();
      for (const line of this.lines.coast) this.#trace(ctx, line, false);
      ctx.stroke();
      ctx.strokeStyle = "#A9C0CC";
      ctx.lineWidth = 1.1;
      ctx.beginPath();
      for (const line of this.lines.rivers) this.#trace(ctx, line, false);
      ctx.stroke();
    }
    if (!this.showRoads) return;
    for (const road of this.roads) {
      const [a, b] = [this.places[road.a], this.places[road.b]];
      if (a.lon === null || b.lon === null) continue;
      ctx.strokeStyle = road.shut ? "#7A1F1F" : "#6F675A";
      ctx.lineWidth = road.shut ? 1.8 : road.wide;
      ctx.globalAlpha = road.shut ? 1 : 0.55;
      ctx.setLineDash(road.shut ? [4, 3] : []);
      ctx.beginPath();
      ctx.moveTo(this.xs[road.a], this.ys[road.a]);
      ctx.lineTo(this.xs[road.b], this.ys[road.b]);
      ctx.stroke();
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
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
    this.named = placeNames(spots, measure, width, height, most, this.obstacles());
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

  /** The boxes of what lies over the map, where no name may go. */
  obstacles() {
    const map = this.canvases.names.parentNode.parentNode;
    const { left, top } = map.getBoundingClientRect();
    return [...map.querySelectorAll("#bigday, #zoom, #licence, #scalebar")].map((one) => {
      const box = one.getBoundingClientRect();
      return [box.left - left - 4, box.top - top - 16, box.right - left + 4, box.bottom - top + 4];
    });
  }

  /** What is marked: outlines of changes, the chosen place, arcs of movements. */
  paintOver() {
    const ctx = this.ctx.over;
    ctx.clearRect(0, 0, this.view.width, this.view.height);
    ctx.lineJoin = "round";
    ctx.save();
    if (this.shore) ctx.clip(this.shore, "evenodd"); // no outline of a cell on the sea
    for (const { place, colour, wide } of this.marked) {
      if (!this.cells[place]) continue;
      ctx.strokeStyle = colour;
      ctx.lineWidth = wide;
      ctx.stroke(this.#path(place));
    }
    ctx.restore();
    for (const { place, colour, wide } of this.marked) {
      if (this.cells[place] || this.places[place].lon === null) continue;
      ctx.strokeStyle = colour;
      ctx.lineWidth = wide;
      this.#ring(ctx, place, 4);
    }
    for (const arc of this.arcs ?? []) this.#arc(ctx, arc);
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

  #arc(ctx, { from, to, wide }) {
    const [x0, y0, x1, y1] = [this.xs[from], this.ys[from], this.xs[to], this.ys[to]];
    const [mx, my] = [(x0 + x1) / 2 + (y1 - y0) * 0.2, (y0 + y1) / 2 - (x1 - x0) * 0.2];
    const fade = ctx.createLinearGradient(x0, y0, x1, y1);
    fade.addColorStop(0, "rgba(58,28,92,0.15)");
    fade.addColorStop(1, "rgba(58,28,92,0.9)");
    ctx.strokeStyle = fade;
    ctx.lineWidth = wide;
    ctx.beginPath();
    ctx.moveTo(x0, y0);
    ctx.quadraticCurveTo(mx, my, x1, y1);
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

  /** All layers on one canvas, for a picture file. */
  flattened() {
    const canvas = document.createElement("canvas");
    canvas.width = this.canvases.cells.width;
    canvas.height = this.canvases.cells.height;
    const ctx = canvas.getContext("2d");
    for (const name of LAYERS) ctx.drawImage(this.canvases[name], 0, 0);
    return canvas;
  }
}
