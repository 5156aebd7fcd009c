/**
 * A conformance run of one adapter and its driver. Kernel cases go in groups through every mode of run.ts: the answer of the call alone
 * against its oracle, and each other mode's words against those. Networks go through whole engines, two at a time on devices of their own.
 * Every systematic case runs whatever the time; what the seed draws goes on until the time is up.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import type { FaultName } from "../engine/faults.ts";
import type { OpenDevice } from "../engine/gpu/device.ts";
import { KERNELS } from "../engine/gpu/kernels.ts";
import type { VerdictName } from "../records/kit.ts";
import { DeviceError } from "../network/errors.ts";
import type { KernelCall, KernelKey, Words } from "./call.ts";
import { KERNEL_KEYS } from "./call.ts";
import type { KernelCase } from "./cases.ts";
import { GRID, kernelCase } from "./cases.ts";
import { deviationText, numbersOf } from "./expected.ts";
import { networkCase, runNetwork } from "./networks.ts";
import { judge } from "./oracle.ts";
import type { Conformance } from "../records/conformance.ts";
import type { Mode } from "./run.ts";
import { MODE_NAMES, MODES, runCalls } from "./run.ts";
import type { Tally } from "./tally.ts";
import { createTally, noteFailure, noteWorst, tallied } from "./tally.ts";

/** One case of a run, as `--case` names it. */
export interface CaseName {
  readonly part: "kernel" | "network";
  readonly index: number;
}

export interface ConformanceRequest {
  /** At least two, so that `devices` means something. */
  readonly devices: readonly OpenDevice[];
  readonly engines: readonly Engine[];
  readonly host: CpuEngine;
  readonly fault: FaultName | undefined;
  readonly seed: number;
  readonly budgetMs: number;
  /** This case alone. */
  readonly only: CaseName | null;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Waits for work of the device, for as long as the caller has patience: a driver that hangs is one that fails. @throws DeviceError */
  readonly patience: <T>(what: string, work: Promise<T>) => Promise<T>;
  readonly onProgress: (progress: { cases: number; networks: number; failed: number; elapsedMs: number }) => void;
}

export interface ConformanceOutcome extends Conformance {
  readonly failure: DeviceError | null;
  /** Whether every systematic case has run. */
  readonly whole: boolean;
}

/** Cases in flight together. */
const GROUP = 8;

/** Networks that every run examines: each activation and head among them. */
const LEAST_NETWORKS = 20;

export async function runConformance(request: ConformanceRequest): Promise<ConformanceOutcome> {
  const { now, signal, only, seed } = request;
  const tallies = new Map<KernelKey, Tally>(KERNEL_KEYS.map((key) => [key, createTally()]));
  const whole = createTally();
  const verdicts = { holds: 0, tight: 0, violated: 0, unresolved: 0, invalid: 0 };
  const startedMs = now();
  const spent = { kernel: 0, network: 0 };
  const done = { kernel: 0, network: 0 };

  const kernels = async (count: number): Promise<void> => {
    const first = only?.index ?? done.kernel;
    await runGroup(
      request,
      Array.from({ length: count }, (_, i) => kernelCase(seed, first + i)),
      tallies,
    );
    done.kernel += count;
  };
  const networks = async (count: number): Promise<void> => {
    const first = only?.index ?? done.network;
    await Promise.all(Array.from({ length: count }, (_, i) => examineNetwork(request, first + i, i, whole, verdicts)));
    done.network += count;
  };
  const next = (): "kernel" | "network" | null => {
    if (only !== null) return done[only.part] === 0 ? only.part : null;
    if (done.kernel < GRID) return "kernel";
    if (done.network < LEAST_NETWORKS) return "network";
    if (now() - startedMs >= request.budgetMs) return null;
    return spent.kernel <= spent.network ? "kernel" : "network";
  };

  let failure: DeviceError | null = null;
  try {
    for (let part = next(); part !== null && !signal.aborted; part = next()) {
      const beganMs = now();
      if (part === "kernel") await kernels(only === null ? GROUP : 1);
      else await networks(only === null ? request.engines.length : 1);
      spent[part] += now() - beganMs;
      const failed = [...tallies.values(), whole].reduce((sum, t) => sum + t.failed, 0);
      request.onProgress({ cases: done.kernel, networks: done.network, failed, elapsedMs: now() - startedMs });
    }
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    failure = error;
  }
  const { cases, compared, ...engine } = tallied({ ...whole, elapsedMs: spent.network });
  return {
    kernels: KERNEL_KEYS.map((key) => ({ kernel: KERNELS[key].name, ...tallied(tallies.get(key) as Tally) })),
    engine: { networks: cases, samples: compared, verdicts, ...engine },
    failure,
    whole: only !== null ? done[only.part] > 0 : done.kernel >= GRID && done.network >= LEAST_NETWORKS,
  };
}

/** A group of kernel cases in every mode. */
async function runGroup(
  { devices, now, patience }: ConformanceRequest,
  cases: readonly KernelCase[],
  tallies: ReadonlyMap<KernelKey, Tally>,
): Promise<void> {
  const calls = cases.map((c) => c.call);
  const failed = new Set<KernelCase>();
  let alone: Words[][] | null = null;
  for (const mode of MODE_NAMES) {
    const beganMs = now();
    const what = `kernel:${String(cases[0]?.index)} to kernel:${String(cases.at(-1)?.index)}, ${MODES[mode]}`;
    const answers = await patience(what, runCalls(devices, mode, calls));
    const share = (now() - beganMs) / cases.length;
    const first = (alone ??= answers);
    cases.forEach((own, i) => {
      const tally = tallies.get(own.call.kernel) as Tally;
      tally.elapsedMs += share;
      if (failed.has(own)) return;
      const finding = examine(own, mode, answers[i] ?? [], first[i] ?? [], tally);
      if (finding === null) return;
      failed.add(own);
      noteFailure(tally, { case: `kernel:${String(own.index)}`, name: own.name, mode: MODES[mode], detail: finding });
    });
  }
  for (const own of cases) (tallies.get(own.call.kernel) as Tally).cases++;
}

/** What is wrong with an answer, or null. Words that are those of the call alone were judged there. */
function examine(
  { index, call }: KernelCase,
  mode: Mode,
  answer: readonly Words[],
  alone: readonly Words[],
  tally: Tally,
): string | null {
  const difference = mode === "alone" ? null : differing(call, answer, alone);
  if (mode !== "alone" && difference === null) return null;
  const { compared, worst, deviation } = judge(call, answer);
  tally.compared += compared;
  noteWorst(tally, worst, `kernel:${String(index)}`);
  return deviation === null ? difference : deviationText(deviation);
}

/** The first word that is not what it was when the call ran alone. */
function differing(call: KernelCall, answer: readonly Words[], alone: readonly Words[]): string | null {
  const hex = (word: number | undefined): string => `0x${(word ?? 0).toString(16).padStart(8, "0")}`;
  for (const [k, words] of answer.entries()) {
    const [own, before] = [numbersOf(words, "u32"), numbersOf(alone[k] as Words, "u32")];
    const at = own.findIndex((word, i) => word !== before[i]);
    if (at < 0) continue;
    const buffer = KERNELS[call.kernel].buffers[call.read[k] as number] ?? "";
    return `word ${String(at)} of "${buffer}" is ${hex(own[at])}, but ${hex(before[at])} when the call runs alone`;
  }
  return null;
}

async function examineNetwork(
  { seed, engines, host, fault, patience }: ConformanceRequest,
  index: number,
  place: number,
  tally: Tally,
  verdicts: Record<VerdictName, number>,
): Promise<void> {
  const own = networkCase(seed, index);
  const name = `network:${String(index)}`;
  const rows = await patience(name, runNetwork(own, engines[place % engines.length] as Engine, host, fault));
  tally.cases++;
  tally.compared += rows.length;
  let violated: (typeof rows)[number] | null = null;
  for (const row of rows) {
    verdicts[row.verdict]++;
    for (const layer of row.layers) {
      // A sample measured again in f64 has no residual of the device's.
      if (layer.cutResidual !== null && !Number.isNaN(layer.cutResidual)) noteWorst(tally, layer.cutResidual, name);
    }
    if (row.verdict === "violated") violated ??= row;
  }
  if (violated === null) return;
  const detail = `sample ${String(violated.index)}: ${violated.reason ?? "violated"}`;
  noteFailure(tally, { case: name, name: own.name, mode: "the whole engine, audited", detail });
}
