/** Numbers given in f64, rounded to f32: how many changed, by how much, and which f32 cannot hold. */
import type { Network } from "../network/network.ts";

/** What rounding to f32 did to numbers that f32 can hold. */
export interface Rounding {
  readonly values: number;
  /** The largest relative change; at most 2⁻²⁴. */
  readonly worst: number;
}

export const UNROUNDED: Rounding = { values: 0, worst: 0 };

export function joinRounding(a: Rounding, b: Rounding): Rounding {
  return { values: a.values + b.values, worst: Math.max(a.worst, b.worst) };
}

/** Relative change of a number of f32's normal range, at most. */
const OWN_ROUNDING = 2 ** -24;

/**
 * The values in f32, and what that changed. `beyond` is the first place whose value f32 cannot hold within its own rounding: too large, or
 * so small that it loses digits; −1 for none. NaN and infinities are what they are.
 */
export function roundedToF32(values: Float64Array): { rounded: Float64Array; rounding: Rounding; beyond: number } {
  const rounded = Float64Array.from(values, Math.fround);
  let changed = 0;
  let worst = 0;
  let beyond = -1;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as number;
    const change = Math.abs((rounded[i] as number) - v);
    if (!(change > 0) || !Number.isFinite(v)) continue;
    changed++;
    if (!(change <= OWN_ROUNDING * Math.abs(v))) {
      if (beyond < 0) beyond = i;
    } else worst = Math.max(worst, change / Math.abs(v));
  }
  return { rounded, rounding: { values: changed, worst }, beyond };
}

/** The first weight or bias that f32 cannot hold, in words; null for none. */
export function beyondF32(network: Network): string | null {
  for (const [i, layer] of network.layers.entries()) {
    for (const name of ["weight", "bias"] as const) {
      const { beyond } = roundedToF32(layer[name]);
      if (beyond >= 0) return `${name}[${String(beyond)}] of layer ${String(i + 1)} is ${String(layer[name][beyond])}`;
    }
  }
  return null;
}
