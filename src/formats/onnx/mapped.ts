/** What is done to each unit's number alone: a formula of z becomes another. */
import { evaluateUnary } from "./evaluate.ts";
import type { Node } from "./node.ts";
import type { Flow } from "./flow.ts";
import type { Operator } from "./operator.ts";
import { flow, isFlow, open, required } from "./operator.ts";
import type { Algebra, FunctionName, Polynomial } from "./polynomial.ts";

/** formula → f(formula). */
export function mapped(node: Node, value: Flow, change: (formula: Polynomial) => Polynomial | null): Flow {
  const content = open(value, node);
  if (content.kind === "hidden") {
    return node.refuse(
      content.before === null
        ? "is no linear function of the network's input, expected a fully connected layer first"
        : "follows another activation without a fully connected layer between them",
    );
  }
  const formula = change(content.formula);
  if (formula === null) return node.refuse("makes an elementwise formula too large to be an activation");
  return flow(value.shape, { ...content, formula, nodes: [...content.nodes, node.label] });
}

export const unary =
  (
    evaluate: ((x: number) => number) | null,
    change: (algebra: Algebra, p: Polynomial, node: Node) => Polynomial | null,
  ): Operator =>
  (node, inputs, algebra) => {
    const value = required(node, inputs, 0);
    if (isFlow(value)) return mapped(node, value, (p) => change(algebra, p, node));
    return evaluate === null
      ? node.refuse("works on a constant, expected the network's input")
      : evaluateUnary(value, evaluate);
  };

export const named = (name: FunctionName, evaluate: ((x: number) => number) | null = null): Operator =>
  unary(evaluate, (algebra, p) => algebra.apply(name, p));
