/** The operations of columns.ts in WebAssembly SIMD (assembly/column-operations.ts), on arrays in its memory as they stand and on copies of others. */
import type { Workspace } from "../wasm/workspace.ts";
import { wholeLines } from "../wasm/workspace.ts";
import type { ColumnOperations, Part } from "./column-operations.ts";

export function columnKernels({
  kernels,
  room,
  numbers,
  singles,
  write,
  read,
  isHere,
}: Pick<Workspace, "kernels" | "room" | "numbers" | "singles" | "write" | "read" | "isHere">): ColumnOperations {
  /** Where the next copy goes. */
  let free = 0;
  const make = (length: number): number => {
    const at = free;
    free += wholeLines(8 * length);
    return at;
  };
  /** Where an operand stands, or a copy of it. */
  const place = (values: Float64Array): number => {
    if (isHere(values)) return values.byteOffset;
    const at = make(values.length);
    write(at, values);
    return at;
  };
  /** Where a result is to be made: as it stands, or for `finish` to copy out. */
  const target = (values: Float64Array): number => (isHere(values) ? values.byteOffset : make(values.length));
  const finish = (at: number, values: Float64Array): Float64Array => {
    if (at !== values.byteOffset || !isHere(values)) read(at, values);
    return values;
  };
  const result = (at: number, length: number, into: Float64Array | undefined): Float64Array => {
    const from = numbers();
    if (into === undefined) return from.slice(at / 8, at / 8 + length);
    for (let j = 0; j < length; j++) into[j] = from[at / 8 + j] as number;
    return into;
  };
  /** Offset, end and pitch of columns in a matrix. */
  const block = (x: Float64Array, columns: number, part: Part | undefined): readonly [number, number, number] => {
    const at = place(x);
    if (part === undefined) return [at, at + 8 * x.length, 8 * columns];
    return [at + 8 * part.from, at + 8 * x.length, (8 * x.length) / part.rows];
  };
  return {
    columnMax(x, columns, into) {
      free = room();
      const [at, end, pitch] = block(x, columns, undefined);
      const most = make(columns);
      kernels.columnMax(at, end, pitch, 8 * columns, most);
      return result(most, columns, into);
    },

    columnNorm(x, columns, part, into) {
      free = room();
      const [at, end, pitch] = block(x, columns, part);
      const norm = make(columns);
      kernels.columnNorm(at, end, pitch, 8 * columns, norm, make(columns));
      return result(norm, columns, into);
    },

    columnLeast(x, from, least) {
      free = room();
      const columns = least.length;
      const [at, end, pitch] = block(x, columns, undefined);
      const own = place(least);
      kernels.columnLeast(at, end, pitch, 8 * columns, from, own);
      finish(own, least);
    },

    columnDot(x, y, columns, part, into) {
      free = room();
      const [at, end, pitch] = block(x, columns, part);
      const other = place(y);
      const dot = make(columns);
      kernels.columnDot(at, end, pitch, 8 * columns, other, 8 * columns, dot);
      return result(dot, columns, into);
    },

    allFinite(x) {
      free = room();
      const at = place(x);
      return kernels.allFinite(at, at + 8 * x.length) === 1;
    },

    scaledColumns(x, factors, into, part) {
      free = room();
      const columns = factors.length;
      const [at, end, pitch] = block(x, columns, part);
      const own = place(factors);
      const rows = part?.rows ?? x.length / columns;
      const made = into ?? new Float64Array(rows * columns);
      // Beside what a wider one holds.
      const to = made.length === rows * columns ? target(made) : place(made);
      kernels.scaleColumns(at, end, pitch, 8 * columns, own, to, (8 * made.length) / rows);
      return finish(to, made);
    },

    addScaledColumns(sum, factors, x) {
      free = room();
      const at = place(sum);
      kernels.addScaledColumns(at, place(x), 8 * x.length, 8 * factors.length, place(factors));
      finish(at, sum);
    },

    addToRows(x, b) {
      free = room();
      const at = place(x);
      kernels.addToRows(at, at + 8 * x.length, (8 * x.length) / b.length, place(b));
      finish(at, x);
    },

    maskedGroups(mask, x, rows, into = new Float64Array(x.length)) {
      free = room();
      const own = (8 * mask.length) / rows;
      const at = place(x);
      const to = target(into);
      kernels.mask(at, 8 * x.length, (8 * x.length) / rows, place(mask), own, own, to);
      return finish(to, into);
    },

    spread(x, rows, from, into) {
      free = room();
      const at = place(x);
      const to = target(into);
      const offsets = make(from.length);
      const bytes = new Int32Array(singles().buffer, offsets, from.length);
      for (let j = 0; j < from.length; j++) bytes[j] = 8 * (from[j] as number);
      kernels.spread(at, at + 8 * x.length, (8 * x.length) / rows, 8 * from.length, offsets, to);
      finish(to, into);
    },

    activate(name, z, value, slope) {
      const kernel = ACTIVATION_KERNELS[name];
      if (kernel === undefined) return false;
      free = room();
      const [at, to, beside] = [place(z), target(value), target(slope)];
      kernels[kernel](at, to, beside, 16 * Math.ceil(z.length / 2));
      finish(to, value);
      finish(beside, slope);
      return true;
    },
  };
}

const ACTIVATION_KERNELS: Readonly<Record<string, "tanhWithSlope" | "relu" | "identity" | undefined>> = {
  tanh: "tanhWithSlope",
  relu: "relu",
  identity: "identity",
};
