/**
 * f: a scalar function of the output h = h_{l+1}, with its gradient ∂f/∂h, in f64 from + − × ÷ √.
 * The argmax of equal entries is the first of them.
 */
import { exp, log1p, sigmoid } from "./elementary.ts";
import { ModelError } from "./errors.ts";

export type Head =
  | { readonly kind: "sum" }
  | { readonly kind: "mean" }
  | { readonly kind: "logit"; readonly index: number }
  | { readonly kind: "logit-argmax" }
  /** f = h_label, the label saying which output: of each sample every output in turn (pipeline/each-output.ts gives the labels). */
  | { readonly kind: "each-logit" }
  /** f = c·h. */
  | { readonly kind: "linear"; readonly coefficients: Float64Array }
  /** f = ½‖h‖². */
  | { readonly kind: "half-squared-norm" }
  | { readonly kind: "log-sum-exp" }
  /** f = log Σ exp h − h_label. Needs labels. */
  | { readonly kind: "cross-entropy" }
  /** f = Σ log(1 + exp(−y h_k)) over the outputs, of which there is one as a rule; y = 1 for a label > 0, else −1. Needs labels. */
  | { readonly kind: "logistic" }
  /** f = ½‖h − y‖². `targets` is rows × width, row-major; rows is 1 or the number of samples. */
  | { readonly kind: "squared-error"; readonly targets: Float64Array; readonly rows: number }
  /** f = h_label − max_{j ≠ label} h_j; the label is argmax h where none is given (−1). With one output, f = h_1. */
  | { readonly kind: "margin" };

const PLAIN = [
  "sum",
  "mean",
  "half-squared-norm",
  "log-sum-exp",
  "cross-entropy",
  "logistic",
  "margin",
  "each-logit",
] as const;

/** What a head that needs no file may be called: logit:K counts from 0. */
export const HEAD_NAMES: readonly string[] = [...PLAIN, "logit:K", "logit:argmax"];

/** The head of that name, or null; logit:argmax and logit:K among them, those with numbers of their own (linear, squared-error) not. */
export function headByName(text: string): Head | null {
  const plain = PLAIN.find((name) => name === text);
  if (plain !== undefined) return { kind: plain };
  if (text === "logit:argmax") return { kind: "logit-argmax" };
  const index = /^logit:(\d+)$/.exec(text)?.[1];
  return index !== undefined && Number.isSafeInteger(Number(index)) ? { kind: "logit", index: Number(index) } : null;
}

export interface HeadResult {
  readonly value: number;
  /** ∂f/∂h, the width of the output. */
  readonly gradient: Float64Array;
}

/** What the head does with a label that is given for a sample: each-logit has its own. */
export function labelUse(head: Head): "required" | "optional" | "none" {
  if (head.kind === "cross-entropy" || head.kind === "logistic") return "required";
  return head.kind === "margin" ? "optional" : "none";
}

/** Whether a sample's label is the number of an output, and must be there. */
export function takesClass(head: Head): boolean {
  return head.kind === "cross-entropy" || head.kind === "each-logit";
}

/**
 * The labels that a head takes of a network with so many outputs, least to most: classes; of logistic signs, −1 (or 0) and 1.
 */
export function labelRange(head: Head, outputs: number): { readonly least: number; readonly most: number } {
  return head.kind === "logistic" ? { least: -1, most: 1 } : { least: 0, most: outputs - 1 };
}

/** y of logistic. */
export function signOf(label: number): 1 | -1 {
  return label > 0 ? 1 : -1;
}

/**
 * Throws unless the head fits outputs of this width and this many samples.
 * @throws ModelError
 */
export function checkHead(head: Head, width: number, samples: number): void {
  switch (head.kind) {
    case "logit":
      if (!(head.index >= 0 && head.index < width)) {
        throw new ModelError(`head logit:${String(head.index)}: expected an output from 0 to ${String(width - 1)}`);
      }
      return;
    case "linear":
      if (head.coefficients.length !== width) {
        throw new ModelError(
          `head linear: found ${String(head.coefficients.length)} coefficients, expected ${String(width)}, the network's outputs`,
        );
      }
      return;
    case "squared-error":
      if (head.targets.length !== head.rows * width || (head.rows !== 1 && head.rows !== samples)) {
        throw new ModelError(
          `head squared-error: found ${String(head.rows)} rows of targets, ${String(head.targets.length)} numbers; expected 1 or ${String(samples)} rows of ${String(width)}`,
        );
      }
      return;
    default:
  }
}

/** The output that f is, where f is one of them: its gradient is 1 there and 0 elsewhere. Else null. */
export function pickedOutput(head: Head, output: Float64Array, label: number): number | null {
  switch (head.kind) {
    case "logit":
      return head.index;
    case "logit-argmax":
      return argmax(output, -1);
    case "each-logit":
      return label;
    default:
      return null;
  }
}

/** Value and gradient at one output vector. `label` is −1 where there is none; `sample` picks the row of squared-error's targets. */
export function evaluateHead(head: Head, output: Float64Array, label: number, sample: number): HeadResult {
  const n = output.length;
  const gradient = new Float64Array(n);
  switch (head.kind) {
    case "sum":
      return { value: total(output), gradient: gradient.fill(1) };
    case "mean":
      return { value: total(output) / n, gradient: gradient.fill(1 / n) };
    case "logit":
    case "logit-argmax":
    case "each-logit": {
      const picked = pickedOutput(head, output, label) as number;
      gradient[picked] = 1;
      return { value: output[picked] ?? NaN, gradient };
    }
    case "linear": {
      let value = 0;
      for (let i = 0; i < n; i++) value += (head.coefficients[i] as number) * (output[i] as number);
      return { value, gradient: Float64Array.from(head.coefficients) };
    }
    case "half-squared-norm":
      return { value: 0.5 * squared(output), gradient: Float64Array.from(output) };
    case "squared-error": {
      const row = head.rows === 1 ? 0 : sample * n;
      const difference = output.map((v, i) => v - (head.targets[row + i] as number));
      return { value: 0.5 * squared(difference), gradient: difference };
    }
    case "log-sum-exp": {
      const { value, softmax } = logSumExp(output);
      return { value, gradient: softmax };
    }
    case "cross-entropy": {
      const { softmax, above, excess } = logSumExp(output);
      // log Σ exp(h − h_label), and softmax_label − 1 as minus the sum of the others: neither cancels.
      const value = excess + (above - (output[label] as number));
      let others = 0;
      for (let i = 0; i < n; i++) if (i !== label) others += softmax[i] as number;
      softmax[label] = -others;
      return { value, gradient: softmax };
    }
    case "logistic": {
      const y = signOf(label);
      let value = 0;
      for (let i = 0; i < n; i++) {
        const s = y * (output[i] as number);
        value += Math.max(-s, 0) + log1p(exp(-Math.abs(s)));
        gradient[i] = -y * sigmoid(-s);
      }
      return { value, gradient };
    }
    case "margin": {
      const own = label >= 0 ? label : argmax(output, -1);
      gradient[own] = 1;
      if (n === 1) return { value: output[0] as number, gradient };
      const rival = argmax(output, own);
      gradient[rival] = -1;
      return { value: (output[own] as number) - (output[rival] as number), gradient };
    }
  }
}

/** (∂²f/∂h²) v at one output vector: 0 for the heads that are linear, or linear between kinks. */
export function headHessianProduct(head: Head, output: Float64Array, v: Float64Array): Float64Array {
  switch (head.kind) {
    case "half-squared-norm":
    case "squared-error":
      return v.slice();
    case "log-sum-exp":
    case "cross-entropy": {
      // (diag p − p pᵀ) v, as p ∘ (v − p·v).
      const { softmax } = logSumExp(output);
      let mean = 0;
      for (let i = 0; i < v.length; i++) mean += (softmax[i] as number) * (v[i] as number);
      return v.map((x, i) => (softmax[i] as number) * (x - mean));
    }
    case "logistic":
      // σ(s)σ(−s), the same for either sign.
      return v.map((x, i) => sigmoid(output[i] as number) * sigmoid(-(output[i] as number)) * x);
    default:
      return new Float64Array(v.length);
  }
}

/** Index of the largest entry, the first of equal ones, leaving out index `except` (−1: none). */
function argmax(values: Float64Array, except: number): number {
  let best = except === 0 ? 1 : 0;
  for (let i = 0; i < values.length; i++) {
    if (i !== except && (values[i] as number) > (values[best] as number)) best = i;
  }
  return best;
}

/** max h, the softmax, and log Σ exp(h − max h) as log(1 + the others' sum), which a confident sample needs. */
function logSumExp(h: Float64Array): { value: number; softmax: Float64Array; above: number; excess: number } {
  const best = argmax(h, -1);
  const above = h[best] as number;
  const terms = h.map((v) => exp(v - above));
  const sum = total(terms);
  let others = 0;
  for (let i = 0; i < terms.length; i++) if (i !== best) others += terms[i] as number;
  const excess = log1p(others);
  return { value: above + excess, softmax: terms.map((t) => t / sum), above, excess };
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum;
}

function squared(values: Float64Array): number {
  let sum = 0;
  for (const v of values) sum += v * v;
  return sum;
}
