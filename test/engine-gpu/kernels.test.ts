/**
 * Every kernel against plain f64 loops, under Dawn and wgpu, at ragged sizes, by the bounds of MATH.md §5:
 * |fl(Σ) − Σ| ≤ γ′_n Σ|terms| + n·2⁻¹²⁶(2 + max|x| + max|y|), u′ = 2⁻²³, for any order of summation, fused or not.
 */
import { describe, expect, it } from "vitest";
import type { Head } from "../../src/network/heads.ts";
import { evaluateHead } from "../../src/network/heads.ts";
import { directionVector, uniformSigned, wordsAt } from "../../src/sampling/philox.ts";
import type { Runtime, Words } from "../support/software-gpu.ts";
import { floats, RUNTIMES, runKernels, skipReason } from "../support/software-gpu.ts";

type Call = Parameters<typeof runKernels>[1][number];

const U = 2 ** -23;
const FLUSH = 2 ** -126;
const gamma = (n: number): number => (n * U) / (1 - n * U);

/** One kernel call and what to say of its answer: null where it is right. */
interface Case {
  readonly name: string;
  readonly call: Call;
  readonly judge: (read: readonly Uint32Array[]) => string | null;
}

/** Uniform numbers of f32 on [−1, 1) from an address of the tests' own stream. */
function numbers(index: number, count: number, scale = 1): Float32Array {
  return Float32Array.from(wordsAt(7, 9999, index, count), (w) => uniformSigned(w) * scale);
}

const zeros = (n: number): Float32Array => new Float32Array(n);

/** The first entry whose error exceeds its bound, in words. */
function beyond(got: ArrayLike<number>, exact: ArrayLike<number>, bound: (i: number) => number): string | null {
  for (let i = 0; i < exact.length; i++) {
    const off = Math.abs((got[i] as number) - (exact[i] as number));
    if (!(off <= bound(i))) {
      return `entry ${String(i)}: found ${String(got[i])}, expected ${String(exact[i])}, off by ${String(off)}, bound ${String(bound(i))}`;
    }
  }
  return null;
}

/** Y = A X in f64 with |A||X|, A rows × inner. */
function exactProduct(
  a: (i: number, k: number) => number,
  rows: number,
  inner: number,
  x: Float32Array,
  columns: number,
) {
  const sum = new Float64Array(rows * columns);
  const size = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const w = a(i, k);
      for (let j = 0; j < columns; j++) {
        const term = w * (x[k * columns + j] as number);
        sum[i * columns + j] = (sum[i * columns + j] as number) + term;
        size[i * columns + j] = (size[i * columns + j] as number) + Math.abs(term);
      }
    }
  }
  return { sum, size };
}

/** rows, inner, samples, groups: 1, odd, not multiples of the 4 × 4 tile. */
const SHAPES = [
  [1, 1, 4, 1],
  [3, 5, 4, 2],
  [4, 4, 8, 1],
  [7, 1, 4, 3],
  [1, 9, 12, 2],
  [33, 65, 20, 2],
  [10, 130, 260, 1],
  [67, 31, 64, 3],
] as const;

function forwardCase([rows, inner, columns]: readonly [number, number, number, number], i: number): Case {
  const [w, b, h] = [
    numbers(10 * i, rows * inner, 3),
    numbers(10 * i + 1, rows),
    numbers(10 * i + 2, inner * columns, 2),
  ];
  const { sum, size } = exactProduct((r, k) => w[r * inner + k] as number, rows, inner, h, columns);
  const out = zeros(rows * columns);
  return {
    name: `forward ${String(rows)} × ${String(inner)}, ${String(columns)} samples`,
    call: {
      kernel: "forward",
      overrides: { ACTIVATION: 1 },
      sizes: { rows, inner, columns },
      buffers: [w, b, h, out, out, out],
      read: [3, 4, 5],
    },
    judge: (read) => {
      const [z, next, slopes] = read.map(floats) as [Float32Array, Float32Array, Float32Array];
      const exact = sum.map((s, at) => s + (b[Math.floor(at / columns)] as number));
      const bound = (at: number): number =>
        gamma(inner + 1) * ((size[at] as number) + Math.abs(b[Math.floor(at / columns)] as number)) + inner * FLUSH * 7;
      const slips = z.findIndex((v, at) => next[at] !== Math.max(v, 0) + 0 || slopes[at] !== (v > 0 ? 1 : 0));
      return slips >= 0 ? `entry ${String(slips)}: relu and its slope do not fit z` : beyond(z, exact, bound);
    },
  };
}

function productCase(
  kernel: "vectorJacobianProduct" | "jacobianVectorProduct",
  [rows, inner, samples, groups]: readonly [number, number, number, number],
  i: number,
  masked: boolean,
): Case {
  const columns = samples * groups;
  const weight = numbers(1000 + 10 * i, rows * inner, 2);
  const operand = numbers(1001 + 10 * i, inner * columns);
  const slopes = numbers(1002 + 10 * i, rows * samples);
  const entry =
    kernel === "jacobianVectorProduct"
      ? (r: number, k: number) => weight[r * inner + k] as number
      : (r: number, k: number) => weight[k * rows + r] as number;
  const { sum, size } = exactProduct(entry, rows, inner, operand, columns);
  const out = zeros(rows * columns);
  const overrides =
    kernel === "vectorJacobianProduct" ? { MASKED: masked ? 1 : 0, FACTOR: 1 } : { MASKED: masked ? 1 : 0 };
  return {
    name: `${kernel} ${String(rows)} from ${String(inner)}, ${String(groups)} groups of ${String(samples)}${masked ? ", masked" : ""}`,
    call: {
      kernel,
      overrides,
      sizes: { rows, inner, columns, samples },
      buffers: [weight, operand, slopes, out, out],
      read: [3, 4],
    },
    judge: (read) => {
      const [plain, product] = read.map(floats) as [Float32Array, Float32Array];
      const bound = (at: number): number => gamma(inner) * (size[at] as number) + inner * FLUSH * 5;
      const first = beyond(plain, sum, bound);
      if (first !== null || !masked) return first;
      const mask = (at: number): number =>
        slopes[Math.floor(at / columns) * samples + ((at % columns) % samples)] as number;
      const scaled = plain.map((v, at) => v * mask(at));
      // From the stored a on, the mask is one rounding.
      return beyond(product, scaled, (at) => 2 * U * Math.abs(scaled[at] as number) + FLUSH);
    },
  };
}

/** Columns of very different sizes; one with a subnormal largest entry, one of zeros. */
function wildColumns(rows: number, index: number, columns: number): Float32Array {
  const x = numbers(index, rows * columns);
  const scales = [1, 2 ** 120, 2 ** -100, 2 ** -124, 0, 2 ** 127, 3e-20, 1e30];
  return x.map((v, at) => Math.fround(v * (scales[(at % columns) % scales.length] as number)));
}

function normCase(rows: number, columns: number, i: number): Case {
  const x = wildColumns(rows, 2000 + i, columns);
  const offset = 3;
  return {
    name: `column-norm ${String(rows)} × ${String(columns)}`,
    call: {
      kernel: "columnNorm",
      overrides: {},
      sizes: { rows, columns, offset },
      buffers: [x, new Uint32Array(2 * (columns + offset))],
      read: [1],
    },
    judge: ([words]) => {
      const pairs = words as Uint32Array;
      const values = floats(pairs);
      for (let j = 0; j < columns; j++) {
        let largest = 0;
        for (let r = 0; r < rows; r++) largest = Math.max(largest, Math.abs(x[r * columns + j] as number));
        if (values[2 * (offset + j)] !== largest)
          return `column ${String(j)}: largest ${String(values[2 * (offset + j)])}, expected ${String(largest)}`;
        const exponent = Math.max(-126, Math.min(126, ((pairs[2 * (offset + j)] as number) >>> 23) - 127));
        let sum = 0;
        for (let r = 0; r < rows; r++) sum += ((x[r * columns + j] as number) * 2 ** -exponent) ** 2;
        const got = values[2 * (offset + j) + 1] as number;
        if (!(Math.abs(got - sum) <= gamma(rows + 3) * sum + rows * FLUSH * 4)) {
          return `column ${String(j)}: sum ${String(got)}, expected ${String(sum)}`;
        }
      }
      return null;
    },
  };
}

const finiteCase: Case = {
  name: "column-norm shows NaN and infinities by their bits",
  call: {
    kernel: "columnNorm",
    overrides: {},
    sizes: { rows: 3, columns: 4, offset: 0 },
    buffers: [Float32Array.from([1, 1, 1, 1, 1, Infinity, NaN, 1, 1, 1, 1, -Infinity]), new Uint32Array(8)],
    read: [1],
  },
  judge: ([words]) => {
    const largest = [0, 1, 2, 3].map((j) => ((words as Uint32Array)[2 * j] as number) >= 0x7f800000);
    return JSON.stringify(largest) === "[false,true,true,true]" ? null : JSON.stringify(largest);
  },
};

function dotCase(rows: number, samples: number, groups: number, i: number): Case {
  const columns = samples * groups;
  const [x, y] = [wildColumns(rows, 3000 + i, samples), wildColumns(rows, 4000 + i, columns)];
  return {
    name: `column-dot ${String(rows)} rows, ${String(groups)} groups of ${String(samples)}`,
    call: {
      kernel: "columnDot",
      overrides: {},
      sizes: { rows, columns, samples, offset: 0 },
      buffers: [x, y, new Uint32Array(2 * columns)],
      read: [2],
    },
    judge: ([words]) => {
      const pairs = words as Uint32Array;
      for (let j = 0; j < columns; j++) {
        const exponent = (pairs[2 * j] as number) | 0;
        const got = floats(pairs)[2 * j + 1] as number;
        let sum = 0;
        let size = 0;
        // A subnormal entry may be taken for 0: it costs 2⁻¹²⁶ times the other.
        let flushed = 8 * FLUSH;
        for (let r = 0; r < rows; r++) {
          const [a, b] = [x[r * samples + (j % samples)] as number, y[r * columns + j] as number];
          sum += a * 2 ** -exponent * b;
          size += Math.abs(a * 2 ** -exponent * b);
          if (Math.abs(a) < FLUSH || Math.abs(b) < FLUSH) flushed += Math.abs(a * 2 ** -exponent * b);
        }
        if (!(Math.abs(got - sum) <= gamma(rows + 2) * size + rows * FLUSH * 8 + flushed)) {
          return `column ${String(j)}: found ${String(got)}, expected ${String(sum)} (scaled by 2^${String(exponent)})`;
        }
      }
      return null;
    },
  };
}

function maskCase(rows: number, samples: number, groups: number): Case {
  const columns = samples * groups;
  const [x, d] = [numbers(5000, rows * columns), numbers(5001, rows * samples)];
  return {
    name: "mask",
    call: {
      kernel: "mask",
      overrides: {},
      sizes: { rows, columns, samples },
      buffers: [x, d, zeros(rows * columns)],
      read: [2],
    },
    judge: ([words]) => {
      const exact = Float64Array.from(
        x,
        (v, at) => v * (d[Math.floor(at / columns) * samples + ((at % columns) % samples)] as number),
      );
      return beyond(floats(words as Uint32Array), exact, (at) => U * Math.abs(exact[at] as number) + FLUSH);
    },
  };
}

function placeCase(): Case {
  const [rows, columns, width] = [5, 6, 11];
  const x = numbers(5100, rows * columns);
  return {
    name: "place",
    call: {
      kernel: "place",
      overrides: {},
      sizes: { rows, columns, width },
      buffers: [x, zeros(rows * width).fill(9)],
      read: [1],
    },
    judge: ([words]) => {
      const got = floats(words as Uint32Array);
      const exact = Float64Array.from(got, (_, at) =>
        at % width < columns ? (x[Math.floor(at / width) * columns + (at % width)] as number) : 9,
      );
      return beyond(got, exact, () => 0);
    },
  };
}

function normaliseCase(rows: number, columns: number, second: boolean): Case {
  const width = second ? 2 * columns : columns;
  const x = wildColumns(rows, 5200, width);
  return {
    name: `normalise ${second ? "the sum of two directions" : "one vector"}`,
    call: {
      kernel: "normalise",
      overrides: { SECOND: second ? 1 : 0 },
      sizes: { rows, columns, width, shift: columns },
      buffers: [x, zeros(rows * columns)],
      read: [1],
    },
    judge: ([words]) => {
      const got = floats(words as Uint32Array);
      const column = (at: number): number[] => Array.from({ length: rows }, (_, r) => x[r * width + at] as number);
      const unit = (v: number[]): number[] => {
        const length = Math.hypot(...v);
        return length < 2 ** -120 ? v.map(() => 0) : v.map((e) => e / length);
      };
      for (let j = 0; j < columns; j++) {
        const a = unit(column(j));
        const b = second ? unit(column(j + columns)) : null;
        if (column(j).some((v) => v !== 0) && Math.hypot(...column(j)) < 2 ** -120) continue;
        // The second vector's sign is that of the dot product: parallel vectors add up.
        const dot = b === null ? 0 : a.reduce((sum, v, r) => sum + v * (b[r] as number), 0);
        if (b !== null && Math.abs(dot) < 1e-5 && dot !== 0) continue;
        const exact = b === null ? a : unit(a.map((v, r) => v + (dot < 0 ? -1 : 1) * (b[r] as number)));
        const own = exact.map((_, r) => got[r * columns + j] as number);
        // Any direction would do for the proofs; this one is as near as its formula: a sum of squares, a root, three products.
        const finding = beyond(own, exact, () => 4 * gamma(rows + 10));
        if (finding !== null) return `column ${String(j)}: ${finding}`;
      }
      return null;
    },
  };
}

function philoxCase(rows: number, columns: number, seed: number, first: number): Case {
  const width = columns + 7;
  return {
    name: `philox-uniform, seed ${String(seed)}, first ${String(first)}`,
    call: {
      kernel: "philoxUniform",
      overrides: {},
      sizes: {
        rows,
        columns,
        width,
        shift: 5,
        seed_low: seed % 2 ** 32,
        seed_high: Math.floor(seed / 2 ** 32),
        first_low: first % 2 ** 32,
        first_high: Math.floor(first / 2 ** 32),
        stream: 3,
      },
      buffers: [zeros(rows * width)],
      read: [0],
    },
    judge: ([words]) => {
      const got = floats(words as Uint32Array);
      const exact = new Float64Array(rows * width);
      for (let j = 0; j < columns; j++) {
        directionVector(seed, first + j, rows).forEach((v, r) => (exact[r * width + 5 + j] = v));
      }
      return beyond(got, exact, () => 0);
    },
  };
}

/** α = q·Aq, r = Aq − αq − β₋q₋, β = ‖r‖, q₊ = r/β; the second step of a basis, so that q₋ and β₋ take part. */
function krylovCase(rows: number, columns: number): Case {
  const size = rows * columns;
  const [image, before, q] = [numbers(6000, size), numbers(6001, size), numbers(6002, size)];
  const basis = new Float32Array(3 * size);
  basis.set(before, size);
  const betas = numbers(6003, columns).map(Math.abs);
  const coefficients = new Float32Array(4 * columns);
  betas.forEach((b, j) => (coefficients[2 * j + 1] = b));
  return {
    name: "krylov-step",
    call: {
      kernel: "krylovStep",
      overrides: {},
      sizes: { rows, columns, block: 1, first: 0, at: 1 },
      buffers: [image, basis, q, coefficients],
      read: [1, 2, 3],
    },
    judge: (read) => {
      const [stored, next, pairs] = read.map(floats) as [Float32Array, Float32Array, Float32Array];
      if (q.some((v, at) => stored[2 * size + at] !== v)) return "q was not stored in its block";
      for (let j = 0; j < columns; j++) {
        let alpha = 0;
        let weight = 0;
        for (let r = 0; r < rows; r++) {
          const term = (q[r * columns + j] as number) * (image[r * columns + j] as number);
          alpha += term;
          weight += Math.abs(term);
        }
        const found = pairs[2 * (columns + j)] as number;
        if (!(Math.abs(found - alpha) <= gamma(rows) * weight + rows * FLUSH * 4))
          return `column ${String(j)}: α ${String(found)}, expected ${String(alpha)}`;
        // From the stored α on.
        const rest = Array.from({ length: rows }, (_, r) => {
          const at = r * columns + j;
          return (image[at] as number) - found * (q[at] as number) - (betas[j] as number) * (before[at] as number);
        });
        const beta = Math.hypot(...rest);
        const tolerance = 4 * gamma(rows + 10) * (beta + Math.sqrt(rows) * (2 + Math.abs(found)));
        const foundBeta = pairs[2 * (columns + j) + 1] as number;
        if (!(Math.abs(foundBeta - beta) <= tolerance))
          return `column ${String(j)}: β ${String(foundBeta)}, expected ${String(beta)}`;
        const unit = rest.map((v) => v / beta);
        const finding = beyond(
          unit.map((_, r) => next[r * columns + j] as number),
          unit,
          () => tolerance / beta,
        );
        if (finding !== null) return `column ${String(j)}: q₊ ${finding}`;
      }
      return null;
    },
  };
}

function combineCase(rows: number, columns: number, first: boolean): Case {
  const [blocks, begin] = [5, 2];
  const size = rows * columns;
  const basis = numbers(6100, (blocks + 1) * size);
  const weights = numbers(6101, (begin + blocks) * columns);
  const result = numbers(6102, size);
  const exact = new Float64Array(size);
  const magnitude = new Float64Array(size);
  for (let at = 0; at < size; at++) {
    let sum = first ? 0 : (result[at] as number);
    let total = Math.abs(sum);
    for (let j = 0; j < blocks; j++) {
      const term = (weights[(begin + j) * columns + (at % columns)] as number) * (basis[(j + 1) * size + at] as number);
      sum += term;
      total += Math.abs(term);
    }
    exact[at] = sum;
    magnitude[at] = total;
  }
  return {
    name: `combine${first ? ", from zero" : ", on top of what is there"}`,
    call: {
      kernel: "combine",
      overrides: {},
      sizes: { rows, columns, blocks, begin, first: first ? 1 : 0 },
      buffers: [basis, weights, result],
      read: [2],
    },
    judge: ([words]) =>
      beyond(
        floats(words as Uint32Array),
        exact,
        (at) => gamma(blocks + 1) * (magnitude[at] as number) + blocks * FLUSH * 4,
      ),
  };
}

const HEAD_ORDER: readonly Head["kind"][] = [
  "sum",
  "mean",
  "logit",
  "logit-argmax",
  "linear",
  "half-squared-norm",
  "log-sum-exp",
  "cross-entropy",
  "squared-error",
  "margin",
];

/** The head's value and gradient, the scaling by 2^−e, and δ = D ∘ gradient. */
function headCase(kind: Head["kind"], width: number, labelled: boolean, scale: number): Case {
  const columns = 8;
  const output = numbers(7000 + width, width * columns, scale);
  // Ties: the first of equal outputs counts.
  if (width > 2) for (const row of [1, 2]) output[row * columns] = 2 * scale;
  const slopes = numbers(7100, width * columns);
  const data = kind === "linear" || kind === "squared-error" ? numbers(7200, width * columns) : zeros(4);
  if (kind === "linear") for (let at = 0; at < data.length; at++) data[at] = data[at - (at % columns)] as number;
  const labels = Int32Array.from({ length: columns }, (_, j) =>
    labelled ? (3 * j) % width : kind === "cross-entropy" ? 0 : -1,
  );
  const index = width - 1;
  const head = (): Head => {
    if (kind === "logit") return { kind, index };
    if (kind === "linear")
      return { kind, coefficients: Float64Array.from({ length: width }, (_, i) => data[i * columns] as number) };
    if (kind === "squared-error") {
      const targets = new Float64Array(width * columns);
      for (let j = 0; j < columns; j++)
        for (let i = 0; i < width; i++) targets[j * width + i] = data[i * columns + j] as number;
      return { kind, targets, rows: columns };
    }
    return { kind } as Head;
  };
  const out = zeros(width * columns);
  return {
    name: `head ${kind}, ${String(width)} outputs${labelled ? ", labelled" : ""}, scale ${String(scale)}`,
    call: {
      kernel: "head",
      overrides: { HEAD: HEAD_ORDER.indexOf(kind) },
      sizes: { width, columns, index },
      buffers: [output, data, labels, slopes, new Uint32Array(2 * columns), out, out],
      read: [4, 5, 6],
    },
    judge: ([pairs, gradientWords, adjointWords]) => {
      const values = floats(pairs as Uint32Array);
      const [gradient, adjoint] = [floats(gradientWords as Uint32Array), floats(adjointWords as Uint32Array)];
      for (let j = 0; j < columns; j++) {
        const own = (x: Float32Array): Float64Array =>
          Float64Array.from({ length: width }, (_, i) => x[i * columns + j] as number);
        const h = own(output);
        const exact = evaluateHead(head(), h, labels[j] as number, j);
        const e = (pairs as Uint32Array)[2 * j + 1] as number | 0;
        const exponent = e | 0;
        const found = own(gradient);
        const largest = found.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
        if (!(largest === 0 ? exponent === 0 : largest >= 1 && largest < 2))
          return `sample ${String(j)}: largest scaled entry ${String(largest)}`;
        // Softmax: an exponential of an argument up to 4·scale, a sum, a quotient; else a difference or nothing.
        const spread = h.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
        const relative = 2 * (8 + 4 * spread) * U + 2 * gamma(width) + 8 * U;
        const size = exact.gradient.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
        const scaled = exact.gradient.map((v) => v * 2 ** -exponent);
        const exactly =
          kind === "sum" ||
          kind === "logit" ||
          kind === "logit-argmax" ||
          kind === "linear" ||
          kind === "margin" ||
          kind === "half-squared-norm";
        const finding = beyond(found, scaled, () => (exactly ? 0 : relative * size * 2 ** -exponent + 2 ** -90));
        if (finding !== null) return `sample ${String(j)}: gradient, ${finding}`;
        const delta = own(adjoint);
        const masked = found.map((v, i) => v * (slopes[i * columns + j] as number));
        const second = beyond(delta, masked, (i) => U * Math.abs(masked[i] as number) + FLUSH);
        if (second !== null) return `sample ${String(j)}: adjoint, ${second}`;
        let magnitude = Math.abs(exact.value);
        h.forEach((v, i) => {
          const c = kind === "linear" ? Math.abs(data[i * columns + j] as number) : 1;
          const y = kind === "squared-error" ? Math.abs(data[i * columns + j] as number) : 0;
          magnitude += (Math.abs(v) + y) * Math.max(c, Math.abs(v) + y);
        });
        // WGSL's log: 3 ulp, or 2⁻²¹ near 1.
        const valueBound = (gamma(width + 8) + relative) * magnitude + 2 ** -20;
        const value = values[2 * j] as number;
        if (!(Math.abs(value - exact.value) <= valueBound))
          return `sample ${String(j)}: f ${String(value)}, expected ${String(exact.value)}`;
      }
      return null;
    },
  };
}

function allCases(): Case[] {
  return [
    ...SHAPES.map(forwardCase),
    ...SHAPES.flatMap((shape, i) => [
      productCase("vectorJacobianProduct", shape, i, true),
      productCase("vectorJacobianProduct", shape, i, false),
      productCase("jacobianVectorProduct", shape, i, true),
      productCase("jacobianVectorProduct", shape, i, false),
    ]),
    ...[1, 2, 31, 300].map((rows, i) => normCase(rows, 8, i)),
    normCase(5, 67, 9),
    finiteCase,
    dotCase(1, 8, 1, 0),
    dotCase(37, 8, 2, 1),
    dotCase(300, 68, 1, 2),
    maskCase(7, 8, 3),
    placeCase(),
    normaliseCase(9, 8, false),
    normaliseCase(9, 8, true),
    normaliseCase(1, 4, false),
    normaliseCase(1, 4, true),
    philoxCase(1, 3, 0, 0),
    philoxCase(11, 70, 2 ** 53 - 1, 2 ** 32 - 30),
    krylovCase(13, 6),
    combineCase(5, 9, true),
    combineCase(5, 9, false),
    ...HEAD_ORDER.flatMap((kind) =>
      [1, 2, 10].flatMap((width) => [false, true].map((labelled) => headCase(kind, width, labelled, 1))),
    ),
    headCase("log-sum-exp", 10, false, 30),
    headCase("cross-entropy", 10, true, 30),
    headCase("squared-error", 10, false, 1e15),
    headCase("half-squared-norm", 10, false, 1e-30),
  ];
}

async function findings(runtime: Runtime, cases: readonly Case[]): Promise<string[]> {
  const answers = await runKernels(
    runtime,
    cases.map((c) => c.call),
  );
  return cases.flatMap((c, i) => {
    const finding = c.judge(answers[i] as Uint32Array[]);
    return finding === null ? [] : [`${c.name}: ${finding}`];
  });
}

describe.skipIf(skipReason !== null).each(RUNTIMES)("kernels, %s", (runtime) => {
  it("agree with f64 loops within derived bounds, at ragged sizes", { timeout: 60_000 }, async () => {
    expect(await findings(runtime, allCases())).toEqual([]);
  });

  it("give a column the same bits whatever stands beside it", { timeout: 60_000 }, async () => {
    const [rows, inner] = [9, 37];
    const weight = numbers(8000, rows * inner, 2);
    const one = numbers(8001, inner);
    const spread = (columns: number, at: number): Float32Array => {
      const x = numbers(8002, inner * columns);
      one.forEach((v, i) => (x[i * columns + at] = v));
      return x;
    };
    const call = (columns: number, at: number): Call => ({
      kernel: "vectorJacobianProduct",
      overrides: { MASKED: 0, FACTOR: 1 },
      sizes: { rows, inner, columns, samples: columns },
      buffers: [weight, spread(columns, at), zeros(4), zeros(rows * columns), zeros(4)] satisfies Words[],
      read: [3],
    });
    const places = [
      [4, 0],
      [4, 3],
      [64, 17],
      [516, 515],
    ] as const;
    const answers = await runKernels(
      runtime,
      places.map(([columns, at]) => call(columns, at)),
    );
    const columnOf = (i: number): number[] => {
      const [columns, at] = places[i] as readonly [number, number];
      return Array.from({ length: rows }, (_, r) => (answers[i]?.[0] as Uint32Array)[r * columns + at] as number);
    };
    for (let i = 1; i < places.length; i++) expect(columnOf(i)).toEqual(columnOf(0));
  });
});
