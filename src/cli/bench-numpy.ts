/**
 * numpy as a person writes it (bench/peers/power.py), beside us: a process that answers one request a line. It is a peer where python3 with
 * numpy is installed; the BLAS that it found stands in the report.
 */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Network } from "../network/network.ts";
import { inputWidth } from "../network/network.ts";
import { assetPath } from "./assets.ts";

const SCRIPT = "bench/peers/power.py";

export interface Numpy {
  /** Versions, and the file of its BLAS. */
  readonly about: Readonly<Record<string, string>>;
  /** Seconds for so many samples, with a stopping rule of `tolerance`. */
  readonly seconds: (folder: string, samples: number, tolerance: number) => Promise<number>;
  /** ‖J_t‖, t = 2 … l, of the first samples: by its iteration, or by f64 SVDs where `tolerance` is null. */
  readonly norms: (
    folder: string,
    samples: number,
    tolerance: number | null,
  ) => Promise<readonly (readonly number[])[]>;
  readonly end: () => void;
}

/** @returns null where it is not installed. */
export async function openNumpy(): Promise<Numpy | null> {
  const child = spawn("python3", [assetPath(SCRIPT)], { stdio: ["pipe", "pipe", "ignore"] });
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
    if (answer === null) throw new Error(`${SCRIPT} has ended`);
    return answer;
  };
  const about = await read<Record<string, string>>();
  if (about === null) return null;
  return {
    about,
    seconds: async (folder, samples, tol) => (await ask<{ wall: number }>({ folder, mode: "time", samples, tol })).wall,
    norms: async (folder, check, tol) =>
      (await ask<{ norms: number[][] }>({ folder, mode: tol === null ? "exact" : "norms", check, tol })).norms,
    end: () => {
      child.stdin.end();
      child.kill();
    },
  };
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
