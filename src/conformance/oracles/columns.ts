/** Oracles of the kernels that go over columns: norms, dots, copies, unit vectors, normalisation, uniform numbers. */
import { uniformSigned, wordsAt } from "../../sampling/philox.ts";
import type { KernelCall, Words } from "../call.ts";
import { asFloats, floatsOf, sizeOf } from "../call.ts";
import type { Expected, Oracle } from "../expected.ts";
import { floatsExpected, numbersOf, untouched } from "../expected.ts";
import { FLUSH, g, productBound } from "./rounding.ts";

/** The exponent of an f32 number's bits, within ±126. */
export const exponentOf = (bits: number): number => Math.max(-126, Math.min(126, (bits >>> 23) - 127));

/** max|x| of a column by its bits, which order as the magnitudes do, NaN above infinity. */
function largestBits(bits: Uint32Array, rows: number, columns: number, j: number): number {
  let most = 0;
  for (let r = 0; r < rows; r++) most = Math.max(most, (bits[r * columns + j] as number) & 0x7fffffff);
  return most;
}

const bitsOf = (call: KernelCall, buffer: number): Uint32Array =>
  numbersOf(call.buffers[buffer] as Words, "u32") as Uint32Array;

/** Pairs (first, second) a column from `offset` on: two quantities of one buffer. */
function pairs(
  buffer: number,
  offset: number,
  second: 0 | 1,
  more: Pick<Expected, "quantity" | "type" | "values" | "bounds">,
): Expected {
  return { buffer, offset: 2 * offset + second, stride: 2, ...more };
}

export const normOracle: Oracle = (call) => {
  const [rows, columns, offset] = [sizeOf(call, "rows"), sizeOf(call, "columns"), sizeOf(call, "offset")];
  const [x, bits] = [floatsOf(call, 0), bitsOf(call, 0)];
  const largest = new Float64Array(columns);
  const sums = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    const most = largestBits(bits, rows, columns, j);
    if (most >= 0x7f800000) {
      // The largest entry says that the column is not finite; it has no sum.
      largest[j] = NaN;
      continue;
    }
    largest[j] = new Float32Array(Uint32Array.of(most).buffer)[0] as number;
    const factor = 2 ** -exponentOf(most);
    for (let r = 0; r < rows; r++) sums[j] = (sums[j] as number) + ((x[r * columns + j] as number) * factor) ** 2;
  }
  // A subnormal entry that is flushed costs (2⁻¹²⁶·2¹⁰⁰)² beside a sum of at least 1: far below one u.
  const bounds = sums.map((s) => (s === 0 ? 0 : g(rows + 3) * s + 4 * rows * FLUSH));
  return [
    pairs(1, offset, 0, { quantity: "max|x|", type: "f32", values: largest, bounds: new Float64Array(columns) }),
    pairs(1, offset, 1, { quantity: "Σ (x·2⁻ᵉ)²", type: "f32", values: sums, bounds }),
  ];
};

/** The least distance from the places; what is not finite is none. At 0 it is |x| to the bit, elsewhere one subtraction. */
export const leastOracle: Oracle = (call) => {
  const [rows, columns, offset] = [sizeOf(call, "rows"), sizeOf(call, "columns"), sizeOf(call, "offset")];
  const x = floatsOf(call, 0);
  const places = [call.overrides["FIRST"] as number, call.overrides["SECOND"] as number];
  const values = new Float64Array(columns).fill(Infinity);
  const bounds = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    for (let r = 0; r < rows; r++) {
      for (const place of places) {
        const distance = Math.abs((x[r * columns + j] as number) - place);
        if (!(distance < (values[j] as number))) continue;
        values[j] = distance;
        bounds[j] = place === 0 ? 0 : productBound(1, distance);
      }
    }
    // Two places may be as near but for rounding.
    if (places.some((place) => place !== 0)) bounds[j] = productBound(1, values[j] as number);
  }
  return [pairs(1, offset, 0, { quantity: "the least distance", type: "f32", values, bounds })];
};

export const dotOracle: Oracle = (call) => {
  const [rows, columns] = [sizeOf(call, "rows"), sizeOf(call, "columns")];
  const [samples, offset] = [sizeOf(call, "samples"), sizeOf(call, "offset")];
  const [x, y, xBits, yBits] = [floatsOf(call, 0), floatsOf(call, 1), bitsOf(call, 0), bitsOf(call, 1)];
  const exponents = new Float64Array(columns);
  const sums = new Float64Array(columns);
  const bounds = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    const ex = exponentOf(largestBits(xBits, rows, samples, j % samples));
    const ey = exponentOf(largestBits(yBits, rows, columns, j));
    let size = 0;
    // Scaled entries are below 4: flushing one of them, their product or a sum costs at most 10·2⁻¹²⁶ a row.
    let flushed = 10 * rows * FLUSH;
    for (let r = 0; r < rows; r++) {
      const [a, b] = [x[r * samples + (j % samples)] as number, y[r * columns + j] as number];
      const term = a * 2 ** -ex * (b * 2 ** -ey);
      sums[j] = (sums[j] as number) + term;
      size += Math.abs(term);
      // An entry that is subnormal before it is scaled may be taken for 0.
      if (Math.abs(a) < FLUSH || Math.abs(b) < FLUSH) flushed += Math.abs(term);
    }
    exponents[j] = ex + ey;
    bounds[j] = g(rows + 2) * size + flushed;
  }
  return [
    pairs(2, offset, 0, { quantity: "exponent", type: "i32", values: exponents, bounds: new Float64Array(columns) }),
    pairs(2, offset, 1, { quantity: "Σ xy·2⁻ᵉ", type: "f32", values: sums, bounds }),
  ];
};

/** Chosen columns, bits unchanged; nothing beside them is written. */
export const gatherOracle: Oracle = (call) => {
  const [rows, columns, count] = [sizeOf(call, "rows"), sizeOf(call, "columns"), sizeOf(call, "count")];
  const [bits, chosen] = [bitsOf(call, 0), bitsOf(call, 1)];
  const values = Float64Array.from(bitsOf(call, 2));
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < count; j++) {
      const from = r * columns + (chosen[j] as number) + sizeOf(call, "shift");
      values[sizeOf(call, "offset") + r * count + j] = bits[from] as number;
    }
  }
  return [
    {
      quantity: "words",
      buffer: 2,
      offset: 0,
      stride: 1,
      type: "u32",
      values,
      bounds: new Float64Array(values.length),
    },
  ];
};

/** Each sample's own column, then the one that it shares; a subnormal may be taken for 0. Masked from the stored result on. */
export const spreadOracle: Oracle = (call, read) => {
  const [rows, columns, blocks] = [sizeOf(call, "rows"), sizeOf(call, "columns"), sizeOf(call, "blocks")];
  const [x, slopes] = [floatsOf(call, 0), floatsOf(call, 1)];
  const values = new Float64Array(2 * rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < columns; j++) {
      const block = Math.floor((sizeOf(call, "first") + j) / sizeOf(call, "block"));
      values[2 * r * columns + j] = x[r * (columns + blocks) + j] as number;
      values[(2 * r + 1) * columns + j] = x[r * (columns + blocks) + columns + block] as number;
    }
  }
  const copied = floatsExpected("copies", 2, values, (i) => {
    const size = Math.abs(values[i] as number);
    return size < FLUSH ? size : 0;
  });
  if (call.overrides["MASKED"] !== 1) return [copied, untouched("what was not asked for", 3, call)];
  const stored = read === null ? values : asFloats(read[call.read.indexOf(2)] as Words);
  const slope = (i: number): number => slopes[Math.floor(i / (2 * columns)) * columns + (i % columns)] as number;
  const masked = values.map((_, i) => slope(i) * (stored[i] as number));
  return [copied, floatsExpected("D ∘ them", 3, masked, (i) => productBound(slope(i), stored[i] as number))];
};

export const unitVectorsOracle: Oracle = (call) => {
  const [rows, columns, samples] = [sizeOf(call, "rows"), sizeOf(call, "columns"), sizeOf(call, "samples")];
  const values = Float64Array.from({ length: rows * columns }, (_, at) =>
    Math.floor(at / columns) === sizeOf(call, "first") + Math.floor((at % columns) / samples) ? 1 : 0,
  );
  return [floatsExpected("units", 0, values, () => 0)];
};

/**
 * v = x/‖x‖, or the normalised sum of x/‖x‖ and ±y/‖y‖. Any direction would do for the proofs; this one is as near as its formula: a sum of
 * squares, an inverse root within 2 ulp, three products, twice where there is a second vector, and a quotient by at least √2 of them.
 */
export const normaliseOracle: Oracle = (call) => {
  const [rows, columns, width] = [sizeOf(call, "rows"), sizeOf(call, "columns"), sizeOf(call, "width")];
  const [shift, pitch] = [sizeOf(call, "shift"), sizeOf(call, "pitch")];
  const x = floatsOf(call, 0);
  const second = call.overrides["SECOND"] === 1;
  // What stands beside the result is left alone.
  const values = Float64Array.from(floatsOf(call, 1));
  const bounds = new Float64Array(values.length);
  for (let j = 0; j < columns; j++) {
    const column = (at: number): number[] => Array.from({ length: rows }, (_, r) => x[r * width + at] as number);
    const [a, b] = [column(j), second ? column(j + shift) : []];
    const direction = second ? sumOfUnits(a, b) : tooSmall(a) ? null : unit(a);
    for (let r = 0; r < rows; r++) {
      values[r * pitch + j] = direction?.[r] ?? 0;
      bounds[r * pitch + j] = direction === null ? Infinity : 4 * g(rows + 10);
    }
  }
  return [floatsExpected("v", 1, values, (i) => bounds[i] as number)];
};

/** Subnormal entries may be taken for 0, which is another direction. */
const tooSmall = (v: readonly number[]): boolean => v.some((e) => e !== 0) && Math.hypot(...v) < 2 ** -120;

const unit = (v: readonly number[]): number[] => {
  const length = Math.hypot(...v);
  return v.map((e) => (length > 0 ? e / length : 0));
};

/** null where rounding may decide the sign of the second vector. */
function sumOfUnits(x: readonly number[], y: readonly number[]): number[] | null {
  if (tooSmall(x) || tooSmall(y)) return null;
  const [a, b] = [unit(x), unit(y)];
  const dot = a.reduce((sum, v, r) => sum + v * (b[r] as number), 0);
  if (dot !== 0 && Math.abs(dot) < 4 * g(x.length + 10)) return null;
  return unit(a.map((v, r) => v + (dot < 0 ? -1 : 1) * (b[r] as number)));
}

export const philoxOracle: Oracle = (call) => {
  const [rows, columns, width] = [sizeOf(call, "rows"), sizeOf(call, "columns"), sizeOf(call, "width")];
  const address = (name: string): number => sizeOf(call, `${name}_low`) + 2 ** 32 * sizeOf(call, `${name}_high`);
  const values = Float64Array.from(floatsOf(call, 0));
  for (let j = 0; j < columns; j++) {
    wordsAt(address("seed"), sizeOf(call, "stream"), address("first") + j, rows).forEach((word, r) => {
      values[r * width + sizeOf(call, "shift") + j] = uniformSigned(word);
    });
  }
  return [floatsExpected("numbers", 0, values, () => 0)];
};
