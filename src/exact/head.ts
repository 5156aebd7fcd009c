/**
 * The heads that are piecewise polynomial with dyadic coefficients, in exact arithmetic: value and gradient, as network/heads.ts
 * defines them. The mean's 1/n is not dyadic, so for it n·f is kept: `multiple` says by what f was multiplied.
 */
import { ModelError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import { checkHead } from "../network/heads.ts";
import type { Dyadic } from "./dyadic.ts";
import * as dyadics from "./dyadic.ts";
import type { ExactMatrix } from "./matrix.ts";
import { at, dot, fromNumbers, subtract, sumOfSquares } from "./matrix.ts";

export interface ExactHead {
  /** multiple·f. */
  readonly value: Dyadic;
  /** multiple·∂f/∂h, a column of the output's width. */
  readonly gradient: ExactMatrix;
  /** The output's width for the mean, 1 for every other head. */
  readonly multiple: number;
}

/** The heads that exact arithmetic knows. */
export const EXACT_HEAD_NAMES: readonly Head["kind"][] = [
  "sum",
  "mean",
  "logit",
  "logit-argmax",
  "linear",
  "margin",
  "half-squared-norm",
  "squared-error",
];

/**
 * Throws unless exact arithmetic knows the head and it fits outputs of this width.
 * @param label −1 for none; `sample` picks the row of squared-error's targets.
 * @throws ModelError
 */
export function checkExactHead(head: Head, width: number, label: number, sample: number): void {
  if (!EXACT_HEAD_NAMES.includes(head.kind)) {
    throw new ModelError(
      `head ${head.kind}: its gradient is not a rational number; exact arithmetic knows ${EXACT_HEAD_NAMES.join(", ")}`,
    );
  }
  const rows = head.kind === "squared-error" ? head.rows : 1;
  checkHead(head, width, rows);
  if (rows !== 1 && !(sample >= 0 && sample < rows)) {
    throw new ModelError(
      `head ${head.kind}: found sample ${String(sample)}, expected one from 0 to ${String(rows - 1)}`,
    );
  }
  if (head.kind === "margin" && !(Number.isInteger(label) && label >= -1 && label < width)) {
    throw new ModelError(`head margin: found label ${String(label)}, expected one from 0 to ${String(width - 1)}`);
  }
}

/**
 * Value and gradient at one output, a column. The argmax of equal entries is the first of them.
 * @throws ModelError as {@link checkExactHead}.
 */
export function exactHead(head: Head, output: ExactMatrix, label: number, sample: number): ExactHead {
  const n = output.rows;
  checkExactHead(head, n, label, sample);
  const against = (gradient: ExactMatrix, multiple = 1): ExactHead => ({
    value: dot(gradient, output),
    gradient,
    multiple,
  });
  const picked = (signs: ReadonlyMap<number, number>): ExactHead =>
    against(
      fromNumbers(
        n,
        1,
        Array.from({ length: n }, (_, i) => signs.get(i) ?? 0),
      ),
    );
  switch (head.kind) {
    case "sum":
      return against(fromNumbers(n, 1, new Float64Array(n).fill(1)));
    case "mean":
      return against(fromNumbers(n, 1, new Float64Array(n).fill(1)), n);
    case "logit":
      return picked(new Map([[head.index, 1]]));
    case "logit-argmax":
      return picked(new Map([[argmax(output, -1), 1]]));
    case "linear":
      return against(fromNumbers(n, 1, finite(head.coefficients, "coefficient")));
    case "half-squared-norm":
      return halfSquare(output);
    case "squared-error": {
      const row = head.rows === 1 ? 0 : sample * n;
      const targets = finite(head.targets.subarray(row, row + n), "target");
      return halfSquare(subtract(output, fromNumbers(n, 1, targets)));
    }
    case "margin": {
      const own = label >= 0 ? label : argmax(output, -1);
      if (n === 1) return picked(new Map([[0, 1]]));
      return picked(new Map([[argmax(output, own), -1]]).set(own, 1));
    }
    default:
      throw new RangeError(`head ${head.kind} passed checkExactHead`);
  }
}

/** ½‖d‖² and its gradient d. */
function halfSquare(difference: ExactMatrix): ExactHead {
  const half = dyadics.dyadic(1n, -1);
  return { value: dyadics.multiply(half, sumOfSquares(difference)), gradient: difference, multiple: 1 };
}

/** Index of the largest entry, the first of equal ones, leaving out index `except` (−1: none). */
function argmax(output: ExactMatrix, except: number): number {
  let best = except === 0 ? 1 : 0;
  for (let i = 0; i < output.rows; i++) {
    if (i !== except && dyadics.compare(at(output, i, 0), at(output, best, 0)) > 0) best = i;
  }
  return best;
}

function finite(numbers: Float64Array, what: string): Float64Array {
  const bad = numbers.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new ModelError(`head: ${what} ${String(bad)} is ${String(numbers[bad])}, expected finite numbers`);
  return numbers;
}
