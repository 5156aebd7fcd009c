/** The oracle of one step of the iteration: α = q·Aq, r = Aq − αq − β₋q₋, β = ‖r‖, q₊ = r/β, from the stored α on, and D ∘ q₊ from the stored q₊. */
import type { KernelCall, Words } from "../call.ts";
import { asFloats, floatsOf, sizeOf } from "../call.ts";
import type { Expected, Oracle } from "../expected.ts";
import { floatsExpected, untouched } from "../expected.ts";
import { FLUSH, g, largest, productBound, U } from "./rounding.ts";

export const krylovOracle: Oracle = (call, read) => {
  const [rows, columns, at] = [sizeOf(call, "rows"), sizeOf(call, "columns"), sizeOf(call, "at")];
  const [image, q, coefficients] = [floatsOf(call, 0), floatsOf(call, 3), floatsOf(call, 5)];
  const size = rows * columns;
  const own = (sizeOf(call, "block") + 1) * size;
  const basis = Float64Array.from(floatsOf(call, 2));
  q.forEach((v, i) => (basis[own + i] = v));
  const alpha = new Float64Array(columns);
  const alphaBound = new Float64Array(columns);
  const flushed = rows * FLUSH * (2 + largest(q) + largest(image));
  for (let j = 0; j < columns; j++) {
    let weight = 0;
    for (let r = 0; r < rows; r++) {
      const term = (q[r * columns + j] as number) * (image[r * columns + j] as number);
      alpha[j] = (alpha[j] as number) + term;
      weight += Math.abs(term);
    }
    alphaBound[j] = g(rows) * weight + flushed;
  }
  const pair = (second: 0 | 1) => ({ buffer: 5, offset: 2 * at * columns + second, stride: 2, type: "f32" as const });
  const known: Expected[] = [
    floatsExpected("the stored q", 2, basis, () => 0),
    { ...pair(0), quantity: "α", values: alpha, bounds: alphaBound },
  ];
  if (read === null) return known;
  const found = asFloats(read[call.read.indexOf(5)] as Words);
  const stored = asFloats(read[call.read.indexOf(3)] as Words);
  const first = sizeOf(call, "first") === 1;
  const beta = new Float64Array(columns);
  const betaBound = new Float64Array(columns);
  const next = new Float64Array(size);
  const nextBound = new Float64Array(size);
  for (let j = 0; j < columns; j++) {
    const a = found[2 * (at * columns + j)] as number;
    const before = first ? 0 : (coefficients[2 * ((at - 1) * columns + j) + 1] as number);
    let square = 0;
    let terms = 0;
    const rest = Array.from({ length: rows }, (_, r) => {
      const i = r * columns + j;
      const parts = [image[i] as number, a * (q[i] as number), before * (basis[own - size + i] as number)] as const;
      terms += parts.reduce((sum, v) => sum + Math.abs(v), 0) ** 2;
      const v = parts[0] - parts[1] - (first ? 0 : parts[2]);
      square += v * v;
      return v;
    });
    const norm = Math.sqrt(square);
    beta[j] = norm;
    // Four roundings an entry of r; the sum of squares, the inverse root and three products of β.
    const rounding = 4 * U * Math.sqrt(terms) + rows * FLUSH * (4 + Math.abs(a) + before);
    const relative = g(rows + 10);
    betaBound[j] = rounding + relative * (norm + rounding);
    rest.forEach((v, r) => {
      next[r * columns + j] = norm > 0 ? v / norm : 0;
      // An r of which rounding leaves nothing has no direction.
      nextBound[r * columns + j] = norm > 4 * rounding ? 4 * (rounding / norm + relative) : Infinity;
    });
  }
  return [
    ...known,
    { ...pair(1), quantity: "β", values: beta, bounds: betaBound },
    floatsExpected("q₊", 3, next, (i) => nextBound[i] as number),
    call.overrides["MASKED"] === 1 ? maskOf(call, stored) : untouched("what was not asked for", 4, call),
  ];
};

/** D ∘ q₊. */
function maskOf(call: KernelCall, q: Float32Array): Expected {
  const slopes = floatsOf(call, 1);
  const values = Float64Array.from(q, (v, i) => (slopes[i] as number) * v);
  return floatsExpected("D ∘ q₊", 4, values, (i) => productBound(slopes[i] as number, q[i] as number));
}
