// Moving the map by mouse, finger and key; while it moves, the painted layers are only
// shifted and scaled, and painted anew when it rests.

import { $ } from "./dom.js";

const REST_MS = 90;
const STEP_PX = 90;

export class MapInput {
  constructor(app) {
    this.app = app;
    this.pointers = new Map();
    this.shift = { x: 0, y: 0, scale: 1 };
    const map = $("map");
    map.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    map.addEventListener("pointerdown", (event) => this.#down(event));
    map.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) map.addEventListener(name, (event) => this.#up(event));
    map.addEventListener("pointerleave", () => app.hover(null));
    map.addEventListener("keydown", (event) => this.#key(event));
    $("zoomin").addEventListener("click", () => this.zoom(1.6));
    $("zoomout").addEventListener("click", () => this.zoom(1 / 1.6));
    $("zoomfit").addEventListener("click", () => this.fit());
  }

  fit() {
    this.app.mapView.fit();
    this.app.mapMoved();
  }

  #where(event) {
    const box = $("map").getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #show() {
    const { x, y, scale } = this.shift;
    $("stack").style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.#settle(), REST_MS);
  }

  #settle() {
    this.shift = { x: 0, y: 0, scale: 1 };
    $("stack").style.transform = "";
    this.app.mapMoved();
  }

  #pan(dx, dy) {
    this.app.mapView.pan(dx, dy);
    this.shift.x += dx;
    this.shift.y += dy;
    this.#show();
  }

  zoom(by, px, py) {
    const { mapView } = this.app;
    const before = mapView.scale;
    const [x, y] = [px ?? mapView.width / 2, py ?? mapView.height / 2];
    mapView.zoom(by, x, y);
    const real = mapView.scale / before;
    this.shift.x = x + (this.shift.x - x) * real;
    this.shift.y = y + (this.shift.y - y) * real;
    this.shift.scale *= real;
    this.#show();
  }

  #wheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.008 : 0.0018)), ...this.#where(event));
  }

  #down(event) {
    if (event.target.closest("#zoom")) return;
    this.pointers.set(event.pointerId, this.#where(event));
    this.moved = 0;
    $("map").setPointerCapture(event.pointerId);
  }

  #move(event) {
    const at = this.#where(event);
    const from = this.pointers.get(event.pointerId);
    if (!from) {
      this.app.hover(at);
      return;
    }
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, spot]) => spot);
      const far = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]) || 1;
      this.zoom(far(at, other) / far(from, other), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
    } else this.#pan(at[0] - from[0], at[1] - from[1]);
    this.moved += Math.abs(at[0] - from[0]) + Math.abs(at[1] - from[1]);
    this.pointers.set(event.pointerId, at);
  }

  #up(event) {
    if (!this.pointers.delete(event.pointerId) || this.moved > 5) return;
    const at = this.app.painter.at(...this.#where(event));
    this.app.choose(at, false);
  }

  #key(event) {
    const pans = { ArrowLeft: [STEP_PX, 0], ArrowRight: [-STEP_PX, 0], ArrowUp: [0, STEP_PX], ArrowDown: [0, -STEP_PX] };
    if (event.target !== $("map")) return;
    if (pans[event.key]) this.#pan(...pans[event.key]);
    else if (event.key === "+" || event.key === "=") this.zoom(1.5);
    else if (event.key === "-") this.zoom(1 / 1.5);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
