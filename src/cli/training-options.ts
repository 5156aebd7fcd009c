/** Options → what a training run is. */
import { drawnActivation } from "../network/activation-names.ts";
import { UsageError } from "../network/errors.ts";
import { formatActivation } from "../network/parametric.ts";
import { printable } from "../network/printable.ts";
import type { Dataset } from "../training/data.ts";
import type { ProbeSettings } from "../training/probe.ts";
import type { Precision, TrainingSettings } from "../training/settings.ts";
import type { Arguments } from "./arguments.ts";

/** @param data of which the outer widths are. @throws UsageError */
export function trainingSettings(
  { values }: Arguments,
  data: Dataset,
  seed: number,
  precision: Precision,
): TrainingSettings {
  const widths = [data.width, ...values.hidden, data.outputs];
  if (values.trainingPrecision === "f32" && values.penalty !== null) {
    throw new UsageError("Found --precision f32 with --penalty: expected f64, in which penalties are differentiated");
  }
  const { initialiser, initialScale, loss, optimiser, momentum, weightDecay, schedule, warmUp, batch } = values;
  return {
    ...{ widths, activations: activationsOf(values.activation, widths.length - 1), initialiser, scale: initialScale },
    ...{ loss, optimiser, learningRate: values.learningRate ?? DEFAULT_RATE[optimiser], momentum, weightDecay },
    ...{
      schedule,
      warmUp,
      batch,
      steps: values.trainingSteps,
      penalties: values.penalty ?? [],
      precision,
      seed,
    },
  };
}

const DEFAULT_RATE = { sgd: 0.05, adam: 0.001 } as const;

/** One name is the hidden layers'; relu where nothing is said. */
function activationsOf(given: readonly string[] | null, layers: number): string[] {
  const names = (given ?? ["relu"]).map(spelling);
  if (names.length === layers && given !== null && layers > 1) return [...names];
  const [only] = names;
  if (names.length === 1 && only !== undefined) {
    return Array.from({ length: layers }, (_, i) => (i < layers - 1 ? only : "identity"));
  }
  throw new UsageError(
    `--activation: found ${String(names.length)} names, expected 1 or ${String(layers)}, one for each layer of --hidden and the last`,
  );
}

/** @throws UsageError for an activation that a drawn network cannot have. */
function spelling(text: string): string {
  try {
    return formatActivation(drawnActivation(text));
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new UsageError(`--activation ${printable(text)}: ${cause.message}`, { cause });
  }
}

/** @param batch samples of a minibatch. */
export function probeSettings({ values }: Arguments, data: Dataset): ProbeSettings {
  const { loss, batch, accuracy, audit, seed } = values;
  return {
    ...{ loss, batch: batch === "full" ? data.samples : batch, logits: values.logits === "yes" },
    ...{ accuracy, audit, seed },
  };
}
