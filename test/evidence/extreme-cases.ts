/** The extreme networks and inputs: chosen ones, and drawn ones by address. */
import type { ActivationName } from "../../src/network/activations.ts";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import type { InitialiserName } from "../../src/network/initialisers.ts";
import type { Network } from "../../src/network/network.ts";
import { uniformSigned, wordsAt } from "../../src/sampling/philox.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";

export interface Extreme {
  readonly name: string;
  readonly network: Network;
  readonly head: Head;
  /** Factor of normal inputs. */
  readonly inputs: number;
  /** The network's own numbers leave f64. */
  readonly overflows?: boolean;
  /** Nobody worked out beforehand whether its numbers stay within f64. */
  readonly anything?: boolean;
  /** Width asked of the proven intervals, which takes explicit Jacobians. */
  readonly certify?: number;
}

function drawn(widths: readonly number[], activation: ActivationName, initialiser: InitialiserName = "he"): Network {
  const depth = widths.length - 1;
  const activations = Array.from({ length: depth }, (_, i) => (i === depth - 1 ? "identity" : activation));
  const network = randomNetwork({ seed: 31, index: depth, widths, activations, initialiser, biasScale: 0.1 });
  return scaled(network, 1, 1);
}

function scaled({ layers }: Network, weight: number, bias: number): Network {
  return {
    layers: layers.map((l) => ({
      ...l,
      weight: l.weight.map((v) => Math.fround(v * weight)),
      bias: l.bias.map((v) => Math.fround(v * bias)),
    })),
  };
}

function chain(values: readonly number[], activation: ActivationName): Network {
  return {
    layers: values.map((v) => ({
      inputs: 1,
      outputs: 1,
      weight: Float64Array.of(Math.fround(v)),
      bias: new Float64Array(1),
      activation,
    })),
  };
}

const SUM: Head = { kind: "sum" };
const TOP: Head = { kind: "logit-argmax" };

/** @param deepest layers of the deep networks: 64 in full. */
export function cases(deepest: number): Extreme[] {
  const list: Extreme[] = [];
  const add = (name: string, network: Network, inputs = 1, head: Head = SUM, overflows = false): void => {
    list.push({ name: `${name} ${network.layers.map((l) => l.outputs).join("-")}`, network, head, inputs, overflows });
  };
  for (const activation of ["identity", "relu", "leaky-relu", "abs", "tanh", "gelu", "softsign"] as const) {
    const base = drawn([5, 7, 6, 3], activation);
    for (const factor of [1e12, 1e-12]) add(`${activation}, weights × ${String(factor)}`, scaled(base, factor, factor));
    for (const factor of [1e15, 1e-15]) add(`${activation}, inputs × ${String(factor)}`, base, factor, TOP);
    add(`${activation}, weights × 1e12, inputs × 1e15`, scaled(base, 1e12, 1), 1e15);
    add(`${activation}, weights × 1e-12, inputs × 1e-15`, scaled(base, 1e-12, 0), 1e-15);
    add(`${activation}, input 0`, base, 0);
    add(`${activation}, weights 0`, scaled(base, 0, 1));
  }
  for (const activation of ["tanh", "sigmoid", "silu", "softplus"] as const) {
    add(`${activation}, saturated`, scaled(drawn([5, 7, 6, 3], activation), 1e4, 1));
    add(`${activation}, saturated softly`, scaled(drawn([5, 7, 6, 3], activation), 20, 1));
  }
  const dead = drawn([5, 7, 6, 3], "relu");
  add("relu, dead", { layers: dead.layers.map((l, i) => (i === 0 ? { ...l, bias: l.bias.map(() => -1e9) } : l)) });
  add("relu, one unit alive", {
    layers: dead.layers.map((l, i) => (i === 0 ? { ...l, bias: l.bias.map((_, k) => (k === 0 ? 1e3 : -1e9)) } : l)),
  });
  for (const activation of ["identity", "leaky-relu", "tanh"] as const) {
    add(`${activation}, subnormal weights`, scaled(drawn([5, 7, 3], activation), 2 ** -135, 0));
    add(`${activation}, subnormal products`, scaled(drawn([5, 7, 6, 3], activation), 2 ** -50, 2 ** -140), 2 ** -30);
    for (const v of [1, -3, 1e-30, 1e30, 2 ** -149]) {
      add(`${activation}, 1 × 1 of ${String(v)}`, chain([v], activation));
      add(`${activation}, 1 × 1 twice of ${String(v)}`, chain([v, 0.5], activation));
    }
  }
  for (const initialiser of ["he", "orthogonal"] as const) {
    const widths = Array.from({ length: deepest + 1 }, () => 6);
    for (const activation of ["relu", "tanh", "identity"] as const) {
      add(`${activation}, ${String(deepest)} layers, ${initialiser}`, drawn(widths, activation, initialiser), 1, TOP);
    }
  }
  // Slopes around 1e-16 a layer: gradients and Jacobians far below f32, and at the end of f64.
  for (const [activation, factor, depth] of [
    ["softsign", 1e8, 12],
    ["softsign", 5e7, 12],
    ["softsign", 1e4, 40],
    ["sigmoid", 80, 40],
    ["tanh", 4, 40],
  ] as const) {
    const deep = scaled(
      drawn(
        Array.from({ length: Math.min(depth, 2 * deepest) + 1 }, () => 3),
        activation,
        "normal",
      ),
      factor,
      0,
    );
    add(`${activation}, weights × ${String(factor)}, ${String(depth)} layers`, deep);
    list.push({ ...(list.at(-1) as Extreme), name: `${(list.at(-1) as Extreme).name}, certified`, certify: 1e-6 });
  }
  add(
    "tanh, 1 × 1 of 20, deep",
    chain(
      Array.from({ length: deepest }, () => 20),
      "tanh",
    ),
  );
  const negative = drawn(
    Array.from({ length: Math.min(deepest, 24) + 1 }, () => 2),
    "leaky-relu",
    "orthogonal",
  );
  add("leaky-relu on its flat side", { layers: negative.layers.map((l) => ({ ...l, bias: l.bias.map(() => -5) })) });
  // ‖J_3‖ is about 1e-172: explicit at the default settings, where its squares leave f64.
  add("sigmoid, one unit saturated", {
    layers: [
      {
        inputs: 2,
        outputs: 2,
        weight: Float64Array.of(1, 0, 0, 0.5),
        bias: new Float64Array(2),
        activation: "identity",
      },
      { inputs: 2, outputs: 1, weight: Float64Array.of(1, 1), bias: Float64Array.of(400), activation: "sigmoid" },
      { inputs: 1, outputs: 1, weight: Float64Array.of(1), bias: new Float64Array(1), activation: "identity" },
    ],
  });
  if (deepest < 64) return list;
  const widths = Array.from({ length: 65 }, () => 4);
  const long = drawn(widths, "identity");
  add("identity, 64 layers, weights × 1e-3", scaled(long, 1e-3, 1));
  add("identity, 64 layers, weights × 1e6: beyond f64", scaled(long, 1e6, 1), 1, SUM, true);
  return list;
}

const SCALES = [1, 1, 1, 1e-3, 1e3, 1e-12, 1e12, 1e-30, 1e20, 2 ** -140];
const INPUT_SCALES = [1, 1e-44, 1e-40, 1e-38, 1e-30, 1e-15, 1e15, 1e30, 1e37, 0, 1e-5, 30];
const HEADS: readonly Head[] = [
  ...(["sum", "mean", "logit-argmax", "half-squared-norm", "log-sum-exp", "margin"] as const).map((kind) => ({ kind })),
  { kind: "logit", index: 0 },
];

/** Case `index`: one to three layers up to nine wide, everything about it by the words of its address; each layer of a scale of its own. */
export function drawnCase(index: number): Extreme {
  const words = wordsAt(41, 7001, index, 4096);
  let next = 0;
  const word = (): number => words[next++] as number;
  const pick = <T>(list: readonly T[]): T => list[word() % list.length] as T;
  const depth = 1 + (word() % 3);
  const widths = Array.from({ length: depth + 1 }, () => pick([1, 1, 2, 3, 5, 9]));
  const number = (scale: number): number => Math.fround(scale * uniformSigned(word()));
  const layers = Array.from({ length: depth }, (_, i) => {
    const [inputs, outputs] = [widths[i] as number, widths[i + 1] as number];
    const [scale, bias] = [pick(SCALES), pick([0, 1, 1e-38, 1e3])];
    return {
      ...{ inputs, outputs, activation: pick(ACTIVATION_NAMES) },
      weight: Float64Array.from({ length: inputs * outputs }, () => pick([1, 1, 1, 1, 0]) * number(scale)),
      bias: Float64Array.from({ length: outputs }, () => number(bias)),
    };
  });
  const scale = pick(INPUT_SCALES);
  const head = pick(widths[depth] === 1 ? HEADS.filter(({ kind }) => kind !== "margin") : HEADS);
  const certify = pick([undefined, undefined, 1e-6]);
  const shape = `${widths.join("-")} ${layers.map((l) => l.activation).join(" ")}`;
  return {
    name: `drawn ${String(index)}: ${shape}, inputs × ${String(scale)}, ${head.kind}`,
    ...{ network: { layers }, head, inputs: scale, anything: true },
    ...(certify === undefined ? {} : { certify }),
  };
}
