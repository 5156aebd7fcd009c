/** Networks, heads and inputs drawn from addresses, for the oracle's tests. */
import type { Activation } from "../../../src/network/parametric.ts";
import type { Head } from "../../../src/network/heads.ts";
import { evaluateHead } from "../../../src/network/heads.ts";
import type { Network } from "../../../src/network/network.ts";
import { forward } from "../../../src/reference/oracle.ts";
import { randomNetwork } from "../../../src/sampling/random-network.ts";
import { normals } from "../../support/stream.ts";

export interface HeadCase {
  readonly name: string;
  readonly head: Head;
  /** −1 for none. */
  readonly label: number;
}

/** Every head, for outputs of this width. */
export function headCases(width: number): HeadCase[] {
  const numbers = (index: number): Float64Array => Float64Array.from(normals(71, index, width));
  const last = width - 1;
  return [
    { name: "sum", head: { kind: "sum" }, label: -1 },
    { name: "mean", head: { kind: "mean" }, label: -1 },
    { name: "logit", head: { kind: "logit", index: last }, label: -1 },
    { name: "logit-argmax", head: { kind: "logit-argmax" }, label: -1 },
    { name: "linear", head: { kind: "linear", coefficients: numbers(0) }, label: -1 },
    { name: "half-squared-norm", head: { kind: "half-squared-norm" }, label: -1 },
    { name: "log-sum-exp", head: { kind: "log-sum-exp" }, label: -1 },
    { name: "cross-entropy", head: { kind: "cross-entropy" }, label: last },
    { name: "logistic of a positive label", head: { kind: "logistic" }, label: 1 },
    { name: "logistic of a negative label", head: { kind: "logistic" }, label: -1 },
    { name: "squared-error", head: { kind: "squared-error", targets: numbers(1), rows: 1 }, label: -1 },
    { name: "margin by argmax", head: { kind: "margin" }, label: -1 },
    { name: "margin of a label", head: { kind: "margin" }, label: last },
  ];
}

/** f at x. */
export function valueAt(network: Network, { head, label }: HeadCase, x: readonly number[]): number {
  return evaluateHead(head, Float64Array.from(forward(network, x).hidden.at(-1) ?? []), label, 0).value;
}

export const SMALL_WIDTHS = [3, 5, 4, 4] as const;

/** A network of three layers, widths 3, 5, 4, 4. */
export function smallNetwork(activations: readonly Activation[], seed: number): Network {
  return randomNetwork({ seed, index: 0, widths: SMALL_WIDTHS, activations, initialiser: "lecun", biasScale: 0.3 });
}

/**
 * A point where no preactivation is within `clearance` of a kink of any activation, and no two outputs within `separation` of each
 * other: there the heads with a maximum have kinks.
 */
export function smoothPoint(network: Network, seed: number, clearance: number, separation = 0): number[] {
  for (let index = 0; index < 10_000; index++) {
    const x = normals(seed, index, SMALL_WIDTHS[0]);
    const { preactivation, hidden } = forward(network, x);
    const clear = preactivation.flat().every((v) => [0, 3, -3, 6].every((kink) => Math.abs(v - kink) > clearance));
    const sorted = [...(hidden.at(-1) ?? [])].sort((a, b) => a - b);
    if (clear && sorted.every((v, i) => i === 0 || v - (sorted[i - 1] ?? v) >= separation)) return x;
  }
  throw new RangeError(`no smooth point for seed ${String(seed)}`);
}
