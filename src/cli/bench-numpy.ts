/**
 * numpy as a person writes it (bench/peers/power.py), beside us: a process that answers one request a line. It is a peer where python3 with
 * numpy is installed; the BLAS that it found stands in the report.
 */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Network } from "../network/network.ts";
import { inputWidth } from "../network/network.ts";
import { assetPath } from "./assets.ts";

const SCRIPT = "bench/peers/power.py";

/** Of its stopping rule, to be tried in turn. */
export const TOLERANCES = [1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6] as const;

export interface Peer {
  /** Versions, and the file of its BLAS. */
  readonly about: Readonly<Record<string, string>>;
  /** Seconds for so many samples, with a stopping rule of `tolerance`, by the clock and of the processor. */
  readonly seconds: (folder: string, samples: number, tolerance: number) => Promise<{ wall: number; cpu: number }>;
  /** ‖J_t‖, t = 2 … l, of the first samples by its iteration. */
  readonly norms: (
    folder: string,
    samples: number,
    tolerance: number,
    batch?: number,
  ) => Promise<readonly (readonly number[])[]>;
  /** Any other of its modes. */
  readonly ask: <T>(request: object) => Promise<T>;
  readonly end: () => void;
}

/** @param python the interpreter. @param oneThread whether its BLAS is held to one. @returns null where it is not installed. */
export async function openNumpy(python = "python3", oneThread = false): Promise<Peer | null> {
  const env = oneThread ? { ...process.env, OPENBLAS_NUM_THREADS: "1", OMP_NUM_THREADS: "1" } : process.env;
  return await openPeer(python, [assetPath(SCRIPT)], env);
}

/** A program that answers one request a line, after a line about itself. @returns null where it does not start. */
export async function openPeer(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Peer | null> {
  const child = spawn(program, words, { env, stdio: ["pipe", "pipe", "ignore"] });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async <T>(): Promise<T | null> => {
    const line = await lines.next();
    return line.done === true ? null : (JSON.parse(line.value) as T);
  };
  const ask = async <T>(request: object): Promise<T> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await read<T>();
    if (answer === null) throw new Error(`${words.join(" ")} has ended`);
    return answer;
  };
  const about = await read<Record<string, string>>();
  if (about === null) return null;
  return {
    about,
    ask,
    seconds: (folder, samples, tol) => ask({ folder, mode: "time", samples, tol }),
    norms: async (folder, check, tol) =>
      (await ask<{ norms: number[][] }>({ folder, mode: "norms", check, tol })).norms,
    end: () => {
      child.stdin.end();
      child.kill();
    },
  };
}

/** ‖J_t‖, t = 2 … l, of the first samples by f64 SVDs. */
export async function exactNorms(
  numpy: Peer,
  folder: string,
  samples: number,
): Promise<readonly (readonly number[])[]> {
  return (await numpy.ask<{ norms: number[][] }>({ folder, mode: "exact", check: samples })).norms;
}

/** A network and inputs as the script reads them. @param inputs samples × n_1. */
export function writeTask(folder: string, network: Network, inputs: Float64Array): void {
  mkdirSync(folder, { recursive: true });
  const { layers } = network;
  const widths = [inputWidth(network), ...layers.map((layer) => layer.outputs)];
  writeFileSync(join(folder, "network.json"), JSON.stringify({ widths, activation: layers[0]?.activation }));
  for (const what of ["weight", "bias"] as const) {
    const file = what === "weight" ? "weights.bin" : "biases.bin";
    writeFileSync(join(folder, file), Buffer.concat(layers.map((layer) => bytesOf(layer[what]))));
  }
  writeFileSync(join(folder, "inputs.bin"), bytesOf(inputs));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Share of these norms within a relative distance of the exact ones. */
export function within(
  found: readonly (readonly number[])[],
  exact: readonly (readonly number[])[],
  accuracy: number,
): number {
  const right = exact.flatMap((own, t) =>
    own.map((norm, j) => Math.abs((found[t]?.[j] ?? NaN) / norm - 1) <= accuracy),
  );
  return right.filter(Boolean).length / right.length;
}
