// Names on the map: the greatest places first, and none over another.

const SPOTS = [[1, 0], [-1, 0], [0, 1], [0, -1], [0.8, 0.9], [-0.8, 0.9], [0.8, -0.9], [-0.8, -0.9]];

class Boxes {
  constructor(step = 64) {
    this.step = step;
    this.cells = new Map();
  }

  #each(box, visit) {
    const s = this.step;
    for (let x = Math.floor(box[0] / s); x <= Math.floor(box[2] / s); x += 1) {
      for (let y = Math.floor(box[1] / s); y <= Math.floor(box[3] / s); y += 1) {
        if (visit(x * 65536 + y)) return true;
      }
    }
    return false;
  }

  add(box) {
    this.#each(box, (key) => {
      if (!this.cells.has(key)) this.cells.set(key, []);
      this.cells.get(key).push(box);
      return false;
    });
  }

  hits(box) {
    return this.#each(box, (key) =>
      (this.cells.get(key) ?? []).some(
        (one) => one[0] < box[2] && one[2] > box[0] && one[1] < box[3] && one[3] > box[1],
      ),
    );
  }
}

/** Where names go: `spots` are {x, y, r, name, rank, size} in pixels, most important first. */
export function placeNames(spots, measure, width, height, most, obstacles = []) {
  const taken = new Boxes();
  for (const box of obstacles) taken.add(box);
  for (const one of spots) {
    const r = Math.min(one.r, 4) * 0.8;
    one.box = [one.x - r, one.y - r, one.x + r, one.y + r];
    if (one.r > 4) taken.add([one.x - one.r, one.y - one.r, one.x + one.r, one.y + one.r]);
  }
  const dots = new Boxes();
  for (const one of spots.slice(0, 4000)) dots.add(one.box);
  const found = [];
  for (const one of spots) {
    if (found.length >= most) break;
    if (one.x < 0 || one.y < 0 || one.x > width || one.y > height) continue;
    const w = measure(one.name, one.size);
    const h = one.size * 1.15;
    let best = null;
    let fewest = Infinity;
    for (const [dx, dy] of SPOTS) {
      const gap = one.r + 3;
      const left = dx > 0.9 ? one.x + gap : dx < -0.9 ? one.x - gap - w : one.x - w / 2 + dx * (w / 2 + one.r);
      const top = one.y - h / 2 + dy * (gap + h / 2);
      const box = [left - 2, top, left + w + 2, top + h];
      if (left < 2 || top < 2 || left + w > width - 2 || top + h > height - 2) continue;
      if (taken.hits(box)) continue;
      const over = dots.hits([left, top + 2, left + w, top + h - 2]) ? 1 : 0;
      if (over < fewest) {
        fewest = over;
        best = { left, top, box, w, h };
      }
      if (!over) break;
    }
    if (!best) continue;
    if (fewest && one.size < 12) continue; // a small name does not cover other dots
    taken.add(best.box);
    found.push({ ...one, ...best });
  }
  return found;
}

/** The boxes of what lies over the map, where no name may go. */
export function obstaclesOf(map) {
  const { left, top } = map.getBoundingClientRect();
  return [...map.querySelectorAll("#bigday, #zoom, #licence, #scalebar, #whatifframe span")].map((one) => {
    const box = one.getBoundingClientRect();
    return [box.left - left - 4, box.top - top - 16, box.right - left + 4, box.bottom - top + 4];
  });
}
