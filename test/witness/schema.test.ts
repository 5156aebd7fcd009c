/** schemas/witness.schema.json says what the writer writes and the reader reads. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { rowLine } from "../../src/report/rows.ts";
import { readWitness, witnessText } from "../../src/witness/file.ts";
import type { Witness } from "../../src/witness/witness.ts";
import { headCases } from "../reference/support/cases.ts";
import type { Path } from "./files.ts";
import { parsed, refusal, resealed, valueAt } from "./files.ts";
import { forged, network, witnessOf } from "./support.ts";

const RELU = network([5, 6, 4], "relu");
const NAN = Float64Array.of(1, NaN, 0, 0, 0);

function errorsOf(name: string): (value: unknown) => string {
  const schema = JSON.parse(readFileSync(`schemas/${name}.schema.json`, "utf8")) as object;
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? "" : ajv.errorsText(validate.errors));
}

const errors = errorsOf("witness");
const open = forged(await witnessOf(RELU), { verdict: "unresolved", reason: "κ lies in [0.9, 1.1]" });

const WITNESSES: readonly (readonly [string, Witness])[] = [
  ["holds", await witnessOf(RELU)],
  ["tight", await witnessOf(network([3, 1], "relu"))],
  ["violated", await witnessOf(RELU, { fault: "vjp-missing-mask" })],
  ["violated", await witnessOf(RELU, { fault: "weight-norm-high", norm: "frobenius" })],
  ["violated", await witnessOf(RELU, { fault: "nan-swallowed", inputs: NAN })],
  ["unresolved", open],
  ["invalid", await witnessOf(RELU, { inputs: NAN })],
];

/** Keys that a file can be without only where it is none: all but those of the row and of the network's own schema. */
function* requiredKeys(value: unknown, path: Path = []): Generator<Path> {
  if (value === null || typeof value !== "object") return;
  for (const [key, entry] of Object.entries(value)) {
    if (!Array.isArray(value)) yield [...path, key];
    if (path.length > 0 || (key !== "measured" && key !== "network")) {
      yield* requiredKeys(entry, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  }
}

function without(file: Record<string, unknown>, path: Path): Record<string, unknown> {
  const copy = structuredClone(file);
  Reflect.deleteProperty(valueAt(copy, path.slice(0, -1)) as object, path.at(-1) ?? "");
  return copy;
}

describe("the schema of witness files", () => {
  test.each(WITNESSES)(
    "accepts a witness that says %s, its network and its row those of their own schemas",
    async (verdict, w) => {
      expect(w.row.verdict).toBe(verdict);
      const text = await witnessText(w);
      const file = parsed(text);
      expect(errors(file)).toBe("");
      expect(errorsOf("model")(file["network"])).toBe("");
      const { row } = await readWitness(text, "w.json");
      expect(errorsOf("samples")(JSON.parse(rowLine(row)))).toBe("");
    },
  );

  test.each(headCases(4))("accepts the head $name", async ({ head, label }) => {
    const file = parsed(await witnessText(await witnessOf(RELU, { head, label })));
    expect(errors(file)).toBe("");
    expect(file["head"]).toMatchObject({ kind: head.kind });
  });

  test.each(WITNESSES.slice(2, 4))("and the reader refuse a file of %s with any one key missing", async (_, w) => {
    const text = await witnessText(w);
    const file = parsed(text);
    // Later additions, which files written before are without.
    const keys = [...requiredKeys(file)].filter(
      (path) => !["kinkDistance", "rest", "search", "error"].includes(String(path.at(-1))),
    );
    expect(keys.length).toBeGreaterThan(60);
    for (const path of keys) {
      const name = path.join(".");
      const less = without(file, path);
      expect(errors(less), name).toMatch(new RegExp(`must have required property '${String(path.at(-1))}'|oneOf`));
      expect(await refusal(JSON.stringify(less)), name).toMatch(/^FormatError: w\.json: [^\n]+$/);
    }
    for (const path of [
      ["measured", "verdict"],
      ["measured", "layers"],
      ["network", "schema"],
      ["network", "layers"],
    ]) {
      expect(errors(without(file, path))).toContain(`must have required property '${path[1] ?? ""}'`);
      expect(await refusal(await resealed(text, path, () => undefined))).toMatch(/^FormatError: w\.json: /);
    }
  });

  test("allows the words NaN, Infinity, -Infinity and -0 for a number, and the reader too: no others", async () => {
    const text = await witnessText(WITNESSES[2]?.[1] ?? open);
    for (const [word, right] of [
      ...["NaN", "Infinity", "-Infinity", "-0"].map((known) => [known, true] as const),
      ...["nan", "+Infinity", "0", "1e3", "", null, true].map((unknown) => [unknown, false] as const),
    ]) {
      for (const path of [
        ["stored", "value"],
        ["input", 0],
        ["norms", 1, "spectral", "upper"],
        ["measurements", "hiddenNorm", 0, 0],
      ]) {
        const odd = await resealed(text, path, () => word);
        const name = `${path.join(".")} = ${JSON.stringify(word)}`;
        expect(errors(JSON.parse(odd)) === "", name).toBe(right);
        expect((await refusal(odd)) === "accepted", name).toBe(right);
      }
    }
  });

  test("refuses a verdict, norm, engine, head, accuracy or digest that there is none of, as the reader does", async () => {
    const text = await witnessText(open);
    const changes: readonly (readonly [Path, unknown])[] = [
      [["schema"], "gradient-penalty-witness/2"],
      [["verdict"], "fine"],
      [["settings", "norm"], "nuclear"],
      [["settings", "accuracy"], "loose"],
      [["settings", "seed"], -1],
      [["settings", "seed"], 1.5],
      [["engine", "kind"], "abacus"],
      [["engine", "precision"], "f16"],
      [["index"], -1],
      [["label"], -2],
      [["head"], { kind: "logit" }],
      [["head"], { kind: "median" }],
      [["head"], { kind: "squared-error", targets: [1, 2, 3, 4], rows: 2 }],
      [["measurements", "finite", 0], 2],
      [["network", "schema"], "gradient-penalty-model/2"],
      [["measured", "verdict"], 3],
    ];
    for (const [path, value] of changes) {
      const odd = await resealed(text, path, () => value);
      expect(errors(JSON.parse(odd)), path.join(".")).not.toBe("");
      expect(await refusal(odd), path.join(".")).toMatch(/^FormatError: w\.json: [^\n]+$/);
    }
    const file = parsed(text);
    expect(errors({ ...file, sha256: { ...(file["sha256"] as object), stored: "abc" } })).toContain("pattern");
    expect(errors({ ...file, more: 1 })).toContain("additional properties");
  });
});
