/**
 * The Comlink service: the only door from a page to an engine. It runs in a web worker, reads the files that the page hands over, and
 * gives back the report as the command line would write it.
 */
import type { CpuEngine } from "../engine/cpu/engine.ts";
import { createCpuEngine } from "../engine/cpu/engine.ts";
import type { Engine } from "../engine/engine.ts";
import { createGpuEngine } from "../engine/gpu/engine.ts";
import type { ShaderSources } from "../engine/gpu/sources.ts";
import type { Report, VerdictCounts } from "../escalation/results.ts";
import { verify } from "../escalation/verify.ts";
import { readMatrix, readModel } from "../formats/read.ts";
import { DeviceError } from "../network/errors.ts";

export interface VerifyFiles {
  readonly model: ArrayBuffer;
  readonly modelName: string;
  readonly inputs: ArrayBuffer;
  readonly inputsName: string;
  /** Inputs are divided by this. */
  readonly std: number;
  /** auto: WebGPU where the browser has it, else the host's f64 engine. */
  readonly engine: "auto" | "webgpu" | "cpu";
  readonly shaders: ShaderSources;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly verdicts: VerdictCounts;
}

export interface PageOutcome {
  readonly report: Report;
  /** Why the report covers fewer samples than asked for, or null. */
  readonly failure: string | null;
  /** Which engine computed and why, in a sentence. */
  readonly why: string;
}

export interface Service {
  run(files: VerifyFiles, onProgress: (progress: Progress) => void): Promise<PageOutcome>;
}

export const service: Service = {
  async run(files, onProgress) {
    const network = await readModel(new Uint8Array(files.model), files.modelName);
    const matrix = await readMatrix(new Uint8Array(files.inputs), files.inputsName);
    const { columns: width, values } = matrix;
    const host = createCpuEngine({ threads: 0, runtime: runtimeName() });
    const { engine, why } = await openEngine(files, host);
    try {
      const { report, failure } = await verify({
        network,
        head: { kind: "logit-argmax" },
        source: {
          samples: matrix.rows,
          width,
          read: (first, count) => ({
            inputs: Float64Array.from(values.subarray(first * width, (first + count) * width), (v) => v / files.std),
            labels: null,
          }),
        },
        engine,
        host,
        norm: "spectral",
        accuracy: 1e-3,
        seed: 0,
        clock: () => performance.now(),
        onProgress,
      });
      return { report, failure: failure?.message ?? null, why };
    } finally {
      engine.dispose();
    }
  },
};

async function openEngine(files: VerifyFiles, host: CpuEngine): Promise<{ engine: Engine; why: string }> {
  if (files.engine === "cpu") return { engine: host, why: "The host's f64 engine, as asked for." };
  if (!("gpu" in navigator)) {
    if (files.engine === "webgpu")
      throw new DeviceError("This browser has no WebGPU; expected one that has, or the engine cpu.");
    return { engine: host, why: "This browser has no WebGPU here, so the host's f64 engine computes." };
  }
  try {
    const engine = await createGpuEngine({
      gpu: navigator.gpu,
      adapterPreference: "high-performance",
      shaders: files.shaders,
      runtime: runtimeName(),
    });
    const kind = engine.description.hardware ? "your GPU" : "a software adapter, without a GPU";
    return { engine, why: `WebGPU on ${kind}: ${engine.description.adapter}.` };
  } catch (error) {
    if (files.engine === "webgpu" || !(error instanceof DeviceError)) throw error;
    return { engine: host, why: `${error.message}. The host's f64 engine computes.` };
  }
}

function runtimeName(): string {
  const found = /(Chrome|Firefox|Version)\/(\d+)/.exec(navigator.userAgent);
  const names: Readonly<Record<string, string>> = { Chrome: "chromium", Firefox: "firefox", Version: "safari" };
  return found === null ? "browser" : `${names[found[1] ?? ""] ?? "browser"} ${found[2] ?? ""}`;
}
