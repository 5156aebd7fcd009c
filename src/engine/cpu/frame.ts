/** The matrices of a batch program on the host: what each holds, n × B with samples contiguous. */
import { constantOf } from "../program/constants.ts";
import type { Matrix, Measure } from "../program/stage.ts";
import type { Arena } from "./arena.ts";
import { column, columnDistance, columnDot, columnMax, columnNorm } from "./columns.ts";
import type { Operators } from "./operators.ts";

export class Frame {
  readonly operators: Operators;
  /** Index in the run of the first sample. */
  readonly first: number;
  /** One a sample; null where the head needs none. */
  readonly labels: Int32Array | null;
  /** Where the matrices stand that it has a place for; all others are arrays of their own. */
  private readonly arena: Arena | null;
  private readonly held = new Map<Matrix, Float64Array>();
  /** Those that stand in the arena. */
  private readonly standing = new Set<Matrix>();
  /** Where what is not here is looked for. */
  private readonly before: Frame | null;

  constructor(
    operators: Operators,
    first: number,
    labels: Int32Array | null,
    arena: Arena | null = null,
    before: Frame | null = null,
  ) {
    this.operators = operators;
    this.first = first;
    this.labels = labels;
    this.arena = arena;
    this.before = before;
  }

  /** @throws RangeError where nothing was put there. */
  of(matrix: Matrix): Float64Array {
    const values = this.found(matrix) ?? constantOf(this.operators.plan, matrix, undefined);
    if (values === null) throw new RangeError(`${matrix.kind} of layer ${String(matrix.layer)} holds nothing yet`);
    return values;
  }

  private found(matrix: Matrix): Float64Array | undefined {
    if (this.standing.has(matrix)) return this.arena?.of(matrix);
    return this.held.get(matrix) ?? this.before?.found(matrix);
  }

  /** Room for so many numbers, to be written before it is read. */
  make(matrix: Matrix, length: number): Float64Array {
    const place = this.arena?.of(matrix);
    if (place?.length === length) {
      this.standing.add(matrix);
      return place;
    }
    // Scratch that layers of several widths share is as long as the widest needs.
    const own = place !== undefined && place.length > length ? place.subarray(0, length) : new Float64Array(length);
    this.standing.delete(matrix);
    this.held.set(matrix, own);
    return own;
  }

  set(matrix: Matrix, values: Float64Array): void {
    const place = this.arena?.of(matrix);
    if (place?.length === values.length) {
      this.standing.add(matrix);
      if (place !== values) place.set(values);
    } else {
      this.standing.delete(matrix);
      this.held.set(matrix, values);
    }
  }

  /** Has the planted fault, if any, change what was made; returns it. */
  made(matrix: Matrix): Float64Array {
    const values = this.of(matrix);
    const { kind, layer, rows } = matrix;
    const stored = this.operators.tamper(kind, layer, values, values.length / rows);
    if (stored !== values) this.set(matrix, stored);
    return this.of(matrix);
  }

  /** Sets what the planted fault, if any, makes of these values; returns it. */
  put(matrix: Matrix, values: Float64Array): Float64Array {
    this.set(matrix, values);
    return this.made(matrix);
  }

  /** The measure of each of the samples. @param into for the result; new where left out. */
  measure(measure: Measure, samples: number, into?: Float64Array): Float64Array {
    const { of, column: from } = measure;
    const x = this.of(of);
    const part = x.length === of.rows * samples ? undefined : { rows: of.rows, from };
    switch (measure.kind) {
      case "norm":
        return columnNorm(x, samples, part, into);
      case "largest":
        return columnMax(x, samples, into);
      case "least":
        return columnDistance(x, measure.places, samples, into);
      case "dot":
        return columnDot(x, this.of(measure.with), samples, part, into);
    }
  }

  /** One column. @param into for it; new where left out. */
  column(matrix: Matrix, j: number, into?: Float64Array): Float64Array {
    const values = this.of(matrix);
    return column(values, values.length / matrix.rows, j, into);
  }

  has(matrix: Matrix): boolean {
    return this.found(matrix) !== undefined;
  }

  /** What only these matrices hold, as far as they hold anything; an arena stays as it is. */
  only(matrices: readonly Matrix[]): Frame {
    const kept = new Frame(this.operators, this.first, this.labels, this.arena, this.before);
    for (const own of matrices) {
      const values = this.held.get(own);
      if (this.standing.has(own)) kept.standing.add(own);
      else if (values !== undefined) kept.held.set(own, values);
    }
    return kept;
  }

  /** Another frame that begins with what this one holds. @param arena as the constructor has it; this one's own where they share it. */
  withLabels(labels: Int32Array | null, arena: Arena | null): Frame {
    return new Frame(this.operators, this.first, labels, arena, this);
  }
}
