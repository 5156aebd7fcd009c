/** Cases of the iteration's kernels: one step, and the combination of its vectors. */
import { floats } from "../../support/software-gpu.ts";
import type { Case } from "./kernel-case.ts";
import { beyond, FLUSH, gamma, numbers } from "./kernel-case.ts";

/** α = q·Aq, r = Aq − αq − β₋q₋, β = ‖r‖, q₊ = r/β; the second step of a basis, so that q₋ and β₋ take part. */
export function krylovCase(rows: number, columns: number): Case {
  const size = rows * columns;
  const [image, before, q] = [numbers(6000, size), numbers(6001, size), numbers(6002, size)];
  const basis = new Float32Array(3 * size);
  basis.set(before, size);
  const betas = numbers(6003, columns).map(Math.abs);
  const coefficients = new Float32Array(4 * columns);
  betas.forEach((b, j) => (coefficients[2 * j + 1] = b));
  return {
    name: "krylov-step",
    call: {
      kernel: "krylovStep",
      overrides: {},
      sizes: { rows, columns, block: 1, first: 0, at: 1 },
      buffers: [image, basis, q, coefficients],
      read: [1, 2, 3],
    },
    judge: (read) => {
      const [stored, next, pairs] = read.map(floats) as [Float32Array, Float32Array, Float32Array];
      if (q.some((v, at) => stored[2 * size + at] !== v)) return "q was not stored in its block";
      for (let j = 0; j < columns; j++) {
        let alpha = 0;
        let weight = 0;
        for (let r = 0; r < rows; r++) {
          const term = (q[r * columns + j] as number) * (image[r * columns + j] as number);
          alpha += term;
          weight += Math.abs(term);
        }
        const found = pairs[2 * (columns + j)] as number;
        if (!(Math.abs(found - alpha) <= gamma(rows) * weight + rows * FLUSH * 4))
          return `column ${String(j)}: α ${String(found)}, expected ${String(alpha)}`;
        // From the stored α on.
        const rest = Array.from({ length: rows }, (_, r) => {
          const at = r * columns + j;
          return (image[at] as number) - found * (q[at] as number) - (betas[j] as number) * (before[at] as number);
        });
        const beta = Math.hypot(...rest);
        const tolerance = 4 * gamma(rows + 10) * (beta + Math.sqrt(rows) * (2 + Math.abs(found)));
        const foundBeta = pairs[2 * (columns + j) + 1] as number;
        if (!(Math.abs(foundBeta - beta) <= tolerance))
          return `column ${String(j)}: β ${String(foundBeta)}, expected ${String(beta)}`;
        const unit = rest.map((v) => v / beta);
        const finding = beyond(
          unit.map((_, r) => next[r * columns + j] as number),
          unit,
          () => tolerance / beta,
        );
        if (finding !== null) return `column ${String(j)}: q₊ ${finding}`;
      }
      return null;
    },
  };
}

export function combineCase(rows: number, columns: number, first: boolean): Case {
  const [blocks, begin] = [5, 2];
  const size = rows * columns;
  const basis = numbers(6100, (blocks + 1) * size);
  const weights = numbers(6101, (begin + blocks) * columns);
  const result = numbers(6102, size);
  const exact = new Float64Array(size);
  const magnitude = new Float64Array(size);
  for (let at = 0; at < size; at++) {
    let sum = first ? 0 : (result[at] as number);
    let total = Math.abs(sum);
    for (let j = 0; j < blocks; j++) {
      const term = (weights[(begin + j) * columns + (at % columns)] as number) * (basis[(j + 1) * size + at] as number);
      sum += term;
      total += Math.abs(term);
    }
    exact[at] = sum;
    magnitude[at] = total;
  }
  return {
    name: `combine${first ? ", from zero" : ", on top of what is there"}`,
    call: {
      kernel: "combine",
      overrides: {},
      sizes: { rows, columns, blocks, begin, first: first ? 1 : 0 },
      buffers: [basis, weights, result],
      read: [2],
    },
    judge: ([words]) =>
      beyond(
        floats(words as Uint32Array),
        exact,
        (at) => gamma(blocks + 1) * (magnitude[at] as number) + blocks * FLUSH * 4,
      ),
  };
}
