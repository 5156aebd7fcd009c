/** Arithmetic on constants, with NumPy's broadcasting: what a graph computes of its own numbers, shapes among them. */
import { FormatError } from "../../network/errors.ts";
import type { Constant } from "./constants.ts";
import { axisOf } from "./shape.ts";
import type { Node } from "./node.ts";

/** No constant that a graph computes is larger. */
const MOST_NUMBERS = 2 ** 28;

export function evaluateUnary(constant: Constant, f: (x: number) => number): Constant {
  return { ...constant, values: constant.values.map((x) => f(x)), computed: true };
}

export function evaluateBinary(node: Node, a: Constant, b: Constant, f: (x: number, y: number) => number): Constant {
  const rank = Math.max(a.shape.length, b.shape.length);
  const pad = (shape: readonly number[]): number[] => [
    ...Array.from({ length: rank - shape.length }, () => 1),
    ...shape,
  ];
  const [left, right] = [pad(a.shape), pad(b.shape)];
  const shape = left.map((n, axis) => (n === 1 ? (right[axis] as number) : n));
  if (right.some((n, axis) => n !== 1 && n !== shape[axis])) {
    node.refuse(`combines ${a.shape.join(" × ")} with ${b.shape.join(" × ")}, expected shapes that match`);
  }
  const count = product(shape);
  if (count > MOST_NUMBERS) node.refuse(`computes ${String(count)} numbers, expected fewer`);
  const values = Float64Array.from({ length: count }, (_, i) =>
    f(a.values[place(i, shape, left)] as number, b.values[place(i, shape, right)] as number),
  );
  return joined([a, b], shape, values, true);
}

/** Where element `i` of `shape` lies in `own`, whose axes of length 1 repeat. */
function place(i: number, shape: readonly number[], own: readonly number[]): number {
  let rest = i;
  let at = 0;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const n = shape[axis] as number;
    const length = own[axis] as number;
    if (length !== 1) at += (rest % n) * stride;
    stride *= length;
    rest = Math.floor(rest / n);
  }
  return at;
}

/** Axes in another order. */
export function transpose(constant: Constant, permutation: readonly number[] | null, node: Node): Constant {
  const { shape, values } = constant;
  const order = permutation ?? shape.map((_, axis) => shape.length - 1 - axis);
  if (order.length !== shape.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
    node.refuse(`found the axes ${order.join(", ")} of a constant of ${shape.join(" × ")}, expected each once`);
  }
  const strides = shape.map((_, axis) => product(shape.slice(axis + 1)));
  const moved = order.map((axis) => shape[axis] as number);
  const result = Float64Array.from({ length: values.length }, (_, i) => {
    let rest = i;
    let at = 0;
    for (let k = moved.length - 1; k >= 0; k--) {
      at += (rest % (moved[k] as number)) * (strides[order[k] as number] as number);
      rest = Math.floor(rest / (moved[k] as number));
    }
    return values[at] as number;
  });
  return { ...constant, shape: moved, values: result };
}

/** The same numbers in another shape; −1 is what is left. */
export function reshapeConstant(constant: Constant, target: readonly number[], copies: boolean, node: Node): Constant {
  const wanted = target.map((n, axis) => (n === 0 && copies ? (constant.shape[axis] ?? NaN) : n));
  const known = product(wanted.filter((n) => n !== -1));
  const shape = wanted.map((n) => (n === -1 ? constant.values.length / known : n));
  if (product(shape) !== constant.values.length) {
    node.refuse(`makes ${target.join(" × ")} of ${String(constant.values.length)} numbers, expected as many`);
  }
  return { ...constant, shape };
}

/** Rows `indices` along an axis. */
export function gather(constant: Constant, indices: Constant, axis: number, node: Node): Constant {
  const { shape, values } = constant;
  const along = axisOf(axis, shape.length, node);
  const length = shape[along] ?? 1;
  const inner = product(shape.slice(along + 1));
  const outer = product(shape.slice(0, along));
  const result: number[] = [];
  for (let o = 0; o < outer; o++) {
    for (const index of indices.values) {
      const row = index < 0 ? index + length : index;
      if (!(row >= 0 && row < length))
        node.refuse(`found the index ${String(index)}, expected one of ${String(length)}`);
      for (let i = 0; i < inner; i++) result.push(values[(o * length + row) * inner + i] as number);
    }
  }
  return {
    ...constant,
    shape: [...shape.slice(0, along), ...indices.shape, ...shape.slice(along + 1)],
    values: Float64Array.from(result),
  };
}

/** Lists one after another; of rank 1 alone, as shapes are. */
export function concatenate(parts: readonly Constant[], node: Node): Constant {
  if (parts.some(({ shape }) => shape.length !== 1)) node.refuse("joins constants of several axes, expected lists");
  const values = parts.flatMap((part) => Array.from(part.values));
  return joined(parts, [values.length], Float64Array.from(values), false);
}

/** Elements `start` to `end` of a list. */
export function slice(constant: Constant, start: number, end: number, node: Node): Constant {
  if (constant.shape.length !== 1) node.refuse("cuts a constant of several axes, expected a list");
  const values = constant.values.slice(start, Math.min(end, constant.values.length));
  return { ...constant, shape: [values.length], values };
}

function joined(
  parts: readonly Constant[],
  shape: readonly number[],
  values: Float64Array,
  isArithmetic: boolean,
): Constant {
  return {
    kind: "constant",
    shape,
    values,
    origins: [...new Set(parts.flatMap(({ origins }) => origins))],
    computed: isArithmetic || parts.some(({ computed }) => computed),
    epsilon: Math.max(...parts.map(({ epsilon }) => epsilon)),
  };
}

export function product(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a * b, 1);
}

/** A constant that no initialiser gave. */
export function plain(shape: readonly number[], values: ArrayLike<number>): Constant {
  if (product(shape) !== values.length)
    throw new FormatError(`found ${String(values.length)} numbers for ${shape.join(" × ")}`);
  return {
    kind: "constant",
    shape,
    values: Float64Array.from(values),
    origins: [],
    computed: false,
    epsilon: 2 ** -52,
  };
}
