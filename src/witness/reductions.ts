/**
 * The smaller cases that a case can be tried as: fewer layers, fewer units, plainer heads, activations and numbers. Pure functions; each
 * yields candidates from bold to timid, all well formed (widths chain, the label names an output).
 */
import type { Head } from "../network/heads.ts";
import type { Layer, Network } from "../network/network.ts";
import { atUnit, functionsOf, keptUnits } from "../network/parametric.ts";

/** What shrinks: a network, its head, one input and label. */
export interface ShrinkCase {
  readonly network: Network;
  readonly head: Head;
  readonly input: Float64Array;
  readonly label: number;
}

export type Reduction = (current: ShrinkCase) => Generator<ShrinkCase>;

/** In the order in which they pay: what is gone need not be made plain. */
export const REDUCTIONS: readonly Reduction[] = [
  fewerLayers,
  plainerHead,
  fewerUnits,
  plainerActivations,
  plainerNumbers,
];

/** Without its last layers, without its first ones (the input being what the next layer saw), without one in the middle. */
function* fewerLayers({ network, head, input, label }: ShrinkCase): Generator<ShrinkCase> {
  const { layers } = network;
  const depth = layers.length;
  for (let kept = 1; kept < depth; kept++) {
    const shorter = layers.slice(0, kept);
    const outputs = shorter[kept - 1]?.outputs ?? 0;
    const fitting = fittingHead(head, label, outputs);
    yield { network: { layers: shorter }, head: fitting.head, input, label: fitting.label };
  }
  for (let dropped = depth - 1; dropped >= 1; dropped--) {
    const next = layers.slice(0, dropped).reduce(forward, input);
    if (next.every((v) => Number.isFinite(v)))
      yield { network: { layers: layers.slice(dropped) }, head, input: next, label };
  }
  for (let t = 1; t < depth - 1; t++) {
    const layer = layers[t] as Layer;
    if (layer.inputs === layer.outputs)
      yield { network: { layers: layers.filter((_, i) => i !== t) }, head, input, label };
  }
}

function forward(h: Float64Array, { inputs, outputs, weight, bias, activation }: Layer): Float64Array {
  return Float64Array.from({ length: outputs }, (_, i) => {
    let z = bias[i] as number;
    for (let k = 0; k < inputs; k++) z += (weight[i * inputs + k] as number) * (h[k] as number);
    return Math.fround(functionsOf(atUnit(activation, i)).value(z));
  });
}

/** The head for another number of outputs: what names an output that is gone names the last one; what lacks numbers becomes a sum. */
function fittingHead(head: Head, label: number, outputs: number): { head: Head; label: number } {
  const fitted = Math.min(label, outputs - 1);
  const given = head.kind === "linear" ? head.coefficients : head.kind === "squared-error" ? head.targets : null;
  if (given !== null && given.length < outputs) return { head: { kind: "sum" }, label: fitted };
  switch (head.kind) {
    case "logit":
      return { head: { ...head, index: Math.min(head.index, outputs - 1) }, label: fitted };
    case "linear":
      return { head: { ...head, coefficients: head.coefficients.slice(0, outputs) }, label: fitted };
    case "squared-error":
      return { head: { ...head, targets: head.targets.slice(0, outputs) }, label: fitted };
    case "logistic":
      return { head, label };
    default:
      return { head, label: fitted };
  }
}

function* plainerHead(current: ShrinkCase): Generator<ShrinkCase> {
  for (const head of [{ kind: "sum" }, { kind: "logit", index: 0 }] as const) {
    if (current.head.kind === head.kind) return;
    yield { ...current, head, label: -1 };
  }
}

/** Halves, quarters … single units of every width, inputs and outputs among them. */
function* fewerUnits(current: ShrinkCase): Generator<ShrinkCase> {
  const { layers } = current.network;
  for (let t = layers.length; t >= 0; t--) {
    const width = t === 0 ? (layers[0]?.inputs ?? 0) : (layers[t - 1]?.outputs ?? 0);
    for (let size = Math.ceil(width / 2); size >= 1 && width > 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < width; from += size) {
        const to = Math.min(width, from + size);
        if (to - from < width) yield withoutUnits(current, t, from, to);
      }
    }
  }
}

/** Without units from … to − 1 of h_{t+1} (t = 0: of the input). */
function withoutUnits({ network, head, input, label }: ShrinkCase, t: number, from: number, to: number): ShrinkCase {
  const keeps = (i: number): boolean => i < from || i >= to;
  const pick = (values: Float64Array): Float64Array => values.filter((_, i) => keeps(i));
  const count = to - from;
  const layers = network.layers.map((layer, i): Layer => {
    let { inputs, outputs, weight, bias, activation } = layer;
    if (i === t) {
      const wide = inputs;
      weight = weight.filter((_, at) => keeps(at % wide));
      inputs -= count;
    }
    if (i === t - 1) {
      const wide = inputs;
      weight = weight.filter((_, at) => keeps(Math.floor(at / wide)));
      bias = pick(bias);
      activation = keptUnits(activation, keeps);
      outputs -= count;
    }
    return { ...layer, inputs, outputs, weight, bias, activation };
  });
  const reduced = { network: { layers }, input: t === 0 ? pick(input) : input };
  if (t < network.layers.length) return { ...reduced, head, label };
  // An output before the named one moves it; the named one itself hands its name to its neighbour.
  const moved = (index: number): number => (index < from ? index : Math.max(0, Math.max(from, index - count)));
  const outputs = layers[t - 1]?.outputs ?? 1;
  const named = (index: number): number => Math.min(moved(index), outputs - 1);
  const newLabel = label < 0 ? label : named(label);
  switch (head.kind) {
    case "logit":
      return { ...reduced, head: { ...head, index: named(head.index) }, label: newLabel };
    case "linear":
      return { ...reduced, head: { ...head, coefficients: pick(head.coefficients) }, label: newLabel };
    case "squared-error":
      return { ...reduced, head: { ...head, targets: pick(head.targets) }, label: newLabel };
    case "logistic":
      return { ...reduced, head, label };
    default:
      return { ...reduced, head, label: newLabel };
  }
}

function* plainerActivations(current: ShrinkCase): Generator<ShrinkCase> {
  const { layers } = current.network;
  for (const [t, layer] of layers.entries()) {
    for (const activation of ["identity", "relu"] as const) {
      if (layer.activation === activation) break;
      yield withLayer(current, t, { ...layer, activation });
    }
  }
}

/** Biases, weights and inputs with fewer digits: 0, ±1, then 1 … 8 bits of mantissa. */
function* plainerNumbers(current: ShrinkCase): Generator<ShrinkCase> {
  for (const round of ROUNDINGS) {
    const input = current.input.map(round);
    if (differs(input, current.input)) yield { ...current, input };
    for (const [t, layer] of current.network.layers.entries()) {
      const bias = layer.bias.map(round);
      if (differs(bias, layer.bias)) yield withLayer(current, t, { ...layer, bias });
      const weight = layer.weight.map(round);
      if (differs(weight, layer.weight)) yield withLayer(current, t, { ...layer, weight });
    }
  }
}

const ROUNDINGS: readonly ((x: number) => number)[] = [
  () => 0,
  (x) => Math.sign(x),
  ...[1, 2, 4, 8].map((bits) => (x: number) => withBits(x, bits)),
];

/** x rounded to `bits` bits of mantissa. */
function withBits(x: number, bits: number): number {
  if (x === 0) return x;
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - bits + 1);
  return unit > 0 ? Math.round(x / unit) * unit : x;
}

function differs(a: Float64Array, b: Float64Array): boolean {
  return a.some((v, i) => v !== b[i]);
}

function withLayer(current: ShrinkCase, t: number, layer: Layer): ShrinkCase {
  return { ...current, network: { layers: current.network.layers.map((l, i) => (i === t ? layer : l)) } };
}
