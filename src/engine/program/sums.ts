/** Sums that a device makes of a program's matrices: norms, distances and products of columns, two words each, in one matrix. */
import type { Matrix, Measure, Stage } from "./stage.ts";
import { matrix } from "./stage.ts";

export interface Sums {
  /** (max|x|, Σ), (distance, ·) or (exponent, Σ) of every column of what is summed (column-norm.wgsl, column-least.wgsl, column-dot.wgsl). */
  readonly into: Matrix;
  readonly stages: readonly Stage[];
  /** Column of `into` where the sums of a matrix begin; null where none are made. */
  readonly offsetOf: (kind: Measure["kind"], of: Matrix) => number | null;
}

/** @param normed whose norms are made too: they say whether it is finite. */
export function sumsOf(layer: number, measures: readonly Measure[], normed: readonly Matrix[] = []): Sums {
  // One call sums both halves of a matrix. A product is scaled by its vectors' largest entries, so that their norms come first.
  const norms = new Map<Matrix, number>();
  const others = new Map<Matrix, { readonly measure: Measure; readonly offset: number }>();
  let total = 0;
  const place = ({ columns }: Matrix): number => {
    total += columns;
    return total - columns;
  };
  const norm = (own: Matrix): void => {
    if (!norms.has(own)) norms.set(own, place(own));
  };
  normed.forEach(norm);
  for (const measure of measures) {
    if (measure.kind !== "least") norm(measure.of);
    if (measure.kind === "dot") norm(measure.with);
  }
  for (const measure of measures) {
    const wanted = measure.kind === "dot" || (measure.kind === "least" && measure.places.length > 0);
    if (wanted && !others.has(measure.of)) others.set(measure.of, { measure, offset: place(measure.of) });
  }
  const into = matrix("sums", layer, 1, total, 2);
  const stages = [...norms].map(([own, offset]) => normStage(own, offset, into));
  for (const { measure, offset } of others.values()) {
    const { of } = measure;
    if (measure.kind === "least") stages.push(leastStage(of, measure.places, offset, into));
    if (measure.kind !== "dot") continue;
    const offsets = { left_norm: norms.get(measure.with) as number, right_norm: norms.get(of) as number, offset };
    stages.push(dotStage(measure.with, of, offsets, into));
  }
  return {
    ...{ into, stages },
    offsetOf: (kind, of) => {
      if (kind === "norm" || kind === "largest") return norms.get(of) ?? null;
      const other = others.get(of);
      return other?.measure.kind === kind ? other.offset : null;
    },
  };
}

function normStage(of: Matrix, offset: number, into: Matrix): Stage {
  const { rows, columns } = of;
  const sizes = { rows, columns, offset };
  return { name: `the norm of ${of.kind}`, kernel: "columnNorm", overrides: {}, sizes, operands: [of, into] };
}

function leastStage(of: Matrix, places: readonly number[], offset: number, into: Matrix): Stage {
  const { rows, columns } = of;
  const [FIRST = 0, SECOND = FIRST] = places;
  return {
    ...{ name: `the least distance of ${of.kind}`, kernel: "columnLeast", overrides: { FIRST, SECOND } },
    ...{ sizes: { rows, columns, offset }, operands: [of, into] },
  };
}

/** @param offsets of both norms, and of the products. */
function dotStage(
  left: Matrix,
  right: Matrix,
  offsets: { left_norm: number; right_norm: number; offset: number },
  into: Matrix,
): Stage {
  const { rows, columns } = right;
  return {
    ...{ name: `the product of ${left.kind} and ${right.kind}`, kernel: "columnDot", overrides: {} },
    ...{ sizes: { rows, columns, samples: left.columns, ...offsets }, operands: [left, right, into] },
  };
}
