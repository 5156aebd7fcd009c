/** Oracles of the matrix products (forward, vector-Jacobian, Jacobian-vector) and of the mask, in f64 loops. */
import { WGSL_F32 } from "../../engine/engine.ts";
import { dispatchSizes } from "../../engine/program/kernels.ts";
import { ACTIVATION_NAMES } from "../../network/activations.ts";
import type { ActivationName } from "../../network/activations.ts";
import { slopesAt } from "../../network/kinks.ts";
import type { UnitActivation } from "../../network/parametric.ts";
import { formulaOf, functionsOf, isParametricName, parametric } from "../../network/parametric.ts";
import { activationError } from "../../verification/audit/activation-error.ts";
import type { KernelCall, Words } from "../call.ts";
import { asFloats, floatsOf, kernelOf, sizeOf } from "../call.ts";
import type { Expected, Oracle } from "../expected.ts";
import { floatsExpected, numbersOf, untouched } from "../expected.ts";
import { FLUSH, g, largest, productBound } from "./rounding.ts";

/** A X with A rows × inner and X inner × columns: values, Σ|a||x|, and what flushing may cost each entry. */
function product(a: (i: number, k: number) => number, rows: number, inner: number, x: Float32Array, columns: number) {
  const values = new Float64Array(rows * columns);
  const size = new Float64Array(rows * columns);
  const columnMax = new Float64Array(columns);
  for (let k = 0; k < inner; k++) {
    for (let j = 0; j < columns; j++) {
      columnMax[j] = Math.max(columnMax[j] as number, Math.abs(x[k * columns + j] as number));
    }
  }
  const flushed = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    let rowMax = 0;
    for (let k = 0; k < inner; k++) {
      const w = a(i, k);
      rowMax = Math.max(rowMax, Math.abs(w));
      for (let j = 0, at = i * columns; j < columns; j++, at++) {
        const term = w * (x[k * columns + j] as number);
        values[at] = (values[at] as number) + term;
        size[at] = (size[at] as number) + Math.abs(term);
      }
    }
    for (let j = 0; j < columns; j++)
      flushed[i * columns + j] = inner * FLUSH * (2 + rowMax + (columnMax[j] as number));
  }
  return { values, size, flushed };
}

/** z = W h + b; h′ = g(z) and D = g′(z) of the z that was stored, or of z itself where a single weight of 1 hands it through. */
export const forwardOracle: Oracle = (call, read) => {
  const [rows, inner, columns] = [sizeOf(call, "rows"), sizeOf(call, "inner"), sizeOf(call, "columns")];
  const [w, b, h] = [floatsOf(call, 0), floatsOf(call, 1), floatsOf(call, 3)];
  const { values, size, flushed } = product((i, k) => w[i * inner + k] as number, rows, inner, h, columns);
  const through = inner === 1 && w.every((v) => v === 1) && b.every((v) => v === 0);
  const bias = (at: number): number => b[Math.floor(at / columns)] as number;
  const exact = values.map((s, at) => (Number.isFinite(s) ? s + bias(at) : NaN));
  const bounds = exact.map((z, at) => {
    if (through) return Math.abs(z) < FLUSH ? Math.abs(z) : 0;
    return g(inner + 1) * ((size[at] as number) + Math.abs(bias(at))) + (flushed[at] as number) + 2 * FLUSH;
  });
  const z: Expected = { ...floatsExpected("z", 4, exact, () => 0), bounds };
  const name = ACTIVATION_NAMES[call.overrides["ACTIVATION"] as number] as ActivationName;
  const units = Array.from(floatsOf(call, 2), (parameter) => unitOf(name, parameter));
  const unit = (at: number): UnitActivation => units[Math.floor(at / columns)] as UnitActivation;
  if (read !== null) return [z, ...activated(unit, asFloats(read[call.read.indexOf(4)] as Words))];
  return through ? [z, ...activated(unit, exact)] : [z];
};

/** The activation of this name and parameter, which the host may have rounded. */
function unitOf(name: ActivationName, parameter: number): UnitActivation {
  if (!isParametricName(name) || parameter === Math.fround(formulaOf(name).parameter)) return name;
  return parametric(name, parameter);
}

function activated(unit: (at: number) => UnitActivation, z: ArrayLike<number>): Expected[] {
  const value = new Float64Array(z.length);
  const slope = new Float64Array(z.length);
  const bounds = [new Float64Array(z.length), new Float64Array(z.length)] as const;
  for (let i = 0; i < z.length; i++) {
    const x = z[i] as number;
    if (!Number.isFinite(x)) {
      // What is not finite goes through.
      value[i] = slope[i] = NaN;
      continue;
    }
    const activation = unit(i);
    const exact = functionsOf(activation);
    value[i] = exact.value(x);
    slope[i] = exact.slope(x);
    const error = activationError(activation, x, value[i] as number, slope[i] as number, WGSL_F32);
    bounds[0][i] = error.value;
    // Beside a kink any of several slopes is right (network/kinks.ts).
    bounds[1][i] = slopesAt(activation, x, FLUSH).length > 1 ? Infinity : error.slope;
  }
  const own = (quantity: string, buffer: number, values: Float64Array, bound: Float64Array): Expected => ({
    ...floatsExpected(quantity, buffer, values, () => 0),
    bounds: bound,
  });
  return [own("h", 5, value, bounds[0]), own("D", 6, slope, bounds[1])];
}

/** Whether several dispatches share a sum: between them the product is handed on, whoever reads it. */
const isLong = (call: KernelCall): boolean => dispatchSizes(kernelOf(call), call.sizes, call.overrides).length > 1;

/** a = W′ᵀy or ζ = W′τ, and D ∘ it. */
function linear(quantity: string, entry: (call: KernelCall) => (i: number, k: number) => number): Oracle {
  return (call, read) => {
    const [rows, inner] = [sizeOf(call, "rows"), sizeOf(call, "inner")];
    const [columns, samples] = [sizeOf(call, "columns"), sizeOf(call, "samples")];
    const { values, size, flushed } = product(entry(call), rows, inner, floatsOf(call, 1), columns);
    const bounds = size.map((s, at) => g(inner) * s + (flushed[at] as number));
    const plain: Expected = { ...floatsExpected(quantity, 3, values, () => 0), bounds };
    if (call.overrides["MASKED"] !== 1) return [plain, untouched("what was not asked for", 4, call)];
    const slopes = floatsOf(call, 2);
    const slope = (at: number): number =>
      slopes[Math.floor(at / columns) * samples + ((at % columns) % samples)] as number;
    const isKept = call.overrides["KEPT"] !== 0;
    const stored = read === null || !isKept ? null : asFloats(read[call.read.indexOf(3)] as Words);
    // From the stored product on, the mask is one rounding; from the exact one, the product's own error goes through it.
    const from = values.map((v, at) => stored?.[at] ?? v);
    const masked = from.map((v, at) => v * slope(at));
    return [
      ...(isKept ? [plain] : isLong(call) ? [] : [untouched("what nobody reads", 3, call)]),
      floatsExpected(`D ∘ ${quantity}`, 4, masked, (at) => {
        const before = stored === null ? (bounds[at] as number) : 0;
        const own = productBound(slope(at), Math.abs(from[at] as number) + before);
        return Math.abs(slope(at)) * before + own;
      }),
    ];
  };
}

export const backwardOracle = linear("W′ᵀδ", (call) => {
  const [w, rows] = [floatsOf(call, 0), sizeOf(call, "rows")];
  return (i, k) => w[k * rows + i] as number;
});

export const tangentOracle = linear("W′τ", (call) => {
  const [w, inner] = [floatsOf(call, 0), sizeOf(call, "inner")];
  return (i, k) => w[i * inner + k] as number;
});

export const maskOracle: Oracle = (call) => {
  const [columns, samples] = [sizeOf(call, "columns"), sizeOf(call, "samples")];
  const [x, d] = [floatsOf(call, 0), floatsOf(call, 1)];
  const slope = (at: number): number => d[Math.floor(at / columns) * samples + ((at % columns) % samples)] as number;
  const values = Float64Array.from(x, (v, at) => v * slope(at));
  return [floatsExpected("D ∘ x", 2, values, (at) => productBound(slope(at), x[at] as number))];
};

/** û + Σ_j s_j q_j over a basis buffer whose block 0 is left out. */
export const combineOracle: Oracle = (call) => {
  const [rows, columns] = [sizeOf(call, "rows"), sizeOf(call, "columns")];
  const [blocks, begin] = [sizeOf(call, "blocks"), sizeOf(call, "begin")];
  const [basis, weights, before] = [floatsOf(call, 0), floatsOf(call, 1), floatsOf(call, 3)];
  const [width, origin] = [sizeOf(call, "width"), numbersOf(call.buffers[2] as Words, "u32")];
  const size = rows * columns;
  const flushed = blocks * FLUSH * (2 + largest(basis) + largest(weights));
  // Columns that are none of the basis's stay as they are.
  const values = Float64Array.from(before);
  const bounds = new Float64Array(values.length);
  for (let at = 0; at < size; at++) {
    const own = origin[at % columns] as number;
    if (own >= width) continue;
    const to = Math.floor(at / columns) * width + own;
    let sum = sizeOf(call, "first") === 1 ? 0 : (before[to] as number);
    let total = Math.abs(sum);
    for (let j = 0; j < blocks; j++) {
      const term = (weights[(begin + j) * columns + (at % columns)] as number) * (basis[(j + 1) * size + at] as number);
      sum += term;
      total += Math.abs(term);
    }
    values[to] = sum;
    bounds[to] = g(blocks + 1) * total + flushed;
  }
  return [floatsExpected("û", 3, values, (at) => bounds[at] as number)];
};
