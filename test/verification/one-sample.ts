/** The columns of verification/ for one sample, from numbers made by hand, and what comes out as numbers again. */
import type { Arithmetic } from "../../src/engine/engine.ts";
import type { Interval } from "../../src/engine/interval.ts";
import type { Layer } from "../../src/network/network.ts";
import { jacobianBounds as boundsOfColumns } from "../../src/verification/bounds.ts";
import type { Evidence } from "../../src/verification/evidence.ts";
import type { JacobianBounds, LayerFinding } from "../../src/verification/findings.ts";
import { createFindings, findingAt } from "../../src/verification/findings.ts";
import { judgeLayers as judgeColumns } from "../../src/verification/judge.ts";
import type { LayerBounds } from "../../src/verification/rounding.ts";
import { judgeBounds } from "../../src/verification/rounding.ts";
import { totalBrackets as bracketsOfColumns } from "../../src/verification/total.ts";
import { totalWeights as weightsOfColumns } from "../../src/verification/weights.ts";
import type { CertainZeros } from "../../src/verification/zeros.ts";

export interface OnePullback {
  readonly vectorNorm: number;
  readonly resultNorm: number;
  readonly stageNorms: readonly number[];
}

export interface OneJacobian {
  readonly frobenius: number;
  readonly spectralLower: number;
  readonly spectralUpper: number;
  readonly stageNorms: readonly number[];
}

export interface OneLayer {
  readonly adjointNorm: number;
  readonly gradientNorm: number;
  readonly pullbackNorm: number;
  readonly stageNorms: readonly number[];
  readonly witness: OnePullback | null;
  readonly explicit: OneJacobian | null;
}

export interface OneEvidence {
  readonly arithmetic: Arithmetic;
  readonly slopeMax: readonly number[];
  readonly layers: readonly OneLayer[];
}

type Columns<T> = { readonly [K in keyof T]: T[K] extends number ? Float64Array : readonly Float64Array[] };

/** Every number a column of itself. */
export function columns<T extends object>(numbers: T): Columns<T> {
  const column = (value: unknown): unknown =>
    typeof value === "number" ? Float64Array.of(value) : (value as readonly number[]).map((v) => Float64Array.of(v));
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, column(value)])) as Columns<T>;
}

export function evidenceColumns({ slopeMax, layers }: OneEvidence): Evidence {
  return {
    ...columns({ slopeMax }),
    layers: layers.map(({ witness, explicit, ...numbers }) => ({
      ...columns(numbers),
      witness: witness === null ? null : columns(witness),
      explicit: explicit === null ? null : columns(explicit),
    })),
  };
}

export function judgeLayers(
  layers: readonly LayerBounds[],
  statement: "spectral" | "frobenius",
  evidence: OneEvidence,
  zeros: CertainZeros | null,
): LayerFinding[] {
  const findings = createFindings(layers.length, 1);
  const bounds = judgeBounds(layers, statement, evidence.arithmetic);
  const own = evidenceColumns(evidence);
  boundsOfColumns(bounds, own, findings);
  judgeColumns(bounds, own, () => zeros, findings);
  return layers.map((_, i) => findingAt(findings, i, 0));
}

/** Without p̂_t as a witness: its length is 0. */
export function jacobianBounds(
  layers: readonly LayerBounds[],
  statement: "spectral" | "frobenius",
  slopeMax: readonly number[],
  witnesses: readonly (OnePullback | null)[],
  explicit: readonly (OneJacobian | null)[],
  arithmetic: Arithmetic,
): JacobianBounds[] {
  const evidence = evidenceColumns({
    ...{ arithmetic, slopeMax },
    layers: layers.map((_, i) => ({
      ...{ adjointNorm: 1, gradientNorm: 0, pullbackNorm: 0, stageNorms: layers.map(() => 0) },
      witness: witnesses[i] ?? null,
      explicit: explicit[i] ?? null,
    })),
  });
  const findings = createFindings(layers.length, 1);
  boundsOfColumns(judgeBounds(layers, statement, arithmetic), evidence, findings);
  return layers.map((_, i) => findingAt(findings, i, 0).jacobian);
}

export function totalWeights(
  adjointNorms: readonly number[],
  hiddenNorms: readonly number[],
  scaleExponents: readonly number[],
  layers: readonly Pick<Layer, "biased">[],
): { weights: number[]; exponent: number } {
  const weights = layers.map(() => new Float64Array(1));
  const { adjoint, hidden } = columns({ adjoint: adjointNorms, hidden: hiddenNorms });
  const exponent = new Float64Array(1);
  weightsOfColumns(adjoint, hidden, scaleExponents, layers, weights, exponent);
  return { weights: weights.map((w) => w[0] as number), exponent: exponent[0] as number };
}

export function totalBracket(weights: readonly number[], findings: readonly LayerFinding[], error: number): Interval {
  const own = columns({
    weights,
    tightnessLower: findings.map(({ tightness }) => tightness.lower),
    tightnessUpper: findings.map(({ tightness }) => tightness.upper),
  });
  const totals = { totalLower: new Float64Array(1), totalUpper: new Float64Array(1) };
  bracketsOfColumns(own.weights, own, error, Int32Array.of(0), totals);
  return { lower: totals.totalLower[0] as number, upper: totals.totalUpper[0] as number };
}
