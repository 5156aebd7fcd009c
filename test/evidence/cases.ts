/** Drawn cases: an architecture, its weights, a head, inputs. All by address, so that a failure names what repeats it. */
import type { ActivationName } from "../../src/network/activations.ts";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import type { InitialiserName } from "../../src/network/initialisers.ts";
import type { Network } from "../../src/network/network.ts";
import { fillInputs, fillLabels } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { drawer, normals } from "../support/stream.ts";

export interface Case {
  readonly name: string;
  readonly network: Network;
  readonly head: Head;
  readonly norm: "spectral" | "frobenius";
  readonly samples: number;
  /** Rounded to f32, so that every engine gets the same numbers. */
  readonly read: (first: number, count: number) => { inputs: Float64Array; labels: Int32Array | null };
  readonly width: number;
  /** Which of the kinds that a proof must not be short of this case is: orthogonal, linear, one-layer, deep, narrow, wide. */
  readonly kinds: readonly Kind[];
}

/** Depth ≥ 8 is deep, no width above 3 narrow, one of 200 or more wide. */
export const KINDS = ["orthogonal", "linear", "one-layer", "deep", "narrow", "wide"] as const;
export type Kind = (typeof KINDS)[number];

const HEAD_KINDS = [
  "logit-argmax",
  "sum",
  "mean",
  "logit",
  "linear",
  "half-squared-norm",
  "log-sum-exp",
  "cross-entropy",
  "squared-error",
  "margin",
] as const;
const INITIALISERS: readonly InitialiserName[] = ["he", "orthogonal", "lecun", "glorot", "orthogonal", "normal"];

/**
 * Case `index` of a seed: depth 1 … 12, widths 1 … 300 (log-uniform), every activation and head in turn, 1 … 1,000 samples as far as
 * `budget` multiplications (samples × weights × depth) allow.
 */
export function drawCase(seed: number, index: number, budget: number): Case {
  const draw = drawer(seed, index);
  const uniform = (): number => (draw(2 ** 30) + 0.5) / 2 ** 30;
  const depth = index % 8 === 0 ? 1 : 1 + draw(12);
  const linear = index % 10 === 3;
  const narrow = index % 10 === 7;
  const widest = narrow ? 3 : index % 10 === 5 ? 300 : Math.ceil(300 ** uniform());
  const widths = Array.from({ length: depth + 1 }, () => Math.max(1, Math.ceil(widest ** (0.4 + 0.6 * uniform()))));
  if (index % 10 === 5) widths[draw(depth + 1)] = 200 + draw(101);
  if (index % 16 === 8) widths[depth] = 1;
  const main = ACTIVATION_NAMES[index % ACTIVATION_NAMES.length] ?? "relu";
  const activations = Array.from({ length: depth }, (_, i): ActivationName =>
    linear || (i === depth - 1 && draw(2) === 0)
      ? "identity"
      : draw(4) === 0
        ? (ACTIVATION_NAMES[draw(17)] ?? main)
        : main,
  );
  const initialiser = INITIALISERS[draw(INITIALISERS.length)] ?? "he";
  const scale = initialiser === "normal" ? 1.5 / Math.sqrt(Math.max(...widths)) : 1;
  const drawn = randomNetwork({ seed, index, widths, activations, initialiser, scale, biasScale: draw(2) * 0.3 });
  const network = {
    layers: drawn.layers.map((l) => ({ ...l, weight: l.weight.map(Math.fround), bias: l.bias.map(Math.fround) })),
  };
  const outputs = widths[depth] ?? 1;
  const head = drawHead(HEAD_KINDS[index % HEAD_KINDS.length] ?? "sum", outputs, seed, index);
  const cost = depth * network.layers.reduce((sum, l) => sum + l.weight.length, 0);
  const samples = Math.max(1, Math.min(Math.ceil(1000 ** uniform()), Math.floor(budget / cost)));
  const width = widths[0] ?? 1;
  return {
    name: `case ${String(seed)}:${String(index)} ${widths.join("-")} ${activations.join(",")} ${initialiser} ${head.kind}`,
    network,
    head,
    norm: index % 9 === 4 && cost < 40_000 ? "frobenius" : "spectral",
    samples,
    width,
    kinds: KINDS.filter((kind) => {
      switch (kind) {
        case "orthogonal":
          return initialiser === "orthogonal";
        case "linear":
          return activations.every((name) => name === "identity");
        case "one-layer":
          return depth === 1;
        case "deep":
          return depth >= 8;
        case "narrow":
          return Math.max(...widths) <= 3;
        case "wide":
          return Math.max(...widths) >= 200;
      }
    }),
    read: (first, count) => ({
      inputs: fillInputs({ distribution: "normal", scale: 1, seed }, first, count, width).map(Math.fround),
      labels: head.kind === "cross-entropy" || head.kind === "margin" ? fillLabels(seed, first, count, outputs) : null,
    }),
  };
}

function drawHead(kind: (typeof HEAD_KINDS)[number], outputs: number, seed: number, index: number): Head {
  const numbers = Float64Array.from(normals(seed, index, outputs), Math.fround);
  if (kind === "logit") return { kind, index: index % outputs };
  if (kind === "linear") return { kind, coefficients: numbers };
  if (kind === "squared-error") return { kind, targets: numbers, rows: 1 };
  return { kind };
}
