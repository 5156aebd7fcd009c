/** Cases of the matrix products: forward, vector-Jacobian and Jacobian-vector, at ragged sizes. */
import { floats } from "../../support/software-gpu.ts";
import type { Case } from "./kernel-case.ts";
import { beyond, FLUSH, gamma, numbers, U, zeros } from "./kernel-case.ts";

/** Y = A X in f64 with |A||X|, A rows × inner. */
function exactProduct(
  a: (i: number, k: number) => number,
  rows: number,
  inner: number,
  x: Float32Array,
  columns: number,
) {
  const sum = new Float64Array(rows * columns);
  const size = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const w = a(i, k);
      for (let j = 0; j < columns; j++) {
        const term = w * (x[k * columns + j] as number);
        sum[i * columns + j] = (sum[i * columns + j] as number) + term;
        size[i * columns + j] = (size[i * columns + j] as number) + Math.abs(term);
      }
    }
  }
  return { sum, size };
}

/** rows, inner, samples, groups: 1, odd, not multiples of the 8 × 4 tile. */
export const SHAPES = [
  [1, 1, 4, 1],
  [3, 5, 4, 2],
  [4, 4, 8, 1],
  [7, 1, 4, 3],
  [1, 9, 12, 2],
  [33, 65, 20, 2],
  [10, 130, 260, 1],
  [67, 31, 64, 3],
] as const;

export function forwardCase([rows, inner, columns]: readonly [number, number, number, number], i: number): Case {
  const [w, b, h] = [
    numbers(10 * i, rows * inner, 3),
    numbers(10 * i + 1, rows),
    numbers(10 * i + 2, inner * columns, 2),
  ];
  const { sum, size } = exactProduct((r, k) => w[r * inner + k] as number, rows, inner, h, columns);
  const out = zeros(rows * columns);
  return {
    name: `forward ${String(rows)} × ${String(inner)}, ${String(columns)} samples`,
    call: {
      kernel: "forward",
      overrides: { ACTIVATION: 1 },
      sizes: { rows, inner, columns },
      buffers: [w, b, h, out, out, out],
      read: [3, 4, 5],
    },
    judge: (read) => {
      const [z, next, slopes] = read.map(floats) as [Float32Array, Float32Array, Float32Array];
      const exact = sum.map((s, at) => s + (b[Math.floor(at / columns)] as number));
      const bound = (at: number): number =>
        gamma(inner + 1) * ((size[at] as number) + Math.abs(b[Math.floor(at / columns)] as number)) + inner * FLUSH * 7;
      const slips = z.findIndex((v, at) => next[at] !== Math.max(v, 0) + 0 || slopes[at] !== (v > 0 ? 1 : 0));
      return slips >= 0 ? `entry ${String(slips)}: relu and its slope do not fit z` : beyond(z, exact, bound);
    },
  };
}

export function productCase(
  kernel: "vectorJacobianProduct" | "jacobianVectorProduct",
  [rows, inner, samples, groups]: readonly [number, number, number, number],
  i: number,
  masked: boolean,
): Case {
  const columns = samples * groups;
  const weight = numbers(1000 + 10 * i, rows * inner, 2);
  const operand = numbers(1001 + 10 * i, inner * columns);
  const slopes = numbers(1002 + 10 * i, rows * samples);
  const entry =
    kernel === "jacobianVectorProduct"
      ? (r: number, k: number) => weight[r * inner + k] as number
      : (r: number, k: number) => weight[k * rows + r] as number;
  const { sum, size } = exactProduct(entry, rows, inner, operand, columns);
  const out = zeros(rows * columns);
  const overrides =
    kernel === "vectorJacobianProduct" ? { MASKED: masked ? 1 : 0, FACTOR: 1 } : { MASKED: masked ? 1 : 0 };
  return {
    name: `${kernel} ${String(rows)} from ${String(inner)}, ${String(groups)} groups of ${String(samples)}${masked ? ", masked" : ""}`,
    call: {
      kernel,
      overrides,
      sizes: { rows, inner, columns, samples },
      buffers: [weight, operand, slopes, out, out],
      read: [3, 4],
    },
    judge: (read) => {
      const [plain, product] = read.map(floats) as [Float32Array, Float32Array];
      const bound = (at: number): number => gamma(inner) * (size[at] as number) + inner * FLUSH * 5;
      const first = beyond(plain, sum, bound);
      if (first !== null || !masked) return first;
      const mask = (at: number): number =>
        slopes[Math.floor(at / columns) * samples + ((at % columns) % samples)] as number;
      const scaled = plain.map((v, at) => v * mask(at));
      // From the stored a on, the mask is one rounding.
      return beyond(product, scaled, (at) => 2 * U * Math.abs(scaled[at] as number) + FLUSH);
    },
  };
}
