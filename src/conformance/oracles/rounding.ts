/**
 * The rounding model of MATH.md §5 for WGSL, u′ = 2⁻²³: |fl(Σ xy) − Σ xy| ≤ γ′_n Σ|xy| + n·2⁻¹²⁶(2 + max|x| + max|y|), for any order of
 * summation, fused or not: an operand, a product or a partial sum below 2⁻¹²⁶ may be taken for 0.
 */
import { WGSL_F32 } from "../../engine/engine.ts";
import { gamma } from "../../verification/rounding.ts";

export const U = WGSL_F32.unitRoundoff;
export const FLUSH = WGSL_F32.flush;

export const g = (n: number): number => gamma(n, WGSL_F32);

/** One product of two stored numbers: a rounding, and what flushing either of them or the product costs. */
export function productBound(x: number, y: number): number {
  return U * Math.abs(x * y) + FLUSH * (1 + Math.abs(x) + Math.abs(y));
}

export function largest(x: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < x.length; i++) most = Math.max(most, Math.abs(x[i] as number));
  return most;
}
