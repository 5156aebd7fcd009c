/** Our own network format, gradient-penalty-model/1 (schemas/model.schema.json). */
import * as v from "valibot";
import type { NamedActivation } from "../network/activation-names.ts";
import { ACTIVATION_PATTERN } from "../network/activation-names.ts";
import { FormatError, UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import type { Layer, Network } from "../network/network.ts";
import { checkNetwork } from "../network/network.ts";
import type { Activation } from "../network/parametric.ts";
import { formatActivation, isPrelu, prelu } from "../network/parametric.ts";
import { checkDepth } from "./json-depth.ts";
import { parseActivation, parseActivations, preluNote } from "./activation-list.ts";
import { missingBias, missingBiasNote } from "./missing-bias.ts";
import type { ModelOptions } from "./model-tensors.ts";

const numbers = v.pipe(v.array(v.number()), v.minLength(1));

/** What the file holds: schemas/model.schema.json is made of it. */
export const MODEL_FILE = v.object({
  schema: v.literal("gradient-penalty-model/1"),
  layers: v.pipe(
    v.array(
      // What else a layer may have would change what it computes.
      v.strictObject({
        weight: v.pipe(v.array(numbers), v.minLength(1), v.description("Rows are outputs.")),
        bias: v.pipe(v.nullable(numbers), v.description("null: the layer has none")),
        activation: v.pipe(
          v.string(),
          v.metadata({ pattern: ACTIVATION_PATTERN }),
          v.description(
            "A name, with a parameter where it is not the usual one: leaky-relu(0.2). Other usual spellings are read too.",
          ),
        ),
        slopes: v.optional(
          v.pipe(numbers, v.description('Of the activation "prelu", for z ≤ 0: one for all units, or one for each.')),
        ),
      }),
    ),
    v.minLength(1),
  ),
});

/** @throws FormatError, ModelError. Undone by writeModelJson. */
export function readModelJson(text: string, source: string, options: ModelOptions): Network {
  checkDepth(text, source);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${source}: found no JSON (${reason}), expected a gradient-penalty-model/1`, { cause });
  }
  if (typeof raw === "object" && raw !== null && Object.hasOwn(raw, "weight_map")) {
    throw new FormatError(
      `${source}: found the index of a model in several files, expected all of the model in one file`,
    );
  }
  return networkFromJson(raw, source, options);
}

/** What such a file holds, once it is parsed; other values are refused. */
export type ModelFile = v.InferInput<typeof MODEL_FILE>;

/** @throws FormatError, ModelError */
export function networkFromJson(raw: unknown, source: string, options: ModelOptions): Network {
  const result = v.safeParse(MODEL_FILE, raw);
  if (!result.success) {
    const issue = result.issues[0];
    const path = issue.path?.map((p) => String(p.key)).join(".") ?? "the document";
    const expected =
      issue.expected === "never" ? "weight, bias, activation and slopes alone" : issue.expected.slice(0, 300);
    throw new FormatError(`${source}: ${printable(path)}: found ${printable(issue.received)}, expected ${expected}`);
  }
  const { layers } = result.output;
  const bare = layers.flatMap(({ bias }, i) => (bias === null ? [String(i + 1)] : []));
  if (bare.length > 0) options.note?.(missingBiasNote(source, bare));
  const chosen =
    options.activation === undefined ? null : parseActivations(options.activation, layers.length, "--activation");
  const network: Network = {
    layers: layers.map(({ weight, bias, activation, slopes }, i) => {
      const inputs = weight[0]?.length ?? 0;
      const ragged = weight.findIndex((row) => row.length !== inputs);
      if (ragged >= 0) {
        throw new FormatError(
          `${source}: layers.${String(i)}.weight.${String(ragged)}: found ${String(weight[ragged]?.length)} numbers, expected ${String(inputs)} as in row 0`,
        );
      }
      return {
        inputs,
        outputs: weight.length,
        weight: Float64Array.from(weight.flat()),
        ...(bias === null ? missingBias(weight.length) : { bias: Float64Array.from(bias) }),
        activation: activationOf(chosen?.[i] ?? parsed(activation, slopes, i, source), slopes, i, source),
      };
    }),
  };
  checkNetwork(network, source);
  const remark = preluNote(
    source,
    network.layers.map(({ activation }) => activation),
  );
  if (remark !== null) options.note?.(remark);
  return network;
}

/** What the layer's text says. */
function parsed(text: string, slopes: readonly number[] | undefined, i: number, source: string): NamedActivation {
  const place = `${source}: layers.${String(i)}`;
  let activation: NamedActivation;
  try {
    activation = parseActivation(text, `${place}.activation`);
  } catch (cause) {
    throw cause instanceof UsageError ? new FormatError(cause.message, { cause }) : cause;
  }
  if (activation !== "prelu" && slopes !== undefined) {
    throw new FormatError(`${place}.slopes: found slopes beside ${printable(text)}, expected the activation prelu`);
  }
  return activation;
}

/** "prelu" has the file's slopes. */
function activationOf(
  named: NamedActivation,
  slopes: readonly number[] | undefined,
  i: number,
  source: string,
): Activation {
  if (named !== "prelu") return named;
  const place = `${source}: layers.${String(i)}.slopes`;
  if (slopes === undefined)
    throw new FormatError(`${place}: found none, expected the slopes of a prelu, or prelu(0.25)`);
  try {
    return prelu(slopes);
  } catch (cause) {
    throw cause instanceof UsageError ? new FormatError(`${place}: ${cause.message}`, { cause }) : cause;
  }
}

/** The activation of a layer as both keys of a file. Undone by readModelJson. */
export function activationKeys({ activation }: Pick<Layer, "activation">): { activation: string; slopes?: number[] } {
  const perUnit = isPrelu(activation) && activation.slopes.length > 1;
  return {
    activation: formatActivation(activation),
    ...(perUnit ? { slopes: Array.from(activation.slopes) } : {}),
  };
}

/** Undone by readModelJson; every number reads back to the same bits. */
export function writeModelJson(network: Network): string {
  // JSON.stringify writes −0 as 0.
  const list = (values: Float64Array): string =>
    `[${Array.from(values, (v) => (Object.is(v, -0) ? "-0" : String(v))).join()}]`;
  const layers = network.layers.map(({ weight, bias, biased, activation, inputs, outputs }) => {
    const rows = Array.from({ length: outputs }, (_, i) => list(weight.subarray(i * inputs, (i + 1) * inputs)));
    const keys = JSON.stringify(activationKeys({ activation })).slice(1);
    return `{"weight":[${rows.join()}],"bias":${biased === false ? "null" : list(bias)},${keys}`;
  });
  return `{"schema":"gradient-penalty-model/1","layers":[${layers.join()}]}`;
}
