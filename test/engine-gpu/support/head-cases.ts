/** Cases of the head kernel, against evaluateHead in f64. */
import type { Head } from "../../../src/network/heads.ts";
import { evaluateHead } from "../../../src/network/heads.ts";
import { floats } from "../../support/software-gpu.ts";
import type { Case } from "./kernel-case.ts";
import { beyond, FLUSH, gamma, numbers, U, zeros } from "./kernel-case.ts";

export const HEAD_ORDER: readonly Head["kind"][] = [
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
export function headCase(kind: Head["kind"], width: number, labelled: boolean, scale: number): Case {
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
        const e = (pairs as Uint32Array)[2 * j + 1] as number;
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
