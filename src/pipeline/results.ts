/**
 * The two values that every view of a run is made from: `Report` (one a run) and `SampleRow` (one a sample).
 *
 * They are plain data, written as JSON under schemas/report.schema.json and schemas/samples.schema.json. A number
 * that is not finite is null there, and `reason` beside it says why; json.ts and rows.ts do that on the way out, so a
 * producer may leave NaN and Infinity in. Norms are not squared. Layers count from 1, samples from 0.
 *
 * Whatever may differ between two runs of the same settings stands in `timing` alone.
 */

/** The five verdicts (MATH.md §2), in the order in which every view lists them. */
export const VERDICT_NAMES = ["holds", "tight", "violated", "unresolved", "invalid"] as const;

export type VerdictName = (typeof VERDICT_NAMES)[number];

/** Samples by verdict. */
export type VerdictCounts = Readonly<Record<VerdictName, number>>;

/** A number, or null where it is not finite or not defined; `reason` in the same object says why. */
export type Maybe = number | null;

/** A closed interval that is proven to contain the exact value. */
export interface Bracket {
  readonly lower: Maybe;
  readonly upper: Maybe;
  readonly reason?: string;
}

/** Order statistics over the samples for which the number is defined; all null, with the reason, where there is none. */
export interface Quantiles {
  readonly min: Maybe;
  readonly p01: Maybe;
  readonly p10: Maybe;
  readonly median: Maybe;
  readonly mean: Maybe;
  readonly p90: Maybe;
  readonly p99: Maybe;
  readonly max: Maybe;
  /** Samples that were counted. */
  readonly counted: number;
  readonly reason?: string;
}

/** Smallest, middle and largest over the samples for which the number is defined. */
export interface Spread {
  readonly min: Maybe;
  readonly median: Maybe;
  readonly max: Maybe;
  readonly reason?: string;
}

/** Settings as JSON: what `run.settings` may hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** W_t as it was given: the model's facts, not the run's. */
export interface ReportedModelLayer {
  readonly layer: number;
  /** n_t. */
  readonly inputs: number;
  /** n_{t+1}. */
  readonly outputs: number;
  readonly activation: string;
  /** false: the layer has no bias, so that ‖h_t‖² stands in place of 1 + ‖h_t‖²; left out where it has one. */
  readonly biased?: false;
  /** What W_t is called in the model's file; left out where it has no names, or there is no file. */
  readonly tensor?: string;
  /** Proven bracket of ‖W_t‖, in the run's norm. */
  readonly weightNorm: Bracket;
}

/** Layer t over all samples (MATH.md §1: κ_t, directional tightness, α_t and β_t). */
export interface ReportedLayer {
  readonly layer: number;
  readonly tightness: Spread;
  readonly directionalTightness: Spread;
  readonly alignmentWeight: Spread;
  readonly alignmentJacobian: Spread;
  /** See LayerRow. */
  readonly slackWeight: Spread;
  readonly slackJacobian: Spread;
}

/** One sample in which a check failed: enough to print a counterexample. */
export interface FaultExample {
  /** The sample, counted from 0. */
  readonly index: number;
  /** The two sides that should be equal, or ordered left ≤ right. */
  readonly left: Maybe;
  readonly right: Maybe;
  /** How far they are apart, in the units of `bound`. */
  readonly margin: Maybe;
  /** What rounding can explain. */
  readonly bound: Maybe;
  /** The finding in words; where a number is null, why. */
  readonly reason?: string;
}

/** A check that failed at a layer, over all samples. `layer` is 0 where the check speaks of the whole network. */
export interface ReportedFault {
  readonly check: string;
  readonly layer: number;
  readonly count: number;
  /** The first sample in which it failed. */
  readonly example?: FaultExample;
}

/** What may differ between two runs of the same settings. */
export interface Timing {
  /** Milliseconds from the first batch to the last verdict. */
  readonly elapsedMs: number;
  readonly samplesPerSecond: Maybe;
  /** Date and time of the start, ISO 8601; null where no clock was given. */
  readonly startedAt: string | null;
  /** True where the run was stopped before all of its samples were examined. */
  readonly interrupted: boolean;
  /** Samples that were asked for. */
  readonly requested: number;
  /** Whatever else may differ: batch size, threads, full paths. */
  readonly details: { readonly [key: string]: Json };
}

/** gradient-penalty-report/1. */
export interface Report {
  readonly schema: "gradient-penalty-report/1";
  readonly tool: { readonly name: string; readonly version: string };
  readonly engine: {
    readonly kind: "webgpu" | "cpu";
    readonly precision: "f32" | "f64";
    readonly adapter: string;
    readonly runtime: string;
    readonly hardware: boolean;
  };
  readonly run: {
    readonly settings: { readonly [key: string]: Json };
    readonly seed: number;
    /** Hexadecimal; null where the model did not come as bytes. */
    readonly modelSha256: string | null;
    /** Hexadecimal; null where the inputs were drawn. */
    readonly inputsSha256: string | null;
    /** Weights, biases and input values that rounding to the engine's precision changed. */
    readonly roundedValues: number;
    /** The planted fault, where one was switched on. */
    readonly plant?: string;
    /** Rows of damaged ledgers that the report is without, where it was made of what is whole. */
    readonly salvaged?: readonly string[];
  };
  readonly model: {
    readonly source: string;
    /** What was taken for granted of the file: a layout, parts that were merged, tensors that were left out. */
    readonly notes?: readonly string[];
    readonly layers: readonly ReportedModelLayer[];
  };
  readonly head: string;
  readonly norm: "spectral" | "frobenius";
  /** Samples examined. */
  readonly samples: number;
  readonly verdicts: VerdictCounts;
  /** `detects`: the smallest share of faulty samples that the audit would have seen with 99 % probability; null: no audit. */
  readonly audited: { readonly samples: number; readonly detects: Maybe; readonly reason?: string };
  /** Means over the valid samples: ‖∇ₓf‖² and ‖∇_θf‖². */
  readonly penalties: { readonly input: Maybe; readonly parameter: Maybe; readonly reason?: string };
  /** lhs / rhs of the total inequality. */
  readonly ratio: Quantiles;
  /** The least proven lower and the largest proven upper end of a sample's ratio. */
  readonly ratioLower: Maybe;
  readonly ratioUpper: Maybe;
  /** Share of the samples with a unit at a kink (rows: `kink`). */
  readonly kinks: Maybe;
  /** Σ_t (1+‖h_t‖²)/(‖W_t‖²‖J_t‖²). */
  readonly coefficient: Quantiles;
  readonly layers: readonly ReportedLayer[];
  readonly escalations: { readonly screened: number; readonly iterated: number; readonly replayed: number };
  /** With `--certify`: how many proven intervals of ‖J_t‖ (samples × layers) became as narrow as asked for, and how many could not. */
  readonly certified?: { readonly width: number; readonly reached: number; readonly missed: number };
  /** Which upper bound of ‖J_t‖ was used how often, over samples and layers. */
  readonly bounds: Readonly<Record<string, number>>;
  /** Of one run: weights, biases and inputs that rounding to the engine's precision changed, and the largest relative change. */
  readonly rounded?: { readonly values: number; readonly worst: number };
  readonly faults: readonly ReportedFault[];
  readonly timing: Timing;
}

/** Layer t of one sample. */
export interface LayerRow {
  readonly layer: number;
  readonly verdict: VerdictName;
  readonly reason?: string;
  /** ‖h_t‖ (layer 1: ‖x‖). */
  readonly hiddenNorm: Maybe;
  readonly weightNorm: Maybe;
  /** ‖ĉ‖/‖û‖ of the stored witness (MATH.md §2); lhs uses it. */
  readonly jacobianNorm: Maybe;
  readonly jacobianNormLower: Maybe;
  readonly jacobianNormUpper: Maybe;
  readonly weightGradientNorm: Maybe;
  readonly biasGradientNorm: Maybe;
  readonly tightness: Maybe;
  readonly tightnessLower: Maybe;
  readonly tightnessUpper: Maybe;
  readonly directionalTightness: Maybe;
  readonly alignmentWeight: Maybe;
  readonly alignmentJacobian: Maybe;
  /**
   * What the layer loses of the total inequality, as a share of its right side: w_t(1 − α_t²) at W_t and w_t α_t²(1 − β_t²) at J_t, over
   * Σ w. Both sides of all layers add up to 1 − ratio.
   */
  readonly slackWeight: Maybe;
  readonly slackJacobian: Maybe;
  /** The larger of the two directions' |S_{t−1} − S_t|, divided by its bound: above 1 is a proven fault. */
  readonly cutResidual: Maybe;
}

/** An audited number beside the bound that rounding gives it. */
export interface AuditResidual {
  readonly value: Maybe;
  readonly bound: Maybe;
  readonly reason?: string;
}

/** One line of `--samples`. */
export interface SampleRow {
  readonly index: number;
  readonly verdict: VerdictName;
  readonly reason?: string;
  /** f(x). */
  readonly value: Maybe;
  readonly inputGradientNorm: Maybe;
  readonly parameterGradientNorm: Maybe;
  readonly lhs: Maybe;
  readonly rhs: Maybe;
  /** lhs / rhs; null where rhs = 0. */
  readonly ratio: Maybe;
  /** Proven ends of the ratio, for the stored slopes; null where rhs = 0, and the upper end where nothing bounds it. */
  readonly ratioLower: Maybe;
  readonly ratioUpper: Maybe;
  /** The first layer with a unit at a kink of its activation, within the forward error `kinkBound`: its slope may be the other side's. */
  readonly kink?: number;
  readonly kinkBound?: "cumulative" | "local";
  readonly coefficient: Maybe;
  readonly layers: readonly LayerRow[];
  /** Every check that failed, where one did; `layer` is 0 where the check speaks of the whole network. */
  readonly violations?: readonly { readonly check: string; readonly layer: number; readonly detail: string }[];
  readonly audit?: {
    readonly identityResidual: AuditResidual;
    readonly contractedResidual: AuditResidual;
    readonly biasIdentityResidual: AuditResidual;
  };
}
