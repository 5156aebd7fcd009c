/**
 * Engine webgpu: f32 on a device. Programs (a plan's buffers for one capacity) are kept between batches; two may be in use at once.
 * How large a batch: batch-size.ts, from the adapter's own limits.
 */
import { inputCount } from "../each-output.ts";
import type { Engine, MeasuredBatch } from "../engine.ts";
import { withBatchFault } from "../batch-faults.ts";
import type { FaultName } from "../faults.ts";
import type { Plan } from "../plan.ts";
import { batchSizeOf, IN_FLIGHT } from "./batch-size.ts";
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
    batchSize: (plan) => batchSizeOf(plan, { ...open, ...open.adapter }, fault),
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
