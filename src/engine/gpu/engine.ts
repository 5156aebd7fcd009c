/**
 * Engine webgpu: f32 on a device. Programs (a plan's buffers for one capacity) are kept between batches; two may be in use at once.
 * Which adapter, how much memory, how large a batch: from the adapter's own limits.
 */
import { inputCount, outputsAnInput } from "../each-output.ts";
import type { Engine, MeasuredBatch } from "../engine.ts";
import { withBatchFault } from "../batch-faults.ts";
import type { FaultName } from "../faults.ts";
import { batchWithin } from "../footprint.ts";
import type { Plan } from "../plan.ts";
import { memoryOf } from "../program/memory.ts";
import { batchProgram } from "../program/program.ts";
import { openDevice } from "./device.ts";
import type { StageProfile } from "./profile.ts";
import type { Program } from "./program.ts";
import { createProgram } from "./program.ts";
import type { ShaderSources } from "./sources.ts";

export interface GpuEngineOptions {
  readonly gpu: GPU;
  /** high-performance, low-power, software, or part of an adapter's name. */
  readonly adapterPreference: string;
  readonly shaders: ShaderSources;
  /** "deno 2.9.5" and the like, for the description. */
  readonly runtime: string;
  readonly fault?: FaultName | undefined;
  /** Hears the time of every stage, at the price of speed. */
  readonly profile?: StageProfile | undefined;
}

/** Batches in flight. */
const IN_FLIGHT = 2;

/** Batches larger than these gain nothing: a software adapter has no lanes to fill. */
const LARGEST_BATCH = { hardware: 8192, software: 512 };

/** Inputs of a batch at least where each is many samples: fewer leave a device idle. */
const FEW_INPUTS = 16;

/** Upper bound of what the programs in flight may take together. */
const MEMORY_BYTES = 2 ** 31;

/** How many times more columns than samples go through where Jacobians are explicit, over what any batch has: 64. */
function explicitWork(plan: Plan): number {
  const inner = plan.network.layers.slice(1).map((layer) => layer.inputs);
  return plan.norm === "frobenius" ? Math.max(1, Math.max(1, ...inner) / 64) : 1;
}

const quads = (samples: number): number => Math.max(4, 4 * Math.floor(samples / 4));

interface Slot {
  program: Program | null;
  plan: Plan | null;
  busy: boolean;
}

/** @throws DeviceError when there is no such adapter, or it gives no device. */
export async function createGpuEngine(options: GpuEngineOptions): Promise<Engine> {
  const { gpu, adapterPreference, shaders, fault, profile = null } = options;
  const open = await openDevice(gpu, adapterPreference, shaders, fault, profile);
  const slots: Slot[] = Array.from({ length: IN_FLIGHT }, () => ({ program: null, plan: null, busy: false }));
  const waiting: ((slot: Slot) => void)[] = [];

  /** Samples of the most inputs, a multiple of 4, whose program fits into its share of the memory, each of its matrices into a binding. */
  const batchSize = (plan: Plan): number => {
    const memory = Math.min(MEMORY_BYTES, 8 * open.bindingBytes) / IN_FLIGHT;
    const most = open.adapter.hardware ? LARGEST_BATCH.hardware : LARGEST_BATCH.software;
    const outputs = outputsAnInput(plan);
    const cap = Math.max(most / outputs, Math.min(most, FEW_INPUTS));
    for (let samples = quads(batchWithin(cap / explicitWork(plan), plan.network)); ;) {
      const program = batchProgram(plan, samples, { fault: options.fault, bindingBytes: open.bindingBytes });
      const { total, largest } = memoryOf(program);
      const excess = Math.max(total / memory, largest / open.bindingBytes);
      if (excess <= 1 || samples === 4) return outputs * samples;
      samples = quads(samples / excess);
    }
  };

  /** A free slot, one that holds this plan's program if there is one; else the next to be given back, in the order of asking. */
  const takeSlot = async (plan: Plan): Promise<Slot> => {
    const free = slots.filter((s) => !s.busy);
    const slot = free.find((s) => s.plan === plan) ?? free[0];
    if (slot === undefined) return new Promise<Slot>((resolve) => waiting.push(resolve));
    slot.busy = true;
    return slot;
  };
  /** A slot that somebody waits for stays busy and is theirs: were it free, who asks later could take it first and the two could wait for each other. */
  const giveBack = (slot: Slot): void => {
    const next = waiting.shift();
    if (next === undefined) slot.busy = false;
    else next(slot);
  };

  const programFor = async (slot: Slot, plan: Plan, samples: number): Promise<Program> => {
    if (slot.program !== null && slot.plan === plan && slot.program.capacity >= samples) return slot.program;
    slot.program?.destroy();
    slot.program = null;
    slot.plan = plan;
    slot.program = await createProgram(open, plan, 4 * Math.ceil(samples / 4), options.fault);
    return slot.program;
  };

  const explained = <T>(read: Promise<T>): Promise<T> =>
    read.catch(async (error: unknown) => {
      throw await open.explain(error);
    });

  const engine: Engine = {
    description: {
      kind: "webgpu",
      precision: "f32",
      adapter: open.adapter.name,
      runtime: options.runtime,
      hardware: open.adapter.hardware,
    },
    batchSize,
    async measure(plan, batch, trace = []): Promise<MeasuredBatch> {
      open.check();
      const slot = await takeSlot(plan);
      let released = false;
      const release = (): void => {
        if (released) return;
        released = true;
        giveBack(slot);
      };
      try {
        const program = await programFor(slot, plan, inputCount(batch));
        // What is traced is read now, rather than behind the next batch in the device's queue.
        const { measurements, traced: early } = await program.run(batch, trace);
        const held = (): Program => {
          if (released) throw new RangeError("this batch was released");
          return program;
        };
        return {
          measurements,
          stored: async (samples) => explained(held().readStored(samples)),
          async traced(samples) {
            const missing = samples.filter((sample) => !early.has(sample));
            const late = await explained(held().readTraced(missing));
            return samples.map(
              (sample) => early.get(sample) ?? (late[missing.indexOf(sample)] as (typeof late)[number]),
            );
          },
          release,
        };
      } catch (error) {
        release();
        throw await open.explain(error);
      }
    },
    dispose() {
      for (const slot of slots) slot.program?.destroy();
      open.device.destroy();
    },
  };
  return withBatchFault(engine, options.fault);
}
