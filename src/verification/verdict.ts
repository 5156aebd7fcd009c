/**
 * Verdicts from proven brackets, in the order of MATH.md §2, "Verdict per layer". A comparison accepts only what is proven:
 * NaN falls on the undecided side.
 */
import type { Interval } from "../engine/interval.ts";
import type { Check } from "../records/sample.ts";

/** T: within this of equality, equality and the strict inequality are told apart only by the proven bracket. */
export const TIGHT = 1e-3;

export type Verdict =
  | { readonly kind: "holds"; readonly trivial: boolean }
  /** 1 − κ_lo. */
  | { readonly kind: "tight"; readonly gap: number }
  | {
      readonly kind: "violated";
      readonly check: Check;
      readonly layer: number | null;
      readonly detail: string;
      /** The number that was found, what it should be (or be at most), and what rounding explains: 0 where that is in the numbers already. */
      readonly numbers: { readonly found: number; readonly right: number; readonly bound: number };
    }
  | { readonly kind: "unresolved"; readonly reason: string }
  | { readonly kind: "invalid"; readonly reason: string };

export type VerdictKind = Verdict["kind"];

/**
 * What found a violation: the inequality's own brackets, rule 2, the cut test, a stored value against its formula (replay, audit), a
 * norm or reported number against what it was made of, an identity, or an f64 replay that contradicts the engine.
 */
export type { Check };

/** A verdict as a number; from `unresolved` on the worse one is the larger. */
export const CODE = { holds: 0, trivial: 1, tight: 2, unresolved: 3, violated: 4, invalid: 5 } as const;

export function codeOf(verdict: Verdict): number {
  return verdict.kind === "holds" && verdict.trivial ? CODE.trivial : CODE[verdict.kind];
}

/** Undoes `codeOf`, for the verdicts that say no more than their bracket does. @param layer null for the total. */
export function verdictOf(code: number, bracket: Interval, layer: number | null): Verdict {
  if (code === CODE.holds) return { kind: "holds", trivial: false };
  if (code === CODE.trivial) return { kind: "holds", trivial: true };
  return judgeBracket(bracket, layer);
}

/** Rules 3–6 for a bracket of κ: violated above 1, holds at most 1, tight, or open. */
export function bracketCode(lower: number, upper: number): number {
  if (lower > 1) return CODE.violated;
  if (upper <= 1) return CODE.holds;
  return lower >= 1 - TIGHT ? CODE.tight : CODE.unresolved;
}

/** The same in words. @param layer for the report; null for the total. */
export function judgeBracket({ lower, upper }: Interval, layer: number | null): Verdict {
  switch (bracketCode(lower, upper)) {
    case CODE.violated:
      return {
        kind: "violated",
        check: "inequality",
        layer,
        detail: `κ is at least ${String(lower)}, and at most 1 by the theorem`,
        numbers: { found: lower, right: 1, bound: 0 },
      };
    case CODE.holds:
      return { kind: "holds", trivial: false };
    case CODE.tight:
      return { kind: "tight", gap: Math.max(0, 1 - lower) };
    default:
      return { kind: "unresolved", reason: `κ lies in [${String(lower)}, ${String(upper)}]` };
  }
}

/** The sample's verdict from those of its layers and of its total (MATH.md §2, "Sample verdict"). @param layers columns, t = 1 … l. */
export function combineVerdicts(layers: readonly Uint8Array[], at: number, total: number): number {
  let worst = total;
  for (let i = 0; i < layers.length; i++) {
    const code = (layers[i] as Uint8Array)[at] as number;
    if (code >= CODE.unresolved && code > worst) worst = code;
  }
  return worst;
}
