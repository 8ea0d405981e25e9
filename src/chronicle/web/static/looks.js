// Who has which colour and pattern; the same as chronicle.report.drawing.palette.
// Paul Tol's muted scheme (SRON/EPS/TN/09-002): apart for colour-blind readers too.

export const MUTED = [
  "#CC6677", "#117733", "#88CCEE", "#DDCC77", "#332288", "#882255", "#AA4499", "#44AA99", "#999933",
];
export const LAND = "#FBF9F4";
export const INK = "#222222";
const GREY = "#B9B9B9";
const QUIET = "#777777";
const STRENGTHS = [0.78, 0.6, 0.46]; // by staleness: this week, this month, longer ago
const PRESENCE = 0.3;

// Lines of each actor's pattern: angles in degrees and the gap in pixels.
const PATTERNS = [
  [], [[45, 7]], [[0, 7]], [[90, 7]], [[135, 7]], [[0, 9], [90, 9]], [[45, 9], [0, 9]],
  [[45, 9], [90, 9]], [[135, 9], [0, 9]], [[135, 9], [90, 9]], [[0, 5]],
];

const rgb = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

/** `share` of one colour and the rest of another, opaque. */
export function mix(colour, other, share) {
  const [a, b] = [rgb(colour), rgb(other)];
  return `#${a.map((v, i) => Math.round(v * share + b[i] * (1 - share)).toString(16).padStart(2, "0")).join("")}`;
}

/** The colour of outlines: light faces get darker, dark ones lighter. */
export function contrast(colour) {
  const [r, g, b] = rgb(colour);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 105 ? mix(colour, "#FFFFFF", 0.4) : mix(colour, "#000000", 0.5);
}

export const actorColour = (actor) => MUTED[actor % MUTED.length];
export const patternOf = (actor) => PATTERNS[actor % PATTERNS.length];

/** Black or white, whichever is read better on a colour (WCAG 2 relative luminance). */
export function inkOn(colour) {
  const [r, g, b] = rgb(colour).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#111111" : "#FFFFFF";
}

/** The style of a place as a number, so that a step compares numbers alone. */
export const styleKey = (actor, status, stale, doubt) => ((actor + 1) * 16 + status) * 8 + stale * 2 + doubt;

export const styleOf = (key) => ({
  actor: (key >> 7) - 1,
  status: (key >> 3) & 15,
  stale: (key >> 1) & 3,
  doubt: key & 1,
});

/** 0 heard of within a week, 1 within thirty days, 2 longer ago or never. */
export const staleness = (day, last) => (day - last <= 7 ? 0 : day - last <= 30 ? 1 : 2);

/** The look of a status: how its cell and its dot are painted. */
export function lookOf(key, statuses) {
  const { actor, status, stale, doubt } = styleOf(key);
  const word = statuses[status];
  const strength = STRENGTHS[stale];
  if (word === "contested") {
    return { cell: mix(GREY, LAND, strength), hatch: true, face: "#D9D9D9", edge: "#333333", shape: "contested", doubt, stale };
  }
  if (actor < 0) {
    return { cell: null, face: "#FFFFFF", edge: QUIET, shape: word === "vacated" ? "vacated" : "unknown", doubt, stale };
  }
  const colour = actorColour(actor);
  const share = word === "presence" ? PRESENCE * strength * 1.2 : strength;
  return {
    cell: mix(colour, LAND, share),
    actor,
    face: stale ? mix(colour, "#FFFFFF", stale === 1 ? 0.86 : 0.72) : colour,
    edge: mix(colour, "#000000", 0.45),
    shape: word,
    doubt,
    stale,
  };
}

/** A canvas pattern of lines over a colour. */
export function hatched(colour, lines, ink, ratio = 1) {
  const size = 36 * ratio;
  const tile = document.createElement("canvas");
  tile.width = size;
  tile.height = size;
  const ctx = tile.getContext("2d");
  if (colour) {
    ctx.fillStyle = colour;
    ctx.fillRect(0, 0, size, size);
  }
  ctx.strokeStyle = ink;
  ctx.lineWidth = 1.1 * ratio;
  ctx.beginPath();
  for (const [angle, gap] of lines) {
    const fit = size / Math.max(1, Math.round(size / (gap * ratio * (angle % 90 ? 1.3 : 1))));
    for (let at = fit / 2 - size; at < 2 * size; at += fit) {
      if (angle === 0) ctx.moveTo(0, at), ctx.lineTo(size, at);
      else if (angle === 90) ctx.moveTo(at, 0), ctx.lineTo(at, size);
      else if (angle === 45) ctx.moveTo(at, size), ctx.lineTo(at + size, 0), ctx.moveTo(at - size, size), ctx.lineTo(at, 0);
      else ctx.moveTo(at, 0), ctx.lineTo(at + size, size), ctx.moveTo(at - size, 0), ctx.lineTo(at, size);
    }
  }
  ctx.stroke();
  return tile;
}

export const CONTESTED_LINES = [[45, 6], [135, 6]];
