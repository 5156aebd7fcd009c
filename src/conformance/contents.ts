/** What the matrices of a batch program held when a witness was stored, the sample standing in each of four columns, the least that the kernels take. */
import type { TracedSample } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { BasePass } from "../engine/program/base.ts";
import { constantOf, headData } from "../engine/program/constants.ts";
import type { BatchProgram, Vectors } from "../engine/program/program.ts";
import type { Matrix, Place } from "../engine/program/stage.ts";
import { leavesOf } from "../engine/program/stage.ts";
import { takesClass } from "../network/heads.ts";
import type { Witness } from "../witness/witness.ts";
import type { Words } from "./call.ts";
import { zeros } from "./cases/numbers.ts";

export const COLUMNS = 4;

export interface Contents {
  /** Null where the witness has not kept it. */
  readonly of: (matrix: Matrix) => Words | null;
  /** The sample's own column from `column` on. @throws RangeError where it is not kept. */
  readonly vector: (matrix: Matrix, column?: number) => Float64Array;
  /** Whether all that is kept of these is finite. */
  readonly finite: (matrices: readonly Matrix[]) => boolean;
}

/** A matrix that nothing was written to. */
export function emptyOf({ kind, rows, columns, words }: Matrix): Words {
  const size = rows * columns * words;
  return kind === "states" || kind === "values" || kind === "sums" ? new Uint32Array(size) : zeros(size);
}

/** A vector in each of the columns. */
export function columns(x: Float64Array, count = COLUMNS): Float32Array<ArrayBuffer> {
  const result = new Float32Array(x.length * count);
  x.forEach((v, i) => result.fill(v, i * count, (i + 1) * count));
  return result;
}

export function witnessContents(
  witness: Witness,
  plan: Plan,
  base: BasePass,
  traced: BatchProgram["traced"],
): Contents {
  /** The sample's vectors in each matrix, by the column where their block begins. */
  const blocks = new Map<Matrix, Map<number, Float64Array>>();
  for (const [{ of, column }, vector] of leavesOf<Vectors<TracedSample>, Place>(traced, witness.stored)) {
    blocks.set(of, (blocks.get(of) ?? new Map<number, Float64Array>()).set(column, vector));
  }
  const known = new Map<Matrix, Words | null>([
    [base.labels, labelsOf(witness)],
    [base.headData, headConstants(witness, base.headData)],
    [base.values, headNumbers(witness)],
  ]);
  const make = (matrix: Matrix): Words | null => {
    if (matrix.kind === "unused") return emptyOf(matrix);
    const constant = constantOf(plan, matrix, undefined);
    if (constant !== null) return Float32Array.from(constant);
    // Before it is spread it holds the same: the sample's own columns, then the one that it shares.
    const own = [...(blocks.get(matrix.spread ?? matrix)?.entries() ?? [])].sort(([a], [b]) => a - b);
    return own.length === 0 ? null : sideBySide(own.map(([, vector]) => vector));
  };
  const of = (matrix: Matrix): Words | null => {
    const words = known.get(matrix) ?? make(matrix);
    known.set(matrix, words);
    return words;
  };
  return {
    of,
    vector(matrix, column = 0) {
      const vector = blocks.get(matrix)?.get(column);
      if (vector === undefined) throw new RangeError(`no ${matrix.kind} of layer ${String(matrix.layer)} is kept`);
      return vector;
    },
    finite: (matrices) =>
      matrices.every((own) => [...(blocks.get(own)?.values() ?? [])].every((x) => x.every((v) => Number.isFinite(v)))),
  };
}

/** Vectors as the engine keeps the two tangents: the first in each of the columns, then the second. */
function sideBySide(vectors: readonly Float64Array[]): Float32Array<ArrayBuffer> {
  const width = COLUMNS * vectors.length;
  const result = new Float32Array((vectors[0]?.length ?? 0) * width);
  vectors.forEach((vector, k) => {
    vector.forEach((v, i) => result.fill(v, i * width + k * COLUMNS, i * width + (k + 1) * COLUMNS));
  });
  return result;
}

function labelsOf({ label, head }: Witness): Words {
  return new Int32Array(COLUMNS).fill(label < 0 && takesClass(head) ? 0 : label);
}

function headConstants({ head, index }: Witness, { rows }: Matrix): Words {
  // The one row of targets is the sample's.
  const data = headData(head, rows, head.kind === "squared-error" ? 0 : index, 1, 1);
  return head.kind === "linear" || head.kind === "squared-error" ? columns(data) : zeros(COLUMNS);
}

function headNumbers({ stored: { value, topExponent } }: Witness): Words {
  const words = new Float32Array(2 * COLUMNS);
  for (let j = 0; j < COLUMNS; j++) {
    words[2 * j] = value;
    new Int32Array(words.buffer)[2 * j + 1] = topExponent;
  }
  return words;
}
