/**
 * The one interface of every engine: a plan and a batch in, measurements out.
 *
 * Letters: l layers, t = 1…l, n_t the width of h_t, B samples. Arrays over layers are indexed t − 1; arrays over
 * samples have length B. All linear passes use the *scaled* weights W′_t = 2^−k_t W_t (plan.ts), and the top gradient
 * is scaled per sample by 2^−e; every norm of an adjoint, a tangent or a Jacobian below is therefore a scaled one.
 * κ_t, the ratio and the verdicts do not change under that scaling; pipeline/row.ts unscales what is reported.
 *
 * What an engine promises: each number is a function of the plan and of its own sample alone (never of the batch, its
 * size or its order), and equals the exact value within the bounds that verification/ derives from `arithmetic`.
 * It does not promise finite numbers: verification/ checks that.
 */
import type { Plan } from "./plan.ts";

/** The rounding model of an engine: |fl(x·y) − x·y| ≤ γ_n |x|·|y| + n·flush·(2 + max|x| + max|y|) (MATH.md §5). */
export interface Arithmetic {
  /** 2⁻²³ for WGSL (no rounding mode is specified), 2⁻⁵³ for f64 on the host. */
  readonly unitRoundoff: number;
  /** Magnitudes below this may be flushed to zero: 2⁻¹²⁶ for f32, 2⁻¹⁰²² for f64. */
  readonly flush: number;
  /** Largest finite number of the format. */
  readonly largest: number;
}

export const WGSL_F32: Arithmetic = { unitRoundoff: 2 ** -23, flush: 2 ** -126, largest: (2 - 2 ** -23) * 2 ** 127 };
export const IEEE_F64: Arithmetic = { unitRoundoff: 2 ** -53, flush: 2 ** -1022, largest: Number.MAX_VALUE };

/** Samples `first` … `first + samples − 1` of a run. */
export interface Batch {
  readonly first: number;
  readonly samples: number;
  /** samples × n_1, row-major; (samples / outputs) × n_1 where samples share inputs. */
  readonly inputs: Float64Array;
  /** One a sample, −1 for none; null where the head needs none. */
  readonly labels: Int32Array | null;
  /** Consecutive samples that share an input, of the head each-logit (each-output.ts); 1 where left out. */
  readonly outputs?: number;
}

export interface EngineDescription {
  readonly kind: "webgpu" | "cpu";
  readonly precision: "f32" | "f64";
  /** The adapter's own name; for cpu the number of threads does not belong here. */
  readonly adapter: string;
  /** "node 20.20.2", "deno 2.9.5", "chromium 153" … */
  readonly runtime: string;
  /** True when a hardware GPU computes. */
  readonly hardware: boolean;
}

/** One direction v of the cut test (MATH.md §2): τ_1 = v, ζ_t = W′_t τ_t, τ_{t+1} = D_t ζ_t. */
export interface DirectionMeasurement {
  /** ‖τ̂_t‖, t = 1…l. */
  readonly tangentNorm: readonly Float64Array[];
  /** S_0 = ĝ_x·v and S_t = δ̂_t·ζ̂_t, t = 1…l: l + 1 arrays. Equal in exact arithmetic. */
  readonly products: readonly Float64Array[];
}

/** The explicit witness û ∈ R^{n_t} for ‖J_t‖ and its pullback ĉ = fl(J_tᵀû) (MATH.md §2, "The witness"). */
export interface WitnessMeasurement {
  /** ‖û‖; 0 where there is no witness (screened out, or a dead layer). */
  readonly vectorNorm: Float64Array;
  /** ‖ĉ‖. */
  readonly pullbackNorm: Float64Array;
  /** ‖D_s â_{s+1}‖ for s = 1…t−1, â_t = û: the vectors that each product W′_sᵀ of the pullback was applied to. */
  readonly stageNorm: readonly Float64Array[];
  /** Krylov steps that the sample took. */
  readonly steps: Int32Array;
  /** Norms of the iteration's first vector and of the one after its first round, where the engine measures them: 1, but for rounding. */
  readonly iterateNorm?: readonly Float64Array[];
  /** Estimated relative error of ‖ĉ‖/‖û‖ (krylov.ts, `estimatedError`), where the plan asks for it. */
  readonly error?: Float64Array;
}

/** Explicit Jacobian Â: block pullback of the n_t unit vectors. NaN for samples for which it was not computed. */
export interface ExplicitMeasurement {
  /** ‖Â‖_F. */
  readonly frobenius: Float64Array;
  /** A proven bracket of ‖Â‖₂ (of the stored Â, without its error sum); 0 and Infinity where none was asked for. */
  readonly spectralLower: Float64Array;
  readonly spectralUpper: Float64Array;
  /** ‖D_s Â_{s+1}‖_F for s = 1…t−1. */
  readonly stageNorm: readonly Float64Array[];
}

export interface Measurements {
  readonly samples: number;
  readonly arithmetic: Arithmetic;
  /** 1 where every stored value of the sample is finite (judged by its bits), else 0. */
  readonly finite: Uint8Array;
  /** f(x). */
  readonly value: Float64Array;
  /** e: the stored top gradient is 2^−e times ∂f/∂h_{l+1}. */
  readonly topExponent: Int32Array;
  /** ‖ĥ_t‖, t = 1…l. */
  readonly hiddenNorm: readonly Float64Array[];
  /** max|D̂_t|, t = 1…l. */
  readonly slopeMax: readonly Float64Array[];
  /** The least |ẑ_{t+1} − k| over the units and the kinks k of g_t (network/kinks.ts), t = 1…l; Infinity where g_t has none. */
  readonly kinkDistance: readonly Float64Array[];
  /** ‖δ̂_t‖, t = 1…l. */
  readonly adjointNorm: readonly Float64Array[];
  /** ‖p̂_t‖ with p̂_t = fl(W′_tᵀ δ̂_t), t = 1…l; p̂_1 = ĝ_x. */
  readonly pullbackNorm: readonly Float64Array[];
  /** Direction v₀ = ĝ_x/‖ĝ_x‖, then the random one of the sample's address. */
  readonly directions: readonly [DirectionMeasurement, DirectionMeasurement];
  /** t = 1…l; the entry of layer 1 is null (J_1 = I); all null where the plan's accuracy is "verdict" and nothing was iterated. */
  readonly witnesses: readonly (WitnessMeasurement | null)[];
  /** t = 1…l, null where not computed; layer 1 always null. */
  readonly explicit: readonly (ExplicitMeasurement | null)[];
}

/** Everything that an engine stored for one sample: exact data for whatever comes after (MATH.md §2). */
export interface StoredSample {
  readonly value: number;
  readonly topExponent: number;
  /** Scaled top gradient, n_{l+1}. */
  readonly topGradient: Float64Array;
  /** ĥ_t, t = 1…l+1. */
  readonly hidden: readonly Float64Array[];
  /** ẑ_{t+1}, t = 1…l. */
  readonly preactivation: readonly Float64Array[];
  /** D̂_t, t = 1…l. */
  readonly slopes: readonly Float64Array[];
  /** δ̂_t, t = 1…l. */
  readonly adjoints: readonly Float64Array[];
  /** ĝ_x. */
  readonly inputGradient: Float64Array;
}

/** One direction's tangents as stored: τ̂_t and ζ̂_t, t = 1…l. */
export interface StoredDirection {
  readonly tangents: readonly Float64Array[];
  readonly pushed: readonly Float64Array[];
}

/** A witness as stored: û, the stages D_s â_{s+1} for s = 1…t−1, and ĉ. */
export interface WitnessVectors {
  readonly vector: Float64Array;
  readonly stages: readonly Float64Array[];
  readonly result: Float64Array;
}

export interface StoredWitness extends WitnessVectors {
  /** How û was found. */
  readonly search?: StoredSearch;
}

/** The coefficients of the k steps that found a witness (krylov.ts), by which its iteration was stopped and û combined. */
export interface StoredSearch {
  /** α_1 … α_k and β_1 … β_k. */
  readonly alpha: Float64Array;
  readonly beta: Float64Array;
  /** Of the arithmetic that made the vectors. */
  readonly unitRoundoff: number;
}

/** Everything else that a sample's measurements were made of: what the audit recomputes. */
export interface TracedSample extends StoredSample {
  /** â_t = fl(W′_tᵀ δ̂_t), t = 1…l; â_1 = ĝ_x. */
  readonly pullbacks: readonly Float64Array[];
  readonly directions: readonly [StoredDirection, StoredDirection];
  /** As Measurements.witnesses. */
  readonly witnesses: readonly (StoredWitness | null)[];
}

/** The outcome of one `measure` call. Hold it until the verdicts are in, then `release` it. */
/** Wanted of one layer: proven intervals with upper − lower ≤ width · lower. */
export interface Wanted {
  /** About where each sample's norm is, or a little below; 0 for a sample that wants none. Nothing rests on it. */
  readonly lower: Float64Array;
  readonly width: number;
}

/** Of each sample; 0 and Infinity where nothing was proven. */
export interface ProvenNorms {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

export interface MeasuredBatch {
  readonly measurements: Measurements;
  /** What was stored for these samples (indices within the batch), in the order asked for. */
  stored(samples: readonly number[]): Promise<StoredSample[]>;
  /** The same with everything that the audit reads. */
  traced(samples: readonly number[]): Promise<TracedSample[]>;
  /**
   * Intervals of ‖J_t‖ at the stored slopes and the plan's weights, of all samples, lists by t − 1 (cpu/ball-proof.ts): a fault of the engine
   * changes slopes and nothing else of it. Left out where the slopes are not on the host.
   */
  readonly prove?: (plan: Plan, wanted: readonly (Wanted | null)[]) => Promise<(ProvenNorms | null)[]>;
  /** Frees the engine's memory of this batch: neither may be called after it, and its measurements are not to be read. */
  release(): void;
}

export interface Engine {
  readonly description: EngineDescription;
  /** Samples a batch that suit this engine's memory and speed for this plan. */
  batchSize(plan: Plan): number;
  /**
   * Measures one batch. Two calls may be under way at once; a third waits.
   * @param trace samples (indices within the batch) that `traced` will be asked for: an engine may read them back while it is at it.
   * @throws DeviceError when the device is lost, out of memory, or refuses a call.
   */
  measure(plan: Plan, batch: Batch, trace?: readonly number[]): Promise<MeasuredBatch>;
  /** Frees everything. */
  dispose(): void;
}
