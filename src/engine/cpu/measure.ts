/** One block of samples through engine cpu: the plan's batch program, run on the host. */
import type { Batch, Measurements, StoredSample, TracedSample } from "../engine.ts";
import { IEEE_F64 } from "../engine.ts";
import { withMeasurementFault } from "../faults.ts";
import type { BaseMeasurements } from "../program/base.ts";
import type { BatchProgram, TracedVectors, Vectors } from "../program/program.ts";
import type { Measure, Place, Tree } from "../program/stage.ts";
import { listOf, readTree } from "../program/stage.ts";
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
  readonly frame: Frame;
  /** Of layers t = 1 … l; null where nothing was iterated. */
  readonly searches: readonly (FoundWitnesses["search"] | null)[];
}

export function measureBlock(operators: Operators, batch: Batch): { measurements: Measurements; stored: StoredBlock } {
  const { samples } = batch;
  const { plan, fault } = operators;
  const program = operators.program(samples);
  const { base, iterations, explicit, traced } = program;
  const frame = new Frame(operators, batch.first, batch.labels);
  frame.put(base.inputs, inputColumns(batch));
  runCalls(frame, base.stages);
  const heads = frame.of(base.values);
  const value = Float64Array.from({ length: samples }, (_, j) => heads[2 * j] as number);
  const witnesses = plan.layers.map((_, i) => {
    const own = iterations[i - 1];
    if (own === undefined || plan.accuracy === "verdict") return null;
    frame.set(own.next, startVectors(frame, own, base.slopes));
    return runIteration(frame, own, base.slopes, plan.accuracy, true);
  });
  const measurements: Measurements = {
    samples,
    arithmetic: IEEE_F64,
    finite: finiteColumns([...base.finite.map((own) => frame.of(own)), value], samples),
    value,
    topExponent: Int32Array.from({ length: samples }, (_, j) => heads[2 * j + 1] as number),
    ...readTree<BaseMeasurements, Measure>(base.measured, (measure) => frame.measure(measure, samples)),
    witnesses: witnesses.map((own) => own?.measurement ?? null),
    explicit: plan.layers.map((_, i) => {
      const own = explicit[i - 1];
      return own === undefined ? null : runExplicit(frame, own, base.slopes, samples, false);
    }),
  };
  const stored = [base.values, ...listOf<Place>(traced).map(({ of }) => of)];
  const searches = witnesses.map((own) => own?.search ?? null);
  return {
    measurements: withMeasurementFault(measurements, fault),
    stored: { program, frame: frame.only(stored), searches },
  };
}

/** x, n_1 × B. */
function inputColumns({ inputs, samples }: Batch): Float64Array {
  const width = inputs.length / samples;
  const result = new Float64Array(inputs.length);
  for (let j = 0; j < samples; j++) {
    for (let i = 0; i < width; i++) result[i * samples + j] = inputs[j * width + i] as number;
  }
  return result;
}

/** @param matrices of a column a sample, or of several groups of them. */
function finiteColumns(matrices: readonly Float64Array[], samples: number): Uint8Array {
  const finite = new Uint8Array(samples).fill(1);
  for (const matrix of matrices) {
    // 0·v is 0 unless v is NaN or infinite, and then the sum is NaN: most matrices hold none, and one look at all of it says so.
    let sum = 0;
    for (let i = 0; i < matrix.length; i++) sum += 0 * (matrix[i] as number);
    if (sum === 0) continue;
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

/** All that is stored of it. */
export function readTraced(block: StoredBlock, sample: number): TracedSample {
  const read = readSample<TracedVectors>(block, block.program.traced, sample);
  const witnesses = read.witnesses.map((witness, i) => {
    const search = block.searches[i]?.(sample);
    return witness === null || search === undefined ? witness : { ...witness, search };
  });
  return { ...read, witnesses };
}

function readSample<T extends StoredSample>(
  { program, frame }: Pick<StoredBlock, "program" | "frame">,
  tree: Tree<Vectors<T>, Place>,
  sample: number,
): T {
  const heads = frame.of(program.base.values);
  const [value, topExponent] = [heads[2 * sample] as number, heads[2 * sample + 1] as number];
  const vectors = readTree<Vectors<T>, Place>(tree, ({ of, column }) => frame.column(of, column + sample));
  return { value, topExponent, ...vectors } as T;
}
