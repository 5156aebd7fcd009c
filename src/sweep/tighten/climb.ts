/**
 * The search from one start: where it climbs, and what it does where gradients say nothing.
 *
 *   1. Kinks rounded (networks with piecewise-linear layers): the slopes D_t do not change within a linear region, so that the gradient
 *      of L sees no mask but its own. L of a network whose kinks are rounded over a width s does; s falls from the size of the z's to
 *      1/64 of it, a climb at each, and the best true L met at their ends is kept.
 *   2. A climb of L itself.
 *   3. Tries: steps of random direction and falling length, taken where L rises. Success lengthens the next step and failure shortens it
 *      so that one in five succeeds (Rechenberg's rule); a length that has fallen to nothing starts again at half the region.
 *   4. A climb of L from the best of them.
 *
 * A climb is projected gradient ascent along the projection arc (Bertsekas, On the Goldstein–Levitin–Polyak gradient projection method,
 * 1976), with Barzilai and Borwein's step (1988) and Armijo's condition; each block (x, W_1, …) is measured in units of its own region.
 * Everything is a function of the start and of the addresses (seed, PERTURBATION_STREAM, start · 2²⁰ + try).
 */
import { normalsAt } from "../../sampling/normal.ts";
import { PERTURBATION_STREAM } from "../../sampling/streams.ts";
import { addScaled, dot, squaredNorm } from "./algebra.ts";
import type { Objective, Point } from "./objective.ts";
import type { Region } from "./region.ts";

export interface ClimbSettings {
  readonly objective: Objective;
  readonly region: Region;
  readonly start: Point;
  /** Whether a layer is piecewise linear. */
  readonly kinked: boolean;
  /** Steps of each climb, and tries, at most. */
  readonly steps: number;
  readonly seed: number;
  /** Number of the start: its address. */
  readonly index: number;
}

/** The best point so far; mutated as the search goes on, so that an interrupted one keeps what it has. */
export interface Standing {
  best: Point;
  /** L there. */
  value: number;
  /** Gradients and values of L taken. */
  evaluations: number;
}

/** L this near to its bound 0 is near enough: 1 − ratio below 10⁻⁹. */
const AT_THE_BOUND = -1e-9;
const ROUNDINGS: readonly number[] = [1, 0.25, 1 / 16, 1 / 64];

/** The search, a piece of work at each `next`. */
export function* search(settings: ClimbSettings, standing: Standing): Generator<void, void> {
  const { objective, kinked, start } = settings;
  const done = (): boolean => standing.value >= AT_THE_BOUND;
  offer(standing, start, objective.value(start));
  yield;
  if (kinked && !done()) {
    const scale = objective.preactivationScale(start);
    let from = start;
    for (const share of scale > 0 ? ROUNDINGS : []) {
      from = yield* climb(settings, standing, from, share * scale);
      offer(standing, from, objective.value(from));
      if (done()) return;
      yield;
    }
  }
  if (done()) return;
  yield* climb(settings, standing, standing.best, 0);
  if (done()) return;
  const before = standing.value;
  yield* tries(settings, standing);
  if (standing.value > before && !done()) yield* climb(settings, standing, standing.best, 0);
}

function offer(standing: Standing, point: Point, value: number): void {
  standing.evaluations++;
  if (!(value > standing.value)) return;
  standing.best = point;
  standing.value = value;
}

/** Armijo's share of the promised rise that a step must give. */
const SUFFICIENT = 1e-4;
const HALVINGS = 40;

/** Ascends from a point; its last point. With rounding 0 the standing follows. */
function* climb(
  { objective, region, steps }: ClimbSettings,
  standing: Standing,
  from: Point,
  rounding: number,
): Generator<void, Point> {
  let at = from;
  let { value, gradient } = objective.ascent(at, rounding);
  let step = 0;
  let idle = 0;
  for (let k = 0; k < steps; k++) {
    standing.evaluations++;
    const rise = scaled(gradient, region, at);
    const size = Math.sqrt(inner(rise, gradient));
    if (!(size > 0 && Number.isFinite(size) && value < AT_THE_BOUND)) break;
    if (step === 0) step = 0.1 / size;
    let next: Point | null = null;
    let found = { value: NaN, gradient };
    let length = step;
    for (let half = 0; half < HALVINGS; half++, length /= 2) {
      const candidate = region.project(moved(at, rise, length));
      const promised = inner(gradient, difference(candidate, at));
      if (!(promised > 0)) break;
      const reached = objective.ascent(candidate, rounding);
      standing.evaluations++;
      if (reached.value >= value + SUFFICIENT * promised) {
        next = candidate;
        found = reached;
        break;
      }
      yield;
    }
    if (next === null) break;
    // Barzilai and Borwein's long step in the blocks' units: s·s/(s·y), y the fall of the gradient along s.
    const s = difference(next, at);
    const y = difference(gradient, found.gradient);
    const curvature = inner(s, y);
    step =
      curvature > 0
        ? Math.min(Math.max(inner(unscaled(s, region, at), s) / curvature, length / 10), length * 100)
        : length * 4;
    idle = found.value - value <= 1e-9 * Math.abs(value) ? idle + 1 : 0;
    at = next;
    ({ value, gradient } = found);
    if (rounding === 0) offer(standing, at, value);
    if (idle >= 5) break;
    yield;
  }
  return at;
}

/** Rechenberg's rule: lengths settle where one try in five succeeds. */
const LONGER = 1.5;
const SHORTER = LONGER ** -0.25;
const LEAST_LENGTH = 1e-5;

function* tries({ objective, region, steps, seed, index }: ClimbSettings, standing: Standing): Generator<void, void> {
  let length = 0.5;
  for (let k = 0; k < steps; k++) {
    const at = standing.best;
    const sizes = [at.x.length, ...region.weightSizes.map((_, i) => (at.weights[i] as Float64Array).length)];
    const total = sizes.reduce((sum, n) => sum + n, 0);
    const all = normalsAt(seed, PERTURBATION_STREAM, index * 2 ** 20 + k, total);
    let offset = 0;
    const blocks = sizes.map((n) => {
      const block = all.slice(offset, (offset += n));
      const size = Math.sqrt(squaredNorm(block));
      return block.map((v) => v / size);
    });
    const [x = all, ...weights] = blocks;
    const units = blockUnits(region, at);
    const direction = {
      x: x.map((v) => v * units.x),
      weights: weights.map((w, i) => w.map((v) => v * (units.weights[i] ?? 0))),
    };
    const candidate = region.project(moved(at, direction, length));
    const before = standing.value;
    offer(standing, candidate, objective.value(candidate));
    length = standing.value > before ? Math.min(1, length * LONGER) : length * SHORTER;
    if (length < LEAST_LENGTH) length = 0.5;
    if (standing.value >= AT_THE_BOUND) return;
    yield;
  }
}

/** The unit of each block: the ball's radius (the point's own length where there is no ball), and ‖W_t⁰‖_F. */
function blockUnits({ radius, weightSizes }: Region, at: Point): { x: number; weights: readonly number[] } {
  const own = Math.max(1, Math.sqrt(squaredNorm(at.x)));
  return { x: Number.isFinite(radius) ? radius : own, weights: weightSizes };
}

/** The gradient in the blocks' units, back in the point's: each block times its unit squared. */
function scaled(gradient: Point, region: Region, at: Point): Point {
  return inUnits(gradient, region, at, (unit) => unit * unit);
}

function unscaled(step: Point, region: Region, at: Point): Point {
  return inUnits(step, region, at, (unit) => 1 / (unit * unit));
}

function inUnits(a: Point, region: Region, at: Point, factor: (unit: number) => number): Point {
  const units = blockUnits(region, at);
  return {
    x: a.x.map((v) => v * factor(units.x)),
    weights: units.weights.map((unit, i) => (a.weights[i] as Float64Array).map((v) => v * factor(unit))),
  };
}

/** at + length·direction; weights that stand still stay the same arrays. */
function moved(at: Point, direction: Point, length: number): Point {
  const move = (a: Float64Array, d: Float64Array | undefined): Float64Array => {
    if (d === undefined) return a;
    const result = a.slice();
    addScaled(result, length, d);
    return result;
  };
  return { x: move(at.x, direction.x), weights: at.weights.map((w, i) => move(w, direction.weights[i])) };
}

function difference(a: Point, b: Point): Point {
  const minus = (u: Float64Array, v: Float64Array): Float64Array => u.map((x, i) => x - (v[i] as number));
  const weights = a.weights.map((w, i) => {
    const other = b.weights[i] as Float64Array;
    return w === other ? new Float64Array(0) : minus(w, other);
  });
  return { x: minus(a.x, b.x), weights };
}

/** Over the blocks that both have. */
function inner(a: Point, b: Point): number {
  let sum = dot(a.x, b.x);
  for (let i = 0; i < Math.min(a.weights.length, b.weights.length); i++) {
    const [u, v] = [a.weights[i] as Float64Array, b.weights[i] as Float64Array];
    if (u.length === v.length) sum += dot(u, v);
  }
  return sum;
}
