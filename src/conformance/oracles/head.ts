/**
 * The oracle of the head kernel: f and ∂f/∂h by network/heads.ts in f64 with the audit's bounds (verification/audit/head-error.ts), the
 * scaling by 2^−e that brings the largest entry into [1, 2), and δ = D ∘ (2^−e ∂f/∂h) from the stored gradient.
 */
import { WGSL_F32 } from "../../engine/engine.ts";
import { HEAD_NUMBERS } from "../../engine/program/constants.ts";
import type { Head } from "../../network/heads.ts";
import type { ExpectedHead } from "../../verification/audit/head-error.ts";
import { expectedHead } from "../../verification/audit/head-error.ts";
import type { KernelCall, Words } from "../call.ts";
import { asFloats, floatsOf, sizeOf } from "../call.ts";
import type { Expected, Oracle } from "../expected.ts";
import { floatsExpected, numbersOf } from "../expected.ts";
import { largest, productBound } from "./rounding.ts";

export const HEAD_KINDS = Object.keys(HEAD_NUMBERS).sort(
  (a, b) => HEAD_NUMBERS[a as Head["kind"]] - HEAD_NUMBERS[b as Head["kind"]],
) as readonly Head["kind"][];

function headOf(call: KernelCall, column: (x: ArrayLike<number>) => Float64Array): Head {
  const kind = HEAD_KINDS[call.overrides["HEAD"] as number] as Head["kind"];
  if (kind === "logit") return { kind, index: sizeOf(call, "index") };
  if (kind === "linear") return { kind, coefficients: column(floatsOf(call, 1)) };
  if (kind === "squared-error") return { kind, targets: column(floatsOf(call, 1)), rows: 1 };
  return { kind };
}

/** ⌊log₂⌋ of a positive number, within ±126; 0 of 0. */
function exponentOf(x: number): number {
  if (x === 0) return 0;
  return Math.max(-126, Math.min(126, Math.floor(Math.log2(Math.fround(x)))));
}

export const headOracle: Oracle = (call, read) => {
  const [width, columns] = [sizeOf(call, "width"), sizeOf(call, "columns")];
  const labels = numbersOf(call.buffers[2] as Words, "i32");
  const found = (buffer: number): Words | null => (read === null ? null : (read[call.read.indexOf(buffer)] as Words));
  const [foundValues, foundGradient] = [found(4), found(5)];
  const empty = (length: number): Pick<Expected, "values" | "bounds"> => ({
    values: new Float64Array(length),
    bounds: new Float64Array(length).fill(Infinity),
  });
  const [value, exponent] = [empty(columns), empty(columns)];
  const [gradient, adjoint] = [empty(width * columns), empty(width * columns)];
  for (let j = 0; j < columns; j++) {
    const column = (x: ArrayLike<number>): Float64Array =>
      Float64Array.from({ length: width }, (_, i) => x[i * columns + j] as number);
    const output = column(floatsOf(call, 0));
    const exact = expectedHead(headOf(call, column), output, labels[j] as number, 0, WGSL_F32);
    if (exact === null) continue;
    value.values[j] = exact.value;
    value.bounds[j] = exact.valueBound;
    const [least, most] = exponents(exact);
    exponent.values[j] = (least + most) / 2;
    // Between two exponents either is right, and none beyond them.
    exponent.bounds[j] = least === most ? 0 : (most - least + 1) / 2;
    const e = foundValues === null ? least : (numbersOf(foundValues, "i32")[2 * j + 1] as number);
    // Without an answer to read the exponent from, an ambiguous one leaves the scaled entries open.
    if (foundValues === null && least !== most) continue;
    const slopes = column(floatsOf(call, 3));
    const stored = foundGradient === null ? null : column(asFloats(foundGradient));
    for (let i = 0; i < width; i++) {
      const at = i * columns + j;
      const scaled = (exact.gradient[i] as number) * 2 ** -e;
      const bound = (exact.gradientBound[i] as number) * 2 ** -e;
      gradient.values[at] = scaled;
      gradient.bounds[at] = bound;
      const [from, before] = stored === null ? [scaled, bound] : [stored[i] as number, 0];
      const d = slopes[i] as number;
      adjoint.values[at] = d * from;
      adjoint.bounds[at] = Math.abs(d) * before + productBound(d, Math.abs(from) + before);
    }
  }
  return [
    { quantity: "f", buffer: 4, offset: 0, stride: 2, type: "f32", ...value },
    { quantity: "exponent", buffer: 4, offset: 1, stride: 2, type: "i32", ...exponent },
    { ...floatsExpected("2⁻ᵉ ∂f/∂h", 5, gradient.values, () => 0), bounds: gradient.bounds },
    { ...floatsExpected("δ", 6, adjoint.values, () => 0), bounds: adjoint.bounds },
  ];
};

/** The exponents that rounding allows the largest entry of the gradient. */
function exponents({ gradient, gradientBound }: ExpectedHead): [number, number] {
  const most = largest(gradient);
  const slack = gradient.reduce((a, v, i) => (Math.abs(v) === most ? Math.max(a, gradientBound[i] as number) : a), 0);
  const ends = [exponentOf(Math.max(0, most - slack)), exponentOf(most + slack)] as const;
  return [Math.min(...ends), Math.max(...ends)];
}
