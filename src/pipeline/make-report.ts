/** What a run's report says of the run itself, and of the model: beside it the statistics of its samples (statistics.ts). */
import type { EngineDescription } from "../engine/engine.ts";
import type { Rounding } from "../engine/f32.ts";
import type { Interval } from "../engine/interval.ts";
import type { Plan } from "../engine/plan.ts";
import { loweredPowerOfTwo, raisedPowerOfTwo } from "../engine/powers.ts";
import { askedWidth, isWide } from "../engine/weight-norm.ts";
import type { Head } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { formatActivation } from "../network/parametric.ts";
import type { Json } from "../records/kit.ts";
import type { Report } from "../records/report.ts";
import type { Statistics } from "./statistics.ts";

/** What a report says of a run besides its measurements. */
export interface RunDescription {
  readonly tool: { readonly name: string; readonly version: string };
  readonly modelSource: string;
  /** What was taken for granted of the model's file, in lines. */
  readonly modelNotes?: readonly string[];
  readonly headName: string;
  readonly settings: { readonly [key: string]: Json };
  readonly modelSha256: string | null;
  readonly inputsSha256: string | null;
  readonly startedAt: string | null;
  readonly plant?: string | null;
  /** How inputs and weights are held against what they came from, in words. */
  readonly origin?: string;
}

/** What of a run's request the report repeats. */
export interface ReportedRun {
  readonly engine: { readonly description: EngineDescription };
  readonly head: Head;
  readonly seed: number;
  readonly source: { readonly samples: number };
  readonly description?: Partial<RunDescription> | null;
}

/** A run of the library, which nobody described. */
const UNDESCRIBED = {
  tool: { name: "gradient-penalty-verifier", version: "library" },
  modelSource: "network",
  settings: {},
  modelSha256: null,
  inputsSha256: null,
  startedAt: null,
} as const;

/** The report of what is finished. */
export function makeReport(
  request: ReportedRun,
  plan: Plan,
  statistics: Statistics,
  rounding: Rounding,
  elapsedMs: number,
): Report {
  const { engine, source } = request;
  const description: RunDescription = { ...UNDESCRIBED, headName: request.head.kind, ...request.description };
  const { samples, ...result } = statistics.result();
  return {
    schema: "gradient-penalty-report/1",
    tool: description.tool,
    engine: engine.description,
    run: {
      settings: description.settings,
      seed: request.seed,
      modelSha256: description.modelSha256,
      inputsSha256: description.inputsSha256,
      roundedValues: rounding.values,
      origin: description.origin ?? "unchecked: what inputs and weights were made from, since they came as arrays",
      ...((description.plant ?? null) === null ? {} : { plant: String(description.plant) }),
    },
    model: {
      source: description.modelSource,
      ...(description.modelNotes === undefined || description.modelNotes.length === 0
        ? {}
        : { notes: description.modelNotes }),
      layers: plan.layers.map((_, i) => modelLayer(plan, i)),
    },
    head: description.headName,
    norm: plan.norm,
    samples,
    ...result,
    rounded: rounding,
    timing: {
      elapsedMs,
      samplesPerSecond: elapsedMs > 0 ? (1000 * samples) / elapsedMs : null,
      startedAt: description.startedAt,
      interrupted: samples < source.samples,
      requested: source.samples,
      details: {},
    },
  };
}

function modelLayer(plan: Plan, i: number): Report["model"]["layers"][number] {
  const shape = plan.network.layers[i] as Network["layers"][number];
  const planned = plan.layers[i] as Plan["layers"][number];
  const norm = plan.norm === "spectral" ? planned.spectralNorm : planned.frobeniusNorm;
  return {
    layer: i + 1,
    inputs: shape.inputs,
    outputs: shape.outputs,
    activation: formatActivation(shape.activation),
    ...(shape.biased === false ? { biased: shape.biased } : {}),
    ...(shape.tensor === undefined ? {} : { tensor: shape.tensor }),
    weightNorm: {
      lower: loweredPowerOfTwo(norm.lower, planned.scaleExponent),
      upper: raisedPowerOfTwo(norm.upper, planned.scaleExponent),
      ...wideness(plan.norm, norm, shape),
    },
  };
}

/** Says where ‖W_t‖₂ is known less well than is asked of it. */
function wideness(
  norm: Plan["norm"],
  { lower, upper }: Interval,
  shape: Network["layers"][number],
): { reason?: string } {
  if (norm !== "spectral" || !isWide({ lower, upper }, shape.outputs, shape.inputs)) return {};
  const [found, asked] = [(upper - lower) / lower, askedWidth(shape.outputs, shape.inputs)];
  return { reason: `proven to ${found.toExponential(1)} relatively only, asked for ${asked.toExponential(1)}` };
}
