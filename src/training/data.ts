/** What is learnt from: samples in rows, with a class each or a row of targets; and what is made of a set by address. */
import type { Head } from "../network/heads.ts";
import { ModelError } from "../network/errors.ts";
import { LABEL_SHUFFLE_STREAM, PROBE_SET_STREAM, SPLIT_STREAM } from "../sampling/streams.ts";
import { permutation } from "./order.ts";
import type { Samples } from "./program.ts";
import type { LossName } from "./settings.ts";

export interface Dataset {
  readonly samples: number;
  /** n_1. */
  readonly width: number;
  /** samples × width, row-major. */
  readonly inputs: Float64Array;
  /** A class 0 … outputs − 1 each, or with one output a sign −1 or 1; null for a regression. */
  readonly labels: Int32Array | null;
  /** samples × outputs; null for classes alone. */
  readonly targets: Float64Array | null;
  /** n_{l+1}. */
  readonly outputs: number;
}

/** A dataset of classes, with the targets that squared error has: 1 for the class, 0 else. */
export function withOneHotTargets(data: Dataset): Dataset {
  const { labels, outputs, samples } = data;
  if (labels === null || data.targets !== null) return data;
  const targets = new Float64Array(samples * outputs);
  labels.forEach((label, i) => {
    targets[i * outputs + label] = 1;
  });
  return { ...data, targets };
}

/** These samples of a set, in this order. @param memory for their inputs. */
export function chosen(
  data: Dataset,
  indices: Int32Array,
  memory = new Float64Array(indices.length * data.width),
): Dataset {
  const { width, outputs, inputs, labels, targets } = data;
  const rowsOf = (values: Float64Array, columns: number, rows: Float64Array): Float64Array => {
    indices.forEach((index, i) => {
      rows.set(values.subarray(index * columns, (index + 1) * columns), i * columns);
    });
    return rows;
  };
  return {
    ...{ samples: indices.length, width, outputs },
    inputs: rowsOf(inputs, width, memory),
    labels: labels === null ? null : Int32Array.from(indices, (index) => labels[index] as number),
    targets: targets === null ? null : rowsOf(targets, outputs, new Float64Array(indices.length * outputs)),
  };
}

/** As the stages take a set. */
export function samplesIn({ samples, inputs, labels }: Dataset): Samples {
  return { count: samples, rows: inputs, labels };
}

/** f of a set: the loss as a head. @throws ModelError where the set has not what the loss compares with. */
export function lossHead(loss: LossName, { targets, labels, samples }: Dataset): Head {
  switch (loss) {
    case "cross-entropy":
      if (labels === null) throw new ModelError("loss cross-entropy: found targets, expected a class for each sample");
      return { kind: "cross-entropy" };
    case "logistic":
      if (labels === null) throw new ModelError("loss logistic: found targets, expected a sign for each sample");
      return { kind: "logistic" };
    case "squared-error":
      if (targets === null)
        throw new ModelError("loss squared-error: found no targets, expected a row for each sample");
      return { kind: "squared-error", targets, rows: samples };
  }
}

/** The share of a set that is held out, drawn by address; the others first. Each part in the set's order. */
export function split(data: Dataset, share: number, seed: number): readonly [train: Dataset, held: Dataset | null] {
  const held = Math.round(share * data.samples);
  if (held === 0) return [data, null];
  if (held >= data.samples) {
    throw new ModelError(
      `--held-out ${String(share)}: found ${String(data.samples)} samples, of which none is left to train on`,
    );
  }
  const order = permutation(seed, SPLIT_STREAM, 0, data.samples);
  return [chosen(data, order.slice(held).sort()), chosen(data, order.slice(0, held).sort())];
}

/** The set with the labels (or rows of targets) of a share of its samples permuted among these. */
export function withShuffledLabels(data: Dataset, share: number, seed: number): Dataset {
  const count = Math.round(share * data.samples);
  const picked = permutation(seed, LABEL_SHUFFLE_STREAM, 0, data.samples).slice(0, count);
  const order = permutation(seed, LABEL_SHUFFLE_STREAM, 1, count);
  const source = Int32Array.from({ length: data.samples }, (_, i) => i);
  picked.forEach((at, i) => {
    source[at] = picked[order[i] as number] as number;
  });
  const { labels, targets } = chosen(data, source);
  return { ...data, labels, targets };
}

/** The fixed samples that a probe looks at: at most so many, drawn by address, in the set's order. */
export function probeSet(data: Dataset, most: number, seed: number): Dataset {
  if (most >= data.samples) return data;
  return chosen(data, permutation(seed, PROBE_SET_STREAM, 0, data.samples).slice(0, most).sort());
}
