/**
 * `--head` text → what it asks for, then, once the network and the files are read → the Head of network/heads.ts.
 */
import { FormatError, ModelError, UsageError } from "../network/errors.ts";
import type { Head } from "../network/heads.ts";
import { HEAD_NAMES, headByName } from "../network/heads.ts";
import { nearest } from "./nearest.ts";

/** A head before its file is read. `text` is what the user wrote. */
export type HeadSpec =
  | { readonly kind: "ready"; readonly text: string; readonly head: Head }
  | { readonly kind: "linear" | "squared-error"; readonly text: string; readonly file: string };

const NAMES = [...HEAD_NAMES, "linear:FILE", "squared-error:FILE"];

/** @throws UsageError naming the heads. */
export function parseHead(text: string): HeadSpec {
  const head = headByName(text);
  if (head !== null) return { kind: "ready", text, head };
  const colon = text.indexOf(":");
  const [name, rest] = colon < 0 ? [text, ""] : [text.slice(0, colon), text.slice(colon + 1)];
  if (name === "logit") throw new UsageError("expected logit:K with K an integer ≥ 0, or logit:argmax");
  if (name === "linear" || name === "squared-error") {
    if (rest === "") throw new UsageError(`expected ${name}:FILE`);
    return { kind: name, text, file: rest };
  }
  const near = nearest(text, NAMES);
  throw new UsageError(`expected one of ${NAMES.join(", ")}${near === null ? "" : `; did you mean "${near}"?`}`);
}

/** A matrix as the formats give it: rows × columns. */
export interface HeadFile {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float64Array;
}

/**
 * The head itself, its file checked against the network's output and the number of samples.
 * @param file what stands in the head's file; null for a head without one.
 * @throws ModelError where an index or a shape does not suit the network, FormatError for values that are not finite.
 */
export function makeHead(spec: HeadSpec, outputs: number, samples: number, file: HeadFile | null): Head {
  if (spec.kind === "ready") {
    if (spec.head.kind === "logit" && spec.head.index >= outputs) {
      throw new ModelError(
        `--head ${spec.text}: found K = ${String(spec.head.index)}, expected 0 … ${String(outputs - 1)}: the network has ${String(outputs)} outputs`,
      );
    }
    return spec.head;
  }
  if (file === null) throw new RangeError(`head file ${spec.file} was not read`);
  const { rows, columns, values } = file;
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0)
    throw new FormatError(`${spec.file}: value ${String(bad)} is ${String(values[bad])}, expected finite numbers`);
  const shape = `${String(rows)} × ${String(columns)}`;
  if (spec.kind === "linear") {
    if (values.length !== outputs || (rows !== 1 && columns !== 1)) {
      throw new ModelError(`${spec.file}: found ${shape}, expected ${String(outputs)} numbers, one for each output`);
    }
    return { kind: "linear", coefficients: values };
  }
  // A 1-D file of the output's width is one row, however the reader shaped it.
  const single =
    values.length === outputs && (rows === 1 || columns === 1) && !(columns === outputs && rows === samples);
  const targetRows = single ? 1 : rows;
  if (!single && !(columns === outputs && rows === samples)) {
    throw new ModelError(
      `${spec.file}: found ${shape}, expected 1 × ${String(outputs)} or ${String(samples)} × ${String(outputs)} (samples × outputs)`,
    );
  }
  return { kind: "squared-error", targets: values, rows: targetRows };
}
