/**
 * What the kernels' cases are made of. Bounds are those of MATH.md §5: |fl(Σ) − Σ| ≤ γ′_n Σ|terms| + n·2⁻¹²⁶(2 + max|x| + max|y|),
 * u′ = 2⁻²³, for any order of summation, fused or not.
 */
import { uniformSigned, wordsAt } from "../../../src/sampling/philox.ts";
import type { runKernels } from "../../support/software-gpu.ts";

export type Call = Parameters<typeof runKernels>[1][number];

export const U = 2 ** -23;
export const FLUSH = 2 ** -126;
export const gamma = (n: number): number => (n * U) / (1 - n * U);

/** One kernel call and what to say of its answer: null where it is right. */
export interface Case {
  readonly name: string;
  readonly call: Call;
  readonly judge: (read: readonly Uint32Array[]) => string | null;
}

/** Uniform numbers of f32 on [−1, 1) from an address of the tests' own stream. */
export function numbers(index: number, count: number, scale = 1): Float32Array {
  return Float32Array.from(wordsAt(7, 9999, index, count), (w) => uniformSigned(w) * scale);
}

export const zeros = (n: number): Float32Array => new Float32Array(n);

/** The first entry whose error exceeds its bound, in words. */
export function beyond(got: ArrayLike<number>, exact: ArrayLike<number>, bound: (i: number) => number): string | null {
  for (let i = 0; i < exact.length; i++) {
    const off = Math.abs((got[i] as number) - (exact[i] as number));
    if (!(off <= bound(i))) {
      return `entry ${String(i)}: found ${String(got[i])}, expected ${String(exact[i])}, off by ${String(off)}, bound ${String(bound(i))}`;
    }
  }
  return null;
}
