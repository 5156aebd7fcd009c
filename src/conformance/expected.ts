/** What a call's buffers must hold afterwards, number by number, each with its own bound; and how what was found compares. */
import type { KernelCall, Words } from "./call.ts";

export interface Expected {
  /** "z", "D ∘ a", "max|x|" … */
  readonly quantity: string;
  /** Of the call's buffers. */
  readonly buffer: number;
  /** Word `offset + stride·i` of the buffer is number i. */
  readonly offset: number;
  readonly stride: number;
  readonly type: "f32" | "i32" | "u32";
  /** NaN: anything that is not finite. */
  readonly values: Float64Array;
  /** Infinity: nothing is promised of this number. */
  readonly bounds: Float64Array;
}

/**
 * The oracle of one kernel: plain f64 loops over what the call was given.
 * @param read what was found, in the order of `call.read`: a number that the kernel makes of one that it stored is then expected from the
 * stored one. null: everything from the call alone, for a reader who has no answer yet; bounds are wider there, or Infinity.
 */
export type Oracle = (call: KernelCall, read: readonly Words[] | null) => Expected[];

export interface Deviation {
  readonly quantity: string;
  /** Which number of `quantity`, from 0. */
  readonly entry: number;
  readonly found: number;
  readonly expected: number;
  readonly bound: number;
}

export interface Comparison {
  /** Numbers held against a bound. */
  readonly compared: number;
  /** The largest |found − expected| / bound; a number that is right to the bit counts 0. */
  readonly worst: number;
  /** The first number beyond its bound. */
  readonly deviation: Deviation | null;
}

export function compare(
  expected: readonly Expected[],
  { read }: Pick<KernelCall, "read">,
  found: readonly Words[],
): Comparison {
  let compared = 0;
  let worst = 0;
  let deviation: Deviation | null = null;
  for (const own of expected) {
    const words = numbersOf(found[read.indexOf(own.buffer)] as Words, own.type);
    const { quantity, offset, stride, values, bounds } = own;
    for (let i = 0; i < values.length; i++) {
      const [value, bound] = [values[i] as number, bounds[i] as number];
      if (bound === Infinity) continue;
      compared++;
      const at = words[offset + stride * i] as number;
      const share = errorOverBound(at, value, bound);
      worst = Math.max(worst, share);
      if (!(share <= 1)) deviation ??= { quantity, entry: i, found: at, expected: value, bound };
    }
  }
  return { compared, worst, deviation };
}

/** |found − expected| / bound, and Infinity for what is not finite where it should be, or finite where it should not. */
function errorOverBound(found: number, expected: number, bound: number): number {
  if (Number.isNaN(expected)) return Number.isFinite(found) ? Infinity : 0;
  const off = Math.abs(found - expected);
  if (off === 0) return 0;
  return Number.isFinite(found) && bound > 0 ? off / bound : Infinity;
}

export function numbersOf(words: Words, type: Expected["type"]): Words {
  const { buffer, byteOffset, length } = words;
  if (type === "f32") return new Float32Array(buffer, byteOffset, length);
  return type === "i32" ? new Int32Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length);
}

/** "z, entry 12: found 0.5, expected 0.25, off by 0.25, bound 1e-7". */
export function deviationText({ quantity, entry, found, expected, bound }: Deviation): string {
  if (Number.isNaN(expected))
    return `${quantity}, entry ${String(entry)}: found ${String(found)}, expected no finite number`;
  const off = Math.abs(found - expected);
  return `${quantity}, entry ${String(entry)}: found ${String(found)}, expected ${String(expected)}, off by ${off.toExponential(3)}, bound ${bound.toExponential(3)}`;
}

/** Numbers one after the other from the start of a buffer of f32. */
export function floatsExpected(
  quantity: string,
  buffer: number,
  values: Float64Array,
  bound: (i: number) => number,
): Expected {
  return { quantity, buffer, offset: 0, stride: 1, type: "f32", values, bounds: values.map((_, i) => bound(i)) };
}

/** A buffer that must hold the same words as before. */
export function untouched(quantity: string, buffer: number, call: KernelCall): Expected {
  const values = Float64Array.from(numbersOf(call.buffers[buffer] as Words, "u32"));
  return { quantity, buffer, offset: 0, stride: 1, type: "u32", values, bounds: new Float64Array(values.length) };
}
