/** Derivatives by central differences with Richardson's extrapolation: nothing of the chain rule is used. */

export interface Estimate {
  readonly value: number;
  /** How far the two last extrapolations are apart: the error's size. */
  readonly error: number;
}

/** d/ds of `f` at 0 from steps h, h/2, h/4; error terms h² and h⁴ removed. */
export function derivative(f: (s: number) => number, step: number): Estimate {
  const central = (h: number): number => (f(h) - f(-h)) / (2 * h);
  const [a, b, c] = [central(step), central(step / 2), central(step / 4)];
  const first = (4 * b - a) / 3;
  const second = (4 * c - b) / 3;
  const value = (16 * second - first) / 15;
  return { value, error: Math.abs(value - second) + Math.abs(second - first) / 15 };
}

/** J_{l+1} … of a vector function at x, one column a coordinate: rows × x.length. */
export function jacobianByDifferences(
  f: (x: readonly number[]) => readonly number[],
  x: readonly number[],
  step: number,
): Estimate[][] {
  const rows = f(x).length;
  return Array.from({ length: rows }, (_, i) =>
    x.map((_, k) => derivative((s) => f(x.map((v, m) => (m === k ? v + s : v)))[i] as number, step)),
  );
}
