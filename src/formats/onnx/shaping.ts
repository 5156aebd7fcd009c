/** Operators that change shapes alone, of values and of the constants that say the shapes; and those that do nothing in inference. */
import type { Constant } from "./constants.ts";
import { readConstant } from "./constants.ts";
import { concatenate, gather, plain, reshapeConstant, slice, transpose } from "./evaluate.ts";
import type { Flow } from "./flow.ts";
import type { Node } from "./node.ts";
import { TensorProto_DataType as DataType } from "./onnx_pb.ts";
import type { Operator, Value } from "./operator.ts";
import { flow, isConstant, isFlow, numbersIn, open, required, requiredConstant } from "./operator.ts";
import type { Shape } from "./shape.ts";
import { axisOf, flattened, reshaped, squeezed, transposed, unitAxes, unsqueezed } from "./shape.ts";

const same: Operator = (node, inputs) => required(node, inputs, 0);

const shapedBy =
  (change: (shape: Shape, node: Node) => Shape, ofConstant: (constant: Constant, node: Node) => Constant): Operator =>
  (node, inputs) => {
    const value = required(node, inputs, 0);
    return isFlow(value) ? flow(change(value.shape, node), value.content) : ofConstant(value, node);
  };

const reshape: Operator = (node, inputs, algebra) => {
  const target = numbersIn(requiredConstant(node, inputs, 1));
  const copies = node.int("allowzero", 0) === 0;
  return shapedBy(
    (shape) => reshaped(shape, target, copies, node),
    (constant) => reshapeConstant(constant, target, copies, node),
  )(node, inputs, algebra);
};

const flatten: Operator = (node, inputs, algebra) => {
  const axis = (rank: number): number => {
    const own = node.int("axis", 1);
    return own < 0 ? own + rank : own;
  };
  return shapedBy(
    (shape) => flattened(shape, axis(shape.dims.length), node),
    (constant) => {
      const rows = constant.shape.slice(0, axis(constant.shape.length)).reduce((a, b) => a * b, 1);
      return reshapeConstant(constant, [rows, -1], false, node);
    },
  )(node, inputs, algebra);
};

/** Axes of Squeeze and Unsqueeze: an attribute, since opset 13 an input. */
function axesOf(node: Node, inputs: readonly (Value | null)[]): readonly number[] | null {
  const listed = inputs[1];
  if (listed !== null && listed !== undefined) return numbersIn(requiredConstant(node, inputs, 1));
  return node.ints("axes");
}

const squeeze: Operator = (node, inputs, algebra) => {
  const axes = axesOf(node, inputs);
  return shapedBy(
    (shape) => squeezed(shape, axes, node),
    (constant) => ({ ...constant, shape: squeezed({ dims: constant.shape, batch: -1 }, axes, node).dims }),
  )(node, inputs, algebra);
};

const unsqueeze: Operator = (node, inputs, algebra) => {
  const axes = axesOf(node, inputs) ?? node.refuse("found no axes, expected where to put them");
  return shapedBy(
    (shape) => unsqueezed(shape, axes, node),
    (constant) => ({ ...constant, shape: unsqueezed({ dims: constant.shape, batch: -1 }, axes, node).dims }),
  )(node, inputs, algebra);
};

const transposition: Operator = (node, inputs, algebra) =>
  shapedBy(
    (shape) => transposed(shape, node.ints("perm"), node),
    (constant) => transpose(constant, node.ints("perm"), node),
  )(node, inputs, algebra);

const FLOATS: readonly number[] = [DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16, DataType.BFLOAT16];

/** Between types of real numbers; of constants between any, whole numbers cut. */
const cast: Operator = (node, inputs) => {
  const value = required(node, inputs, 0);
  const isFloat = FLOATS.includes(node.int("to", DataType.FLOAT));
  if (isConstant(value)) return isFloat ? value : { ...value, values: value.values.map((x) => Math.trunc(x)) };
  return isFloat
    ? value
    : node.refuse(
        "rounds the network's units to whole numbers, which has no derivative; expected a type of real numbers",
      );
};

const dropout: Operator = (node, inputs) => {
  const training = inputs[2];
  if (isConstant(training) && training.values[0] !== 0) {
    node.refuse("is in training mode, where the network is random; expected an export in eval mode");
  }
  return required(node, inputs, 0);
};

/** The lengths of a value's axes, NaN for the samples'. */
const shapeOf: Operator = (node, inputs) => {
  const value = required(node, inputs, 0);
  const dims = isFlow(value) ? value.shape.dims.map((n, axis) => (axis === value.shape.batch ? NaN : n)) : value.shape;
  return plain([dims.length], dims);
};

const constant: Operator = (node) => {
  const single = node.floats("value_floats") ?? node.ints("value_ints");
  if (single !== null && single.length > 0) return plain([single.length], single);
  const number = node.float("value_float", NaN);
  return plain([], [Number.isNaN(number) || number === 0 ? node.int("value_int", 0) : number]);
};

const constantOfShape: Operator = (node, inputs) => {
  // Of the samples' axis one stands for all.
  const shape = numbersIn(requiredConstant(node, inputs, 0)).map((n) => (Number.isNaN(n) ? 1 : n));
  const count = shape.reduce((a, b) => a * b, 1);
  if (!(count <= 2 ** 24)) return node.refuse(`makes ${shape.join(" × ")} numbers, expected a known and small shape`);
  const tensor = node.tensor("value");
  const [fill = 0] = tensor === null ? [] : readConstant(tensor, node.label, new Map()).values;
  return plain(shape, new Float64Array(count).fill(fill));
};

const gathering: Operator = (node, inputs) =>
  gather(constantOnly(node, inputs, 0), requiredConstant(node, inputs, 1), node.int("axis", 0), node);

const concatenation: Operator = (node, inputs) => {
  if (inputs.some(isFlow))
    return node.refuse("joins units of several paths: the inequality is derived for a chain of layers");
  return concatenate(
    inputs.map((_, i) => requiredConstant(node, inputs, i)),
    node,
  );
};

const slicing: Operator = (node, inputs) => {
  const data = constantOnly(node, inputs, 0);
  const [start = 0] = node.ints("starts") ?? numbersIn(requiredConstant(node, inputs, 1));
  const [end = Infinity] = node.ints("ends") ?? numbersIn(requiredConstant(node, inputs, 2));
  const [step = 1] = inputs[4] === undefined || inputs[4] === null ? [1] : numbersIn(requiredConstant(node, inputs, 4));
  if (step !== 1) return node.refuse("leaves elements out of a constant, expected steps of 1");
  return slice(data, start, end, node);
};

function constantOnly(node: Node, inputs: readonly (Value | null)[], i: number): Constant {
  const value = required(node, inputs, i);
  return isConstant(value)
    ? value
    : node.refuse("takes a part of a sample's units: expected each layer to take all of them");
}

/** Softmax and LogSoftmax over a sample's units: said, and left out. */
const softmax: Operator = (node, inputs) => {
  const value = required(node, inputs, 0);
  if (!isFlow(value)) return node.refuse("normalises a constant, expected the network's outputs");
  const { dims } = value.shape;
  const axis = axisOf(node.int("axis", node.opset < 13 ? 1 : -1), dims.length, node);
  const long = unitAxes(value.shape).filter((i) => dims[i] !== 1);
  if (axis === value.shape.batch || long.some((i) => (node.opset < 13 ? i < axis : i !== axis))) {
    return node.refuse(`works along the axis ${String(axis)}, expected a sample's units`);
  }
  return flow(value.shape, { kind: "normalised", logits: open(value, node), label: node.label });
};

/** log after Softmax is LogSoftmax. */
export function isLogOfSoftmax(node: Node, value: Value | null | undefined): value is Flow {
  return (
    node.operator === "Log" &&
    isFlow(value) &&
    value.content.kind === "normalised" &&
    value.content.label.startsWith("Softmax ")
  );
}

export const SHAPING: Readonly<Record<string, Operator>> = {
  Identity: same,
  Dropout: dropout,
  Cast: cast,
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transposition,
  Shape: shapeOf,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Gather: gathering,
  Concat: concatenation,
  Slice: slicing,
  Softmax: softmax,
  LogSoftmax: softmax,
};
