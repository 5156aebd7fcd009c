/** The networks of the engine's test: every activation and every head somewhere, depth 1–7, widths 1 and odd among them. */
import type { ActivationName } from "../../../src/network/activations.ts";
import { ACTIVATION_NAMES } from "../../../src/network/activations.ts";
import type { Head } from "../../../src/network/heads.ts";
import type { InitialiserName } from "../../../src/network/initialisers.ts";
import { drawnActivation } from "../../../src/network/activation-names.ts";
import type { Activation } from "../../../src/network/parametric.ts";
import { preluOf } from "../../support/parametric.ts";

export interface Architecture {
  readonly widths: readonly number[];
  readonly activations: readonly Activation[];
  readonly initialiser: InitialiserName;
  readonly biasScale: number;
  readonly head: Head["kind"];
  readonly norm: "spectral" | "frobenius";
  readonly accuracy: number | "verdict";
  readonly samples: number;
}

const HEADS: readonly Head["kind"][] = [
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
  "logistic",
];

const WIDTHS: readonly (readonly number[])[] = [
  [5, 3],
  [7, 13, 11, 4],
  [1, 1, 1],
  [33, 20, 6],
  [9, 17, 5, 17, 3],
  [4, 31, 2, 8],
  [12, 12, 12, 12, 12, 12, 12, 3],
  [1, 9, 1, 9, 1],
  [3, 1],
];

/** A second initialiser keeps layers at equality, where the brackets must close. */
const INITIALISERS: readonly InitialiserName[] = ["he", "glorot", "orthogonal"];

/** Activations with a parameter, a slope for each unit among them. */
const PARAMETRIC: readonly Architecture[] = [
  ["leaky-relu(0.2)", "leaky-relu(-1.5)", "elu(0.5)"],
  ["elu(-30)", "softplus(0.1)", "softplus(20)"],
].map((names, i) => ({
  widths: [7, 13, 11, 9, 4],
  activations: [...names.map(drawnActivation), preluOf(4)],
  ...{ initialiser: "he", biasScale: 0.3, head: "linear", norm: "spectral", accuracy: 1e-3, samples: 3 + i },
}));

export const CASES: readonly Architecture[] = [
  ...Array.from({ length: 20 }, (_, i): Architecture => {
    const widths = WIDTHS[i % WIDTHS.length] as readonly number[];
    const hidden = ACTIVATION_NAMES[i % ACTIVATION_NAMES.length] as ActivationName;
    return {
      widths,
      activations: widths.slice(1).map((_, t) => (t === widths.length - 2 && i % 3 !== 0 ? "identity" : hidden)),
      initialiser: INITIALISERS[i % INITIALISERS.length] as InitialiserName,
      biasScale: 0.3,
      head: HEADS[i % HEADS.length] as Head["kind"],
      norm: i % 4 === 3 ? "frobenius" : "spectral",
      accuracy: i % 7 === 6 ? "verdict" : 1e-3,
      samples: 3 + (i % 5),
    };
  }),
  ...PARAMETRIC,
];
