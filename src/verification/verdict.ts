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

/**
 * Rules 3–6 for a bracket of κ: `violated` above 1, `holds` at most 1, `tight`, or open.
 * @param layer for the report; null for the total.
 */
export function judgeBracket(bracket: Interval, layer: number | null): Verdict {
  if (bracket.lower > 1) {
    return {
      kind: "violated",
      check: "inequality",
      layer,
      detail: `κ is at least ${String(bracket.lower)}, and at most 1 by the theorem`,
      numbers: { found: bracket.lower, right: 1, bound: 0 },
    };
  }
  if (bracket.upper <= 1) return { kind: "holds", trivial: false };
  if (bracket.lower >= 1 - TIGHT) return { kind: "tight", gap: Math.max(0, 1 - bracket.lower) };
  return { kind: "unresolved", reason: `κ lies in [${String(bracket.lower)}, ${String(bracket.upper)}]` };
}

/** The sample's verdict from those of its layers and of its total (MATH.md §2, "Sample verdict"). */
export function combineVerdicts(layers: readonly Verdict[], total: Verdict): Verdict {
  for (const kind of ["invalid", "violated", "unresolved"] as const) {
    const found = [...layers, total].find((v) => v.kind === kind);
    if (found !== undefined) return found;
  }
  return total;
}
