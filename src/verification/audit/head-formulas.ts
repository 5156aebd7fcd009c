/**
 * The heads once more, by formulas that are not the engine's (network/heads.ts, shaders/head.wgsl): the softmax from the quotients
 * e^(h_j − h_i) of each pair, cross-entropy from the differences with the label's output. Of equal entries the first is the largest.
 */
import type { Head } from "../../network/heads.ts";

export interface OwnHead {
  readonly value: number;
  /** ∂f/∂h. */
  readonly gradient: Float64Array;
}

/** f and ∂f/∂h at one output. @param label −1 for none. @param sample index of the sample: which row of targets is its own. */
export function ownHead(head: Head, h: Float64Array, label: number, sample: number): OwnHead {
  const n = h.length;
  const gradient = new Float64Array(n);
  const at = (i: number): number => h[i] as number;
  let value = 0;
  switch (head.kind) {
    case "sum":
      for (let i = n - 1; i >= 0; i--) value += at(i);
      return { value, gradient: gradient.fill(1) };
    case "mean":
      for (let i = n - 1; i >= 0; i--) value += at(i) / n;
      return { value, gradient: gradient.fill(1 / n) };
    case "logit":
      gradient[head.index] = 1;
      return { value: h[head.index] ?? NaN, gradient };
    case "each-logit":
      gradient[label] = 1;
      return { value: h[label] ?? NaN, gradient };
    case "logit-argmax": {
      const top = largestBut(h, -1);
      gradient[top] = 1;
      return { value: at(top), gradient };
    }
    case "linear":
      for (let i = n - 1; i >= 0; i--) value += at(i) * (head.coefficients[i] as number);
      return { value, gradient: head.coefficients.slice() };
    case "half-squared-norm":
      for (let i = n - 1; i >= 0; i--) value += 0.5 * at(i) * at(i);
      return { value, gradient: h.slice() };
    case "squared-error": {
      const row = head.rows === 1 ? 0 : sample * n;
      for (let i = n - 1; i >= 0; i--) {
        const difference = at(i) - (head.targets[row + i] as number);
        gradient[i] = difference;
        value += 0.5 * difference * difference;
      }
      return { value, gradient };
    }
    case "log-sum-exp": {
      pairwise(h, gradient);
      const top = largestBut(h, -1);
      return { value: at(top) + Math.log1p(others(h, top)), gradient };
    }
    case "cross-entropy": {
      pairwise(h, gradient);
      // s = Σ_{j≠y} e^(h_j − h_y): f = log(1 + s), and ∂f/∂h_y = −s/(1 + s).
      const s = others(h, label);
      gradient[label] = s === Infinity ? -1 : -s / (1 + s);
      if (s < Infinity) return { value: Math.log1p(s), gradient };
      const top = largestBut(h, -1);
      return { value: at(top) - at(label) + Math.log1p(others(h, top)), gradient };
    }
    case "logistic": {
      // log(1 + e^(−yh)) and −y/(1 + e^(yh)), whichever way the exponential goes.
      const y = label > 0 ? 1 : -1;
      for (let i = n - 1; i >= 0; i--) {
        const s = y * at(i);
        value += s < -40 ? -s : Math.log1p(Math.exp(-s));
        gradient[i] = -y / (1 + Math.exp(s));
      }
      return { value, gradient };
    }
    case "margin": {
      const own = label >= 0 ? label : largestBut(h, -1);
      gradient[own] = 1;
      if (n === 1) return { value: at(0), gradient };
      const rival = largestBut(h, own);
      gradient[rival] = -1;
      return { value: at(own) - at(rival), gradient };
    }
  }
}

/** softmax_i = 1/Σ_j e^(h_j − h_i); n² exponentials where they are few, else n: by the quotients with the largest. */
function pairwise(h: Float64Array, into: Float64Array): void {
  const n = h.length;
  if (n > FEW) {
    const top = h[largestBut(h, -1)] as number;
    let sum = 0;
    for (let i = n - 1; i >= 0; i--) sum += Math.exp((h[i] as number) - top);
    for (let i = 0; i < n; i++) into[i] = 1 / (sum * Math.exp(top - (h[i] as number)));
    return;
  }
  for (let i = 0; i < n; i++) into[i] = 1 / (1 + others(h, i));
}

const FEW = 16;

/** Σ_{j≠i} e^(h_j − h_i). */
function others(h: Float64Array, i: number): number {
  const own = h[i] as number;
  let sum = 0;
  for (let j = h.length - 1; j >= 0; j--) if (j !== i) sum += Math.exp((h[j] as number) - own);
  return sum;
}

/** Index of the largest entry, the first of equal ones, without entry `except` (−1: with all). */
function largestBut(h: Float64Array, except: number): number {
  let best = -1;
  for (let i = h.length - 1; i >= 0; i--)
    if (i !== except && (best < 0 || (h[i] as number) >= (h[best] as number))) best = i;
  return best;
}
