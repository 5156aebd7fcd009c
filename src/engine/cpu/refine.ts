/**
 * Samples again in f64, from what an engine stored of them: D̂, δ̂_t and ĥ are taken as exact (MATH.md §2, "Escalation"). A block of samples
 * goes through each step together; a sample's numbers do not depend on its company.
 * The forward pass is not rerun: a slope could fall on the other side of a kink, and each such sample would be a false alarm.
 */
import type { StoredSample, Wanted } from "../engine.ts";
import type { Plan } from "../plan.ts";
import type { ExplicitJacobian } from "../program/explicit.ts";
import type { Iteration } from "../program/iteration.ts";
import { directionVector } from "../../sampling/philox.ts";
import { proverOf } from "./ball-proof.ts";
import { addScaledColumns, columnDot, columnMax, columnNorm, fromColumns, masked, unitColumns } from "./columns.ts";
import { runExplicit } from "./explicit.ts";
import { Frame } from "./frame.ts";
import { runIteration } from "./iteration.ts";
import { runCalls } from "./kernels.ts";
import type { Operators } from "./operators.ts";

export interface RefineRequest {
  /** Index of each sample in the run: the address of its random start. */
  readonly indices: readonly number[];
  /** Layers t to refine. */
  readonly layers: readonly number[];
  /** Relative accuracy of the witnesses; null: the pullbacks alone. */
  readonly accuracy: number | null;
  /** Explicit Jacobians with proven spectral norms for layers 2 … max(layers). */
  readonly explicit: boolean;
  /** Proven intervals of ‖J_t‖ for these layers (ball-proof.ts), by t − 1; none where left out. */
  readonly wanted?: readonly (Wanted | null)[] | null;
}

/** Norms of layer t's chain, restarted at the stored δ̂_t, a column each; for the meaning of each see verification/evidence.ts. */
export interface RefinedLayer {
  readonly adjointNorm: Float64Array;
  readonly gradientNorm: Float64Array;
  readonly pullbackNorm: Float64Array;
  readonly stageNorms: readonly Float64Array[];
  readonly witness: {
    readonly vectorNorm: Float64Array;
    readonly resultNorm: Float64Array;
    readonly stageNorms: readonly Float64Array[];
    /** As WitnessMeasurement has it, where the plan asks for it. */
    readonly error?: Float64Array | undefined;
  } | null;
  readonly explicit: {
    readonly frobenius: Float64Array;
    readonly spectralLower: Float64Array;
    readonly spectralUpper: Float64Array;
    readonly stageNorms: readonly Float64Array[];
  } | null;
  /** Of a proven interval of ‖J_t‖₂ at the stored slopes: the lower end that goes with the estimate is its witness's. */
  readonly upper?: Float64Array | null;
  /** ‖D̂_{t−1}W′_tᵀδ̂_t − δ̂_{t−1}‖ of the stored values (t = 1: ‖W′_1ᵀδ̂_1 − ĝ_x‖). */
  readonly localResidual: Float64Array;
}

export interface Refinement {
  readonly slopeMax: readonly Float64Array[];
  /** t = 1 … l; null where not asked for. */
  readonly layers: readonly (RefinedLayer | null)[];
}

/** What is stored of the samples, as matrices. */
interface StoredColumns {
  readonly samples: number;
  readonly slopes: readonly Float64Array[];
  readonly adjoints: readonly Float64Array[];
  readonly inputGradient: Float64Array;
}

export function refineSamples(
  operators: Operators,
  samples: readonly StoredSample[],
  request: RefineRequest,
): Refinement {
  const { layers } = operators.plan;
  const explicitUpTo = request.explicit ? Math.max(...request.layers) : 0;
  const matrix = (of: (sample: StoredSample) => Float64Array): Float64Array => fromColumns(samples.map(of));
  const stored: StoredColumns = {
    samples: samples.length,
    slopes: layers.map((_, i) => matrix((s) => s.slopes[i] as Float64Array)),
    adjoints: layers.map((_, i) => matrix((s) => s.adjoints[i] as Float64Array)),
    inputGradient: matrix((s) => s.inputGradient),
  };
  const slopeMax = stored.slopes.map((d) => columnMax(d, samples.length));
  const refined = layers.map((_, i): RefinedLayer | null => {
    const t = i + 1;
    // Explicit Jacobians of the layers below serve the error sums of the layers above.
    if (!request.layers.includes(t) && t > explicitUpTo) return null;
    return refineLayer(operators, stored, t, request, t <= explicitUpTo && t > 1);
  });
  const { wanted = null } = request;
  if (wanted === null) return { slopeMax, layers: refined };
  const proven = proverOf(operators.plan)?.prove(stored.slopes, slopeMax, samples.length, refined.map(raised(wanted)));
  return {
    slopeMax,
    layers: refined.map((own, i) => (own === null ? null : { ...own, upper: proven?.[i]?.upper ?? null })),
  };
}

/** The lower ends that are known, or a new witness's quotient where that is larger. */
function raised(wanted: readonly (Wanted | null)[]): (layer: RefinedLayer | null, i: number) => Wanted | null {
  return (layer, i) => {
    const own = wanted[i] ?? null;
    if (own === null || layer === null) return null;
    const { witness } = layer;
    if (witness === null) return own;
    const { vectorNorm, resultNorm } = witness;
    return {
      ...own,
      lower: own.lower.map((known, k) => {
        const quotient = (resultNorm[k] as number) / (vectorNorm[k] as number);
        return quotient > known ? quotient : known;
      }),
    };
  };
}

function refineLayer(
  operators: Operators,
  stored: StoredColumns,
  t: number,
  { indices, accuracy }: RefineRequest,
  explicit: boolean,
): RefinedLayer {
  const { base, iterations, explicit: jacobians } = operators.whole();
  const { slopes, samples } = stored;
  const frame = new Frame(operators, 0, null);
  base.slopes.forEach((D, i) => {
    frame.set(D, slopes[i] as Float64Array);
  });
  const adjoint = stored.adjoints[t - 1] as Float64Array;
  const pulled = operators.applyTransposed(t, adjoint, samples);
  const [adjointNorm, pullbackNorm] = [columnNorm(adjoint, samples), columnNorm(pulled, samples)];
  const own = iterations[t - 2];
  const chain = own === undefined ? { pullbackNorm, stageNorm: [] } : pullbackNorms(frame, own, pulled, samples);
  const dense = explicit ? runExplicit(frame, jacobians[t - 2] as ExplicitJacobian, base.slopes, samples, true) : null;
  let witness: RefinedLayer["witness"] = null;
  if (own !== undefined && accuracy !== null) {
    frame.set(own.next, startVectors(operators.plan, indices, pulled, pullbackNorm));
    const { measurement: found } = runIteration(frame, own, base.slopes, accuracy, false);
    witness = {
      ...{ vectorNorm: found.vectorNorm, resultNorm: found.pullbackNorm, stageNorms: found.stageNorm },
      error: found.error,
    };
  }
  return {
    ...{ adjointNorm, pullbackNorm, witness },
    gradientNorm: chain.pullbackNorm,
    stageNorms: [...chain.stageNorm, adjointNorm],
    explicit:
      dense === null
        ? null
        : {
            frobenius: dense.frobenius,
            spectralLower: dense.spectralLower,
            spectralUpper: dense.spectralUpper,
            stageNorms: dense.stageNorm,
          },
    localResidual: localResidual(stored, t, pulled),
  };
}

/** Norms of J_tᵀu and of the vectors on the way. */
function pullbackNorms(frame: Frame, { vector, back, measured }: Iteration, u: Float64Array, samples: number) {
  frame.set(vector, u);
  runCalls(frame, back);
  return {
    pullbackNorm: frame.measure(measured.pullbackNorm, samples),
    stageNorm: measured.stageNorm.map((measure) => frame.measure(measure, samples)),
  };
}

function localResidual(stored: StoredColumns, t: number, pulled: Float64Array): Float64Array {
  const target = t === 1 ? stored.inputGradient : (stored.adjoints[t - 2] as Float64Array);
  const own = t === 1 ? pulled : masked(stored.slopes[t - 2] as Float64Array, pulled);
  return columnNorm(
    own.map((v, i) => v - (target[i] as number)),
    stored.samples,
  );
}

/** The normalised sum of p_t and a random vector of the sample's address, both of length 1: p_t alone can miss the top singular vector. */
function startVectors(plan: Plan, indices: readonly number[], pulled: Float64Array, norms: Float64Array): Float64Array {
  const samples = indices.length;
  const start = unitColumns(pulled, norms);
  const random = fromColumns(indices.map((index) => directionVector(plan.seed, index, pulled.length / samples)));
  const second = unitColumns(random, columnNorm(random, samples));
  // The sign keeps the two from cancelling where they are parallel, as in one dimension they are.
  const sides = columnDot(start, second, samples).map((dot) => (dot < 0 ? -1 : 1));
  addScaledColumns(start, sides, second);
  return unitColumns(start, columnNorm(start, samples));
}
