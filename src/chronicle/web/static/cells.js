// The land nearest to each place, no farther than a cap: a drawing aid, not a claim.
// A cell is a ring about its place, cut by the perpendicular bisectors to the places
// near it (a Voronoi cell within a disc). Places are few to a bucket of the grid, so
// the work grows with their number alone.

export const KM_PER_DEGREE = 111.195; // of a great circle on a sphere of 6,371.0 km
const CORNERS = 28; // of a cell that nothing cuts; more where places are few
const SAME_KM = 1e-3;

/** Cells as rings [lon, lat, lon, lat, …]; null where a place has no coordinates, or
 *  stands on the very spot of an earlier one. */
export function cappedCells(lons, lats, capKm) {
  const places = lons.map((_, i) => i).filter((i) => lons[i] !== null && lats[i] !== null);
  const cells = new Array(lons.length).fill(null);
  if (!places.length) return cells;
  const middle = places.reduce((sum, i) => sum + lats[i], 0) / places.length;
  const across = KM_PER_DEGREE * kmShare(middle);
  const grid = new Grid(places, lons, lats, across, capKm);
  const corners = places.length > 400 ? CORNERS : 3 * CORNERS;
  for (const i of places) cells[i] = cellOf(i, lons, lats, capKm, grid, corners);
  return cells;
}

/** The share of a degree of longitude in one of latitude; above zero at the poles. */
export const kmShare = (lat) => Math.max(Math.cos((lat * Math.PI) / 180), 0.02);

class Grid {
  constructor(places, lons, lats, across, capKm) {
    const xs = places.map((i) => lons[i] * across);
    const ys = places.map((i) => lats[i] * KM_PER_DEGREE);
    const width = greatest(xs) - least(xs);
    const height = greatest(ys) - least(ys);
    const even = Math.sqrt((2 * Math.max(width, 1) * Math.max(height, 1)) / places.length);
    this.step = Math.min(Math.max(even, capKm / 40), capKm);
    this.across = across;
    this.buckets = new Map();
    places.forEach((i, n) => {
      const key = keyOf(Math.floor(xs[n] / this.step), Math.floor(ys[n] / this.step));
      if (!this.buckets.has(key)) this.buckets.set(key, []);
      this.buckets.get(key).push(i);
    });
  }

  /** The places of the buckets that lie `ring` steps from the bucket of a point. */
  ring(column, row, ring, visit) {
    for (let dx = -ring; dx <= ring; dx += 1) {
      const edge = Math.abs(dx) === ring;
      for (let dy = -ring; dy <= ring; dy += edge ? 1 : 2 * ring || 1) {
        const found = this.buckets.get(keyOf(column + dx, row + dy));
        if (found) found.forEach(visit);
      }
    }
  }
}

const keyOf = (column, row) => column * 1048576 + row;
const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const greatest = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

function cellOf(i, lons, lats, capKm, grid, corners) {
  const kmX = KM_PER_DEGREE * kmShare(lats[i]);
  let ring = [];
  for (let n = 0; n < corners; n += 1) {
    const turn = (2 * Math.PI * n) / corners;
    ring.push(capKm * Math.cos(turn), capKm * Math.sin(turn));
  }
  let reach = capKm; // the farthest corner
  let twin = false;
  const column = Math.floor((lons[i] * grid.across) / grid.step);
  const row = Math.floor((lats[i] * KM_PER_DEGREE) / grid.step);
  const near = Math.min(1, kmX / grid.across) * grid.step;
  let found = [];
  const visit = (j) => {
    if (j === i) return;
    const dx = (lons[j] - lons[i]) * kmX;
    const dy = (lats[j] - lats[i]) * KM_PER_DEGREE;
    const far = dx * dx + dy * dy;
    if (far > 4 * reach * reach) return;
    if (far >= SAME_KM * SAME_KM) found.push({ dx, dy, far });
    else if (j < i) twin = true;
  };
  for (let r = 0; (r - 1) * near <= 2 * reach; r += 1) {
    grid.ring(column, row, r, visit);
    if (twin) return null;
    if (!r && found.length < 24) continue; // the nearest may lie beyond the bucket
    found.sort((a, b) => a.far - b.far); // the nearest cut off most, and then the rest nothing
    for (const { dx, dy, far } of found) {
      if (far > 4 * reach * reach) break;
      ring = cut(ring, dx, dy, far / 2);
      reach = farthest(ring);
    }
    found = [];
  }
  const cell = new Float64Array(ring.length);
  for (let n = 0; n < ring.length; n += 2) {
    cell[n] = lons[i] + ring[n] / kmX;
    cell[n + 1] = lats[i] + ring[n + 1] / KM_PER_DEGREE;
  }
  return cell;
}

/** What of a convex ring lies where x·dx + y·dy ≤ most (Sutherland and Hodgman). */
function cut(ring, dx, dy, most) {
  const kept = [];
  let x0 = ring[ring.length - 2];
  let y0 = ring[ring.length - 1];
  let off0 = x0 * dx + y0 * dy - most;
  for (let n = 0; n < ring.length; n += 2) {
    const x = ring[n];
    const y = ring[n + 1];
    const off = x * dx + y * dy - most;
    if (off > 0 !== off0 > 0) {
      const share = off0 / (off0 - off);
      kept.push(x0 + (x - x0) * share, y0 + (y - y0) * share);
    }
    if (off <= 0) kept.push(x, y);
    x0 = x;
    y0 = y;
    off0 = off;
  }
  return kept;
}

function farthest(ring) {
  let most = 0;
  for (let n = 0; n < ring.length; n += 2) {
    most = Math.max(most, ring[n] * ring[n] + ring[n + 1] * ring[n + 1]);
  }
  return Math.sqrt(most);
}
