/**
 * Philox-4×32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3
 * (SC 2011). Every random number of the program is a pure function of its address (seed, stream, index):
 *
 *     key     = (seed mod 2³², ⌊seed / 2³²⌋)            0 ≤ seed < 2⁵³
 *     counter = (block, index mod 2³², ⌊index / 2³²⌋, stream)
 *
 * and block 0, 1, 2, … gives four words of 32 bits each. shaders/philox-uniform.wgsl makes the same words.
 */
import { DIRECTION_STREAM } from "./streams.ts";

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/** High word of a 32 × 32 bit product, by 16-bit halves; int32 throughout, the bits of the unsigned word. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // No partial sum reaches 2³²: (2¹⁶ − 1)² + 2¹⁶ − 1 < 2³².
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0;
}

/** Ten rounds over a counter of four words, by a key of two; writes four words to `out` at `offset`. */
export function philox(counter: ArrayLike<number>, key: ArrayLike<number>, out: Uint32Array, offset = 0): void {
  const [c0, c1, c2, c3] = [counter[0], counter[1], counter[2], counter[3]] as [number, number, number, number];
  rounds(c0 | 0, c1 | 0, c2 | 0, c3 | 0, (key[0] as number) | 0, (key[1] as number) | 0, out, offset);
}

/** The same by numbers, the bits of unsigned words. */
function rounds(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
  offset: number,
): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[offset] = c0;
  out[offset + 1] = c1;
  out[offset + 2] = c2;
  out[offset + 3] = c3;
}

/** The first words at an address, as many blocks of four as `words` has room for. @param words receives them; of a length divisible by 4. */
export function fillWords(seed: number, stream: number, index: number, words: Uint32Array): void {
  const [k0, k1] = [(seed % 2 ** 32) | 0, Math.floor(seed / 2 ** 32) | 0];
  const [c1, c2] = [(index % 2 ** 32) | 0, Math.floor(index / 2 ** 32) | 0];
  for (let block = 0; 4 * block < words.length; block++) rounds(block, c1, c2, stream, k0, k1, words, 4 * block);
}

/** Room for `count` words, in whole blocks. */
export function wordBlocks(count: number): Uint32Array {
  return new Uint32Array(4 * Math.ceil(count / 4));
}

/** The first `count` words at an address. */
export function wordsAt(seed: number, stream: number, index: number, count: number): Uint32Array {
  const words = wordBlocks(count);
  fillWords(seed, stream, index, words);
  return words.subarray(0, count);
}

/** k·2⁻²³ − 1 with k the upper 24 bits: uniform on [−1, 1), exact in f32. */
export function uniformSigned(word: number): number {
  return (word >>> 8) * 2 ** -23 - 1;
}

/** (k + ½)·2⁻⁵² with k the upper 52 of 64 bits: uniform on (0, 1), exact in f64, never 0 or 1. */
export function uniformOpen(high: number, low: number): number {
  return ((high >>> 0) * 2 ** 20 + (low >>> 12) + 0.5) * 2 ** -52;
}

/**
 * Samples that share a random direction: those of one block of addresses, 64⌊i/64⌋ … + 63. W_1v, as much work as the first layer's
 * forward product, is then made once a block and not once a sample.
 */
export const DIRECTION_BLOCK = 64;

/** Which block of addresses a sample belongs to. */
export function directionBlock(index: number): number {
  return Math.floor(index / DIRECTION_BLOCK);
}

/** The random direction of the cut test for sample `index`: n uniforms on [−1, 1), exact in f32, at the address of its block. */
export function directionVector(seed: number, index: number, n: number): Float64Array {
  const words = wordsAt(seed, DIRECTION_STREAM, directionBlock(index), n);
  const result = new Float64Array(n);
  for (let i = 0; i < n; i++) result[i] = uniformSigned(words[i] as number);
  return result;
}
