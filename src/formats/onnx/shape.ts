/**
 * Shapes of what depends on the network's input: one axis at most counts samples, the others a sample's units in C order.
 * A length that is known only when the graph runs is NaN.
 */
import type { Node } from "./node.ts";

export interface Shape {
  readonly dims: readonly number[];
  /** The axis of the samples; −1 where the input is one sample. */
  readonly batch: number;
}

/** Axes of the units: every axis but the samples'. */
export function unitAxes({ dims, batch }: Shape): number[] {
  return dims.map((_, axis) => axis).filter((axis) => axis !== batch);
}

/** Units of a sample; NaN where not known. */
export function unitCount(shape: Shape): number {
  return unitAxes(shape).reduce((product, axis) => product * (shape.dims[axis] as number), 1);
}

/** Axis counted from the end where negative. */
export function axisOf(axis: number, rank: number, node: Node): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!(Number.isInteger(positive) && positive >= 0 && positive < Math.max(rank, 1))) {
    node.refuse(`found the axis ${String(axis)}, expected one of ${String(rank)}`);
  }
  return positive;
}

/** Lengths of a Reshape: 0 copies, −1 is what is left. @param copies whether 0 copies */
export function reshaped(shape: Shape, target: readonly number[], copies: boolean, node: Node): Shape {
  const { dims, batch } = shape;
  const units = unitCount(shape);
  const wanted = target.map((n, axis) => (n === 0 && copies ? (dims[axis] ?? NaN) : n));
  const batchDim = batch < 0 ? 1 : (dims[batch] as number);
  if (batch > 0 && dims.slice(0, batch).some((n) => n !== 1)) {
    return sameDims(dims, wanted)
      ? shape
      : node.refuse("rearranges samples and units, expected samples along the first axis");
  }
  // One sample alone needs no axis of its own.
  if (batch < 0 || (batchDim === 1 && wanted[0] !== 1)) {
    return { dims: filled(wanted, units, node), batch: -1 };
  }
  const [first = NaN, ...rest] = wanted;
  const isCopied = target[0] === 0 && copies && batch === 0;
  if (!(Number.isNaN(first) || first === -1 || first === batchDim || first === 1 || isCopied)) {
    return node.refuse(`makes ${String(first)} rows of ${String(batchDim)} samples, expected one row a sample`);
  }
  return { dims: [batchDim, ...filled(rest, units, node)], batch: 0 };
}

/** Lengths with −1 replaced, held against the units. */
function filled(target: readonly number[], units: number, node: Node): number[] {
  const known = target.filter((n) => n !== -1).reduce((a, b) => a * b, 1);
  const dims = target.map((n) => (n === -1 ? units / known : n));
  const product = dims.reduce((a, b) => a * b, 1);
  if (
    dims.some((n) => !Number.isNaN(n) && !Number.isInteger(n)) ||
    (product !== units && !Number.isNaN(product) && !Number.isNaN(units))
  ) {
    node.refuse(`makes ${target.join(" × ")} of ${String(units)} units, expected as many`);
  }
  return dims;
}

function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => Object.is(n, b[i]) || b[i] === -1);
}

/** Flatten: axes before `axis` become rows, the others columns. */
export function flattened(shape: Shape, axis: number, node: Node): Shape {
  const { dims, batch } = shape;
  const outer = dims.slice(0, axis).filter((_, i) => i !== batch);
  const product = (list: readonly number[]): number => list.reduce((a, b) => a * b, 1);
  if (batch < 0) return { dims: [product(outer), product(dims.slice(axis))], batch: -1 };
  if (batch >= axis && dims[batch] === 1) return { dims: [product(outer), product(dims.slice(axis))], batch: -1 };
  if (batch >= axis || outer.some((n) => n !== 1)) {
    return node.refuse(`flattens from axis ${String(axis)}, expected one row a sample`);
  }
  return { dims: [dims[batch] as number, product(dims.slice(axis))], batch: 0 };
}

/** Axes of length 1 taken away; without a list, all of them. */
export function squeezed(shape: Shape, axes: readonly number[] | null, node: Node): Shape {
  const { dims, batch } = shape;
  const gone =
    axes === null
      ? dims.flatMap((n, axis) => (n === 1 ? [axis] : []))
      : axes.map((axis) => axisOf(axis, dims.length, node));
  const wrong = gone.find((axis) => dims[axis] !== 1 && !(axis !== batch && Number.isNaN(dims[axis])));
  if (wrong !== undefined) node.refuse(`removes an axis of length ${String(dims[wrong])}, expected 1`);
  const isLeft = (axis: number): boolean => !gone.includes(axis);
  return {
    dims: dims.filter((_, axis) => isLeft(axis)),
    batch: movedBatch(batch, dims.map((_, axis) => axis).filter(isLeft)),
  };
}

/** Axes of length 1 put in, at these places of the result. */
export function unsqueezed(shape: Shape, axes: readonly number[], node: Node): Shape {
  const rank = shape.dims.length + axes.length;
  const places = new Set(axes.map((axis) => axisOf(axis, rank, node)));
  const order: number[] = [];
  let next = 0;
  for (let axis = 0; axis < rank; axis++) order.push(places.has(axis) ? -1 : next++);
  return {
    dims: order.map((axis) => (axis < 0 ? 1 : (shape.dims[axis] as number))),
    batch: shape.batch < 0 ? -1 : order.indexOf(shape.batch),
  };
}

/** Axes in another order; the units may not change theirs. */
export function transposed(shape: Shape, permutation: readonly number[] | null, node: Node): Shape {
  const { dims, batch } = shape;
  const order = permutation ?? dims.map((_, axis) => dims.length - 1 - axis);
  const moved = order.filter((axis) => axis !== batch && dims[axis] !== 1);
  if (order.length !== dims.length || moved.some((axis, i) => i > 0 && axis < (moved[i - 1] as number))) {
    node.refuse("puts a sample's units in another order, expected the axis of the samples alone to move");
  }
  return { dims: order.map((axis) => dims[axis] as number), batch: movedBatch(batch, order) };
}

function movedBatch(batch: number, order: readonly number[]): number {
  return batch < 0 ? -1 : order.indexOf(batch);
}

/** Whether two values can be combined unit by unit. */
export function alike(a: Shape, b: Shape): boolean {
  return (
    a.batch === b.batch &&
    a.dims.length === b.dims.length &&
    a.dims.every((n, i) => n === b.dims[i] || Number.isNaN(n) || Number.isNaN(b.dims[i]))
  );
}

/**
 * A constant broadcast over the units: one number, or one for each unit, and the shape that comes out.
 * @param where names what the constant is for. Refuses what would give a sample more units, or samples different numbers.
 */
export function perUnit(
  constant: { readonly shape: readonly number[]; readonly values: Float64Array },
  shape: Shape,
  node: Node,
): { readonly values: number | Float64Array; readonly shape: Shape } {
  const extra = Math.max(0, constant.shape.length - shape.dims.length);
  const batch = shape.batch < 0 ? -1 : shape.batch + extra;
  const dims = [...Array.from({ length: extra }, () => 1), ...shape.dims];
  const own = [...Array.from({ length: dims.length - constant.shape.length }, () => 1), ...constant.shape];
  const result = dims.map((n, axis) =>
    Number.isNaN(n) && axis !== batch && own[axis] !== 1 ? (own[axis] as number) : n,
  );
  const [first] = constant.values;
  if (constant.values.length === 1 && first !== undefined) return { values: first, shape: { dims: result, batch } };
  own.forEach((n, axis) => {
    if (n === 1 || (axis !== batch && n === result[axis])) return;
    node.refuse(
      `combines a constant of ${constant.shape.join(" × ")} with ${dims.map((d) => (Number.isNaN(d) ? "?" : String(d))).join(" × ")}, expected one number for each unit`,
    );
  });
  const axes = unitAxes({ dims: result, batch });
  const count = axes.reduce((product, axis) => product * (result[axis] as number), 1);
  if (!Number.isSafeInteger(count))
    return node.refuse("combines units of an unknown number with a constant, expected known shapes");
  const strides = own.map((n, axis) => (n === 1 ? 0 : own.slice(axis + 1).reduce((a, b) => a * b, 1)));
  const values = Float64Array.from({ length: count }, (_, unit) => {
    let rest = unit;
    let at = 0;
    for (const axis of [...axes].reverse()) {
      const n = result[axis] as number;
      at += (rest % n) * (strides[axis] as number);
      rest = Math.floor(rest / n);
    }
    return constant.values[at] as number;
  });
  return { values, shape: { dims: result, batch } };
}
