// From degrees to pixels: equirectangular, true to scale on the middle latitude.

import { KM_PER_DEGREE, kmShare } from "./cells.js";

const LEAST_KM = 30;
const MARGIN = 0.045;

/** The projection and what of it is seen: a middle in km and a scale in px per km. */
export class View {
  constructor(points) {
    const lons = points.map(([lon]) => lon);
    const lats = points.map(([, lat]) => lat);
    const gap = widestGap(lons);
    this.west = gap.end;
    const turned = lons.map((lon) => this.turn(lon));
    const [l, r] = [Math.min(...turned), Math.max(...turned)];
    const [b, t] = [Math.min(...lats), Math.max(...lats)];
    this.lat0 = points.length ? (b + t) / 2 : 0;
    this.lon0 = points.length ? (l + r) / 2 : 0;
    this.kmX = KM_PER_DEGREE * kmShare(this.lat0);
    this.box = points.length
      ? { w: Math.max((r - l) * this.kmX, LEAST_KM), h: Math.max((t - b) * KM_PER_DEGREE, LEAST_KM) }
      : { w: 1000, h: 1000 };
    this.resize(800, 600);
    this.fit();
  }

  /** Make room for cells that reach `km` beyond the outermost places. */
  reach(km) {
    this.box.w += 2 * km;
    this.box.h += 2 * km;
  }

  turn(lon) {
    return this.west + ((((lon - this.west) % 360) + 360) % 360);
  }

  resize(width, height) {
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
  }

  /** Show all places. */
  fit() {
    const share = 1 + 2 * MARGIN;
    this.scale = Math.min(this.width / (this.box.w * share), this.height / (this.box.h * share));
    this.least = this.scale / 4;
    this.most = Math.max(60, this.scale);
    this.x = 0;
    this.y = 0;
    this.fitted = true;
  }

  /** Kilometres east of the middle of the projection. */
  kmEast(lon) {
    return (this.turn(lon) - this.lon0) * this.kmX;
  }

  kmNorth(lat) {
    return (lat - this.lat0) * KM_PER_DEGREE;
  }

  px(lon) {
    return (this.kmEast(lon) - this.x) * this.scale + this.width / 2;
  }

  py(lat) {
    return (this.y - this.kmNorth(lat)) * this.scale + this.height / 2;
  }

  degrees(px, py) {
    const lon = ((px - this.width / 2) / this.scale + this.x) / this.kmX + this.lon0;
    const lat = (this.y - (py - this.height / 2) / this.scale) / KM_PER_DEGREE + this.lat0;
    return [lon, lat];
  }

  /** Make it `by` times larger about a point of the screen. */
  zoom(by, px = this.width / 2, py = this.height / 2) {
    const scale = Math.min(Math.max(this.scale * by, this.least), this.most);
    this.x += (px - this.width / 2) * (1 / this.scale - 1 / scale);
    this.y -= (py - this.height / 2) * (1 / this.scale - 1 / scale);
    this.scale = scale;
    this.fitted = false;
    this.#hold();
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
    this.fitted = false;
    this.#hold();
  }

  #hold() {
    const most = (size, box) => box / 2 + size / this.scale / 4;
    const [w, h] = [most(this.width, this.box.w), most(this.height, this.box.h)];
    this.x = Math.min(Math.max(this.x, -w), w);
    this.y = Math.min(Math.max(this.y, -h), h);
  }

  centre(lon, lat, scale = this.scale) {
    this.scale = Math.min(Math.max(scale, this.least), this.most);
    this.x = (this.turn(lon) - this.lon0) * this.kmX;
    this.y = (lat - this.lat0) * KM_PER_DEGREE;
    this.fitted = false;
  }

  /** The greatest of 1, 2, 5, 10 … km that is no longer than `most` pixels. */
  roundKm(most) {
    const km = most / this.scale;
    const power = 10 ** Math.floor(Math.log10(km));
    return [5, 2, 1].map((n) => n * power).find((n) => n <= km * (1 + 1e-9));
  }
}

function widestGap(lons) {
  const sorted = [...new Set(lons.map((lon) => ((lon % 360) + 360) % 360))].sort((a, b) => a - b);
  if (!sorted.length) return { end: -180 };
  let widest = -1;
  let end = 0;
  sorted.forEach((lon, i) => {
    const next = i + 1 < sorted.length ? sorted[i + 1] : sorted[0] + 360;
    if (next - lon > widest) {
      widest = next - lon;
      end = next;
    }
  });
  // The map is cut in the middle of the widest gap, so that no place lies on the cut.
  const cut = end - widest / 2;
  return { end: ((cut + 180) % 360) - 180 };
}
