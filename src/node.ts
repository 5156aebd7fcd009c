/**
 * The library on files, for Node and Deno: `verify` takes what `gpv verify` takes, spelt as there, and chooses the engine as it does.
 *
 * @example
 * const { report } = await verify({ model: "model.safetensors", inputs: "x.npy", head: "cross-entropy", labels: "y.npy" });
 */
import type { EngineWish } from "./cli/engines.ts";
import { openEngines as openWished } from "./cli/engines.ts";
import { SoftwareVulkanWanted } from "./cli/again.ts";
import { parseArguments } from "./cli/arguments.ts";
import type { Io } from "./cli/io.ts";
import { checkOptions, makeRun } from "./cli/verify.ts";
import type { EnginePair } from "./engine/pair.ts";
import { DeviceError } from "./network/errors.ts";
import type { VerifyOutcome, VerifyRequest } from "./pipeline/verify.ts";
import { verify as verifySamples } from "./pipeline/verify.ts";

/** The options of `gpv verify` that say what is asked, by their names without dashes (max-memory: maxMemory). */
const OPTIONS = [
  ...(["model", "activation", "layers", "layout", "key", "inputs", "array", "header", "rows", "mean", "std"] as const),
  ...(["random", "distribution", "scale", "seed", "labels", "head", "norm", "engine", "precision", "adapter"] as const),
  ...(["accuracy", "normMethod", "certify", "audit", "maxMemory"] as const),
] as const;

type Option = (typeof OPTIONS)[number];

export interface FileQuestion
  extends
    Readonly<Partial<Record<Option, string | number>>>,
    Pick<VerifyRequest, "signal" | "onProgress" | "onPlan" | "onRow"> {
  /** .safetensors, .pt (.pth, .bin, .ckpt), .onnx or .json. */
  readonly model: string;
  /** Hears what was taken for granted of the files, in lines, and which engine computes. */
  readonly onNote?: (line: string) => void;
}

/**
 * @throws FormatError, ModelError, UsageError, each in one line; DeviceError where no engine is usable. A device that fails under way is
 * the outcome's `failure`, beside the report of what was finished.
 */
export async function verify(question: FileQuestion): Promise<VerifyOutcome> {
  const { signal = null, onProgress = null, onPlan = null, onRow = null, onNote = null, ...options } = question;
  const words = Object.entries(options).map(([key, value]) => `--${flagName(key)}=${String(value)}`);
  const args = parseArguments("verify", OPTIONS, words);
  checkOptions(args);
  const { engine, host, why, threads, dispose } = await withoutRestart(() => openWished(args.values));
  try {
    const io = libraryIo(signal, onNote);
    io.note(why);
    const run = await makeRun(args, io);
    const outcome = await verifySamples({ ...run, engine, host, signal, onProgress, onPlan, onRow });
    const { report } = outcome;
    const details = { ...report.timing.details, threads };
    return { ...outcome, report: { ...report, timing: { ...report.timing, details } } };
  } finally {
    dispose();
  }
}

/**
 * The engines of the command line, for `verify` on values: verify({ model, inputs, ...(await openEngines()) }). Its caller disposes of them.
 * @throws DeviceError where none is usable; UsageError for wishes that contradict each other.
 */
export async function openEngines(wish: Partial<EngineWish> = {}): Promise<EnginePair> {
  return withoutRestart(() => openWished({ engine: "auto", precision: null, adapter: null, plant: null, ...wish }));
}

/** The command line starts again where the software adapter's drivers are wanted; a library cannot. */
async function withoutRestart<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof SoftwareVulkanWanted)) throw error;
    throw new DeviceError(`webgpu: ${error.message}; expected one, or engine cpu`, { cause: error });
  }
}

function flagName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function libraryIo(signal: AbortSignal | null, onNote: ((line: string) => void) | null): Io {
  return {
    out: () => Promise.resolve(),
    note: (line) => onNote?.(line.replace(/^gpv: /, "")),
    status: null,
    now: () => performance.now(),
    date: () => new Date().toISOString(),
    signal: signal ?? new AbortController().signal,
    detach: () => undefined,
  };
}
