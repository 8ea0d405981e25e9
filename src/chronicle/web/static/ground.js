// What lies under and over the places: sea, lakes, rivers and coast; roads; movements.

const SEA = "#D9E4EA";
const BEYOND = "#EAE8E2";
const SHORE = "#8FA3AE";
const RIVER = "#A9C0CC";

/** The sea with its coast; the path of the land, to which outlines are cut. */
export function drawGround(ctx, view, lines) {
  if (!lines.land.length) return null;
  const trace = (path, points, closed) => {
    for (let n = 0; n < points.length; n += 2) {
      const x = view.px(points[n]);
      const y = view.py(points[n + 1]);
      if (n) path.lineTo(x, y);
      else path.moveTo(x, y);
    }
    if (closed) path.closePath();
  };
  const land = new Path2D();
  for (const polygon of lines.land) for (const ring of polygon) trace(land, ring, true);
  const sea = new Path2D(land);
  const sheet = [-2, -2, view.width + 4, view.height + 4];
  if (lines.window) sea.rect(...framed(ctx, view, lines.window, sheet));
  else sea.rect(...sheet);
  ctx.fillStyle = SEA;
  ctx.fill(sea, "evenodd");
  ctx.beginPath();
  for (const polygon of lines.lakes) for (const ring of polygon) trace(ctx, ring, true);
  ctx.fill("evenodd");
  for (const [kind, colour, wide] of [["coast", SHORE, 0.9], ["rivers", RIVER, 1.1]]) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = wide;
    ctx.beginPath();
    for (const line of lines[kind]) trace(ctx, line, false);
    ctx.stroke();
  }
  return land;
}

/** The window that the lines were cut to; beyond it nobody knows of land or sea here. */
function framed(ctx, view, [west, south, east, north], sheet) {
  const [left, top] = [view.px(west), view.py(north)];
  const box = [left, top, view.px(east) - left, view.py(south) - top];
  const beyond = new Path2D();
  beyond.rect(...sheet);
  beyond.rect(...box);
  ctx.fillStyle = BEYOND;
  ctx.fill(beyond, "evenodd");
  return box;
}

/** Roads as straight lines; one that is reported shut is red and broken. */
export function drawRoads(ctx, { roads, places, xs, ys }) {
  for (const road of roads) {
    if (!road.known || places[road.a].lon === null || places[road.b].lon === null) continue;
    ctx.strokeStyle = road.shut ? "#7A1F1F" : "#6F675A";
    ctx.lineWidth = road.shut ? 1.8 : road.wide;
    ctx.globalAlpha = road.shut ? 1 : 0.55;
    ctx.setLineDash(road.shut ? [4, 3] : []);
    ctx.beginPath();
    ctx.moveTo(xs[road.a], ys[road.a]);
    ctx.lineTo(xs[road.b], ys[road.b]);
    ctx.stroke();
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/** A movement of people, darker towards where they went. */
export function drawArc(ctx, { xs, ys }, { from, to, wide }) {
  const [x0, y0, x1, y1] = [xs[from], ys[from], xs[to], ys[to]];
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

/** The movements of people that hold on a day, between places that are on the map. */
export function arcsOf(figures, placeAt) {
  return figures
    .filter((one) => one.measure === "flow" && placeAt.has(one.origin) && placeAt.has(one.destination))
    .map((one) => ({ from: placeAt.get(one.origin), to: placeAt.get(one.destination), wide: 1.5 + Math.min(9, Math.sqrt(one.persons ?? 0) / 40) }));
}

/** All layers on one canvas, for a picture file. */
export function flattened(canvases) {
  const made = document.createElement("canvas");
  made.width = canvases[0].width;
  made.height = canvases[0].height;
  const ctx = made.getContext("2d");
  for (const one of canvases) ctx.drawImage(one, 0, 0);
  return made;
}

/** The layers as one canvas with its own scale, whatever size it is printed in. */
export function printedMap(canvases, view, words, ratio) {
  const made = flattened(canvases);
  const ctx = made.getContext("2d");
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  const km = view.roundKm(120);
  const [x, y] = [14, view.height - 14];
  ctx.font = "13px system-ui, sans-serif";
  ctx.fillStyle = ctx.strokeStyle = "#222222";
  ctx.lineWidth = 2;
  ctx.fillText(`${words.number(km)} km`, x, y - 8);
  ctx.beginPath();
  ctx.moveTo(x, y - 4);
  ctx.lineTo(x, y);
  ctx.lineTo(x + km * view.scale, y);
  ctx.lineTo(x + km * view.scale, y - 4);
  ctx.stroke();
  return made;
}
