/**
 * The planted faults: each changes one thing in an engine's arithmetic, and no check can read which one is on.
 * They exist to measure which check catches what; `--plant NAME` switches one on.
 *
 * Here stand their names and those that change finished measurements and so serve every engine; plan-faults.ts has those of a plan,
 * batch-faults.ts those of a batch, gpu/faults.ts those of the kernels, cpu/faults.ts those of engine cpu.
 */
import type { DirectionMeasurement, Measurements } from "./engine.ts";

/** What a fault changes, and where it can be planted. */
export interface FaultDescription {
  readonly changes: string;
  /** True for what WGSL allows an implementation to do: no fault, and no check may find it. */
  readonly allowed?: boolean;
  readonly engines: readonly ("webgpu" | "cpu")[];
}

const everywhere = (changes: string): FaultDescription => ({ changes, engines: ["webgpu", "cpu"] });
const webgpu = (changes: string): FaultDescription => ({ changes, engines: ["webgpu"] });
const cpu = (changes: string): FaultDescription => ({ changes, engines: ["cpu"] });

const TABLE = {
  "inputs-stale": everywhere("from the second batch on, the inputs are still those of the batch before"),
  "forward-bias-dropped": everywhere("the forward pass forgets the biases"),
  "forward-term-skipped": everywhere("the forward product leaves out the last term of its sum"),
  "forward-index-shifted": everywhere("the forward product reads h one entry further on"),
  "forward-row-skipped": everywhere("the forward pass does not write its first row"),
  "forward-tile-skipped": webgpu("the forward pass leaves out a last tile that is not full"),
  "forward-workgroup-skipped": webgpu("the second workgroup of the forward pass does nothing"),
  "forward-sample-shifted": everywhere("the forward pass writes sample i to sample i + 4"),
  "hidden-truncated": everywhere("h is stored with the 10 bits of f16's mantissa"),
  "slopes-all-one": everywhere("every slope is stored as 1"),
  "kink-slope-one": everywhere("the slope of relu at 0 is 1"),
  "wrong-label": everywhere("the head takes the class after the right one"),
  "top-gradient-doubled": everywhere("the gradient of the head is twice what it should be"),
  "vjp-transposed": everywhere("the backward product reads W where it should read its transpose"),
  "vjp-missing-mask": everywhere("the backward pass forgets the slopes D_t"),
  "vjp-row-skipped": everywhere("the backward product leaves out the last term of its sum"),
  "vjp-tile-skipped": webgpu("the backward product leaves out a last tile that is not full"),
  "vjp-sample-shifted": everywhere("the backward pass writes sample i to sample i + 4"),
  "adjoint-truncated": everywhere("adjoints are stored with the 10 bits of f16's mantissa"),
  "weights-truncated": everywhere("the linear passes read weights with the 10 bits of f16's mantissa"),
  "jvp-transposed": everywhere("the tangent product reads the transpose of W where it should read W"),
  "jvp-missing-mask": everywhere("the tangent pass forgets the slopes D_t"),
  "jvp-row-skipped": everywhere("the tangent product leaves out the last term of its sum"),
  "jvp-sizes-shifted": webgpu("the tangent product's uniforms are packed one word off"),
  "random-direction-shifted": everywhere(
    "the product of layer 1 and the random direction is that of the next block of samples",
  ),
  "dot-row-skipped": webgpu("the products of the cut test leave out their last term"),
  "norm-row-skipped": webgpu("every norm leaves out the first entry"),
  "loop-cut-short": webgpu("every long loop ends after 8 iterations, as one driver's does after 65,535"),
  "barrier-missing": webgpu("norms and products are summed before the pass that makes what they sum"),
  "nan-swallowed": everywhere("NaN is lost in the maximum that looks for it"),
  "input-gradient-scaled": everywhere("the input gradient is multiplied by 1 + 1e-2"),
  "input-gradient-2e-3": everywhere("the input gradient is multiplied by 1 + 2e-3"),
  "input-gradient-1e-4": cpu("the input gradient is multiplied by 1 + 1e-4"),
  "input-gradient-1e-5": cpu("the input gradient is multiplied by 1 + 1e-5"),
  "input-gradient-1e-6": cpu("the input gradient is multiplied by 1 + 1e-6"),
  "jacobian-norm-halved": everywhere("every witness of a Jacobian norm comes out half as long"),
  "jacobian-norm-doubled": everywhere("every witness of a Jacobian norm comes out twice as long"),
  "jacobian-norm-low": everywhere("every witness of a Jacobian norm is multiplied by 0.999"),
  "jacobian-norm-high": everywhere("every witness of a Jacobian norm is multiplied by 1.001"),
  "hidden-norm-shifted": everywhere("the norm of h at one layer is taken for that of the layer before"),
  "weight-norm-halved": everywhere("the proven bracket of every weight norm is multiplied by 0.5"),
  "weight-norm-doubled": everywhere("the proven bracket of every weight norm is multiplied by 2"),
  "weight-norm-low": everywhere("the proven bracket of every weight norm is multiplied by 0.999"),
  "weight-norm-high": everywhere("the proven bracket of every weight norm is multiplied by 1.001"),
  "last-tile-wrong-at-17": everywhere("where a layer has 16k + 1 rows, the forward pass leaves out the last of them"),
  "slopes-at-hidden": everywhere("slopes are taken at h in place of z"),
  "slopes-of-neighbour": everywhere("the backward and the tangent pass take another sample's slopes"),
  "vjp-slopes-of-neighbour": everywhere("the backward pass takes another sample's slopes"),
  "norm-lane-skipped": webgpu("every norm leaves out the last entry"),
  "gelu-slope-without-density": everywhere("the slope of gelu lacks its term zφ(z)"),
  "tanh-slope-linear": everywhere("the slope of tanh is 1 − |tanh z| in place of 1 − tanh² z"),
  "silu-slope-logistic": everywhere("the slope of silu is the logistic function's value"),
  "leaky-slope-doubled": everywhere("leaky-relu has twice its slope on its negative side, in value and slope alike"),
  "cross-entropy-label-dropped": everywhere("the gradient of cross-entropy is 0 at the label"),
  "labels-shifted-from-256": everywhere("from sample 256 on, labels are those of the class after"),
  "labels-shifted-from-65536": everywhere("from sample 65,536 on, labels are those of the class after"),
  "samples-swapped": everywhere("in every batch, samples 2 and 3 have each other's inputs"),
  "witness-of-next-sample": everywhere("the norms of a sample's witness are those of the next sample's"),
  "iteration-one-step": everywhere("the iteration for ‖J_t‖ ends after one step"),
  "iteration-loose": everywhere("the iteration for ‖J_t‖ stops after four steps, at any residual"),
  "iteration-stop-loose": everywhere("the iteration for ‖J_t‖ stops at ten thousand times the error that it may leave"),
  "iteration-vector-flat": everywhere("the witness is the sum of the iteration's vectors"),
  "iteration-vector-first": everywhere("the witness is the iteration's first vector"),
  "weight-norm-proof-low": everywhere("‖W‖ is bracketed at 0.9 times its value, the proof that is kept of it too"),
  "weight-norm-proof-high": everywhere("‖W‖ is bracketed at 1.1 times its value, the proof that is kept of it too"),
  "omega-low": everywhere("ω_t is 0.9 times its value"),
  "omega-high": everywhere("ω_t is 3 times its value"),
  "plan-weights-f16": everywhere("the plan has the weights with the 10 bits of f16's mantissa"),
  "plan-weights-transposed": everywhere("the plan has the transposes of the square weights"),
  "plan-bias-of-next": everywhere("the plan has each bias in the place of the one before"),
  "inputs-row-early": everywhere("the run reads its inputs one row early"),
  "inputs-drawn-wide": everywhere("inputs are 1.01 times as they are drawn"),
  "first-sample-turned": everywhere("the first sample of every batch has two entries exchanged"),
  "last-sample-turned": everywhere("the last sample of every batch has two entries exchanged"),
  "last-batch-turned": everywhere(
    "in a batch that is smaller than those before, all samples have two entries exchanged",
  ),
  "one-in-500-turned": everywhere("one sample in 500 has two entries exchanged"),
  "one-in-1000-turned": everywhere("one sample in 1,000 has two entries exchanged"),
  "report-mean-high": everywhere("the report's mean ‖∇ₓf‖² is 1.001 times its value"),
  "report-mean-of-others": everywhere("the report's mean ratio is divided by one sample more"),
  "report-count-moved": everywhere("the report counts one sample that holds as tight"),
  "report-median-high": everywhere("the report's median ratio is 1.001 times its value"),
  "report-quantile-of-others": everywhere("the report's 99th percentile of the ratio is its 90th"),
  "report-maximum-dropped": everywhere("the report's largest ratio is its median"),
  "subnormals-flushed": { ...webgpu("products and activations are 0 where they are subnormal"), allowed: true },
} as const satisfies Readonly<Record<string, FaultDescription>>;

export type FaultName = keyof typeof TABLE;

export const FAULTS: Readonly<Record<FaultName, FaultDescription>> = TABLE;

export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

/** 1 + ε of the faults that scale the input gradient; 1 for all others. */
export function inputGradientFactor(fault: FaultName | null | undefined): number {
  switch (fault) {
    case "input-gradient-scaled":
      return 1 + 1e-2;
    case "input-gradient-2e-3":
      return 1 + 2e-3;
    case "input-gradient-1e-4":
      return 1 + 1e-4;
    case "input-gradient-1e-5":
      return 1 + 1e-5;
    case "input-gradient-1e-6":
      return 1 + 1e-6;
    default:
      return 1;
  }
}

const NORM_FACTORS: Readonly<Record<string, number>> = { halved: 0.5, doubled: 2, low: 0.999, high: 1.001 };

/** What a fault of this family (jacobian-norm, weight-norm) multiplies by; null where it is not of the family. */
export function normFactor(family: string, fault: FaultName | null | undefined): number | null {
  if (!fault?.startsWith(`${family}-`)) return null;
  return NORM_FACTORS[fault.slice(family.length + 1)] ?? null;
}

/** The measurements with the fault in them, where it is one of the host's norms. */
export function withMeasurementFault(m: Measurements, fault: FaultName | null | undefined): Measurements {
  const factor = normFactor("jacobian-norm", fault);
  if (factor !== null) {
    const witnesses = m.witnesses.map((w) =>
      w === null ? null : { ...w, pullbackNorm: w.pullbackNorm.map((v) => factor * v) },
    );
    return { ...m, witnesses };
  }
  if (fault === "witness-of-next-sample") {
    const next = (v: Float64Array): Float64Array => v.map((_, at) => v[(at + 1) % v.length] as number);
    return {
      ...m,
      witnesses: m.witnesses.map((w) =>
        w === null ? null : { ...w, vectorNorm: next(w.vectorNorm), pullbackNorm: next(w.pullbackNorm) },
      ),
    };
  }
  if (fault === "hidden-norm-shifted") {
    const last = m.hiddenNorm.length - 1;
    return { ...m, hiddenNorm: m.hiddenNorm.map((_, i) => m.hiddenNorm[Math.min(i + 1, last)] as Float64Array) };
  }
  if (fault === "nan-swallowed") {
    const clean = (values: Float64Array): Float64Array => values.map((v) => (Number.isNaN(v) ? 0 : v));
    const direction = (d: DirectionMeasurement): DirectionMeasurement => ({
      tangentNorm: d.tangentNorm.map(clean),
      products: d.products.map(clean),
    });
    return {
      ...m,
      finite: m.finite.map(() => 1),
      value: clean(m.value),
      hiddenNorm: m.hiddenNorm.map(clean),
      slopeMax: m.slopeMax.map(clean),
      adjointNorm: m.adjointNorm.map(clean),
      pullbackNorm: m.pullbackNorm.map(clean),
      directions: [direction(m.directions[0]), direction(m.directions[1])],
    };
  }
  return m;
}

/** x with the 10 bits of f16's mantissa, the rest cut off; the exponent's range stays. */
export function truncated(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const bits = new Float32Array(1);
  bits[0] = x;
  const words = new Uint32Array(bits.buffer);
  words[0] = (words[0] as number) & 0xffffe000;
  return bits[0] as number;
}
