/**
 * The column kernels of a thread (assembly/columns.ts) and their memory: matrices kept from call to call at its start, a call's
 * own operands behind them.
 *
 * Weights are copied in once and found again by their array, up to KEPT_BYTES in all; then all are forgotten, and what is still needed comes
 * back as it is asked for, so that what a forgotten plan left behind goes as well. A block of samples has a place of its own (cpu/arena.ts).
 */
import type { PanelKernels } from "../cpu/panel-kernels.ts";
import { COLUMNS_WASM } from "./columns-wasm.ts";

/** As assembly/ declares them; matrices are byte offsets. */
interface Kernels {
  readonly multiply: (a: number, x: number, y: number, rows: number, inner: number, columns: number) => void;
  readonly columnMax: (x: number, end: number, pitch: number, wide: number, most: number) => void;
  readonly columnNorm: (x: number, end: number, pitch: number, wide: number, norm: number, scale: number) => void;
  readonly columnLeast: (x: number, end: number, pitch: number, wide: number, place: number, least: number) => void;
  readonly columnDot: (
    ...[x, end, pitch, wide, y, yPitch, dot]: readonly [number, number, number, number, number, number, number]
  ) => void;
  readonly allFinite: (x: number, end: number) => number;
  readonly addScaledColumns: (target: number, x: number, bytes: number, pitch: number, factors: number) => void;
  readonly scaleColumns: (
    ...[x, end, pitch, wide, factors, y, yPitch]: readonly [number, number, number, number, number, number, number]
  ) => void;
  readonly addToRows: (x: number, end: number, pitch: number, b: number) => void;
  readonly mask: (
    ...[x, bytes, pitch, slopes, own, step, y]: readonly [number, number, number, number, number, number, number]
  ) => void;
  readonly spread: (x: number, end: number, pitch: number, wide: number, from: number, y: number) => void;
  readonly identity: (z: number, value: number, slope: number, bytes: number) => void;
  readonly relu: (z: number, value: number, slope: number, bytes: number) => void;
  readonly tanhWithSlope: (z: number, value: number, slope: number, bytes: number) => void;
  readonly panelProduct: PanelKernels["product"];
  readonly panelSteps: PanelKernels["steps"];
  readonly panelCombine: PanelKernels["combine"];
  readonly panelSettle: PanelKernels["settle"];
  readonly panelPick: PanelKernels["pick"];
  readonly panelFill: (x: number, count: number, rows: number, to: number) => void;
  readonly panelTake: (u: number, rows: number, list: number, count: number, y: number, wide: number) => void;
}

export interface Workspace {
  readonly kernels: Kernels;
  /** Whether the memory holds so many bytes beside what is kept: asked before the two below. */
  readonly holds: (bytes: number) => boolean;
  /** Byte offset of a matrix that never changes, with room for so many numbers in all. */
  readonly keep: (matrix: Float64Array, numbers: number) => number;
  /** Byte offsets of several matrices in f32 that never change, all needed at once. */
  readonly keepAll: (matrices: readonly Float32Array[]) => number[];
  /** Byte offset of the room behind what is kept, for the operands of one call. */
  readonly room: () => number;
  /** Byte offset of so many bytes that are the caller's until they are given back. Asked for after `holds`. */
  readonly take: (bytes: number) => number;
  readonly giveBack: (at: number, bytes: number) => void;
  /** Whether an array stands in the memory as it is now: then its byteOffset is its place. */
  readonly isHere: (values: Float64Array) => boolean;
  /** The memory itself, until `holds` is asked again. */
  readonly numbers: () => Float64Array;
  readonly singles: () => Float32Array;
  readonly words: () => Int32Array;
  readonly write: (at: number, values: Float64Array) => void;
  readonly read: (at: number, into: Float64Array) => void;
}

/** Most bytes of kept matrices; a single matrix may be larger. */
export const KEPT_BYTES = 2 ** 26;
const PAGE_BYTES = 2 ** 16;
const LINE_BYTES = 64;

/** Null where the runtime has no WebAssembly, none with SIMD, or may not compile any (a page's content security policy). */
export function createWorkspace(): Workspace | null {
  try {
    const bytes = Uint8Array.from(atob(COLUMNS_WASM), (c) => c.charCodeAt(0));
    const memory = new WebAssembly.Memory({ initial: 1 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    return workspaceOf(exports as unknown as Kernels, memory);
  } catch {
    return null;
  }
}

function workspaceOf(kernels: Kernels, memory: WebAssembly.Memory): Workspace {
  let { buffer } = memory;
  let view = new Float64Array(buffer);
  let singles = new Float32Array(memory.buffer);
  let words = new Int32Array(memory.buffer);
  const kept = new WeakMap<Float64Array | Float32Array, { readonly at: number; readonly filling: number }>();
  let filling = 0;
  let keptBytes = 0;
  let chunks: { readonly at: number; readonly size: number }[] = [];
  let top = 0;
  const free: { at: number; size: number }[] = [];

  /** The last one given back that is large enough: its lines are the likeliest to be in a cache. */
  const take = (bytes: number): number => {
    const size = wholeLines(bytes);
    let found = free.length - 1;
    while (found >= 0 && (free[found]?.size ?? 0) < size) found--;
    const own = free[found];
    if (own === undefined) {
      top += size;
      return top - size;
    }
    const { at } = own;
    if (own.size === size) free.splice(found, 1);
    else [own.at, own.size] = [at + size, own.size - size];
    return at;
  };
  const giveBack = (at: number, bytes: number): void => {
    let own = { at, size: wholeLines(bytes) };
    for (const beside of free.filter((one) => one.at + one.size === own.at || own.at + own.size === one.at)) {
      free.splice(free.indexOf(beside), 1);
      own = { at: Math.min(own.at, beside.at), size: own.size + beside.size };
    }
    if (own.at + own.size === top) top = own.at;
    else free.push(own);
  };
  const empty = (): void => {
    for (const { at, size } of chunks) giveBack(at, size);
    chunks = [];
    keptBytes = 0;
    filling++;
  };
  const known = (matrix: Float64Array | Float32Array): number | null => {
    const own = kept.get(matrix);
    return own?.filling === filling ? own.at : null;
  };
  const place = (matrix: Float64Array | Float32Array, bytes: number, most: number): number => {
    const size = wholeLines(bytes);
    if (keptBytes > 0 && keptBytes + size > most) empty();
    const at = take(size);
    if (matrix instanceof Float64Array) view.set(matrix, at / 8);
    else singles.set(matrix, at / 4);
    keptBytes += size;
    chunks.push({ at, size });
    kept.set(matrix, { at, filling });
    return at;
  };

  return {
    kernels,
    holds(size) {
      const missing = top + size - view.byteLength;
      if (missing <= 0) return true;
      try {
        memory.grow(Math.ceil(missing / PAGE_BYTES));
      } catch {
        return false;
      }
      buffer = memory.buffer;
      view = new Float64Array(buffer);
      singles = new Float32Array(buffer);
      words = new Int32Array(buffer);
      return true;
    },
    keep(matrix, numbers) {
      return known(matrix) ?? place(matrix, 8 * numbers, KEPT_BYTES);
    },
    keepAll(matrices) {
      let missing = 0;
      for (const own of matrices) if (known(own) === null) missing += wholeLines(own.byteLength);
      if (keptBytes + missing > KEPT_BYTES) empty();
      return matrices.map((own) => known(own) ?? place(own, own.byteLength, Infinity));
    },
    room: () => top,
    ...{ take, giveBack },
    isHere: (values) => values.buffer === buffer,
    numbers: () => view,
    singles: () => singles,
    words: () => words,
    write(at, values) {
      view.set(values, at / 8);
    },
    read(at, into) {
      into.set(view.subarray(at / 8, at / 8 + into.length));
    },
  };
}

/** So many bytes filled up to whole cache lines. */
export function wholeLines(bytes: number): number {
  return Math.ceil(bytes / LINE_BYTES) * LINE_BYTES;
}

let own: Workspace | null | undefined;

/** This thread's, with room for so many bytes; null where there is none. */
export function threadWorkspace(bytes: number): Workspace | null {
  if (own === undefined) own = createWorkspace();
  return own?.holds(bytes) === true ? own : null;
}
