/** Derivatives by central differences with Richardson's extrapolation: nothing of the chain rule is used. */
import type { Network } from "../network/network.ts";
import { forward } from "./oracle.ts";

export interface Estimate {
  readonly value: number;
  /** How far the two last extrapolations are apart: the error's size. */
  readonly error: number;
}

/** d/ds of `f` at 0 from steps h, h/2, h/4; error terms h² and h⁴ removed. */
export function derivative(f: (s: number) => number, step: number): Estimate {
  const [estimate] = derivatives((s) => [f(s)], step);
  return estimate as Estimate;
}

/** The same for every entry of a vector function. */
export function derivatives(f: (s: number) => readonly number[], step: number): Estimate[] {
  const central = (h: number): number[] => {
    const below = f(-h);
    return f(h).map((v, i) => (v - (below[i] as number)) / (2 * h));
  };
  const [coarse, middle, fine] = [central(step), central(step / 2), central(step / 4)];
  return coarse.map((a, i) => {
    const [b, c] = [middle[i] as number, fine[i] as number];
    const first = (4 * b - a) / 3;
    const second = (4 * c - b) / 3;
    const value = (16 * second - first) / 15;
    return { value, error: Math.abs(value - second) + Math.abs(second - first) / 15 };
  });
}

/** J_1 … J_{l+1} at x, each n_t × n_1 as an array of rows. */
export function jacobiansByDifferences(network: Network, x: readonly number[], step: number): Estimate[][][] {
  const along = x.map((_, k) =>
    derivatives(
      (s) =>
        forward(
          network,
          x.map((v, m) => (m === k ? v + s : v)),
        ).hidden.flat(),
      step,
    ),
  );
  let at = 0;
  return forward(network, x).hidden.map((hidden) =>
    hidden.map(() => {
      const row = along.map((column) => column[at] as Estimate);
      at++;
      return row;
    }),
  );
}
