/**
 * Judges a measured batch by plain f64 loops over what the engine stored: each linear step by its local bound (MATH.md §5), each norm
 * by that of its stored numbers, each bracket of ‖J_t‖ by a dense Jacobian of the stored slopes and a library's SVD.
 */
import { Matrix, SingularValueDecomposition } from "ml-matrix";
import type { Batch, Measurements, StoredSample } from "../../../src/engine/engine.ts";
import { WGSL_F32 } from "../../../src/engine/engine.ts";
import type { Plan } from "../../../src/engine/plan.ts";
import { activated } from "../../../src/network/parametric.ts";
import { evaluateHead } from "../../../src/network/heads.ts";
import { jacobianBounds, pullbackError } from "../../../src/verification/bounds.ts";
import { cutResiduals } from "../../../src/verification/cut.ts";
import { evidenceOf } from "../../../src/verification/evidence.ts";
import { createFindings, findingAt } from "../../../src/verification/findings.ts";
import { judgeBounds, layerBounds, normError } from "../../../src/verification/rounding.ts";

const U = 2 ** -23;
const FLUSH = 2 ** -126;
const gamma = (n: number): number => (n * U) / (1 - n * U);
const norm = (x: Float64Array): number => Math.hypot(...x);
const largest = (x: Float64Array): number => x.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/** W x (or Wᵀ x) and |W||x|. */
function times(w: Float64Array, outputs: number, inputs: number, x: Float64Array, transposed: boolean) {
  const n = transposed ? inputs : outputs;
  const sum = new Float64Array(n);
  const size = new Float64Array(n);
  for (let i = 0; i < outputs; i++) {
    for (let k = 0; k < inputs; k++) {
      const [to, from] = transposed ? [k, i] : [i, k];
      const term = (w[i * inputs + k] as number) * (x[from] as number);
      sum[to] = (sum[to] as number) + term;
      size[to] = (size[to] as number) + Math.abs(term);
    }
  }
  return { sum, size };
}

export function judgeBatch(plan: Plan, batch: Batch, m: Measurements, all: readonly StoredSample[]): string[] {
  return all.flatMap((stored, j) => judgeSample(plan, batch, m, stored, j).map((f) => `sample ${String(j)}, ${f}`));
}

function judgeSample(plan: Plan, batch: Batch, m: Measurements, stored: StoredSample, j: number): string[] {
  const findings: string[] = [];
  const depth = plan.layers.length;
  const layers = layerBounds(plan);
  const near = (
    what: string,
    got: Float64Array | undefined,
    exact: Float64Array,
    bound: (i: number) => number,
  ): void => {
    if (got === undefined || got.length !== exact.length) {
      findings.push(`${what}: ${String(got?.length)} numbers, expected ${String(exact.length)}`);
      return;
    }
    const i = exact.findIndex((v, at) => !(Math.abs((got[at] as number) - v) <= bound(at)));
    if (i >= 0)
      findings.push(
        `${what}[${String(i)}] is ${String(got[i])}, expected ${String(exact[i])} within ${String(bound(i))}`,
      );
  };
  const normNear = (what: string, got: number | undefined, x: Float64Array): void => {
    const exact = norm(x);
    if (!(Math.abs((got ?? NaN) - exact) <= normError(x.length, WGSL_F32) * exact)) {
      findings.push(`${what} is ${String(got)}, expected ${String(exact)}`);
    }
  };
  const at = (arrays: readonly Float64Array[], t: number): number | undefined => arrays[t - 1]?.[j];

  if (m.finite[j] !== 1) findings.push("is not marked finite");
  const width = batch.inputs.length / batch.samples;
  const input = Float64Array.from(batch.inputs.subarray(j * width, (j + 1) * width), Math.fround);
  near("x", stored.hidden[0], input, () => 0);

  for (let t = 1; t <= depth; t++) {
    const { weight, bias, outputs, inputs, activation } = plan.network.layers[
      t - 1
    ] as Plan["network"]["layers"][number];
    const scaled = (plan.layers[t - 1] as Plan["layers"][number]).scaledWeight;
    const h = stored.hidden[t - 1] as Float64Array;
    const z = times(weight, outputs, inputs, h, false);
    const flush = inputs * FLUSH * (4 + largest(weight) + largest(h));
    near(
      `z_${String(t + 1)}`,
      stored.preactivation[t - 1],
      z.sum.map((v, i) => v + (bias[i] as number)),
      (i) => gamma(inputs + 1) * ((z.size[i] as number) + Math.abs(bias[i] as number)) + flush,
    );
    // The activation's own accuracy is activations.test.ts's matter: here a mix-up of layers or units would show.
    const own = stored.preactivation[t - 1] as Float64Array;
    const loose = (v: number): number => 2 ** -14 * (1 + Math.abs(v));
    near(`h_${String(t + 1)}`, stored.hidden[t], activated(activation, own, 1).value, (i) => loose(own[i] as number));
    near(`D_${String(t)}`, stored.slopes[t - 1], activated(activation, own, 1).slope, (i) => loose(own[i] as number));

    const delta = stored.adjoints[t - 1] as Float64Array;
    const back = times(scaled, outputs, inputs, delta, true);
    const backBound = (i: number): number =>
      gamma(outputs) * (back.size[i] as number) + outputs * FLUSH * (4 + largest(delta));
    if (t === 1) near("input gradient", stored.inputGradient, back.sum, backBound);
    else {
      const slopes = stored.slopes[t - 2] as Float64Array;
      near(
        `δ_${String(t - 1)}`,
        stored.adjoints[t - 2],
        back.sum.map((v, i) => v * (slopes[i] as number)),
        (i) =>
          Math.abs(slopes[i] as number) * (backBound(i) + U * Math.abs(back.sum[i] as number)) * (1 + 2 * U) + FLUSH,
      );
    }
    const pulled = at(m.pullbackNorm, t) ?? NaN;
    const exactPulled = norm(back.sum);
    const pulledBound = normError(inputs, WGSL_F32) * exactPulled + norm(back.sum.map((_, i) => backBound(i))) * 1.01;
    if (!(Math.abs(pulled - exactPulled) <= pulledBound))
      findings.push(`‖p_${String(t)}‖ is ${String(pulled)}, expected ${String(exactPulled)}`);
    normNear(`‖h_${String(t)}‖`, at(m.hiddenNorm, t), h);
    normNear(`‖δ_${String(t)}‖`, at(m.adjointNorm, t), delta);
    if (at(m.slopeMax, t) !== largest(stored.slopes[t - 1] as Float64Array))
      findings.push(`max|D_${String(t)}| is ${String(at(m.slopeMax, t))}`);
  }

  const output = stored.hidden[depth] as Float64Array;
  const exact = evaluateHead(plan.head, output, batch.labels?.[j] ?? -1, batch.first + j);
  const magnitude = 2 ** -14 * (1 + largest(exact.gradient));
  near(
    "top gradient",
    stored.topGradient,
    exact.gradient.map((v) => v * 2 ** -stored.topExponent),
    () => magnitude * 2 ** -stored.topExponent,
  );
  if (!(Math.abs(stored.value - exact.value) <= 2 ** -14 * (1 + norm(output) ** 2)))
    findings.push(`f is ${String(stored.value)}, expected ${String(exact.value)}`);
  const top = stored.slopes[depth - 1] as Float64Array;
  const masked = stored.topGradient.map((v, i) => v * (top[i] as number));
  near("δ_l", stored.adjoints[depth - 1], masked, (i) => U * Math.abs(masked[i] as number) + FLUSH);

  const own = (columns: readonly Float64Array[]): number[] => columns.map((x) => x[j] as number);
  m.directions.forEach(({ products, tangentNorm }, d) => {
    const cut = { products: own(products), tangentNorms: own(tangentNorm) };
    cutResiduals(layers, own(m.adjointNorm), own(m.slopeMax), cut, m.arithmetic).forEach((ratio, i) => {
      if (!(ratio <= 1))
        findings.push(`cut test, direction ${String(d)}, layer ${String(i + 1)}: ${String(ratio)} of its bound`);
    });
  });
  return [...findings, ...judgeJacobians(plan, m, stored, j)];
}

/** Each bracket contains the dense value; with an accuracy asked for, its lower end is that near. */
function judgeJacobians(plan: Plan, m: Measurements, stored: StoredSample, j: number): string[] {
  const findings: string[] = [];
  const layers = layerBounds(plan);
  const proven = createFindings(layers.length, m.samples);
  jacobianBounds(judgeBounds(layers, plan.norm, m.arithmetic), evidenceOf(m), proven);
  const bounds = layers.map((_, i) => findingAt(proven, i, j).jacobian);
  const own = (columns: readonly Float64Array[]): number[] => columns.map((x) => x[j] as number);
  const inputs = (plan.network.layers[0] as { inputs: number }).inputs;
  let jacobian = Matrix.eye(inputs, inputs);
  for (let t = 2; t <= plan.layers.length; t++) {
    const { outputs, inputs: width } = plan.network.layers[t - 2] as { outputs: number; inputs: number };
    const w = (plan.layers[t - 2] as Plan["layers"][number]).scaledWeight;
    const rows = Array.from({ length: outputs }, (_, i) =>
      Array.from(
        w.subarray(i * width, (i + 1) * width),
        (v) => v * ((stored.slopes[t - 2] as Float64Array)[i] as number),
      ),
    );
    jacobian = new Matrix(rows).mmul(jacobian);
    const sigma = new SingularValueDecomposition(jacobian, { autoTranspose: true }).diagonal[0] ?? 0;
    const frobenius = jacobian.norm("frobenius");
    const bracket = bounds[t - 1] as (typeof bounds)[number];
    const truth = plan.norm === "spectral" ? sigma : frobenius;
    const where = `‖J_${String(t)}‖`;
    const slack = 1e-12 * truth;
    if (!(bracket.statement.lower <= truth + slack && bracket.statement.upper >= truth - slack)) {
      findings.push(
        `${where} is ${String(truth)}, outside [${String(bracket.statement.lower)}, ${String(bracket.statement.upper)}]`,
      );
    }
    const witness = m.witnesses[t - 1] ?? null;
    if (plan.accuracy === "verdict") {
      if (witness !== null) findings.push(`${where}: a witness where none was asked for`);
    } else if (witness === null) {
      findings.push(`${where}: no witness`);
    } else if (sigma > 0) {
      const uppers = bounds.map((b) => b.spectral.upper);
      const stages = own(witness.stageNorm);
      const error = pullbackError(layers, uppers, stages, t - 1, m.arithmetic) / (witness.vectorNorm[j] as number);
      const least = (1 - plan.accuracy) * sigma - error - 2 * normError(inputs + width, WGSL_F32) * sigma;
      if (!(bracket.spectral.lower >= least))
        findings.push(
          `${where}: lower end ${String(bracket.spectral.lower)} of ${String(sigma)} after ${String(witness.steps[j])} steps`,
        );
    }
    const dense = m.explicit[t - 1] ?? null;
    if ((plan.norm === "frobenius") !== (dense !== null))
      findings.push(`${where}: explicit Jacobian ${dense === null ? "missing" : "not asked for"}`);
    if (dense !== null) {
      const error = pullbackError(
        layers,
        bounds.map((b) => b.spectral.upper),
        own(dense.stageNorm),
        t - 1,
        m.arithmetic,
        outputs,
      );
      const allowed = error + normError(outputs * inputs, WGSL_F32) * frobenius + slack;
      if (!(Math.abs((dense.frobenius[j] as number) - frobenius) <= allowed))
        findings.push(`${where}_F is ${String(dense.frobenius[j])}, expected ${String(frobenius)}`);
    }
  }
  return findings;
}
