/**
 * How near the reported ‖J_t‖ is to a converged one. An iteration may settle on a lower singular value, or stop early, and be sound: its number
 * is a lower bound with a proven interval beside it. So a miss is counted, and is no violation; what is documented is how rare it is.
 */
import { wordsAt } from "../../sampling/philox.ts";
import { AUDIT_ENTRY_STREAM } from "../../sampling/streams.ts";
import type { LayerNumbers } from "../../records/sample.ts";
import type { JacobianWorkspace } from "./jacobian.ts";
import { convergedNorm, drawStart } from "./jacobian.ts";
import type { PreparedLayer } from "./prepared.ts";
import { timesPowerOfTwo } from "./scaling.ts";
import type { AuditSubject } from "./subject.ts";

/** Estimates of ‖J_t‖, t ≥ 2, one a sample: those of one sample are not independent, as the binomial test has them. */
export interface AccuracyCount {
  /** Held against a converged norm. */
  readonly audited: number;
  /** Further from it than was asked for. */
  readonly missed: number;
}

/**
 * One of the sample's layers, by its address: a converged norm costs as much as all else of an audit. Under the spectral norm alone there is
 * an iteration.
 * @param asked relative.
 */
export function auditAccuracy(
  { plan, prepared, traced, index }: AuditSubject,
  rows: readonly LayerNumbers[],
  asked: number,
  workspace: JacobianWorkspace,
): AccuracyCount {
  const depth = prepared.layers.length;
  if (plan.norm !== "spectral" || depth < 2) return NOTHING;
  const [word = 0] = wordsAt(plan.seed, AUDIT_ENTRY_STREAM, index, 1);
  const t = 2 + (word % (depth - 1));
  const found = rows[t - 1]?.jacobianNorm ?? null;
  drawStart(prepared, plan.seed, index, workspace);
  const right = found === null ? null : convergedNorm(prepared, traced.slopes, t, asked, workspace);
  if (found === null || right === null) return NOTHING;
  const { below } = prepared.layers[t - 1] as PreparedLayer;
  const isMissed = !(Math.abs(timesPowerOfTwo(found, -below) - right) <= asked * right);
  return { audited: 1, missed: isMissed ? 1 : 0 };
}

const NOTHING: AccuracyCount = { audited: 0, missed: 0 };

/** Misses of a sound iteration: once in a thousand (engine/krylov.ts, `SAFETY`: 3 of 4,213 in random masked networks). */
export const DOCUMENTED_RATE = 1e-3;
/** Below this chance so many misses are said to be more than that. */
export const SIGNIFICANCE = 1e-6;

/** P(X ≥ missed) for a binomial X of `audited` trials of chance `rate`. */
export function chanceOfMisses(audited: number, missed: number, rate = DOCUMENTED_RATE): number {
  if (missed === 0) return 1;
  // log of C(n, k) p^k (1 − p)^(n − k), then term by term; all are positive.
  let term = 0;
  for (let k = 1; k <= missed; k++) term += Math.log((audited - k + 1) / k) + Math.log(rate);
  term = Math.exp(term + (audited - missed) * Math.log1p(-rate));
  let sum = 0;
  for (let k = missed; k <= audited && term > sum * 2 ** -53; k++) {
    sum += term;
    term *= (((audited - k) / (k + 1)) * rate) / (1 - rate);
  }
  // Far above the mean the terms fall at once; below it nothing is said anyway.
  return missed <= audited * rate ? 1 : Math.min(1, sum);
}

/** Says that there are more misses than are documented, where that is certain enough. */
export function accuracyWords({ audited, missed }: AccuracyCount): { readonly reason?: string } {
  if (!(chanceOfMisses(audited, missed) < SIGNIFICANCE)) return {};
  return {
    reason: `${String(missed)} of ${String(audited)} estimates of ‖J_t‖ are further off than was asked for: at the documented rate, 1 in ${String(1 / DOCUMENTED_RATE)}, the chance of so many is below ${String(SIGNIFICANCE)} (binomial test)`,
  };
}
