/**
 * Samples of a batch: as many as fill the device with their widest product, of 10 ms of work at least, so that what a batch costs whatever
 * it holds (submissions, answers, launches: a few hundred of some microseconds) is a tenth of it, and of 100 ms at most, so that a device of
 * a twentieth of the assumed rate still answers within its driver's two seconds. A sample has the same bits in any batch.
 *
 * Nobody can ask a WebGPU adapter how much memory it has. It says how large a buffer it makes and how much of one it binds; both programs in
 * flight together take one such buffer's worth. Where that was too much the batch goes in parts (recovering.ts).
 */
import { baseFlops, normChoices } from "../cost.ts";
import { outputsAnInput } from "../each-output.ts";
import { batchWithin } from "../footprint.ts";
import type { Plan } from "../plan.ts";
import { memoryOf } from "../program/memory.ts";
import type { ProgramOptions } from "../program/network.ts";
import { batchProgram } from "../program/program.ts";
import { FILLED_ENTRIES } from "./variants.ts";

/** What an adapter says of itself. */
export interface AdapterLimits {
  readonly hardware: boolean;
  /** Largest buffer, and largest storage binding, in bytes. */
  readonly bufferBytes: number;
  readonly bindingBytes: number;
}

/** Batches in flight. */
export const IN_FLIGHT = 2;

/** Flops a second: between a laptop's GPU (some 3·10¹²) and a server's (some 6·10¹³). */
const ASSUMED_RATE = 1e13;
const LEAST_SECONDS = 0.01;
const MOST_SECONDS = 0.1;

/** Of narrow networks more gain nothing, the host being slower; a software adapter has no lanes to fill. */
const LARGEST_BATCH = { hardware: 2 ** 14, software: 512 };

/** Inputs of a batch at least where each is many samples: fewer leave a device idle. */
const FEW_INPUTS = 16;

/** What a batch's inputs may take on the host, in f64. */
const INPUT_BYTES = 2 ** 26;

/** What any adapter is taken to have. */
const LEAST_MEMORY = 2 ** 30;

const quads = (samples: number): number => Math.max(4, 4 * Math.floor(samples / 4));

/** Samples of the most inputs, a multiple of 4, whose program fits into its share of the memory, each of its matrices into a binding. */
export function batchSizeOf(plan: Plan, limits: AdapterLimits, fault: ProgramOptions["fault"]): number {
  const { bindingBytes } = limits;
  const memory = memoryBytes(limits) / IN_FLIGHT;
  const most = limits.hardware ? wantedSamples(plan) : LARGEST_BATCH.software / explicitWork(plan);
  const outputs = outputsAnInput(plan);
  const cap = Math.max(most / outputs, Math.min(most, FEW_INPUTS));
  for (let samples = quads(batchWithin(cap, plan.network)); ;) {
    const { total, largest } = memoryOf(batchProgram(plan, samples, { fault, bindingBytes }));
    const excess = Math.max(total / memory, largest / bindingBytes);
    if (excess <= 1 || samples === 4) return outputs * samples;
    samples = quads(samples / excess);
  }
}

/** What the programs in flight may take together. */
export function memoryBytes({ bufferBytes, bindingBytes }: AdapterLimits): number {
  return Math.min(Math.max(LEAST_MEMORY, bufferBytes), 8 * bindingBytes);
}

/** Samples that a hardware adapter should have, as far as its memory goes. */
function wantedSamples(plan: Plan): number {
  const { layers } = plan.network;
  const flops = normChoices(plan).reduce((sum, choice) => sum + choice.flops[0], baseFlops(plan));
  const [least, most] = [LEAST_SECONDS, MOST_SECONDS].map((seconds) => (seconds * ASSUMED_RATE) / flops) as [
    number,
    number,
  ];
  const filling = FILLED_ENTRIES / Math.max(...layers.map(({ outputs }) => outputs));
  const first = layers[0]?.inputs ?? 1;
  return Math.min(Math.max(filling, least), most, LARGEST_BATCH.hardware, INPUT_BYTES / (8 * first));
}

/** How many times more columns than samples go through where Jacobians are explicit, over what any batch has: 64. */
function explicitWork(plan: Plan): number {
  const inner = plan.network.layers.slice(1).map((layer) => layer.inputs);
  return plan.norm === "frobenius" ? Math.max(1, Math.max(1, ...inner) / 64) : 1;
}
