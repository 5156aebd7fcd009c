/**
 * gradient-penalty-witness/1 (schemas/witness.schema.json): text → witness and back. Each part carries its SHA-256, over the part's own
 * JSON text, so that a part that was changed on the way is told from one that never was right.
 */
import * as v from "valibot";
import { checkDepth } from "../formats/json-depth.ts";
import { activationKeys, MODEL_FILE, readModelJson } from "../formats/model-json.ts";
import { IEEE_F64, WGSL_F32 } from "../engine/engine.ts";
import { NORM_METHODS } from "../engine/krylov.ts";
import { FormatError, ModelError } from "../network/errors.ts";
import { leastKinkDistance } from "../network/kinks.ts";
import { checkHead, labelRange, labelUse } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import { inputWidth, outputWidth } from "../network/network.ts";
import { count, digest, list, note, NORMS, verdict } from "../records/kit.ts";
import type { SampleRow } from "../records/sample.ts";
import { engine, tool } from "../records/shared.ts";
import { checkShapes } from "./shapes.ts";
import { decoded, encoded, float, floats, integers } from "./numbers.ts";
import type { Witness } from "./witness.ts";

const SCHEMA = "gradient-penalty-witness/1";

/** The parts that a digest is kept of. */
const PARTS = ["network", "head", "input", "measured", "stored", "measurements"] as const;

/** What decides a replay beside them: one digest for all, as a list of their values. */
const REST = ["tool", "engine", "settings", "address", "index", "label", "norms", "verdict", "check", "layer"] as const;

const interval = v.object({ lower: float, upper: float });
const direction = v.object({ tangents: v.array(floats), pushed: v.array(floats) });
const measuredDirection = v.object({ tangentNorm: v.array(floats), products: v.array(floats) });

const Head = v.variant("kind", [
  v.object({ kind: v.literal("sum") }),
  v.object({ kind: v.literal("mean") }),
  // Whether there is such an output, checkHead says.
  v.object({ kind: v.literal("logit"), index: v.pipe(v.number(), v.integer(), v.metadata({ minimum: 0 })) }),
  v.object({ kind: v.literal("logit-argmax") }),
  v.object({ kind: v.literal("linear"), coefficients: floats }),
  v.object({ kind: v.literal("half-squared-norm") }),
  v.object({ kind: v.literal("log-sum-exp") }),
  v.object({ kind: v.literal("cross-entropy") }),
  v.object({ kind: v.literal("logistic") }),
  v.object({ kind: v.literal("squared-error"), targets: floats, rows: v.literal(1) }),
  v.object({ kind: v.literal("margin") }),
]);

const Stored = v.object({
  value: float,
  topExponent: v.pipe(v.number(), v.integer()),
  topGradient: floats,
  hidden: v.array(floats),
  preactivation: v.array(floats),
  slopes: v.array(floats),
  adjoints: v.array(floats),
  inputGradient: floats,
  pullbacks: v.array(floats),
  directions: v.strictTuple([direction, direction]),
  witnesses: v.array(
    v.nullable(
      v.object({
        ...{ vector: floats, stages: v.array(floats), result: floats },
        search: v.exactOptional(
          note(
            v.object({ alpha: floats, beta: floats, unitRoundoff: float }),
            "The coefficients of the iteration's steps, and the unit roundoff of the arithmetic that made its vectors.",
          ),
        ),
      }),
    ),
  ),
});

const Measurements = v.object({
  finite: v.pipe(
    v.array(v.picklist([0, 1])),
    v.transform((list) => Uint8Array.from(list)),
  ),
  value: floats,
  topExponent: integers,
  hiddenNorm: v.array(floats),
  slopeMax: v.array(floats),
  // It is made again of the stored z.
  kinkDistance: v.optional(
    note(
      v.array(floats),
      "The least distance of each layer's z from a kink of its activation; absent in files of earlier versions.",
    ),
  ),
  adjointNorm: v.array(floats),
  pullbackNorm: v.array(floats),
  directions: v.strictTuple([measuredDirection, measuredDirection]),
  witnesses: v.array(
    v.nullable(
      v.object({
        ...{ vectorNorm: floats, pullbackNorm: floats, stageNorm: v.array(floats), steps: integers },
        iterateNorm: v.exactOptional(
          note(
            v.array(floats),
            "Norms of the iteration's first vector and of the one after its first round, where the engine measures them.",
          ),
        ),
        error: v.exactOptional(note(floats, "The iteration's own estimate of its norm's relative error.")),
      }),
    ),
  ),
  explicit: v.array(
    v.nullable(
      v.object({ frobenius: floats, spectralLower: floats, spectralUpper: floats, stageNorm: v.array(floats) }),
    ),
  ),
});

/** A number as written: what JSON cannot write is a word ("Infinity"). */
const written = v.optional(v.nullable(v.union([v.number(), v.string()])));

const Measured = v.looseObject({
  verdict,
  reason: v.optional(v.string()),
  ...{ value: written, lhs: written, rhs: written, ratio: written },
  layers: v.array(v.looseObject({ layer: v.optional(v.number()), verdict: v.optional(v.string()) })),
  violations: v.optional(
    v.array(v.looseObject({ check: v.string(), layer: v.number(), detail: v.optional(v.string()) })),
  ),
});

/** What the file holds, schemas/witness.schema.json; keys beside these are passed over. */
export const WITNESS_FILE = v.object({
  schema: v.literal(SCHEMA),
  tool: v.object(tool.entries),
  engine: v.object(engine.entries),
  settings: v.object({
    norm: v.picklist(NORMS),
    accuracy: v.union([v.number(), v.literal("verdict")]),
    normMethod: v.exactOptional(note(v.picklist(NORM_METHODS), "Lanczos in files of before.")),
    certify: v.nullable(v.number()),
    seed: count,
    plant: note(v.nullable(v.string()), "The planted fault that was switched on."),
  }),
  address: note(v.nullable(v.string()), "SEED:STREAM:INDEX of a sweep's case."),
  index: note(count, "The sample's number in its run: the address of its random direction."),
  label: note(v.pipe(v.number(), v.integer(), v.minValue(-1)), "-1: none."),
  verdict,
  check: note(v.nullable(v.string()), "The check that failed first."),
  layer: note(v.nullable(count), "Its layer; 0: the whole network."),
  network: note(
    v.looseObject({ schema: MODEL_FILE.entries.schema, layers: list(v.unknown(), 1) }),
    "As model.schema.json says, with the word -0 where a weight or bias is that; bias null: the layer has none.",
  ),
  head: Head,
  input: floats,
  measured: note(
    Measured,
    "What was reported of the sample, as in samples.schema.json, numbers that are not finite as words.",
  ),
  norms: note(
    v.array(v.object({ spectral: interval, frobenius: interval })),
    "The proven brackets of the scaled weights' norms.",
  ),
  stored: Stored,
  measurements: Measurements,
  sha256: note(
    // A digest under another name would be none.
    v.strictObject({
      ...{ network: digest, head: digest, input: digest },
      ...{ measured: digest, stored: digest, measurements: digest },
      rest: v.optional(digest),
    }),
    "Of each part's own JSON text; rest: of the list of tool, engine, settings, address, index, label, norms, verdict, check and layer.",
  ),
});

/** The file's text, ending in a line break. Undone by readWitness. */
export async function witnessText(witness: Witness): Promise<string> {
  const { network, row, measurements, ...rest } = witness;
  const first = row.violations?.[0];
  // One sample, and the arithmetic is its engine's: neither is written.
  const numbers = { ...measurements, samples: undefined, arithmetic: undefined };
  const body = encoded({
    schema: SCHEMA,
    ...rest,
    verdict: row.verdict,
    check: first?.check ?? null,
    layer: first === undefined ? null : first.layer,
    network: {
      schema: "gradient-penalty-model/1",
      layers: network.layers.map(({ weight, bias, biased, activation, inputs, outputs }) => ({
        weight: Array.from({ length: outputs }, (_, i) => weight.subarray(i * inputs, (i + 1) * inputs)),
        bias: biased === false ? null : bias,
        ...activationKeys({ activation }),
      })),
    },
    measured: row,
    measurements: numbers,
  }) as Record<string, unknown>;
  const sha256: Record<string, string> = {};
  for (const part of PARTS) sha256[part] = await sha256Of(JSON.stringify(body[part]));
  sha256["rest"] = await sha256Of(restOf(body));
  return `${JSON.stringify({ ...body, sha256 })}\n`;
}

function restOf(body: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(REST.map((key) => body[key]));
}

/**
 * @param source names the file in messages.
 * @throws FormatError, ModelError where it is no witness, or a part is not what it was.
 */
export async function readWitness(text: string, source: string): Promise<Witness> {
  checkDepth(text, source);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${source}: found no JSON (${reason}), expected a ${SCHEMA}`, { cause });
  }
  const result = v.safeParse(WITNESS_FILE, raw);
  if (!result.success) {
    const issue = result.issues[0];
    const path = issue.path?.map((p) => String(p.key)).join(".") ?? "the document";
    // A key that is missing is "expected" by its own name: of the schema's, the value is what helps.
    if (path === "schema") {
      throw new FormatError(`${source}: schema: found ${issue.received.slice(0, 60)}, expected "${SCHEMA}"`);
    }
    throw new FormatError(
      `${source}: ${path}: found ${issue.received.slice(0, 60)}, expected ${(issue.expected ?? `a ${SCHEMA}`).slice(0, 300)}`,
    );
  }
  const file = result.output;
  const parts = raw as Record<string, unknown>;
  const check = async (part: string, own: string, expected: string): Promise<void> => {
    const found = await sha256Of(own);
    if (found === expected) return;
    throw new FormatError(
      `${source}: ${part}: found SHA-256 ${found.slice(0, 12)}…, expected ${expected.slice(0, 12)}…: the part was changed after it was written`,
    );
  };
  for (const part of PARTS) await check(part, JSON.stringify(parts[part]), file.sha256[part]);
  // Files of before have none.
  if (file.sha256.rest !== undefined) await check(REST.join(", "), restOf(parts), file.sha256.rest);
  const network = readNetwork(parts["network"], source);
  checkCase(file, network, source);
  if (file.input.length !== inputWidth(network)) {
    throw new FormatError(
      `${source}: input: found ${String(file.input.length)} values, expected ${String(inputWidth(network))}, the inputs of layer 1`,
    );
  }
  checkShapes(network, file, source);
  const { tool, engine, settings, address, index, label, norms, stored, head, input } = file;
  const arithmetic = engine.precision === "f64" ? IEEE_F64 : WGSL_F32;
  const kinkDistance =
    file.measurements.kinkDistance ??
    network.layers.map(({ activation }, i) =>
      Float64Array.of(leastKinkDistance(activation, stored.preactivation[i] as Float64Array)),
    );
  return {
    ...{ tool, engine, settings, address, index, label, norms, stored, head, input, network },
    row: decoded(file.measured) as SampleRow,
    measurements: { samples: 1, arithmetic, ...file.measurements, kinkDistance },
  };
}

/** As readModelJson reads it, and the sign of −0, which JSON.stringify drops. */
function readNetwork(part: unknown, source: string): Network {
  const plain = decoded(part) as {
    readonly layers?: readonly { readonly weight?: unknown; readonly bias?: unknown }[];
  };
  const network = readModelJson(JSON.stringify(plain), `${source}: network`, {});
  const signed = (values: Float64Array, raw: unknown): Float64Array =>
    Float64Array.from((raw as number[] | number[][]).flat(), (v, i) => (v === 0 ? v : (values[i] as number)));
  return {
    layers: network.layers.map((layer, i) => {
      const raw = plain.layers?.[i];
      return {
        ...layer,
        weight: signed(layer.weight, raw?.weight),
        bias: layer.biased === false ? layer.bias : signed(layer.bias, raw?.bias),
      };
    }),
  };
}

/** @throws FormatError, ModelError where head, label, verdict, check or layer do not go with the rest. */
function checkCase(file: v.InferOutput<typeof WITNESS_FILE>, network: Network, source: string): void {
  const outputs = outputWidth(network);
  try {
    checkHead(file.head, outputs, 1);
  } catch (cause) {
    throw cause instanceof ModelError ? new ModelError(`${source}: ${cause.message}`, { cause }) : cause;
  }
  const range = labelRange(file.head, outputs);
  const least = labelUse(file.head) === "required" ? range.least : -1;
  if (file.label < least || file.label > range.most) {
    throw new FormatError(
      `${source}: label: found ${String(file.label)}, expected ${String(least)} to ${String(range.most)}`,
    );
  }
  const [first] = (file.measured as unknown as SampleRow).violations ?? [];
  const expected = { verdict: file.measured.verdict, check: first?.check ?? null, layer: first?.layer ?? null };
  for (const name of ["verdict", "check", "layer"] as const) {
    if (file[name] !== expected[name]) {
      throw new FormatError(
        `${source}: ${name}: found ${String(file[name])}, expected ${String(expected[name])}, what "measured" says`,
      );
    }
  }
}

async function sha256Of(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
