/** Operators that work unit by unit: arithmetic with constants, and the functions that activations are made of. */
import type { Constant } from "./constants.ts";
import { evaluateBinary, evaluateUnary } from "./evaluate.ts";
import type { Dense, Flow } from "./flow.ts";
import { biased, scaled } from "./flow.ts";
import { gelu, geluTanh, hardSwish, mish } from "./activations.ts";
import { mapped, named, unary } from "./mapped.ts";
import type { Node } from "./node.ts";
import type { Operator, Value } from "./operator.ts";
import { flow, isConstant, isFlow, open, required, requiredConstant } from "./operator.ts";
import type { Algebra, Polynomial } from "./polynomial.ts";
import { celu, withAlpha, withParameter, withSlopes } from "./parametric.ts";
import { alike, perUnit } from "./shape.ts";

/** The one number of an optional constant input, of which all may be copies. */
function bound(node: Node, value: Value | null | undefined, otherwise: number): number {
  if (value === null || value === undefined) return otherwise;
  const [only] = isConstant(value) && value.values.every((v) => v === value.values[0]) ? value.values : [];
  return only ?? node.refuse("found a bound that is no single constant, expected a number");
}

/** Exporters write the largest f32 for no bound. */
const LARGEST = 3.4e38;

function clipped(node: Node, algebra: Algebra, p: Polynomial, low: number, high: number): Polynomial {
  if (!(low < high)) node.refuse(`found the bounds ${String(low)} and ${String(high)}, expected the lower one first`);
  if (low <= -LARGEST) return high >= LARGEST ? p : capped(algebra, p, high);
  const raised = high >= LARGEST ? Infinity : high - low;
  return algebra.add(algebra.clip(algebra.add(p, algebra.constant(-low)), raised), algebra.constant(low));
}

const clip: Operator = (node, inputs, algebra) => {
  const isOld = node.opset < 11;
  const low = isOld ? node.float("min", -Infinity) : bound(node, inputs[1], -Infinity);
  const high = isOld ? node.float("max", Infinity) : bound(node, inputs[2], Infinity);
  const value = required(node, inputs, 0);
  if (isConstant(value)) return evaluateUnary(value, (x) => Math.min(Math.max(x, low), high));
  return mapped(node, value, (p) => clipped(node, algebra, p, low, high));
};

/** min(P, high): a clip where P is a relu. */
function capped(algebra: Algebra, p: Polynomial, high: number): Polynomial {
  const inner = algebra.argumentOfRelu(p);
  return inner === null || !(high > 0) ? least(algebra, p, algebra.constant(high)) : algebra.clip(inner, high);
}

/** max(P, Q) = Q + relu(P − Q). */
function greatest(algebra: Algebra, p: Polynomial, q: Polynomial): Polynomial {
  return algebra.add(q, algebra.apply("relu", algebra.add(p, algebra.scale(q, -1))));
}

/** min(P, Q) = P − relu(P − Q). */
function least(algebra: Algebra, p: Polynomial, q: Polynomial): Polynomial {
  return algebra.add(p, algebra.scale(algebra.apply("relu", algebra.add(p, algebra.scale(q, -1))), -1));
}

/** Max or Min of values with one another and with numbers. */
const extreme =
  (isMax: boolean): Operator =>
  (node, inputs, algebra) => {
    const flows = inputs.filter(isFlow);
    const numbers = inputs.filter(isConstant).map((own) => bound(node, own, NaN));
    const [value, ...others] = flows;
    if (value === undefined) return node.refuse("compares constants, expected a value of the network among them");
    return others.reduce<Flow>(
      (own, other) => joined(node, own, other, (p, q) => (isMax ? greatest(algebra, p, q) : least(algebra, p, q))),
      mapped(node, value, (p) =>
        numbers.reduce(
          (own, number) => (isMax ? clipped(node, algebra, own, number, Infinity) : capped(algebra, own, number)),
          p,
        ),
      ),
    );
  };

/** Greater and the like: 1 where the first is larger, or the second, else 0. */
const comparison =
  (isLess: boolean): Operator =>
  (node, inputs, algebra) => {
    const [a, b] = [required(node, inputs, 0), required(node, inputs, 1)];
    const step = (p: Polynomial, q: Polynomial): Polynomial =>
      algebra.apply("step", algebra.scale(algebra.add(p, algebra.scale(q, -1)), isLess ? -1 : 1));
    if (isFlow(a))
      return isFlow(b) ? joined(node, a, b, step) : mapped(node, a, (p) => step(p, number(node, algebra, b)));
    return isFlow(b) ? mapped(node, b, (q) => step(number(node, algebra, a), q)) : node.refuse("compares constants");
  };

function number(node: Node, algebra: Algebra, value: Value): Polynomial {
  return algebra.constant(bound(node, value, NaN));
}

/** second + step·(first − second). */
const choice: Operator = (node, inputs, algebra) => {
  const condition = required(node, inputs, 0);
  if (!isFlow(condition)) return node.refuse("chooses by a constant, expected a comparison of the value with a number");
  const branch = (i: number, own: Flow, change: (p: Polynomial, q: Polynomial) => Polynomial | null): Flow => {
    const value = required(node, inputs, i);
    return isFlow(value)
      ? joined(node, own, value, change)
      : mapped(node, own, (p) => change(p, number(node, algebra, value)));
  };
  const chosen = branch(1, condition, (p, q) => algebra.multiply(p, q));
  const other = branch(2, condition, (p, q) =>
    algebra.multiply(algebra.add(algebra.constant(1), algebra.scale(p, -1)), q),
  );
  return joined(node, chosen, other, (p, q) => algebra.add(p, q));
};

const hardSigmoid: Operator = (node, inputs, algebra) =>
  unary(null, (_, p) => {
    const line = algebra.add(algebra.scale(p, node.float("alpha", 0.2)), algebra.constant(node.float("beta", 0.5)));
    return algebra.clip(line, 1);
  })(node, inputs, algebra);

const power: Operator = (node, inputs, algebra) => {
  const exponent = requiredConstant(node, inputs, 1);
  const value = required(node, inputs, 0);
  if (isConstant(value)) return evaluateBinary(node, value, exponent, (x, y) => x ** y);
  const [n = NaN] = exponent.values;
  if (exponent.values.length !== 1 || !Number.isInteger(n) || n < 1 || n > 8)
    return node.refuse(`found the power ${String(n)}, expected a whole number from 1 to 8`);
  return mapped(node, value, (p) => {
    let product: Polynomial | null = p;
    for (let i = 1; i < n && product !== null; i++) product = algebra.multiply(product, p);
    return product;
  });
};

type Arithmetic = "Add" | "Sub" | "Mul" | "Div";

const EVALUATE: Readonly<Record<Arithmetic, (x: number, y: number) => number>> = {
  Add: (x, y) => x + y,
  Sub: (x, y) => x - y,
  Mul: (x, y) => x * y,
  Div: (x, y) => x / y,
};

const arithmetic =
  (kind: Arithmetic): Operator =>
  (node, inputs, algebra) => {
    const [a, b] = [required(node, inputs, 0), required(node, inputs, 1)];
    if (isConstant(a))
      return isConstant(b) ? evaluateBinary(node, a, b, EVALUATE[kind]) : withConstant(kind, node, algebra, b, a, true);
    return isConstant(b) ? withConstant(kind, node, algebra, a, b, false) : together(kind, node, algebra, a, b);
  };

/** value ∘ constant, or constant ∘ value. */
function withConstant(
  kind: Arithmetic,
  node: Node,
  algebra: Algebra,
  value: Flow,
  constant: Constant,
  isFirst: boolean,
): Flow {
  const content = open(value, node);
  const { values, shape } = perUnit(constant, value.shape, node);
  if (content.kind === "dense" && kind !== "Mul" && kind !== "Div" && isBias(content, constant, algebra)) {
    const sign = kind === "Sub" && !isFirst ? -1 : 1;
    const isNegated = kind === "Sub" && isFirst;
    if (!isNegated) {
      const numbers = typeof values === "number" ? sign * values : values.map((v) => sign * v);
      return flow(shape, { ...content, linear: biased(content.linear, numbers, constant.origins, node.label) });
    }
  }
  if (kind === "Div" && isFirst) {
    if (typeof values !== "number")
      return node.refuse("divides numbers that differ from unit to unit by what depends on the input");
    return mapped(node, value, (p) => algebra.scale(algebra.apply("reciprocal", p), values));
  }
  if (typeof values === "number" && content.kind === "dense") {
    algebra.allow(constant.epsilon);
    const { scale, shift } = affineOf(kind, values, isFirst);
    return { ...mapped(node, value, (p) => algebra.add(algebra.scale(p, scale), algebra.constant(shift))), shape };
  }
  const one = typeof values === "number" ? affineOf(kind, values, isFirst) : null;
  const parts = (pick: "scale" | "shift"): number | Float64Array =>
    typeof values === "number" ? (one?.[pick] ?? 0) : values.map((v) => affineOf(kind, v, isFirst)[pick]);
  const bad = [parts("scale"), parts("shift")]
    .flatMap((p) => (typeof p === "number" ? [p] : Array.from(p)))
    .find((x) => !Number.isFinite(x));
  if (bad !== undefined) node.refuse(`makes a factor or an offset ${String(bad)}, expected finite numbers`);
  return flow(shape, scaled(algebra, content, parts("scale"), parts("shift"), node));
}

/** Whether a constant is a layer's own bias: the first thing added to W h, one number for each output. */
function isBias({ linear, formula }: Dense, { values }: Constant, algebra: Algebra): boolean {
  const affine = algebra.affine(formula);
  return !linear.hasBias && affine?.factor === 1 && affine.offset === 0 && values.length === linear.outputs;
}

function affineOf(kind: Arithmetic, v: number, isFirst: boolean): { scale: number; shift: number } {
  switch (kind) {
    case "Add":
      return { scale: 1, shift: v };
    case "Sub":
      return isFirst ? { scale: -1, shift: v } : { scale: 1, shift: -v };
    case "Mul":
      return { scale: v, shift: 0 };
    case "Div":
      return { scale: 1 / v, shift: 0 };
  }
}

/** Two values that depend on the input: parts of one activation, or two paths. */
function together(kind: Arithmetic, node: Node, algebra: Algebra, a: Flow, b: Flow): Flow {
  return joined(node, a, b, (p, q) => {
    switch (kind) {
      case "Add":
        return algebra.add(p, q);
      case "Sub":
        return algebra.add(p, algebra.scale(q, -1));
      case "Mul":
        return algebra.multiply(p, q);
      case "Div":
        return algebra.multiply(p, algebra.apply("reciprocal", q));
    }
  });
}

function joined(node: Node, a: Flow, b: Flow, combine: (p: Polynomial, q: Polynomial) => Polynomial | null): Flow {
  const [first, second] = [open(a, node), open(b, node)];
  if (first.kind !== "dense" || second.kind !== "dense" || first.linear !== second.linear || !alike(a.shape, b.shape)) {
    const isSum = node.operator === "Add" || node.operator === "Sub";
    const what = isSum ? "joins two paths through the network, a skip connection" : JOINED[node.operator];
    return node.refuse(
      `${what ?? "compares two paths through the network"}: the inequality is derived for a chain of layers; expected each layer to feed the next alone`,
    );
  }
  const result = mapped(node, a, (p) => combine(p, second.formula));
  const content = result.content as Dense;
  return { ...result, content: { ...content, nodes: [...new Set([...second.nodes, ...content.nodes])] } };
}

const JOINED: Readonly<Record<string, string>> = {
  Mul: "multiplies two paths through the network",
  Div: "multiplies two paths through the network",
};

const geluOperator: Operator = (node, inputs, algebra) =>
  unary(null, (_, p) => (node.text("approximate", "none") === "tanh" ? geluTanh : gelu)(algebra, p))(
    node,
    inputs,
    algebra,
  );

export const ELEMENTWISE: Readonly<Record<string, Operator>> = {
  Add: arithmetic("Add"),
  Sub: arithmetic("Sub"),
  Mul: arithmetic("Mul"),
  Div: arithmetic("Div"),
  Neg: unary(
    (x) => -x,
    (algebra, p) => algebra.scale(p, -1),
  ),
  Pow: power,
  Reciprocal: named("reciprocal", (x) => 1 / x),
  Sqrt: unary(Math.sqrt, (_, __, node) => node.refuse("is no activation that this program has")),
  Exp: named("exp", Math.exp),
  Log: named("log", Math.log),
  Abs: named("abs", Math.abs),
  Sin: named("sin"),
  Erf: named("erf"),
  Relu: named("relu"),
  Tanh: named("tanh"),
  Sigmoid: named("sigmoid"),
  Softplus: named("softplus"),
  Softsign: named("softsign"),
  Elu: withAlpha("elu", 1),
  Celu: celu,
  Selu: withParameter("selu", {
    alpha: [1.6732632423543772, 1.6732632423543772],
    gamma: [1.0507009873554805, 1.0507009873554805],
  }),
  LeakyRelu: withAlpha("leaky-relu", 0.01),
  PRelu: withSlopes,
  Clip: clip,
  Max: extreme(true),
  Greater: comparison(false),
  GreaterOrEqual: comparison(false),
  Less: comparison(true),
  LessOrEqual: comparison(true),
  Not: unary(null, (algebra, p) => algebra.add(algebra.constant(1), algebra.scale(p, -1))),
  Where: choice,
  Min: extreme(false),
  HardSigmoid: hardSigmoid,
  HardSwish: unary(null, hardSwish),
  Mish: unary(null, mish),
  Gelu: geluOperator,
};
