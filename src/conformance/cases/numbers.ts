/** The numbers that cases are made of: by address, exact in f32, of every size that a kernel must get right. */
import { uniformSigned, wordsAt } from "../../sampling/philox.ts";
import { CONFORMANCE_NUMBER_STREAM } from "../../sampling/streams.ts";

/** Kinds of numbers, each made of one word. */
const KINDS = {
  ordinary: (w: number): number => uniformSigned(w),
  /** Three of four are 0, some of them −0. */
  zeros: (w: number): number => ((w & 3) === 0 ? uniformSigned(w) : (w & 7) === 1 ? -0 : 0),
  integers: (w: number): number => Math.round(8 * uniformSigned(w)),
  small: (w: number): number => uniformSigned(w) * 2 ** -60,
  /** Normal, with products that come near 2⁻¹²⁶. */
  tiny: (w: number): number => uniformSigned(w) * 2 ** -108,
  subnormal: (w: number): number => uniformSigned(w) * 2 ** -127,
  large: (w: number): number => uniformSigned(w) * 2 ** 55,
  huge: (w: number): number => uniformSigned(w) * 2 ** 114,
  mixed: (w: number): number => uniformSigned(w) * 2 ** ((w & 63) - 32),
} as const;

export type NumberKind = keyof typeof KINDS;

export type Draw = (kind: NumberKind, count: number, scale?: number) => Float32Array<ArrayBuffer>;

/** Draws one array after another of a case: the k-th is a function of (seed, case, k). */
export function drawer(seed: number, index: number): Draw {
  let next = 0;
  return (kind, count, scale = 1) => {
    const words = wordsAt(seed, CONFORMANCE_NUMBER_STREAM, 16 * index + next++, count);
    return Float32Array.from(words, (w) => KINDS[kind](w) * scale);
  };
}

/** Two factors whose products sum up within f32's range for up to 256 terms. */
export const PAIRS: readonly (readonly [NumberKind, NumberKind])[] = [
  ["ordinary", "ordinary"],
  ["ordinary", "zeros"],
  ["zeros", "mixed"],
  ["integers", "integers"],
  ["mixed", "mixed"],
  ["large", "large"],
  ["huge", "ordinary"],
  ["huge", "small"],
  ["huge", "subnormal"],
  ["ordinary", "subnormal"],
  ["small", "small"],
  ["subnormal", "subnormal"],
  ["huge", "tiny"],
  ["ordinary", "tiny"],
];

/** Columns of very different sizes: one near the largest number, one whose largest entry is subnormal, one of zeros. */
export function wildColumns(draw: Draw, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const scales = [1, 2 ** 120, 2 ** -100, 2 ** -124, 0, 2 ** 127, 3e-20, 1e30, 2 ** -130];
  return draw("ordinary", rows * columns).map((v, at) =>
    Math.fround(v * (scales[(at % columns) % scales.length] as number)),
  );
}

export const zeros = (n: number): Float32Array<ArrayBuffer> => new Float32Array(n);
