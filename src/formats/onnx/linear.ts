/** Fully connected layers: MatMul either way round and Gemm; and BatchNormalization of inference, which scales and shifts each unit. */
import type { Constant } from "./constants.ts";
import { plain, transpose } from "./evaluate.ts";
import type { Flow } from "./flow.ts";
import { biased, finish, linear, scaled } from "./flow.ts";
import type { Node } from "./node.ts";
import type { Operator } from "./operator.ts";
import { flow, isConstant, isFlow, open, required, requiredConstant } from "./operator.ts";
import type { Algebra } from "./polynomial.ts";
import type { Shape } from "./shape.ts";
import { perUnit } from "./shape.ts";

/** The weight as outputs × inputs. */
interface Weight {
  readonly constant: Constant;
  readonly inputs: number;
  readonly outputs: number;
  readonly folded: readonly string[];
}

/** @param isLeft whether the graph multiplies W x rather than x W */
function weightOf(constant: Constant, isLeft: boolean, node: Node): Weight {
  const lead = constant.shape.length - 2;
  const shape =
    lead > 0 && constant.shape.slice(0, lead).every((n) => n === 1) ? constant.shape.slice(lead) : constant.shape;
  const matrix = shape.length === 1 ? (isLeft ? [1, ...shape] : [...shape, 1]) : shape;
  const [rows, columns] = matrix;
  if (matrix.length !== 2 || rows === undefined || columns === undefined) {
    return node.refuse(`found a weight of ${constant.shape.join(" × ") || "one number"}, expected inputs × outputs`);
  }
  const folded = constant.computed ? [`${node.label}'s weight, which the graph computes`] : [];
  const flat = { ...constant, shape: [rows, columns] };
  return isLeft
    ? { constant: flat, inputs: columns, outputs: rows, folded }
    : { constant: transpose(flat, [1, 0], node), inputs: rows, outputs: columns, folded };
}

/** W h along an axis of the units; every other axis of theirs has length 1. */
function contracted(node: Node, algebra: Algebra, value: Flow, weight: Weight, axis: number, dropsAxis: boolean): Flow {
  const { shape } = value;
  if (axis === shape.batch || axis < 0)
    return node.refuse("multiplies along the axis of the samples, expected the units'");
  const others = shape.dims.filter((_, i) => i !== shape.batch && i !== axis).find((n) => n !== 1);
  if (others !== undefined) {
    return node.refuse(
      `applies one weight at ${Number.isNaN(others) ? "several" : String(others)} positions of a sample: shared weights, which the inequality does not cover`,
    );
  }
  const width = shape.dims[axis] as number;
  if (!Number.isNaN(width) && width !== weight.inputs) {
    return node.refuse(
      `found a weight of ${String(weight.inputs)} inputs, expected ${String(width)}, the units before it`,
    );
  }
  const hidden = finish(algebra, open(value, node), node);
  const { constant, inputs, outputs, folded } = weight;
  const next = linear(hidden, { weight: constant.values, inputs, outputs, origins: constant.origins }, folded);
  const dims = shape.dims.flatMap((n, i) => (i !== axis ? [n] : dropsAxis ? [] : [outputs]));
  const batch = dropsAxis && shape.batch > axis ? shape.batch - 1 : shape.batch;
  return flow({ dims, batch }, { kind: "dense", linear: next, formula: algebra.variable(), nodes: [] });
}

const matMul: Operator = (node, inputs, algebra) => {
  const [a, b] = [required(node, inputs, 0), required(node, inputs, 1)];
  if (isFlow(a) && isConstant(b)) {
    return contracted(node, algebra, a, weightOf(b, false, node), a.shape.dims.length - 1, b.shape.length === 1);
  }
  if (isConstant(a) && isFlow(b)) {
    const rank = b.shape.dims.length;
    return contracted(node, algebra, b, weightOf(a, true, node), Math.max(rank - 2, 0), a.shape.length === 1);
  }
  return isFlow(a)
    ? node.refuse("multiplies two values that depend on the input, as attention does; expected a constant weight")
    : node.refuse("multiplies two constants, expected the graph to hold the product");
};

const gemm: Operator = (node, inputs, algebra) => {
  const [a, b] = [required(node, inputs, 0), required(node, inputs, 1)];
  const [transA, transB] = [node.int("transA", 0) !== 0, node.int("transB", 0) !== 0];
  const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
  const isLeft = isConstant(a);
  const [value, matrix] = isLeft ? [b, a] : [a, b];
  if (!isFlow(value) || !isConstant(matrix)) {
    return node.refuse("multiplies two values of one kind, expected the network's units and a constant weight");
  }
  if (value.shape.dims.length !== 2)
    return node.refuse(`found ${String(value.shape.dims.length)} axes, expected samples × units`);
  const turned = (isLeft ? transB : transA) ? { ...value, shape: turn(value.shape) } : value;
  const weight = weightOf((isLeft ? transA : transB) ? transpose(matrix, [1, 0], node) : matrix, isLeft, node);
  const factor =
    alpha === 1 ? weight.constant : { ...weight.constant, values: weight.constant.values.map((w) => alpha * w) };
  const folded = alpha === 1 ? weight.folded : [...weight.folded, `alpha ${String(alpha)} of ${node.label}`];
  const result = contracted(node, algebra, turned, { ...weight, constant: factor, folded }, isLeft ? 0 : 1, false);
  return inputs[2] === null || inputs[2] === undefined
    ? result
    : withBias(node, result, requiredConstant(node, inputs, 2), beta);
};

const turn = ({ dims, batch }: Shape): Shape => ({ dims: [...dims].reverse(), batch: batch < 0 ? -1 : 1 - batch });

/** beta·C of a Gemm. */
function withBias(node: Node, value: Flow, constant: Constant, beta: number): Flow {
  const { values, shape } = perUnit(constant, value.shape, node);
  const { content } = value;
  if (content.kind !== "dense") throw new RangeError("a product is dense");
  const numbers = typeof values === "number" ? beta * values : values.map((v) => beta * v);
  const next = biased(content.linear, numbers, constant.origins, node.label);
  const isOwn = constant.values.length === next.outputs;
  const remarks = [
    ...(beta === 1 ? [] : [`beta ${String(beta)} of ${node.label}`]),
    ...(isOwn ? [] : [`the one bias of all units in ${node.label}`]),
    ...(constant.computed ? [`${node.label}'s bias, which the graph computes`] : []),
  ];
  return flow(shape, { ...content, linear: { ...next, folded: [...next.folded, ...remarks] } });
}

/** γ(z − μ)/√(σ² + ε) + β of stored μ and σ². */
const batchNormalization: Operator = (node, inputs, algebra) => {
  const value = required(node, inputs, 0);
  if (!isFlow(value)) return node.refuse("normalises a constant, expected the network's units");
  if (node.int("training_mode", 0) !== 0 || (node.opset < 14 && node.outputs.length > 1)) {
    return node.refuse(
      "is in training mode, where the samples of a batch depend on one another; expected an export in eval mode",
    );
  }
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => requiredConstant(node, inputs, i)) as [
    Constant,
    Constant,
    Constant,
    Constant,
  ];
  const epsilon = node.float("epsilon", 1e-5);
  const channels = gamma.values.length;
  if ([beta, mean, variance].some(({ values }) => values.length !== channels)) {
    return node.refuse("found scale, bias, mean and variance of several lengths, expected one number for each channel");
  }
  const scale = gamma.values.map((g, i) => g / Math.sqrt((variance.values[i] as number) + epsilon));
  const shift = beta.values.map((b, i) => b - (mean.values[i] as number) * (scale[i] as number));
  const bad = [...scale, ...shift].find((x) => !Number.isFinite(x));
  if (bad !== undefined) return node.refuse(`makes a factor or an offset ${String(bad)}, expected finite numbers`);
  // Channels are the second axis.
  const own = [channels, ...value.shape.dims.slice(2).map(() => 1)];
  const one = perUnit(plain(own, scale), value.shape, node);
  const two = perUnit(plain(own, shift), value.shape, node);
  return flow(one.shape, scaled(algebra, open(value, node), one.values, two.values, node));
};

export const LINEAR: Readonly<Record<string, Operator>> = {
  MatMul: matMul,
  Gemm: gemm,
  BatchNormalization: batchNormalization,
};
