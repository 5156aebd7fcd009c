/**
 * Standard normal numbers by inversion: Wichura's PPND16, Algorithm AS 241 (Applied Statistics 37, 1988), relative accuracy about
 * 1e−16, in + − × ÷ √ and our own logarithm, so that the bits are the same on every runtime.
 */
import { log } from "../network/elementary.ts";
import { fillWords, uniformOpen, wordBlocks } from "./philox.ts";

/** Φ⁻¹(p) for 0 < p < 1. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  return Math.abs(q) <= CENTRE ? central(q) : outer(p, q);
}

/** Where |p − ½| is no larger, the quantile is a quotient of polynomials in it. */
const CENTRE = 0.425;

function central(q: number): number {
  const r = 0.180625 - q * q;
  return (q * polynomial(CENTRE_NUMERATOR, r)) / polynomial(CENTRE_DENOMINATOR, r);
}

function outer(p: number, q: number): number {
  const tail = Math.sqrt(-log(q < 0 ? p : 1 - p));
  const value =
    tail <= 5
      ? polynomial(MIDDLE_NUMERATOR, tail - 1.6) / polynomial(MIDDLE_DENOMINATOR, tail - 1.6)
      : polynomial(FAR_NUMERATOR, tail - 5) / polynomial(FAR_DENOMINATOR, tail - 5);
  return q < 0 ? -value : value;
}

/** The first `count` standard normals at an address, two words each. */
export function normalsAt(seed: number, stream: number, index: number, count: number): Float64Array {
  const result = new Float64Array(count);
  fillNormals(seed, stream, index, wordBlocks(2 * count), result);
  return result;
}

/** The same into `normals`, as many as it holds. @param words room for two words each (`wordBlocks`). */
export function fillNormals(
  seed: number,
  stream: number,
  index: number,
  words: Uint32Array,
  normals: Float64Array,
): void {
  fillWords(seed, stream, index, words);
  for (let i = 0; i < normals.length; i++) {
    const p = uniformOpen(words[2 * i] as number, words[2 * i + 1] as number);
    const q = p - 0.5;
    // A part of the loop where most numbers lie: what a call returns stands on the heap.
    normals[i] = Math.abs(q) <= CENTRE ? central(q) : outer(p, q);
  }
}

/** An endless generator of the standard normals at an address: the same numbers as normalsAt, drawn one by one. */
export function normalGenerator(seed: number, stream: number, index: number): () => number {
  let buffer = normalsAt(seed, stream, index, 64);
  let next = 0;
  return () => {
    if (next === buffer.length) buffer = normalsAt(seed, stream, index, 2 * buffer.length);
    return buffer[next++] as number;
  };
}

type Coefficients = readonly [number, number, number, number, number, number, number, number];

/** By Horner's rule, coefficients from the constant term upwards. */
function polynomial(c: Coefficients, x: number): number {
  return ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];
}

const CENTRE_NUMERATOR: Coefficients = [
  3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
  67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
];
const CENTRE_DENOMINATOR: Coefficients = [
  1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
  28729.085735721942674, 5226.495278852854561,
];
const MIDDLE_NUMERATOR: Coefficients = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
  0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
];
const MIDDLE_DENOMINATOR: Coefficients = [
  1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
  0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const FAR_NUMERATOR: Coefficients = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
  0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const FAR_DENOMINATOR: Coefficients = [
  1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];
