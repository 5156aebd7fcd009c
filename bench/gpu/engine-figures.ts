/** An engine by itself on a workload, two batches in flight: rates, and what a batch asks of WebGPU. */
import { createHash } from "node:crypto";
import process from "node:process";
import type { Batch, Engine, Measurements } from "../../src/engine/engine.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { inputWidth } from "../../src/network/network.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import type { Workload } from "../workloads.ts";
import type { Counts } from "./counts.ts";

export interface EngineFigures {
  readonly workload: string;
  readonly batch: number;
  /** Samples a second by the clock, and of processor time (of which a software adapter's threads are a part); the best round. */
  readonly wall: number;
  readonly busy: number;
  /** Of a batch; `bytes` and `uploads` a sample. */
  readonly counts: Counts;
  /** Of every measured number. */
  readonly bits: string;
}

/** Batches of a round. */
const BATCHES = 4;

export async function engineFigures(
  engine: Engine,
  { name, network }: Pick<Workload, "name" | "network">,
  counts: Counts,
  rounds: number,
  accuracy: number | "verdict",
  onWarm: () => void = () => undefined,
): Promise<EngineFigures> {
  const { precision } = engine.description;
  const plan = makePlan(network, { head: { kind: "logit-argmax" }, precision, norm: "spectral", accuracy, seed: 1 });
  const size = engine.batchSize(plan);
  const batches = Array.from({ length: BATCHES }, (_, i): Batch => {
    const first = i * size;
    const inputs = fillInputs({ distribution: "normal", scale: 1, seed: 8 }, first, size, inputWidth(network));
    return { first, samples: size, inputs, labels: null };
  });
  const measure = async (batch: Batch): Promise<Measurements> => {
    const block = await engine.measure(plan, batch);
    block.release();
    return block.measurements;
  };
  const hash = createHash("sha256");
  for (const batch of batches)
    hash.update(JSON.stringify(await measure(batch), (_, v: unknown) => (ArrayBuffer.isView(v) ? bits(v) : v)));
  onWarm();
  const before = { ...counts };
  const [walls, times]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    for (let i = 0; i < batches.length; i += 2) await Promise.all(batches.slice(i, i + 2).map(measure));
    const { user, system } = process.cpuUsage(cpu);
    times.push((user + system) / 1e6);
    walls.push((performance.now() - start) / 1000);
  }
  const rate = (seconds: readonly number[]): number => Math.round((BATCHES * size) / Math.min(...seconds));
  const each = (key: keyof Counts, of: number): number =>
    Number(((counts[key] - before[key]) / (rounds * BATCHES * of)).toFixed(2));
  return {
    ...{ workload: name, batch: size, wall: rate(walls), busy: rate(times), bits: hash.digest("hex").slice(0, 16) },
    counts: {
      ...{ dispatches: each("dispatches", 1), submits: each("submits", 1), maps: each("maps", 1) },
      ...{ bytes: each("bytes", size), uploads: each("uploads", size), pipelines: each("pipelines", 1) },
    },
  };
}

function bits(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString("base64");
}
