/**
 * gradient-penalty-witness/1 (schemas/witness.schema.json): text → witness and back. Each part carries its SHA-256, over the part's own
 * JSON text, so that a part that was changed on the way is told from one that never was right.
 */
import * as v from "valibot";
import { readModelJson, writeModelJson } from "../formats/model-json.ts";
import { IEEE_F64, WGSL_F32 } from "../engine/engine.ts";
import { FormatError } from "../network/errors.ts";
import { checkHead } from "../network/heads.ts";
import { inputWidth, outputWidth } from "../network/network.ts";
import type { SampleRow } from "../escalation/results.ts";
import { checkShapes } from "./shapes.ts";
import { decoded, encoded, float, floats, integers } from "./numbers.ts";
import type { Witness } from "./witness.ts";

const SCHEMA = "gradient-penalty-witness/1";

/** The parts that a digest is kept of. */
const PARTS = ["network", "head", "input", "measured", "stored", "measurements"] as const;

const interval = v.object({ lower: float, upper: float });
const direction = v.object({ tangents: v.array(floats), pushed: v.array(floats) });
const measuredDirection = v.object({ tangentNorm: v.array(floats), products: v.array(floats) });

const Head = v.variant("kind", [
  v.object({ kind: v.literal("sum") }),
  v.object({ kind: v.literal("mean") }),
  v.object({ kind: v.literal("logit"), index: v.pipe(v.number(), v.integer()) }),
  v.object({ kind: v.literal("logit-argmax") }),
  v.object({ kind: v.literal("linear"), coefficients: floats }),
  v.object({ kind: v.literal("half-squared-norm") }),
  v.object({ kind: v.literal("log-sum-exp") }),
  v.object({ kind: v.literal("cross-entropy") }),
  v.object({ kind: v.literal("squared-error"), targets: floats, rows: v.literal(1) }),
  v.object({ kind: v.literal("margin") }),
]);

const Stored = v.object({
  value: float,
  topExponent: v.number(),
  topGradient: floats,
  hidden: v.array(floats),
  preactivation: v.array(floats),
  slopes: v.array(floats),
  adjoints: v.array(floats),
  inputGradient: floats,
  pullbacks: v.array(floats),
  directions: v.tuple([direction, direction]),
  witnesses: v.array(v.nullable(v.object({ vector: floats, stages: v.array(floats), result: floats }))),
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
  adjointNorm: v.array(floats),
  pullbackNorm: v.array(floats),
  directions: v.tuple([measuredDirection, measuredDirection]),
  witnesses: v.array(
    v.nullable(v.object({ vectorNorm: floats, pullbackNorm: floats, stageNorm: v.array(floats), steps: integers })),
  ),
  explicit: v.array(
    v.nullable(
      v.object({ frobenius: floats, spectralLower: floats, spectralUpper: floats, stageNorm: v.array(floats) }),
    ),
  ),
});

const File = v.object({
  schema: v.literal(SCHEMA),
  tool: v.object({ name: v.string(), version: v.string() }),
  engine: v.object({
    kind: v.picklist(["webgpu", "cpu"]),
    precision: v.picklist(["f32", "f64"]),
    adapter: v.string(),
    runtime: v.string(),
    hardware: v.boolean(),
  }),
  settings: v.object({
    norm: v.picklist(["spectral", "frobenius"]),
    accuracy: v.union([v.number(), v.literal("verdict")]),
    certify: v.nullable(v.number()),
    seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
    plant: v.nullable(v.string()),
  }),
  address: v.nullable(v.string()),
  index: v.pipe(v.number(), v.integer(), v.minValue(0)),
  label: v.pipe(v.number(), v.integer(), v.minValue(-1)),
  verdict: v.picklist(["holds", "tight", "violated", "unresolved", "invalid"]),
  check: v.nullable(v.string()),
  layer: v.nullable(v.number()),
  network: v.looseObject({}),
  head: Head,
  input: floats,
  measured: v.looseObject({ verdict: v.string(), layers: v.array(v.looseObject({})) }),
  norms: v.array(v.object({ spectral: interval, frobenius: interval })),
  stored: Stored,
  measurements: Measurements,
  sha256: v.object(Object.fromEntries(PARTS.map((part) => [part, v.string()]))),
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
    network: JSON.parse(writeModelJson(network)) as unknown,
    measured: row,
    measurements: numbers,
  }) as Record<string, unknown>;
  const sha256: Record<string, string> = {};
  for (const part of PARTS) sha256[part] = await digest(JSON.stringify(body[part]));
  return `${JSON.stringify({ ...body, sha256 })}\n`;
}

/**
 * @param source names the file in messages.
 * @throws FormatError, ModelError where it is no witness, or a part is not what it was.
 */
export async function readWitness(text: string, source: string): Promise<Witness> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`${source}: found no JSON (${reason}), expected a ${SCHEMA}`, { cause });
  }
  const result = v.safeParse(File, raw);
  if (!result.success) {
    const issue = result.issues[0];
    const path = issue.path?.map((p) => String(p.key)).join(".") ?? "the document";
    throw new FormatError(
      `${source}: ${path}: found ${issue.received.slice(0, 60)}, expected ${(issue.expected ?? `a ${SCHEMA}`).slice(0, 300)}`,
    );
  }
  const file = result.output;
  const parts = raw as Record<string, unknown>;
  for (const part of PARTS) {
    const found = await digest(JSON.stringify(parts[part]));
    if (found !== file.sha256[part]) {
      throw new FormatError(
        `${source}: ${part}: found SHA-256 ${found.slice(0, 12)}…, expected ${(file.sha256[part] ?? "").slice(0, 12)}…: the part was changed after it was written`,
      );
    }
  }
  const network = readModelJson(JSON.stringify(parts["network"]), `${source}: network`, {});
  checkHead(file.head, outputWidth(network), 1);
  if (file.input.length !== inputWidth(network)) {
    throw new FormatError(
      `${source}: input: found ${String(file.input.length)} values, expected ${String(inputWidth(network))}, the inputs of layer 1`,
    );
  }
  checkShapes(network, file.stored, file.measurements, source);
  const { tool, engine, settings, address, index, label, norms, stored, head, input } = file;
  const arithmetic = engine.precision === "f64" ? IEEE_F64 : WGSL_F32;
  return {
    ...{ tool, engine, settings, address, index, label, norms, stored, head, input, network },
    row: decoded(file.measured) as SampleRow,
    measurements: { samples: 1, arithmetic, ...file.measurements },
  };
}

async function digest(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
