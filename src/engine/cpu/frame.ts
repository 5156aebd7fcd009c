/** The matrices of a batch program on the host: what each holds, n × B with samples contiguous. */
import { constantOf } from "../program/constants.ts";
import type { Matrix, Measure } from "../program/stage.ts";
import { column, columnBlock, columnDistance, columnDot, columnMax, columnNorm } from "./columns.ts";
import type { Operators } from "./operators.ts";

export class Frame {
  readonly operators: Operators;
  /** Index in the run of the first sample. */
  readonly first: number;
  /** One a sample; null where the head needs none. */
  readonly labels: Int32Array | null;
  private readonly held = new Map<Matrix, Float64Array>();

  constructor(operators: Operators, first: number, labels: Int32Array | null) {
    this.operators = operators;
    this.first = first;
    this.labels = labels;
  }

  /** @throws RangeError where nothing was put there. */
  of(matrix: Matrix): Float64Array {
    const values = this.held.get(matrix) ?? constantOf(this.operators.plan, matrix, undefined);
    if (values === null) throw new RangeError(`${matrix.kind} of layer ${String(matrix.layer)} holds nothing yet`);
    return values;
  }

  set(matrix: Matrix, values: Float64Array): void {
    this.held.set(matrix, values);
  }

  /** Sets what the planted fault, if any, makes of these values; returns it. */
  put(matrix: Matrix, values: Float64Array): Float64Array {
    const { kind, layer, rows } = matrix;
    const stored = this.operators.tamper(kind, layer, values, values.length / rows);
    this.held.set(matrix, stored);
    return stored;
  }

  /** The measure of each of the samples. */
  measure(measure: Measure, samples: number): Float64Array {
    const x = columnBlock(this.of(measure.of), measure.of.rows, measure.column, samples);
    switch (measure.kind) {
      case "norm":
        return columnNorm(x, samples);
      case "largest":
        return columnMax(x, samples);
      case "least":
        return columnDistance(x, measure.places, samples);
      case "dot":
        return columnDot(this.of(measure.with), x, samples);
    }
  }

  /** One column. */
  column(matrix: Matrix, j: number): Float64Array {
    const values = this.of(matrix);
    return column(values, values.length / matrix.rows, j);
  }

  has(matrix: Matrix): boolean {
    return this.held.has(matrix);
  }

  /** What only these matrices hold, as far as they hold anything. */
  only(matrices: readonly Matrix[]): Frame {
    const kept = new Frame(this.operators, this.first, this.labels);
    for (const own of matrices) if (this.has(own)) kept.held.set(own, this.of(own));
    return kept;
  }

  /** Another frame that begins with what this one holds. */
  withLabels(labels: Int32Array | null): Frame {
    const next = new Frame(this.operators, this.first, labels);
    for (const [own, values] of this.held) next.held.set(own, values);
    return next;
  }
}
