/**
 * The planted faults of a batch on its way to an engine: which rows it reads, in which order, with which labels. They change what the engine
 * is given, not what the run believes that it gave; entries that are exchanged leave ‖x‖ as it is.
 */
import { inputCount, sharing } from "./each-output.ts";
import type { Batch, Engine } from "./engine.ts";
import type { FaultName } from "./faults.ts";
import type { Plan } from "./plan.ts";

type Change = (batch: Batch, plan: Plan) => Batch;

/** The engine, or one that gets changed batches where the fault is one of these. */
export function withBatchFault<E extends Engine>(engine: E, fault: FaultName | undefined): E {
  const change = changeOf(fault);
  if (change === null) return engine;
  return { ...engine, measure: (plan, batch, trace) => engine.measure(plan, change(batch, plan), trace) };
}

function changeOf(fault: FaultName | undefined): Change | null {
  switch (fault) {
    case "labels-shifted-from-256":
      return shiftedLabels(256);
    case "labels-shifted-from-65536":
      return shiftedLabels(65_536);
    case "samples-swapped":
      return (batch) => (inputCount(batch) < 4 ? batch : withRows(batch, (at) => (at === 2 ? 3 : at === 3 ? 2 : at)));
    case "first-sample-turned":
      return (batch) => turned(batch, (at) => at === 0);
    case "last-sample-turned":
      return (batch) => turned(batch, (at) => at === batch.samples - 1);
    case "last-batch-turned":
      return smallerBatches();
    case "one-in-500-turned":
      return (batch) => turned(batch, (at) => (batch.first + at) % 500 === 77);
    case "one-in-1000-turned":
      return (batch) => turned(batch, (at) => (batch.first + at) % 1000 === 77);
    default:
      return null;
  }
}

function shiftedLabels(from: number): Change {
  return (batch, { network }) => {
    const classes = network.layers.at(-1)?.outputs ?? 1;
    const labels = batch.labels?.map((label, at) =>
      label >= 0 && batch.first + at >= from ? (label + 1) % classes : label,
    );
    return { ...batch, labels: labels ?? null };
  };
}

/** The inputs, each row that of another place. */
function withRows(batch: Batch, from: (at: number) => number): Batch {
  const width = batch.inputs.length / inputCount(batch);
  const inputs = batch.inputs.map((_, k) => batch.inputs[from(Math.floor(k / width)) * width + (k % width)] as number);
  return { ...batch, inputs };
}

/** Samples with the first and the last entry of their inputs exchanged. */
function turned(batch: Batch, isChanged: (at: number) => boolean): Batch {
  const width = batch.inputs.length / inputCount(batch);
  const inputs = batch.inputs.slice();
  for (let row = 0; row < inputCount(batch); row++) {
    const own = Array.from({ length: sharing(batch) }, (_, k) => row * sharing(batch) + k);
    if (!own.some(isChanged)) continue;
    const [first, last] = [row * width, (row + 1) * width - 1];
    inputs[first] = batch.inputs[last] as number;
    inputs[last] = batch.inputs[first] as number;
  }
  return { ...batch, inputs };
}

function smallerBatches(): Change {
  let largest = 0;
  return (batch) => {
    if (batch.samples >= largest) {
      largest = batch.samples;
      return batch;
    }
    return turned(batch, () => true);
  };
}
