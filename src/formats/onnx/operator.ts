/** What an operator of the graph is here: values in, values out, or a refusal. */
import type { Constant } from "./constants.ts";
import type { Content, Dense, Flow, Hidden } from "./flow.ts";
import type { Node } from "./node.ts";
import type { Algebra } from "./polynomial.ts";
import type { Shape } from "./shape.ts";

export type Value = Constant | Flow;

/** @throws ModelError for what the inequality does not cover. */
export type Operator = (node: Node, inputs: readonly (Value | null)[], algebra: Algebra) => Value;

export const isFlow = (value: Value | null | undefined): value is Flow => value?.kind === "flow";
export const isConstant = (value: Value | null | undefined): value is Constant => value?.kind === "constant";

export const flow = (shape: Shape, content: Content): Flow => ({ kind: "flow", shape, content });

/** Input `i`. */
export function required(node: Node, inputs: readonly (Value | null)[], i: number): Value {
  return inputs[i] ?? node.refuse(`found ${String(inputs.length)} inputs, expected input ${String(i + 1)} too`);
}

export function requiredConstant(node: Node, inputs: readonly (Value | null)[], i: number): Constant {
  const value = required(node, inputs, i);
  return isConstant(value)
    ? value
    : node.refuse(`found input ${String(i + 1)} to depend on the network's input, expected a constant`);
}

/** What a further operation may work on: not what came after a dropped Softmax. */
export function open({ content }: Flow, node: Node): Hidden | Dense {
  if (content.kind !== "normalised") return content;
  return node.refuse(
    `comes after ${content.label}, which couples the units of a layer: the inequality covers elementwise activations; expected it last`,
  );
}

/** Whole numbers of a shape, a list of axes and the like. */
export function numbersIn({ values }: Constant): number[] {
  return Array.from(values);
}
