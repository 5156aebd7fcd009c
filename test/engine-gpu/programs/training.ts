/**
 * Training on the software adapter: each update beside the oracle's, the bits of a run that is repeated and of one that goes on, the planted
 * faults. Prints a list of findings for each check; an empty list is a pass. The same file under Node and Deno.
 */
import { openGpu } from "../../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../../src/cli/runtime/shaders.ts";
import { openDevice } from "../../../src/engine/gpu/device.ts";
import { createDeviceTrainer } from "../../../src/training/device.ts";
import type { TrainingFault } from "../../../src/training/faults.ts";
import type { TrainingSettings } from "../../../src/training/settings.ts";
import type { TrainingState } from "../../../src/training/trainer.ts";
import { initialState } from "../../../src/training/trainer.ts";
import { dataset, flat, rounded, settings } from "../../training/support.ts";
import { WGSL, wrongSteps } from "../../training/updates.ts";

const gpu = await openGpu();
if (gpu === null) throw new Error("no WebGPU in this runtime");
const open = await openDevice(gpu, "software", readShaders(), undefined);
const data = rounded(dataset(11));

const RUNS: Readonly<Record<string, Partial<TrainingSettings>>> = {
  momentum: {},
  "weight decay and squared error": { momentum: 0, weightDecay: 0.1, loss: "squared-error" },
  adam: { optimiser: "adam", learningRate: 0.01, weightDecay: 0.01 },
  "batches of one": { batch: 1 },
  "full batches": { batch: "full", warmUp: 4, schedule: { kind: "cosine" } },
};

async function trainer(own: TrainingSettings, from = initialState(own), fault: TrainingFault | null = null) {
  return createDeviceTrainer(open, own, data, from, fault);
}

async function wrong(own: TrainingSettings, fault: TrainingFault | null = null): Promise<number[]> {
  const made = await trainer(own, initialState(own), fault);
  const found = await wrongSteps(own, data, made, WGSL);
  made.destroy();
  return found;
}

async function go(own: TrainingSettings, from: TrainingState, to: number): Promise<TrainingState> {
  const made = await trainer(own, from);
  while (made.made() < to) if ((await made.step()).kind !== "made") throw new Error("diverged");
  const state = await made.state();
  made.destroy();
  return state;
}

const bits = ({ step, parameters, moments }: TrainingState): string =>
  JSON.stringify([step, flat(parameters), ...moments.map(flat)]);

const own = (changes: Partial<TrainingSettings>): TrainingSettings => settings({ ...changes, precision: "f32" });

const updates: string[] = [];
for (const [name, changes] of Object.entries(RUNS)) {
  const steps = await wrong(own(changes));
  if (steps.length > 0) updates.push(`${name}: steps ${steps.join(", ")}`);
}

const faults: string[] = [];
for (const [fault, first] of [
  ["update-sign", 1],
  ["stale-batch", 2],
  ["momentum-forgotten", 2],
] as const) {
  const [found] = await wrong(own({}), fault);
  if (found !== first) faults.push(`${fault}: found at step ${String(found)}, expected ${String(first)}`);
}

const repeated: string[] = [];
const long = own({ optimiser: "adam", learningRate: 0.01, steps: 60 });
const whole = bits(await go(long, initialState(long), 60));
if (bits(await go(long, initialState(long), 60)) !== whole) repeated.push("other bits when repeated");
const parts = await go(long, await go(long, initialState(long), 7), 60);
if (bits(parts) !== whole) repeated.push("other bits when gone on from step 7");

const diverged: string[] = [];
const wild = await trainer(own({ learningRate: 1e30 }));
await wild.step();
const kept = bits(await wild.state());
const second = await wild.step();
if (second.kind !== "diverged" || second.step !== 2) diverged.push(JSON.stringify(second));
if (bits(await wild.state()) !== kept) diverged.push("the state before the step is lost");

open.check();
open.device.destroy();
console.log(JSON.stringify({ updates, faults, repeated, diverged }));
