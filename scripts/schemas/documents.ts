/** The files that are made of the field lists in src/: schemas/ and the tables of docs/rows.md and docs/training.md. */
import { readFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";
import * as prettier from "prettier";
import * as v from "valibot";
import { MODEL_FILE } from "../../src/formats/model-json.ts";
import type { Columns } from "../../src/records/columns.ts";
import { columnsOf } from "../../src/records/columns.ts";
import { CONFORMANCE_FAILURE, CONFORMANCE_REPORT } from "../../src/records/conformance.ts";
import { list, maybe, norm } from "../../src/records/kit.ts";
import { TIGHTEN_REPORT } from "../../src/records/report.ts";
import { LAYER_ROW, SAMPLE_ROW } from "../../src/records/sample.ts";
import { bracket, quantiles, spread, verdicts } from "../../src/records/shared.ts";
import { ADDRESSED_CASE, SWEEP_REPORT } from "../../src/records/sweep.ts";
import { BENCH_REPORT } from "../../src/records/bench.ts";
import { PROBED_FUNCTION, PROBED_LAYER, SERIES_ROW, TRAINING_REPORT } from "../../src/records/training.ts";
import { GRID } from "../../src/sweep/grid.ts";
import { WITNESS_FILE } from "../../src/witness/file.ts";
import { float, floats } from "../../src/witness/numbers.ts";

interface Described {
  readonly title: string;
  readonly description: string;
  readonly schema: v.GenericSchema;
  /** Schemas that the file names instead of repeating them. */
  readonly parts?: Readonly<Record<string, v.GenericSchema>>;
  /** Whether a file with keys that the reader passes over is none. */
  readonly closed?: boolean;
}

const RUN_REPORT = v.strictObject({
  ...TIGHTEN_REPORT.entries,
  search: v.exactOptional(TIGHTEN_REPORT.entries.search),
});

const SCHEMAS: Readonly<Record<string, Described>> = {
  conformance: {
    title: "gradient-penalty-conformance/1",
    description: "What `gpv doctor --stress` found of an adapter and its driver.",
    schema: CONFORMANCE_REPORT,
    parts: { failure: CONFORMANCE_FAILURE, verdicts },
  },
  grid: {
    title: "Grid of a sweep",
    description:
      "Lists whose Cartesian product is swept, depth turning slowest and distribution fastest; or several such objects, one after the other.",
    schema: v.union([GRID, list(GRID, 1)]),
    parts: { grid: GRID },
  },
  model: {
    title: "gradient-penalty-model/1",
    description: "A multilayer perceptron: layer t maps h to g(W h + b).",
    schema: MODEL_FILE,
  },
  report: {
    title: "gradient-penalty-report/1",
    description:
      "What one run of gradient-penalty-verifier found. Norms are not squared; layers count from 1, samples from 0. Whatever may differ between two runs of the same settings stands in timing alone. The report of a sweep has architectures in the place of the model.",
    schema: v.union([RUN_REPORT, SWEEP_REPORT]),
    parts: { maybe, norm, bracket, quantiles, spread, verdicts, case: ADDRESSED_CASE },
  },
  samples: {
    title: "One line of --samples FILE.jsonl",
    description: "What was found for one sample. Norms are not squared; index counts from 0, layers from 1.",
    schema: SAMPLE_ROW,
    parts: { maybe, norm, layer: LAYER_ROW },
  },
  series: {
    title: "One line of --series FILE.jsonl: gradient-penalty-series/1",
    description:
      "What a network is like at one step of its training. Penalties are mean squared norms; norms are not squared; layers count from 1.",
    schema: SERIES_ROW,
    parts: { maybe, norm, verdicts, function: PROBED_FUNCTION },
  },
  training: {
    title: "gradient-penalty-training/1",
    description:
      "What gpv train or gpv probe found, with every line of its series. Whatever may differ between two runs of the same settings stands in timing alone.",
    schema: TRAINING_REPORT,
    parts: { maybe, norm, verdicts, function: PROBED_FUNCTION, series: SERIES_ROW },
  },
  bench: {
    title: "gradient-penalty-bench/1",
    description: "How many samples a second gpv bench found this machine to verify, beside peers in one run.",
    schema: BENCH_REPORT,
    parts: { norm },
  },
  witness: {
    title: "A witness: gradient-penalty-witness/1",
    description:
      "One sample with everything that its verdict was made of: the network as the engine took it, the input, what was reported, stored and measured. Vectors of layer t stand at index t − 1, scaled as src/engine/engine.ts says.",
    schema: WITNESS_FILE,
    parts: { number: float, numbers: floats },
    closed: true,
  },
};

/** What JSON Schema has no words for, and what a reader makes of a value once it is accepted. */
const UNSAID = ["check", "finite", "transform"];

function jsonSchema(name: string, { title, description, schema, parts = {}, closed = false }: Described): object {
  const converted = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    definitions: parts,
    ignoreActions: UNSAID,
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      closed && valibotSchema.type === "object" ? { ...jsonSchema, additionalProperties: false } : undefined,
  });
  const { $schema, $defs = {}, ...rest } = converted;
  const names = new Map(Object.entries(parts).map(([part]) => [unworded($defs[part]), part]));
  const definitions = Object.entries($defs).map(([part, body]) => [part, eachValue(body, (x) => named(x, names))]);
  const body = {
    ...(named(rest, names) as object),
    ...(definitions.length === 0 ? {} : { $defs: Object.fromEntries(definitions) as object }),
  };
  const $id = `https://gradient-penalty-verifier.invalid/schemas/${name}.schema.json`;
  return { $schema: $schema ?? "", $id, title, description, ...body };
}

/** The converter repeats a part whose words are other ones: a name and those words say the same. */
function named(value: unknown, names: ReadonlyMap<string, string>): unknown {
  const part = names.get(unworded(value));
  if (part === undefined) return eachValue(value, (x) => named(x, names));
  const { description } = value as { readonly description?: string };
  return { $ref: `#/$defs/${part}`, ...(description === undefined ? {} : { description }) };
}

function eachValue(value: unknown, change: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, change(entry)]));
}

function unworded(value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
  return JSON.stringify({ ...value, description: undefined });
}

const TYPES = {
  long: "int64",
  integer: "int32",
  number: "double",
  text: "text",
  struct: "struct",
  list: "list of structs",
} as const;

/** A Markdown table: column, type, meaning. */
function table(columns: Columns): string {
  const rows = Object.entries(columns).map(([name, { kind, optional, meaning }]) => {
    const type = optional && kind !== "number" ? `${TYPES[kind]}, may be missing` : TYPES[kind];
    return `| \`${name}\` | ${type} | ${meaning.replaceAll("|", "\\|")} |`;
  });
  return ["| column | type | meaning |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The text with each table that stands between its marks made anew. */
function withTables(text: string, tables: Readonly<Record<string, Columns>>): string {
  return Object.entries(tables).reduce((all, [mark, columns]) => {
    const [begin, end] = [`<!-- ${mark} -->`, `<!-- end of ${mark} -->`];
    const [from, to] = [all.indexOf(begin), all.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs: found no "${begin} … ${end}"`);
    return `${all.slice(0, from)}${begin}\n\n${table(columns)}\n\n${all.slice(to)}`;
  }, text);
}

/** Every such file, by its path from the repository's root, formatted as the rest. */
export async function documents(root: string): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  const put = async (path: string, text: string): Promise<void> => {
    const options = await prettier.resolveConfig(`${root}/${path}`);
    texts[path] = await prettier.format(text, { ...options, filepath: path });
  };
  for (const [name, described] of Object.entries(SCHEMAS)) {
    await put(`schemas/${name}.schema.json`, JSON.stringify(jsonSchema(name, described)));
  }
  const rows = readFileSync(`${root}/docs/rows.md`, "utf8");
  const tables = {
    "columns of a row": columnsOf(SAMPLE_ROW.entries),
    "columns of a layer": columnsOf(LAYER_ROW.entries),
  };
  await put("docs/rows.md", withTables(rows, tables));
  const training = readFileSync(`${root}/docs/training.md`, "utf8");
  const ofSeries = {
    "columns of a line": columnsOf(SERIES_ROW.entries),
    "columns of a function": columnsOf(PROBED_FUNCTION.entries),
    "columns of a layer": columnsOf(PROBED_LAYER.entries),
  };
  await put("docs/training.md", withTables(training, ofSeries));
  return texts;
}
