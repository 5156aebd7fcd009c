/**
 * What depends on the network's input, on its way through the graph: either the units of a finished layer (or x), scaled and shifted one by
 * one, or an elementwise formula of the numbers z = W h + b of a layer that waits for its activation.
 */
import type { Activation } from "../../network/parametric.ts";
import { recognise } from "./activations.ts";
import type { Node } from "./node.ts";
import type { Algebra, Polynomial } from "./polynomial.ts";
import type { Shape } from "./shape.ts";

/** A layer of the network, linked to the one before. */
export interface Finished {
  readonly linear: Linear;
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  readonly activation: Activation;
  /** Nodes whose factors and offsets became part of weight and bias. */
  readonly folded: readonly string[];
}

/** One number for all units, or one for each. */
export type PerUnit = number | Float64Array;

/** scale ⊙ h + shift of the layer before. */
export interface Hidden {
  readonly kind: "hidden";
  readonly before: Finished | null;
  readonly scale: PerUnit;
  readonly shift: PerUnit;
  readonly folded: readonly string[];
}

/** z = W h + b. */
export interface Linear {
  readonly before: Finished | null;
  readonly inputs: number;
  readonly outputs: number;
  /** outputs × inputs, row-major. */
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  /** Whether the graph has added a bias. */
  readonly hasBias: boolean;
  /** Initialisers that the weight and the bias come from. */
  readonly weightOrigins: readonly string[];
  readonly biasOrigins: readonly string[];
  /** Nodes before this layer that its weight and bias contain. */
  readonly foldedBefore: readonly string[];
  readonly folded: readonly string[];
}

/** formula(z), unit by unit. */
export interface Dense {
  readonly kind: "dense";
  readonly linear: Linear;
  readonly formula: Polynomial;
  /** Nodes since z. */
  readonly nodes: readonly string[];
}

/** The network's outputs, but for a Softmax or LogSoftmax that was dropped. */
export interface Normalised {
  readonly kind: "normalised";
  readonly logits: Hidden | Dense;
  readonly label: string;
}

export type Content = Hidden | Dense | Normalised;

export interface Flow {
  readonly kind: "flow";
  readonly shape: Shape;
  readonly content: Content;
}

export const at = (values: PerUnit, unit: number): number =>
  typeof values === "number" ? values : (values[unit] as number);

const combined = (a: PerUnit, b: PerUnit, f: (x: number, y: number) => number): PerUnit =>
  typeof a === "number" && typeof b === "number"
    ? f(a, b)
    : Float64Array.from({ length: Math.max(lengthOf(a), lengthOf(b)) }, (_, i) => f(at(a, i), at(b, i)));

const lengthOf = (values: PerUnit): number => (typeof values === "number" ? 0 : values.length);

/** The activation recognised, the layer finished. @throws ModelError for a formula that is none of ours. */
export function finish(algebra: Algebra, content: Hidden | Dense, node: Pick<Node, "refuse">): Hidden {
  if (content.kind === "hidden") return content;
  const { linear, formula, nodes } = content;
  const found = recognise(algebra, formula);
  if (found === null) {
    return node.refuse(
      `found the elementwise nodes ${nodes.slice(0, 8).join(", ")} before it, which are no activation that this program has; expected one of them, applied to W h + b`,
    );
  }
  const { activation, factor, offset, scale, shift } = found;
  const isPlain = factor === 1 && offset === 0;
  const before: Finished = {
    linear,
    weight: isPlain ? linear.weight : linear.weight.map((w) => factor * w),
    bias: isPlain ? linear.bias : linear.bias.map((b) => factor * b + offset),
    activation,
    folded: isPlain
      ? linear.folded
      : [...linear.folded, `a factor ${String(factor)} and an offset ${String(offset)} of ${nodes.join(", ")}`],
  };
  const folded =
    scale === 1 && shift === 0
      ? []
      : [`a factor ${String(scale)} and an offset ${String(shift)} of ${nodes.join(", ")}`];
  return { kind: "hidden", before, scale, shift, folded };
}

/** z = W(scale ⊙ h + shift), the factors and offsets taken into W and b. */
export function linear(
  hidden: Hidden,
  {
    weight,
    outputs,
    inputs,
    origins,
  }: { weight: Float64Array; outputs: number; inputs: number; origins: readonly string[] },
  folded: readonly string[],
): Linear {
  const { before, scale, shift } = hidden;
  const bias = new Float64Array(outputs);
  const own = weight.slice();
  if (scale !== 1 || shift !== 0) {
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        const w = weight[o * inputs + i] as number;
        own[o * inputs + i] = w * at(scale, i);
        bias[o] = (bias[o] as number) + w * at(shift, i);
      }
    }
  }
  return {
    before,
    inputs,
    outputs,
    weight: own,
    bias,
    hasBias: false,
    weightOrigins: origins,
    biasOrigins: [],
    foldedBefore: hidden.folded,
    folded,
  };
}

/** z with a bias; its first is the layer's own, any other is folded into it. */
export function biased(before: Linear, values: PerUnit, origins: readonly string[], label: string): Linear {
  return {
    ...before,
    bias: before.bias.map((b, o) => b + at(values, o)),
    hasBias: true,
    biasOrigins: [...before.biasOrigins, ...origins],
    folded: before.hasBias ? [...before.folded, label] : before.folded,
  };
}

/** scale ⊙ (what came) + shift, where the numbers differ from unit to unit. */
export function scaled(
  algebra: Algebra,
  content: Hidden | Dense,
  scale: PerUnit,
  shift: PerUnit,
  node: Node,
): Hidden | Dense {
  const affine = content.kind === "dense" ? algebra.affine(content.formula) : null;
  if (content.kind === "dense" && affine !== null) {
    const { linear: old } = content;
    const { factor, offset } = affine;
    const weight = old.weight.map((w, k) => w * factor * at(scale, Math.floor(k / old.inputs)));
    const bias = old.bias.map((b, o) => (b * factor + offset) * at(scale, o) + at(shift, o));
    const folded = [...old.folded, ...content.nodes, node.label];
    return {
      kind: "dense",
      linear: { ...old, weight, bias, hasBias: old.hasBias || shift !== 0, folded },
      formula: algebra.variable(),
      nodes: [],
    };
  }
  const hidden = finish(algebra, content, node);
  return {
    ...hidden,
    scale: combined(hidden.scale, scale, (a, b) => a * b),
    shift: combined(
      combined(hidden.shift, scale, (a, b) => a * b),
      shift,
      (a, b) => a + b,
    ),
    folded: [...hidden.folded, node.label],
  };
}
