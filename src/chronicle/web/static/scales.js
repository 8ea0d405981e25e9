// The scales of a what-if: each has steps, their bounds and their colours, none of them
// a side's own. A place's step is part of its style key, from `BASE` on.

import { LAND, mix } from "./looks.js";

const BASE = 1 << 24; // style keys from here on are steps of a scale
const MOST_STEPS = 32;

const ramp = (full, n) => Array.from({ length: n }, (_, i) => mix(full, LAND, 0.06 + (0.88 * i) / (n - 1)));

/** `bounds` part the steps: a value's step is how many of them it reaches. */
class Scale {
  constructor(number, bounds, colours) {
    this.number = number;
    this.bounds = bounds;
    this.colours = colours;
  }

  key(value) {
    let step = 0;
    while (step < this.bounds.length && value >= this.bounds[step]) step += 1;
    return BASE + this.number * MOST_STEPS + step;
  }
}

/** The chance of having fallen, in tenths. */
export const CHANCES = new Scale(0, [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95], ramp("#6A1B4D", 11));

/** The difference of two chances; between -0.025 and 0.025 there is none to be told. */
export const DIFFERENCES = new Scale(1, [-0.5, -0.25, -0.1, -0.025, 0.025, 0.1, 0.25, 0.5],
  ["#364B9A", "#4A7BB7", "#6EA6CD", "#C2E4EF", "#FFFFFF", "#FEDA8B", "#FDB366", "#F67E4B", "#A50026"]);

/** People away from home at a place; and the same as thousandths of all of them. */
export const PEOPLE = new Scale(2, [1, 100, 1000, 5000, 20000, 100000], ramp("#0B4F6C", 7));
export const SHARES = new Scale(3, [1, 5, 10, 20, 50, 100], ramp("#0B4F6C", 7));

const SCALES = [CHANCES, DIFFERENCES, PEOPLE, SHARES];

export const isStep = (key) => key >= BASE;

/** The look of a place at a step of a scale; see lookOf in looks.js. */
export function stepLook(key) {
  const scale = SCALES[Math.floor((key - BASE) / MOST_STEPS)];
  const step = (key - BASE) % MOST_STEPS;
  const colour = scale.colours[step];
  const quiet = scale === DIFFERENCES ? step === 4 : scale.number > 1 && step === 0;
  return { cell: quiet ? null : colour, face: colour, edge: mix(colour, "#000000", 0.45), shape: "held", doubt: 0, stale: 0 };
}
