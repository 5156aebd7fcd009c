/**
 * Entries of a raw file (.npy, IDX, safetensors) read once more from the disk, each by an offset of its own: the audit's way from a file to the
 * numbers that a run computes with. It shares no code with formats/, and knows less: what it does not know it leaves alone.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";

/** An array as it lies in a file. */
export interface RawArray {
  readonly file: string;
  /** Of the first number. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Bytes of a number, and what they mean. */
  readonly bytes: number;
  readonly decode: (view: DataView, at: number) => number;
}

type Decoder = (littleEndian: boolean) => RawArray["decode"];

const DECODERS: Readonly<Record<string, readonly [bytes: number, decoder: Decoder]>> = {
  f2: [2, (le) => (v, at) => half(v.getUint16(at, le))],
  bf16: [2, (le) => (v, at) => brain(v.getUint16(at, le))],
  f4: [4, (le) => (v, at) => v.getFloat32(at, le)],
  f8: [8, (le) => (v, at) => v.getFloat64(at, le)],
  u1: [1, () => (v, at) => v.getUint8(at)],
  i1: [1, () => (v, at) => v.getInt8(at)],
  u2: [2, (le) => (v, at) => v.getUint16(at, le)],
  i2: [2, (le) => (v, at) => v.getInt16(at, le)],
  u4: [4, (le) => (v, at) => v.getUint32(at, le)],
  i4: [4, (le) => (v, at) => v.getInt32(at, le)],
};

/** A half-precision number from its bits: 2^(e − 15)·(1 + m/1024), below the normal ones 2^−14·m/1024. */
function half(bits: number): number {
  const [sign, e, m] = [bits >>> 15 === 1 ? -1 : 1, (bits >>> 10) & 31, bits & 1023];
  if (e === 31) return m === 0 ? sign * Infinity : NaN;
  return e === 0 ? sign * 2 ** -24 * m : sign * 2 ** (e - 25) * (1024 + m);
}

/** bfloat16: the upper half of a single-precision number's bits. */
function brain(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits * 65_536);
  return view.getFloat32(0);
}

/** The array of a .npy or IDX file; null for anything else. */
export function rawArray(file: string): RawArray | null {
  return withFile(file, (read, size) => npy(file, read, size) ?? idx(file, read, size));
}

/** The tensors of a safetensors file by their names; null for anything else. */
export function rawTensors(file: string): ReadonlyMap<string, RawArray> | null {
  return withFile(file, (read, size) => safetensors(file, read, size));
}

type Read = (offset: number, count: number) => DataView;

function withFile<T>(file: string, use: (read: Read, size: number) => T | null): T | null {
  try {
    // A pipe would wait for whoever writes to it.
    if (!statSync(file).isFile()) return null;
    const fd = openSync(file, "r");
    try {
      const found = fstatSync(fd);
      return use((offset, count) => {
        const bytes = new Uint8Array(count);
        const length = readSync(fd, bytes, 0, count, offset);
        return new DataView(bytes.buffer, 0, length);
      }, found.size);
    } finally {
      closeSync(fd);
    }
  } catch {
    // A file that cannot be read so is one that is not checked so.
    return null;
  }
}

function textOf(view: DataView): string {
  return new TextDecoder("latin1").decode(view);
}

function npy(file: string, read: Read, size: number): RawArray | null {
  const head = read(0, 12);
  if (head.byteLength < 12 || textOf(head).slice(0, 6) !== "\x93NUMPY") return null;
  const isFirst = head.getUint8(6) === 1;
  const start = isFirst ? 10 : 12;
  const length = isFirst ? head.getUint16(8, true) : head.getUint32(8, true);
  if (length > size) return null;
  const header = textOf(read(start, length));
  const [, order, type] = /'descr'\s*:\s*'([<>|=])([a-z]\d)'/.exec(header) ?? [];
  const [, list] = /'shape'\s*:\s*\(([^)]*)\)/.exec(header) ?? [];
  const known = DECODERS[type ?? ""];
  if (known === undefined || list === undefined || !/'fortran_order'\s*:\s*False/.test(header)) return null;
  const shape = list.split(",").flatMap((n) => (n.trim() === "" ? [] : [Number.parseInt(n, 10)]));
  const [bytes, decoder] = known;
  return { file, offset: start + length, shape, bytes, decode: decoder(order !== ">") };
}

const IDX_TYPES = new Map([
  [0x08, "u1"],
  [0x09, "i1"],
  [0x0b, "i2"],
  [0x0c, "i4"],
  [0x0d, "f4"],
  [0x0e, "f8"],
]);

function idx(file: string, read: Read, size: number): RawArray | null {
  const head = read(0, 4);
  if (head.byteLength < 4 || head.getUint16(0) !== 0) return null;
  const known = DECODERS[IDX_TYPES.get(head.getUint8(2)) ?? ""];
  const rank = head.getUint8(3);
  if (known === undefined || rank === 0 || 4 + 4 * rank > size) return null;
  const sizes = read(4, 4 * rank);
  const shape = Array.from({ length: rank }, (_, k) => sizes.getUint32(4 * k));
  const [bytes, decoder] = known;
  return { file, offset: 4 + 4 * rank, shape, bytes, decode: decoder(false) };
}

const TENSOR_TYPES = new Map([
  ["F16", "f2"],
  ["BF16", "bf16"],
  ["F32", "f4"],
  ["F64", "f8"],
  ["U8", "u1"],
  ["I8", "i1"],
  ["U16", "u2"],
  ["I16", "i2"],
  ["U32", "u4"],
  ["I32", "i4"],
]);

function safetensors(file: string, read: Read, size: number): Map<string, RawArray> | null {
  const length = Number(read(0, 8).getBigUint64(0, true));
  if (!(length > 1 && length < size)) return null;
  const bytes = read(8, length);
  const header = JSON.parse(new TextDecoder().decode(bytes)) as Record<
    string,
    { dtype?: string; shape?: number[]; data_offsets?: [number, number] }
  >;
  const found = new Map<string, RawArray>();
  for (const [name, { dtype, shape, data_offsets: place }] of Object.entries(header)) {
    const known = DECODERS[TENSOR_TYPES.get(dtype ?? "") ?? ""];
    if (known === undefined || shape === undefined || place === undefined) continue;
    found.set(name, { file, offset: 8 + length + place[0], shape, bytes: known[0], decode: known[1](true) });
  }
  return found;
}

/** `count` numbers from number `first` on; null where the file does not have them any more. */
export function rawNumbers(
  { file, offset, bytes, decode }: RawArray,
  first: number,
  count: number,
): Float64Array | null {
  return withFile(file, (read) => {
    const view = read(offset + bytes * first, bytes * count);
    if (view.byteLength < bytes * count) return null;
    return Float64Array.from({ length: count }, (_, k) => decode(view, bytes * k));
  });
}
