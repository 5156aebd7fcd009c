/** Activations whose node has a parameter: an attribute, or a PReLU's slopes as a constant. */
import { UsageError } from "../../network/errors.ts";
import type { Activation, ParametricName } from "../../network/parametric.ts";
import { parametric, prelu } from "../../network/parametric.ts";
import { meant } from "./activations.ts";
import { mapped, named, unary } from "./mapped.ts";
import type { Node } from "./node.ts";
import type { Operator } from "./operator.ts";
import { isFlow, required, requiredConstant } from "./operator.ts";
import type { FunctionName } from "./polynomial.ts";
import { perUnit } from "./shape.ts";

/** `make`, or a refusal that says which parameter would be one. */
function allowed(node: Node, make: () => Activation): Activation {
  try {
    return make();
  } catch (cause) {
    throw cause instanceof UsageError ? node.refuse(`found a parameter out of range, ${cause.message}`) : cause;
  }
}

/** An activation whose one parameter is the attribute alpha. */
export const withAlpha =
  (name: ParametricName, onnxDefault: number): Operator =>
  (node, inputs, algebra) => {
    const alpha = meant(node.float("alpha", onnxDefault));
    const activation = allowed(node, () => parametric(name, alpha));
    return unary(null, (_, p) => algebra.activate(activation, p))(node, inputs, algebra);
  };

/** slope·z for negative z: one slope, or one for each unit. */
export const withSlopes: Operator = (node, inputs, algebra) => {
  const slopes = requiredConstant(node, inputs, 1);
  const value = required(node, inputs, 0);
  if (!isFlow(value)) return node.refuse("works on a constant, expected the network's input");
  const { values } = perUnit(slopes, value.shape, node);
  const activation = allowed(node, () => prelu(typeof values === "number" ? [values] : values));
  return mapped(node, value, (p) => algebra.activate(activation, p));
};

/** An activation whose argument, where the node has it, must be ours. */
export const withParameter =
  (name: FunctionName, parameters: Readonly<Record<string, readonly [onnxDefault: number, ours: number]>>): Operator =>
  (node, inputs, algebra) => {
    for (const [key, [otherwise, ours]] of Object.entries(parameters)) {
      const found = node.float(key, otherwise);
      if (Math.abs(found - ours) > 1e-6 * ours)
        node.refuse(`found ${key} ${String(found)}, expected ${String(ours)}, which this program's ${name} has`);
    }
    return named(name)(node, inputs, algebra);
  };

/** max(z, 0) + min(α(e^(z/α) − 1), 0) = α·elu(z/α). */
export const celu: Operator = (node, inputs, algebra) => {
  const alpha = meant(node.float("alpha", 1));
  if (!(alpha > 0 && alpha < Infinity)) node.refuse(`found alpha ${String(alpha)}, expected a positive number`);
  return unary(null, (_, p) => algebra.scale(algebra.activate("elu", algebra.scale(p, 1 / alpha)), alpha))(
    node,
    inputs,
    algebra,
  );
};
