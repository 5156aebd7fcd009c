/** One run of grid A: what ties both penalties, at eight times of one training (docs/experiments/protocol.md, claim 2). */
import type { CpuEngine } from "../../../src/engine/cpu/engine.ts";
import type { Head } from "../../../src/network/heads.ts";
import type { Network } from "../../../src/network/network.ts";
import { verify } from "../../../src/pipeline/verify.ts";
import type { SampleRow } from "../../../src/records/sample.ts";
import type { Dataset } from "../../../src/training/data.ts";
import { lossHead, probeSet } from "../../../src/training/data.ts";
import type { LossName } from "../../../src/training/settings.ts";
import { evaluate, passes } from "../../../src/training/evaluate.ts";
import { average, coproduct } from "../../../src/training/experiments/statistics.ts";
import { inputSquares, parameterSquares } from "../../../src/training/gradient.ts";
import { createTrainer } from "../../../src/training/trainer.ts";
import type { Task } from "./sets.ts";
import { lossOf, settingsOf, sgd } from "./sets.ts";

export const NORMS = ["spectral", "frobenius"] as const;
export type Norm = (typeof NORMS)[number];

/** Of one f at one probe, C of either norm. Natural logarithms; y = log(P_θ/P_x) of a sample, c = log C. */
export interface FunctionProbe {
  readonly name: string;
  /** Means over the set. */
  readonly inputPenalty: number;
  readonly parameterPenalty: number;
  readonly meanY: number;
  readonly meanC: Readonly<Record<Norm, number>>;
  /** Σ (y − ȳ)² and Σ (y − ȳ)(c − c̄) over the samples. */
  readonly spreadY: number;
  readonly spreadC: Readonly<Record<Norm, number>>;
  readonly samples: number;
}

export interface NormsProbe {
  readonly step: number;
  readonly time: number;
  readonly loss: number;
  readonly violated: number;
  /** Index t − 1; means over the set. */
  readonly hidden: readonly number[];
  readonly weight: Readonly<Record<Norm, readonly number[]>>;
  readonly jacobian: Readonly<Record<Norm, readonly number[]>>;
  readonly functions: readonly FunctionProbe[];
}

/** As the protocol has them: before the first step, at the first tenth, and between. */
export const TIMES = [0, 1, 2.8, 8, 14.2, 25.3, 45, 80].map((time) => time / 80);

export interface NormsRequest {
  readonly task: Task;
  readonly data: Dataset;
  readonly engine: CpuEngine;
  readonly adam: boolean;
  readonly rate: number;
  readonly steps: number;
  readonly seed: number;
  readonly probed: number;
}

export async function trainWithNorms(request: NormsRequest): Promise<{ readonly probes: readonly NormsProbe[] }> {
  const { task, data, adam, rate, steps, seed } = request;
  const arm = { ...sgd(16, adam ? 0.002 : rate), optimiser: adam ? ("adam" as const) : ("sgd" as const) };
  const trainer = createTrainer(settingsOf(task, data, arm, steps, seed), data);
  const set = probeSet(data, request.probed, 1);
  const probes: NormsProbe[] = [];
  const at = new Map(TIMES.map((share) => [Math.round(share * steps), share * steps * rate]));
  for (let step = 0; ; step++) {
    const time = at.get(step);
    if (time !== undefined) probes.push(await probed(request, trainer.network(), set, step, time));
    if (step === steps) return { probes };
    const made = trainer.step();
    if (made.kind === "diverged") throw new RangeError(`diverged at step ${String(step)}: ${made.what}`);
  }
}

async function probed(
  { task, data, engine }: NormsRequest,
  network: Network,
  set: Dataset,
  step: number,
  time: number,
): Promise<NormsProbe> {
  const loss = lossOf(task);
  const [spectral, frobenius] = [
    await rowsOf(network, set, loss, "spectral", engine),
    await rowsOf(network, set, loss, "frobenius", engine),
  ];
  const column = (rows: readonly SampleRow[], name: "hiddenNorm" | "weightNorm" | "jacobianNorm"): number[] =>
    network.layers.map((_, i) => average(rows.map((row) => row.layers[i]?.[name] ?? NaN)));
  const both = (name: "weightNorm" | "jacobianNorm") => ({
    spectral: column(spectral, name),
    frobenius: column(frobenius, name),
  });
  const coefficients = {
    spectral: spectral.map((row) => row.coefficient ?? NaN),
    frobenius: frobenius.map((row) => row.coefficient ?? NaN),
  };
  return {
    ...{ step, time, loss: evaluate(network, loss, data).loss },
    violated: [...spectral, ...frobenius].filter(({ verdict }) => verdict === "violated").length,
    ...{ hidden: column(spectral, "hiddenNorm"), weight: both("weightNorm"), jacobian: both("jacobianNorm") },
    functions: functionsOf(loss, set).map(({ name, head }) => {
      const all = [...passes(network, set, head, true)];
      const inputs = all.flatMap((pass) => [...inputSquares(pass)]);
      const parameters = all.flatMap((pass) => [...parameterSquares(pass)]);
      return functionProbe(name, inputs, parameters, coefficients);
    }),
  };
}

interface ProbedFunction {
  readonly name: string;
  readonly head: (piece: Dataset) => Head;
}

/** The loss, the margin where there are classes, and every output. */
function functionsOf(loss: LossName, { labels, outputs }: Dataset): ProbedFunction[] {
  const own: ProbedFunction[] = [{ name: "loss", head: (piece) => lossHead(loss, piece) }];
  if (labels !== null && outputs > 1) own.push({ name: "margin", head: () => ({ kind: "margin" }) });
  for (let index = 0; index < outputs; index++)
    own.push({ name: `logit:${String(index)}`, head: () => ({ kind: "logit", index }) });
  return own;
}

/** Samples whose gradient or coefficient is 0 or not defined have no logarithms and are left out of what is made of them. */
export function functionProbe(
  name: string,
  inputs: readonly number[],
  parameters: readonly number[],
  coefficients: Readonly<Record<Norm, readonly number[]>>,
): FunctionProbe {
  const isWhole = (i: number): boolean =>
    [inputs[i], parameters[i], coefficients.spectral[i], coefficients.frobenius[i]].every((v) => (v ?? NaN) > 0);
  const whole = inputs.map((_, i) => i).filter(isWhole);
  const y = whole.map((i) => Math.log((parameters[i] as number) / (inputs[i] as number)));
  const c = (norm: Norm): number[] => whole.map((i) => Math.log(coefficients[norm][i] as number));
  return {
    ...{ name, inputPenalty: average(inputs), parameterPenalty: average(parameters) },
    ...{ meanY: average(y), meanC: { spectral: average(c("spectral")), frobenius: average(c("frobenius")) } },
    ...{ spreadY: coproduct(y, y), samples: whole.length },
    spreadC: { spectral: coproduct(y, c("spectral")), frobenius: coproduct(y, c("frobenius")) },
  };
}

async function rowsOf(
  network: Network,
  set: Dataset,
  loss: ReturnType<typeof lossOf>,
  norm: Norm,
  engine: CpuEngine,
): Promise<SampleRow[]> {
  const { width, inputs, labels } = set;
  const rows: SampleRow[] = [];
  const { failure } = await verify({
    ...{ network, norm, signal: null, head: lossHead(loss, set), seed: 1, engine, host: engine },
    // Of ‖J_t‖; without one it would be a lower bound as loose as the verdict allows.
    ...{ accuracy: 1e-3, audit: null },
    source: {
      ...{ samples: set.samples, width },
      read: (first, count) => ({
        inputs: inputs.slice(first * width, (first + count) * width),
        labels: labels?.slice(first, first + count) ?? null,
      }),
    },
    onRow: (row) => rows.push(row),
  });
  if (failure !== null) throw failure;
  return rows;
}
