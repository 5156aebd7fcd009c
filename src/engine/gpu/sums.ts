/** Per-column norms and dots: asked for as dispatches into one buffer, read back as f64 (column-norm.wgsl, column-dot.wgsl). */
import type { Dispatch, Matrix, Workspace } from "./dispatch.ts";
import { KERNELS } from "./kernels.ts";

/** A norm's or dot's results once the buffer was read. */
export interface ColumnNorms {
  readonly norm: Float64Array;
  /** max|x|. */
  readonly largest: Float64Array;
  /** 1 where every entry of the column is finite. */
  readonly finite: Uint8Array;
}

export interface SumBuffer {
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  readonly dispatches: readonly Dispatch[];
  readonly norms: (words: Uint32Array, request: number) => ColumnNorms;
  readonly dots: (words: Uint32Array, request: number) => Float64Array;
  readonly least: (words: Uint32Array, request: number) => Float64Array;
}

export type SumRequest =
  | { readonly kind: "norm"; readonly of: Matrix }
  /** The least distance of each column's entries from these one or two places. */
  | { readonly kind: "least"; readonly of: Matrix; readonly places: readonly number[] }
  /** Each column of `right` with column mod left.columns of `left`; the norms of both are asked for before. */
  | { readonly kind: "dot"; readonly left: Matrix; readonly right: Matrix };

const width = (request: SumRequest): number => (request.kind === "dot" ? request.right.columns : request.of.columns);

/** @param requests numbered from 0 in the order given; their dispatches too. */
export async function createSums(
  workspace: Workspace,
  label: string,
  requests: readonly SumRequest[],
): Promise<SumBuffer> {
  const offsets: number[] = [];
  let total = 0;
  for (const request of requests) {
    offsets.push(total);
    total += width(request);
  }
  const { buffer } = workspace.matrix(label, 1, total, 2);
  const normOf = (matrix: Matrix, before: number): number => {
    const request = requests.findIndex((r) => r.kind === "norm" && r.of === matrix);
    if (request < 0 || request >= before) throw new RangeError(`${label}: a product before its vectors' norms`);
    return offsets[request] as number;
  };
  const dispatches = await Promise.all(
    requests.map((request, i) => {
      const offset = offsets[i] as number;
      if (request.kind === "norm") {
        const { rows, columns } = request.of;
        return workspace.dispatch(KERNELS.columnNorm, {}, { rows, columns, offset }, [request.of.buffer, buffer]);
      }
      if (request.kind === "least") {
        const { rows, columns } = request.of;
        const [FIRST = 0, SECOND = FIRST] = request.places;
        const sizes = { rows, columns, offset };
        return workspace.dispatch(KERNELS.columnLeast, { FIRST, SECOND }, sizes, [request.of.buffer, buffer]);
      }
      const { left, right } = request;
      const norms = { left_norm: normOf(left, i), right_norm: normOf(right, i) };
      const sizes = { rows: right.rows, columns: right.columns, samples: left.columns, ...norms, offset };
      return workspace.dispatch(KERNELS.columnDot, {}, sizes, [left.buffer, right.buffer, buffer]);
    }),
  );
  const range = (words: Uint32Array, i: number): Uint32Array => {
    const from = 2 * (offsets[i] as number);
    return words.subarray(from, from + 2 * width(requests[i] as SumRequest));
  };
  return {
    buffer,
    bytes: Math.max(16, 8 * total),
    dispatches,
    norms: (words, i) => decodeNorms(range(words, i)),
    dots: (words, i) => decodeDots(range(words, i)),
    least: (words, i) => decodeLeast(range(words, i)),
  };
}

function decodeNorms(pairs: Uint32Array): ColumnNorms {
  const columns = pairs.length / 2;
  const floats = new Float32Array(pairs.buffer, pairs.byteOffset, pairs.length);
  const norm = new Float64Array(columns);
  const largest = new Float64Array(columns);
  const finite = new Uint8Array(columns);
  for (let j = 0; j < columns; j++) {
    const bits = pairs[2 * j] as number;
    if (bits >= 0x7f800000) {
      norm[j] = NaN;
      largest[j] = NaN;
      continue;
    }
    finite[j] = 1;
    largest[j] = floats[2 * j] as number;
    const exponent = Math.max(-126, Math.min(126, (bits >>> 23) - 127));
    norm[j] = Math.sqrt(floats[2 * j + 1] as number) * 2 ** exponent;
  }
  return { norm, largest, finite };
}

function decodeLeast(pairs: Uint32Array): Float64Array {
  const floats = new Float32Array(pairs.buffer, pairs.byteOffset, pairs.length);
  return Float64Array.from({ length: pairs.length / 2 }, (_, j) => floats[2 * j] as number);
}

function decodeDots(pairs: Uint32Array): Float64Array {
  const floats = new Float32Array(pairs.buffer, pairs.byteOffset, pairs.length);
  const result = new Float64Array(pairs.length / 2);
  for (let j = 0; j < result.length; j++) {
    const exponent = (pairs[2 * j] as number) | 0;
    result[j] = (floats[2 * j + 1] as number) * 2 ** exponent;
  }
  return result;
}
