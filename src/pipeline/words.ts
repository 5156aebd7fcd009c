/** Verdicts in words: what a sample's columns do not say of it, once nothing of it changes any more (block.ts, `Told`). */
import { findingAt, putFinding } from "../verification/findings.ts";
import { CODE, codeOf } from "../verification/verdict.ts";
import type { LayerColumns, SettledBlock, Told, Violation } from "./block.ts";
import { RUNGS } from "./block.ts";
import type { Draft } from "./draft.ts";
import { verdictAt } from "./row.ts";

export function putInWords(draft: Draft): void {
  const { block, inF64, isOut, risks, small, unsure, lengthFaults, doubtful } = draft;
  const { verdict } = block;
  for (const [at, number] of small) {
    if (!inF64 || verdict[at] === CODE.violated) continue;
    const reason = `${number}, too small for f64: the numbers reported need not be near the formulas'`;
    tell(block, at, { verdict: { kind: "unresolved", reason }, violations: [] });
    doubtful.add(at);
  }
  for (const [at, zero] of unsure) if (!small.has(at) || verdict[at] === CODE.violated) nameZero(block, at, zero);
  for (let at = 0; at < block.samples; at++) {
    if (verdict[at] !== CODE.violated || isOut[at] === 1) continue;
    const violations = violationsOf(draft, at);
    tell(block, at, { verdict: violations[0] ?? verdictAt(block, at), violations });
  }
  for (const [at, risk] of risks) invalidate(draft, at, risk);
  for (const [at, fault] of lengthFaults) blame(block, at, fault);
}

/** Every violation of the sample, those of its layers' brackets last. */
function violationsOf({ block, cutFaults, localFaults }: Draft, at: number): Violation[] {
  const local = localFaults.get(at);
  const found = [...(cutFaults.get(at) ?? []), ...(local === undefined ? [] : [local])];
  for (let i = 0; i < block.findings.depth; i++) {
    const { verdict } = findingAt(block.findings, i, at);
    if (verdict.kind === "violated") found.push(verdict);
  }
  return found;
}

/** An open verdict beside a zero that is not certain says so. */
function nameZero(block: SettledBlock, at: number, zero: string): void {
  const verdict = verdictAt(block, at);
  if (verdict.kind !== "unresolved") return;
  const reason = `${zero}, which may be a number too small for f64 or a sum that cancelled: ${verdict.reason}`;
  tell(block, at, { verdict: { kind: "unresolved", reason }, violations: [] });
}

/** A sample that cannot be judged. */
function invalidate({ block, bounds, weights, weightExponent, doubtful }: Draft, at: number, reason: string): void {
  const { findings, numbers, layers } = block;
  const none = { lower: NaN, upper: NaN };
  const verdict = { kind: "invalid", reason } as const;
  const jacobian = { spectral: none, statement: none, kind: "product", contradiction: null } as const;
  bounds.layers.forEach((_, i) => {
    putFinding(findings, i, at, { verdict, jacobian, tightness: none, restartError: NaN });
    (weights[i] as Float64Array)[at] = NaN;
    (layers[i] as LayerColumns).cutResidual[at] = NaN;
  });
  numbers.totalLower[at] = NaN;
  numbers.totalUpper[at] = NaN;
  weightExponent[at] = 0;
  block.kink[at] = 0;
  block.kinkLocal[at] = 0;
  block.rung[at] = RUNGS.indexOf("screened");
  doubtful.add(at);
  tell(block, at, { verdict, violations: [] });
}

/** Puts a violation before what else is known of the sample. */
export function blame(block: SettledBlock, at: number, verdict: Violation): void {
  tell(block, at, { verdict, violations: [verdict, ...(block.told.get(at)?.violations ?? [])] });
}

export function tell(block: SettledBlock, at: number, { verdict, violations }: Omit<Told, "audit">): void {
  block.verdict[at] = codeOf(verdict);
  block.told.set(at, { verdict, violations, audit: block.told.get(at)?.audit });
}
