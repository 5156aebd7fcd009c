/**
 * One block of samples through engine cpu: the plan's batch program, run on the host. Where samples share inputs (each-output.ts) what
 * depends on f is run again for each of their outputs, a pass each; the columns of a pass are the inputs.
 */
import { inputCount, inputIndex, joinPasses, labelsOfPasses } from "../each-output.ts";
import type { PassMeasurements } from "../each-output.ts";
import type { Batch, Measurements, ProvenNorms, StoredSample, TracedSample, Wanted } from "../engine.ts";
import { IEEE_F64 } from "../engine.ts";
import { withMeasurementFault } from "../faults.ts";
import type { Pool } from "../memory.ts";
import { NO_POOL } from "../memory.ts";
import type { Plan } from "../plan.ts";
import type { BaseMeasurements } from "../program/base.ts";
import type { BatchProgram, TracedVectors, Vectors } from "../program/program.ts";
import type { Branch, Matrix, Measure, Place, Tree } from "../program/stage.ts";
import { listOf, readTree } from "../program/stage.ts";
import type { Arena } from "./arena.ts";
import { openArena } from "./arena.ts";
import { proverOf } from "./ball-proof.ts";
import { columnsOf } from "./column-pool.ts";
import { allFinite, columnMax } from "./columns.ts";
import { runExplicit } from "./explicit.ts";
import { Frame } from "./frame.ts";
import type { FoundWitnesses } from "./iteration.ts";
import { runIteration } from "./iteration.ts";
import { runCalls } from "./kernels.ts";
import type { Operators } from "./operators.ts";
import { startVectors } from "./start.ts";

/** Everything stored of a block. */
export interface StoredBlock {
  readonly program: BatchProgram;
  /** Of each pass; the first has the witnesses. */
  readonly frames: readonly Frame[];
  /** Of layers t = 1 … l; null where nothing was iterated. */
  readonly searches: readonly (FoundWitnesses["search"] | null)[];
  /** Nothing is read of it any more. */
  readonly release: () => void;
}

export interface MeasuredBlock {
  readonly measurements: Measurements;
  readonly stored: StoredBlock;
}

/** @param take where the memory of the measurements comes from. */
export function measureBlock(operators: Operators, batch: Batch, take = NO_POOL.take): MeasuredBlock {
  const { layers } = operators.plan.network;
  const kept = 8 * layers.reduce((sum, { weight, outputs }) => sum + 3 * weight.length + outputs ** 2, 0);
  const arena = openArena(operators.program(inputCount(batch)), kept);
  if (arena === null) return measureIn(null, operators, batch, take);
  try {
    const measured = measureIn(arena, operators, batch, take);
    if (arena.isIntact) return measured;
  } catch (error) {
    if (arena.isIntact) throw error;
  }
  // Where the memory had to grow on the way, which moves it: once more in arrays.
  arena.release();
  return measureIn(null, operators, batch, take);
}

/** @param arena for what is common to all passes and for the first. */
function measureIn(arena: Arena | null, operators: Operators, batch: Batch, take: Pool["take"]): MeasuredBlock {
  const { plan, fault } = operators;
  const inputs = inputCount(batch);
  const program = operators.program(inputs);
  const { base, iterations, explicit } = program;
  const forward = new Frame(operators, inputIndex(plan, batch.first), null, arena);
  fillInputColumns(forward.make(base.inputs, batch.inputs.length), batch);
  forward.made(base.inputs);
  runCalls(forward, base.forward);
  const shared = new Map<Measure, Float64Array>();
  const kept = keptOf(program);
  const passes: PassMeasurements[] = [];
  const frames: Frame[] = [];
  let witnesses: readonly (FoundWitnesses | null)[] = [];
  let jacobians: Measurements["explicit"] = [];
  for (const labels of labelsOfPasses(batch)) {
    const frame = forward.withLabels(labels, frames.length === 0 ? arena : null);
    runCalls(frame, base.backward);
    const results = columnsOf(inputs, take);
    const read = (measure: Measure): Float64Array => {
      if (!forward.has(measure.of)) return frame.measure(measure, inputs, results());
      const found = shared.get(measure) ?? frame.measure(measure, inputs, results());
      shared.set(measure, found);
      return found;
    };
    passes.push(passMeasurements(program, frame, inputs, read));
    if (frames.length === 0) {
      witnesses = plan.layers.map((_, i) => {
        const own = iterations[i - 1];
        if (own === undefined || plan.accuracy === "verdict") return null;
        startVectors(frame, own, base.slopes);
        return runIteration(frame, own, base.slopes, plan.accuracy, true, take);
      });
      jacobians = plan.layers.map((_, i) => {
        const own = explicit[i - 1];
        return own === undefined ? null : runExplicit(frame, own, base.slopes, inputs, false);
      });
    }
    frames.push(frame.only(kept));
  }
  const ofInputs = { witnesses: witnesses.map((own) => own?.measurement ?? null), explicit: jacobians };
  const searches = witnesses.map((own) => own?.search ?? null);
  return {
    measurements: withMeasurementFault(joinPasses(passes, ofInputs), fault),
    stored: { program, frames, searches, release: () => arena?.release() },
  };
}

/** What is read back of a block, a list a program. */
const keptMatrices = new WeakMap<BatchProgram, readonly Matrix[]>();

function keptOf(program: BatchProgram): readonly Matrix[] {
  const own = keptMatrices.get(program) ?? [program.base.values, ...listOf<Place>(program.traced).map(({ of }) => of)];
  keptMatrices.set(program, own);
  return own;
}

function passMeasurements(
  { base }: BatchProgram,
  frame: Frame,
  inputs: number,
  read: (measure: Measure) => Float64Array,
): PassMeasurements {
  const heads = frame.of(base.values);
  const [value, topExponent] = [new Float64Array(inputs), new Int32Array(inputs)];
  for (let j = 0; j < inputs; j++) {
    value[j] = heads[2 * j] as number;
    topExponent[j] = heads[2 * j + 1] as number;
  }
  return {
    samples: inputs,
    arithmetic: IEEE_F64,
    finite: finiteColumns([...base.finite.map((of) => frame.of(of)), value], inputs),
    value,
    topExponent,
    ...readTree<BaseMeasurements, Measure>(base.measured, read),
  };
}

/** x, n_1 × B. */
function fillInputColumns(result: Float64Array, batch: Batch): void {
  const { inputs } = batch;
  const columns = inputCount(batch);
  const width = inputs.length / columns;
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < width; i++) result[i * columns + j] = inputs[j * width + i] as number;
  }
}

/** @param matrices of a column a sample, or of several groups of them. */
function finiteColumns(matrices: readonly Float64Array[], samples: number): Uint8Array {
  const finite = new Uint8Array(samples).fill(1);
  for (const matrix of matrices) {
    if (allFinite(matrix)) continue;
    for (let row = 0; row < matrix.length; row += samples) {
      for (let j = 0; j < samples; j++) if (!Number.isFinite(matrix[row + j])) finite[j] = 0;
    }
  }
  return finite;
}

/** What a replay needs of one sample of a stored block. */
export function readStored(block: StoredBlock, sample: number): StoredSample {
  return readSample<StoredSample>(block, block.program.stored, sample);
}

/** Intervals of ‖J_t‖ of all of its inputs, by t − 1. */
export function proveBlock(
  plan: Plan,
  { program, frames }: StoredBlock,
  wanted: readonly (Wanted | null)[],
): (ProvenNorms | null)[] {
  const frame = frames[0] as Frame;
  const slopes = program.base.slopes.map((D) => frame.of(D));
  const inputs = (slopes[0] as Float64Array).length / (program.base.slopes[0] as Matrix).rows;
  const slopeMax = slopes.map((d) => columnMax(d, inputs));
  return proverOf(plan)?.prove(slopes, slopeMax, inputs, wanted) ?? wanted.map(() => null);
}

/** All that is stored of it. */
export function readTraced(block: StoredBlock, sample: number): TracedSample {
  const read = readSample<TracedVectors>(block, block.program.traced, sample);
  const witnesses = read.witnesses.map((witness, i) => {
    const search = block.searches[i]?.(Math.floor(sample / block.frames.length));
    return witness === null || search === undefined ? witness : { ...witness, search };
  });
  return { ...read, witnesses };
}

/** Of one sample's vectors, a number a tree. */
const sampleBytes = new WeakMap<object, number>();

function bytesOf(tree: Branch<Place> & object): number {
  const own = sampleBytes.get(tree) ?? listOf<Place>(tree).reduce((sum, { of }) => sum + 8 * of.rows, 0);
  sampleBytes.set(tree, own);
  return own;
}

function readSample<T extends StoredSample>(
  { program, frames }: Pick<StoredBlock, "program" | "frames">,
  tree: Tree<Vectors<T>, Place> & Branch<Place> & object,
  sample: number,
): T {
  const [first] = frames as readonly [Frame, ...Frame[]];
  const [input, own] = [Math.floor(sample / frames.length), frames[sample % frames.length] as Frame];
  const heads = own.of(program.base.values);
  const [value, topExponent] = [heads[2 * input] as number, heads[2 * input + 1] as number];
  // One memory for all of a sample's vectors: an array of its own for each costs more than what is read.
  const memory = new ArrayBuffer(bytesOf(tree));
  let end = 0;
  const vectors = readTree<Vectors<T>, Place>(tree, ({ of, column }) => {
    const into = new Float64Array(memory, end, of.rows);
    end += into.byteLength;
    return (own.has(of) ? own : first).column(of, column + input, into);
  });
  return { value, topExponent, ...vectors } as T;
}
