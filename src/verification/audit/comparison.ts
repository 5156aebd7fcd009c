/** Where the audit writes down what does not agree. */
import type { Interval } from "../../engine/interval.ts";
import type { Check } from "../verdict.ts";

export type AuditCheck = Extract<Check, "local" | "norms" | "identity" | "iteration">;

/** A stored or reported number beside the right one, and what rounding explains. */
export interface Discrepancy {
  readonly check: AuditCheck;
  /** null: the whole network. */
  readonly layer: number | null;
  /** "h", "δ", "‖J‖" … */
  readonly quantity: string;
  readonly found: number;
  readonly right: number;
  readonly bound: number;
}

export interface Comparison {
  /** Writes down |found − right| > bound; NaN on either side is a discrepancy. */
  readonly near: (
    check: AuditCheck,
    layer: number | null,
    quantity: string,
    found: number,
    right: number,
    bound: number,
  ) => void;
  /**
   * Writes down a number outside [lower, upper]; one that is not finite too, unless the interval is open above: it has left the range
   * of f64, or what it was divided by may be 0.
   */
  readonly within: (check: AuditCheck, layer: number | null, quantity: string, found: number, right: Interval) => void;
  readonly found: readonly Discrepancy[];
}

/** Keeps the first discrepancy of each quantity and layer: an array that is wrong throughout is one finding. */
export function createComparison(): Comparison {
  const found: Discrepancy[] = [];
  const write = (d: Discrepancy): void => {
    if (found.some((e) => e.check === d.check && e.layer === d.layer && e.quantity === d.quantity)) return;
    found.push(d);
  };
  return {
    found,
    near(check, layer, quantity, value, right, bound) {
      if (Math.abs(value - right) <= bound) return;
      // Two infinities of one sign differ by NaN, and agree.
      if (value === right) return;
      write({ check, layer, quantity, found: value, right, bound });
    },
    within(check, layer, quantity, value, { lower, upper }) {
      if (Number.isFinite(value) ? value >= lower && value <= upper : upper === Infinity) return;
      write({ check, layer, quantity, found: value, right: lower / 2 + upper / 2, bound: upper / 2 - lower / 2 });
    },
  };
}

/** "h of layer 3 is 0.512, recomputed 0.498 ± 1.2e-7". */
export function discrepancyText(d: Discrepancy): string {
  const place = d.layer === null ? "" : ` of layer ${String(d.layer)}`;
  return `${d.quantity}${place} is ${d.found.toPrecision(6)}, recomputed ${d.right.toPrecision(6)} ± ${d.bound.toPrecision(2)}`;
}
