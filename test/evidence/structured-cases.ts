/**
 * Drawn cases whose weights have structure on purpose: repeated, near-tied and orthogonal singular vectors, to which a start vector of an
 * iteration may be orthogonal. Whole numbers, Hadamard blocks, permutations with signs, rank one, block diagonals; by address.
 */
import type { ActivationName } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { drawer } from "../support/stream.ts";
import type { Case } from "./cases.ts";

type Draw = (below: number) => number;
type Entries = (i: number, k: number) => number;

const ACTIVATIONS = ["identity", "relu", "leaky-relu", "tanh", "abs"] as const satisfies readonly ActivationName[];
const HEADS: readonly Head[] = [{ kind: "sum" }, { kind: "logit", index: 0 }, { kind: "log-sum-exp" }];

/** Entry (i, k) of each kind of matrix, rows × columns. */
const FAMILIES: readonly ((draw: Draw, rows: number, columns: number) => Entries)[] = [
  (draw, rows, columns) => {
    const entries = Array.from({ length: rows * columns }, () => draw(3) - 1);
    return (i, k) => entries[i * columns + k] ?? 0;
  },
  (draw, rows, columns) => {
    const entries = Array.from({ length: rows * columns }, () => draw(7) - 3);
    return (i, k) => entries[i * columns + k] ?? 0;
  },
  (draw) => {
    const block = 2 ** (1 + draw(3));
    const parity = (x: number): number => (x === 0 ? 1 : (x & 1 ? -1 : 1) * parity(x >> 1));
    return (i, k) =>
      Math.floor(i / block) === Math.floor(k / block) ? parity((i % block) & (k % block)) / Math.sqrt(block) : 0;
  },
  (draw, _, columns) => {
    const shift = draw(columns);
    const odd = draw(2);
    return (i, k) => ((i + shift) % columns === k ? ((i + odd) % 2 === 0 ? 1 : -1) : 0);
  },
  (draw, rows, columns) => {
    const [u, v] = [rows, columns].map((n) => Array.from({ length: n }, () => (draw(2) === 0 ? 1 : -1)));
    return (i, k) => (u?.[i] ?? 1) * (v?.[k] ?? 1);
  },
  (draw) => {
    const near = [1, 1 - 2 ** -10, 1 - 2 ** -20, 1][draw(4)] ?? 1;
    return (i, k) => (i === k ? (i % 2 === 0 ? 1 : near) : 0);
  },
];

/** Case `index` of a seed: depth 1 … 4, widths 2 … 32, each layer of a family of its own; inputs whole numbers or normal. */
export function drawStructured(seed: number, index: number): Case {
  const draw = drawer(seed, index);
  const depth = 1 + draw(4);
  const widths = Array.from({ length: depth + 1 }, () => 2 + draw(draw(3) === 0 ? 31 : 7));
  const layers = Array.from({ length: depth }, (_, t) => {
    const [inputs, outputs] = [widths[t] as number, widths[t + 1] as number];
    const entry = (FAMILIES[draw(FAMILIES.length)] as (typeof FAMILIES)[number])(draw, outputs, inputs);
    const biased = draw(2);
    return {
      ...{ inputs, outputs, activation: ACTIVATIONS[draw(ACTIVATIONS.length)] as ActivationName },
      weight: Float64Array.from({ length: inputs * outputs }, (_, at) =>
        Math.fround(entry(Math.floor(at / inputs), at % inputs)),
      ),
      bias: Float64Array.from({ length: outputs }, () => biased * (draw(5) - 2) * 0.25),
    };
  });
  const width = widths[0] as number;
  const whole = draw(2) === 0;
  return {
    name: `structured case ${String(seed)}:${String(index)} ${widths.join("-")}`,
    network: { layers },
    head: HEADS[draw(HEADS.length)] as Head,
    norm: "spectral",
    samples: 8,
    width,
    kinds: [],
    read: (first, count) => ({
      inputs: fillInputs({ distribution: "normal", scale: 2, seed }, first, count, width).map((v) =>
        Math.fround(whole ? Math.round(v) : v),
      ),
      labels: null,
    }),
  };
}
