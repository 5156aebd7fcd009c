/**
 * The audit of one sample (MATH.md §2): every stored value recomputed on the host in f64 from the stored values that it was made of, every
 * measured norm from its vector, every reported number from those, and sampled entries of the identities. It is what gives the verdicts'
 * word "stored" its meaning: a verdict is proven for the stored slopes and adjoints, the audit says that these are the formulas' values.
 */
import type { SampleNumbers } from "../../records/sample.ts";
import type { Verdict } from "../verdict.ts";
import type { Discrepancy } from "./comparison.ts";
import { createComparison, discrepancyText } from "./comparison.ts";
import { auditExplicit } from "./explicit.ts";
import { auditForward } from "./forward.ts";
import type { IdentityEntry, IdentityResiduals } from "./identities.ts";
import { auditIdentities } from "./identities.ts";
import { auditLinear } from "./linear.ts";
import { auditIteration } from "./iteration.ts";
import { auditNorms } from "./norms.ts";
import { auditReported } from "./reported.ts";
import { auditProven } from "./proven.ts";
import { storedNorms } from "./stored-norms.ts";
import type { AuditSubject, Judged } from "./subject.ts";

export interface AuditOutcome {
  readonly discrepancies: readonly Discrepancy[];
  readonly residuals: IdentityResiduals;
  /** The entries of the identities that were looked at. */
  readonly entries: readonly IdentityEntry[];
}

/** @param reported the sample's row; null where these stored values gave no row. @param judged what the row copies. @param plan the plan's audit. */
export function auditSample(
  given: AuditSubject,
  reported: SampleNumbers | null,
  judged: Judged,
  plan: readonly Discrepancy[],
): AuditOutcome {
  const subject = { ...given, norms: storedNorms(given.traced) };
  const comparison = createComparison();
  auditForward(subject, comparison);
  auditLinear(subject, comparison);
  auditNorms(subject, comparison);
  auditExplicit(subject, comparison);
  auditIteration(subject, comparison);
  if (reported !== null) {
    auditReported(subject, reported, judged, comparison);
    auditProven(subject, reported.layers, comparison);
  }
  const { residuals, entries } = auditIdentities(subject, comparison);
  return { discrepancies: [...plan, ...comparison.found], residuals, entries };
}

export function discrepancyVerdict(d: Discrepancy): Verdict & { kind: "violated" } {
  const { check, layer, found, right, bound } = d;
  return { kind: "violated", check, layer, detail: discrepancyText(d), numbers: { found, right, bound } };
}

/**
 * The smallest share of faulty samples that an audit of n samples sees with probability 0.99: 1 − 0.01^(1/n), each audited sample being
 * a draw of its own.
 */
export function detectableShare(audited: number): number | null {
  return audited > 0 ? -Math.expm1(Math.log(0.01) / audited) : null;
}

/** The same in plain words. @param detects that share. */
export function escapeWords(detects: number): string {
  const share = detects < 0.5 ? `1 in ${String(Math.ceil(1 / detects))} samples` : "all but a few samples";
  return `a fault that touches fewer than ${share}, spread over the run, has a chance above 1 % of not being seen`;
}
