/**
 * The two-parameter example of Barrett and Dherin (arXiv 2009.11162, figure 1): E(a, b) = ½(y − abx)², here with x = 1 and y = 0.6, and the
 * orders in h with which gradient descent leaves the flow of E and that of E + (h/4)‖∇E‖².
 */
import type { VectorSpace } from "./flow.ts";
import { rungeKuttaStep } from "./flow.ts";
import { slope } from "./statistics.ts";

export type Pair = readonly [a: number, b: number];

export const TARGET = 0.6;

export const PAIRS: VectorSpace<Pair> = { plus: (x, s, y) => [x[0] + s * y[0], x[1] + s * y[1]] };

/** ∇E = r(b, a), r = ab − y. */
export function pairGradient([a, b]: Pair): Pair {
  const r = a * b - TARGET;
  return [r * b, r * a];
}

/** ∇(E + λ‖∇E‖²), ‖∇E‖² = r²(a² + b²). */
export function penalisedPairGradient([a, b]: Pair, lambda: number): Pair {
  const r = a * b - TARGET;
  const square = a * a + b * b;
  return [r * b + lambda * (2 * r * b * square + 2 * r * r * a), r * a + lambda * (2 * r * a * square + 2 * r * r * b)];
}

/** The larger eigenvalue of [[b², 2ab − y], [2ab − y, a²]]. */
export function pairCurvature([a, b]: Pair): number {
  const half = (a * a + b * b) / 2;
  const off = 2 * a * b - TARGET;
  return half + Math.hypot((a * a - b * b) / 2, off);
}

/** Largest distances over the steps, at one rate. */
export interface Departure {
  readonly rate: number;
  readonly toFlow: number;
  readonly toModified: number;
}

/**
 * Gradient descent beside both flows, from one point until a time.
 * @param gradient of E + λ‖∇E‖². @param substeps Runge–Kutta steps a step of descent.
 */
export function departure<V>(
  space: VectorSpace<V>,
  distance: (x: V, y: V) => number,
  gradient: (x: V, lambda: number) => V,
  start: V,
  rate: number,
  steps: number,
  substeps: number,
): Departure {
  let [descent, flow, modified] = [start, start, start];
  let [toFlow, toModified] = [0, 0];
  const plain = (x: V): V => gradient(x, 0);
  const penalised = (x: V): V => gradient(x, rate / 4);
  for (let step = 0; step < steps; step++) {
    descent = space.plus(descent, -rate, plain(descent));
    for (let i = 0; i < substeps; i++) {
      flow = rungeKuttaStep(space, plain, flow, rate / substeps);
      modified = rungeKuttaStep(space, penalised, modified, rate / substeps);
    }
    toFlow = Math.max(toFlow, distance(descent, flow));
    toModified = Math.max(toModified, distance(descent, modified));
  }
  return { rate, toFlow, toModified };
}

export interface Orders {
  readonly toFlow: number;
  readonly toModified: number;
}

/** Slopes of log distance over log rate. */
export function orders(list: readonly Departure[]): Orders {
  const rates = list.map(({ rate }) => Math.log(rate));
  const of = (own: (one: Departure) => number): number =>
    slope(
      rates,
      list.map((one) => Math.log(own(one))),
    );
  return { toFlow: of((one) => one.toFlow), toModified: of((one) => one.toModified) };
}

/** The example's departures at rates 2^−k/λ₀. */
export function pairDepartures(start: Pair, time: number, exponents: readonly number[]): Departure[] {
  return exponents.map((k) => {
    const rate = 2 ** -k / pairCurvature(start);
    const distance = (x: Pair, y: Pair): number => Math.hypot(x[0] - y[0], x[1] - y[1]);
    return departure(PAIRS, distance, penalisedPairGradient, start, rate, Math.round(time / rate), 4);
  });
}
