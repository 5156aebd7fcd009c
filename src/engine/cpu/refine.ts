/**
 * One sample again in f64, from what an engine stored of it: D̂, δ̂_t and ĥ are taken as exact (MATH.md §2, "Escalation").
 * The forward pass is not rerun: a slope could fall on the other side of a kink, and each such sample would be a false alarm.
 */
import type { StoredSample } from "../engine.ts";
import type { Plan } from "../plan.ts";
import type { ExplicitJacobian } from "../program/explicit.ts";
import type { Iteration } from "../program/iteration.ts";
import type { Measure } from "../program/stage.ts";
import { directionVector } from "../../sampling/philox.ts";
import { columnNorm, unitColumns } from "./columns.ts";
import { runExplicit } from "./explicit.ts";
import { Frame } from "./frame.ts";
import { runIteration } from "./iteration.ts";
import { runCalls } from "./kernels.ts";
import type { Operators } from "./operators.ts";

export interface RefineRequest {
  /** Index of the sample in the run: the address of its random start. */
  readonly index: number;
  /** Layers t to refine. */
  readonly layers: readonly number[];
  /** Relative accuracy of the witnesses; null: the pullbacks alone. */
  readonly accuracy: number | null;
  /** Explicit Jacobians with proven spectral norms for layers 2 … max(layers). */
  readonly explicit: boolean;
}

/** Norms of layer t's chain, restarted at the stored δ̂_t; for the meaning of each see verification/evidence.ts. */
export interface RefinedLayer {
  readonly adjointNorm: number;
  readonly gradientNorm: number;
  readonly pullbackNorm: number;
  readonly stageNorms: readonly number[];
  readonly witnesses: readonly { vectorNorm: number; resultNorm: number; stageNorms: readonly number[] }[];
  readonly explicit: {
    frobenius: number;
    spectralLower: number;
    spectralUpper: number;
    stageNorms: readonly number[];
  } | null;
  /** ‖D̂_{t−1}W′_tᵀδ̂_t − δ̂_{t−1}‖ of the stored values (t = 1: ‖W′_1ᵀδ̂_1 − ĝ_x‖). */
  readonly localResidual: number;
}

export interface Refinement {
  readonly slopeMax: readonly number[];
  /** t = 1 … l; null where not asked for. */
  readonly layers: readonly (RefinedLayer | null)[];
}

export function refineSample(operators: Operators, stored: StoredSample, request: RefineRequest): Refinement {
  const highest = Math.max(...request.layers);
  const explicitUpTo = request.explicit ? highest : 0;
  const layers = operators.plan.layers.map((_, i): RefinedLayer | null => {
    const t = i + 1;
    const wanted = request.layers.includes(t);
    // Explicit Jacobians of the layers below serve the error sums of the layers above.
    if (!wanted && t > explicitUpTo) return null;
    return refineLayer(operators, stored, t, request, t <= explicitUpTo && t > 1);
  });
  return { slopeMax: stored.slopes.map((d) => largest(d)), layers };
}

function refineLayer(
  operators: Operators,
  stored: StoredSample,
  t: number,
  request: RefineRequest,
  explicit: boolean,
): RefinedLayer {
  const { base, iterations, explicit: jacobians } = operators.whole();
  const frame = new Frame(operators, request.index, null);
  base.slopes.forEach((D, i) => {
    frame.set(D, stored.slopes[i] as Float64Array);
  });
  const adjoint = stored.adjoints[t - 1] as Float64Array;
  const pulled = operators.applyTransposed(t, adjoint, 1);
  const [adjointNorm, pullbackNorm] = [norm(adjoint), norm(pulled)];
  const own = iterations[t - 2];
  const chain = own === undefined ? { pullbackNorm, stageNorms: [] } : pullbackNorms(frame, own, pulled);
  const dense = explicit ? runExplicit(frame, jacobians[t - 2] as ExplicitJacobian, base.slopes, 1, true) : null;
  const witnesses: RefinedLayer["witnesses"][number][] = [];
  if (own !== undefined && request.accuracy !== null) {
    frame.set(own.next, startVector(operators.plan, request.index, pulled));
    const { vectorNorm, pullbackNorm: result, stageNorm } = runIteration(frame, own, base.slopes, request.accuracy);
    const stageNorms = stageNorm.map((v) => v[0] as number);
    witnesses.push({ vectorNorm: vectorNorm[0] as number, resultNorm: result[0] as number, stageNorms });
  }
  return {
    ...{ adjointNorm, pullbackNorm, witnesses },
    gradientNorm: chain.pullbackNorm,
    stageNorms: [...chain.stageNorms, adjointNorm],
    explicit:
      dense === null
        ? null
        : {
            frobenius: dense.frobenius[0] as number,
            spectralLower: dense.spectralLower[0] as number,
            spectralUpper: dense.spectralUpper[0] as number,
            stageNorms: dense.stageNorm.map((v) => v[0] as number),
          },
    localResidual: localResidual(stored, t, pulled),
  };
}

/** Norms of J_tᵀu and of the vectors on the way. */
function pullbackNorms(frame: Frame, { vector, back, measured }: Iteration, u: Float64Array) {
  frame.set(vector, u);
  runCalls(frame, back);
  const read = (measure: Measure): number => frame.measure(measure, 1)[0] as number;
  return { pullbackNorm: read(measured.pullbackNorm), stageNorms: measured.stageNorm.map(read) };
}

function localResidual(stored: StoredSample, t: number, pulled: Float64Array): number {
  const target = t === 1 ? stored.inputGradient : (stored.adjoints[t - 2] as Float64Array);
  const mask = t === 1 ? null : (stored.slopes[t - 2] as Float64Array);
  return norm(pulled.map((v, i) => (mask === null ? v : v * (mask[i] as number)) - (target[i] as number)));
}

/** The normalised sum of p_t and a random vector of the sample's address, both of length 1: p_t alone can miss the top singular vector. */
function startVector(plan: Plan, index: number, pulled: Float64Array): Float64Array {
  const first = unitColumns(pulled, columnNorm(pulled, 1));
  const random = directionVector(plan.seed, index, pulled.length);
  const second = unitColumns(random, columnNorm(random, 1));
  let dot = 0;
  for (let i = 0; i < first.length; i++) dot += (first[i] as number) * (second[i] as number);
  // The sign keeps the two from cancelling where they are parallel, as in one dimension they are.
  const side = dot < 0 ? -1 : 1;
  const sum = first.map((v, i) => v + side * (second[i] as number));
  return unitColumns(sum, columnNorm(sum, 1));
}

function norm(x: Float64Array): number {
  return columnNorm(x, 1)[0] as number;
}

function largest(x: Float64Array): number {
  let m = 0;
  for (const v of x) m = Math.max(m, Math.abs(v));
  return m;
}
