/** The options that say which numbers of which file: FILE#NAME, --rows, --header, --layout, and what the report keeps of it. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import type { Report } from "../../src/records/report.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { zip } from "../support/zip.ts";
import { fakeIo } from "./fake-io.ts";

const folder = mkdtempSync(join(tmpdir(), "gpv-data-"));
const at = (name: string): string => join(folder, name);

/** f(x) = x₁ + 10 x₂ + 100 x₃, and a second output −f: the value says which row was read. */
const ROWS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 1, 2];
const VALUES = [321, 654, 987, 213];

beforeAll(() => {
  const weight = { shape: [2, 3], values: [1, 10, 100, -1, -10, -100] };
  const model = writeSafetensors(
    new Map([
      ["0.weight", weight],
      ["0.bias", { shape: [2], values: [0, 0] }],
    ]),
    "F64",
  );
  writeFileSync(at("m.safetensors"), model);
  const x = writeNpy([4, 3], ROWS, "f64");
  const archive = [
    { name: "x.npy", content: x, method: 8 },
    { name: "y.npy", content: writeNpy([4], [0, 1, 0, 1], "i32") },
    { name: "c.npy", content: writeNpy([2], [2, 1], "f64") },
    { name: "t.npy", content: writeNpy([4, 2], [321, 0, 0, 0, 0, 0, 0, 0], "f64") },
  ];
  writeFileSync(at("d.npz"), zip(archive));
  writeFileSync(at("x.npy"), x);
  writeFileSync(at("odd#name.npy"), x);
  writeFileSync(at("long.csv"), "0\n1\n0\n1\n0\n");
  writeFileSync(at("one.npy"), writeNpy([3], [1, 2, 3], "f64"));
  writeFileSync(at("numbered.csv"), "0,1,2\n1,2,3\n");
});

async function verify(
  ...words: string[]
): Promise<{ code: number; stderr: string; values: (number | null)[]; report: Report | null }> {
  const io = fakeIo();
  const rows = at("rows.jsonl");
  const fixed = ["verify", "--model", at("m.safetensors"), "--activation", "identity", "--engine", "cpu", "--json"];
  const code = await main([...fixed, "--samples", rows, ...words], io);
  const report = code === 2 ? null : (JSON.parse(io.stdout()) as Report);
  const values =
    report === null
      ? []
      : readFileSync(rows, "utf8")
          .trim()
          .split("\n")
          .map((line) => (JSON.parse(line) as { value: number | null }).value);
  return { code, stderr: io.stderr(), values, report };
}

test("FILE#NAME picks an array of the inputs, as --array does; a file with # in its own name is taken by its name", async () => {
  for (const words of [
    ["--inputs", `${at("d.npz")}#x`],
    ["--inputs", at("d.npz"), "--array", "x"],
    ["--inputs", at("odd#name.npy")],
  ]) {
    expect((await verify(...words, "--head", "logit:0")).values).toEqual(VALUES);
  }
  const both = await verify("--inputs", `${at("d.npz")}#x`, "--array", "t", "--head", "logit:0");
  expect(both.stderr).toContain("--array t: found #x in");
});

test("labels and heads name arrays of the same file", async () => {
  const inputs = ["--inputs", `${at("d.npz")}#x`];
  // The margin of a label: its own logit less the other, ±2 f(x).
  const labelled = await verify(...inputs, "--head", "margin", "--labels", `${at("d.npz")}#y`);
  expect(labelled.values).toEqual([642, -1308, 1974, -426]);
  expect((await verify(...inputs, "--head", `linear:${at("d.npz")}#c`)).values).toEqual(VALUES);
  // ½‖h − y‖² with h = (f, −f).
  const targets = await verify(...inputs, "--head", `squared-error:${at("d.npz")}#t`);
  expect(targets.values).toEqual([0.5 * 321 ** 2, 654 ** 2, 987 ** 2, 213 ** 2]);
});

test("--rows takes a part of the inputs, with the labels and targets of those rows", async () => {
  const inputs = ["--inputs", `${at("d.npz")}#x`];
  for (const [range, part] of [
    ["1:3", [654, 987]],
    ["2:", [987, 213]],
    [":1", [321]],
  ] as const) {
    const { values, report } = await verify(...inputs, "--rows", range, "--head", "logit:0");
    expect(values).toEqual(part);
    expect(report?.samples).toBe(part.length);
  }
  const labelled = await verify(...inputs, "--rows", "1:3", "--head", "margin", "--labels", `${at("d.npz")}#y`);
  expect(labelled.values).toEqual([-1308, 1974]);
  expect((await verify(...inputs, "--rows", "0:2", "--head", `squared-error:${at("d.npz")}#t`)).values).toEqual([
    0.5 * 321 ** 2,
    654 ** 2,
  ]);
  expect((await verify(...inputs, "--rows", "2:9", "--head", "logit:0")).stderr).toContain(
    "--rows 2:9: found 4 rows in",
  );
  for (const range of ["3:3", "2", "-1:2", ":"]) {
    expect((await verify(...inputs, "--rows", range)).stderr).toContain("expected A:B with 0 ≤ A < B, A: or :B");
  }
});

test("labels that are one more than the samples name both files and the header", async () => {
  const { code, stderr } = await verify("--inputs", at("x.npy"), "--head", "margin", "--labels", at("long.csv"));
  expect(code).toBe(2);
  expect(stderr).toBe(
    `gpv: ${at("long.csv")}: found 5 labels, expected 4, one for each sample of ${at("x.npy")}: one more, as where the first row of one of them is a header (--header yes or --header no)\n`,
  );
  const decided = await verify(
    "--inputs",
    at("x.npy"),
    "--head",
    "margin",
    "--labels",
    at("long.csv"),
    "--header",
    "yes",
  );
  expect(decided.values).toEqual([-642, 1308, -1974, 426]);
});

test("rows of one-hot code, and one sample written as a 1-D array, are refused with the shape that was wanted", async () => {
  const hot = await verify("--inputs", at("x.npy"), "--head", "margin", "--labels", `${at("d.npz")}#t`);
  expect(hot.stderr).toContain("found 4 × 2 labels, expected 4, one for each sample of");
  const one = await verify("--inputs", at("one.npy"), "--head", "sum");
  expect(one.stderr).toContain(
    "a 1-D array of 3 is 3 samples of one value; one sample of 3 values has the shape 1 × 3",
  );
});

test("--header decides about a first row of 0, 1, 2, …", async () => {
  const inputs = ["--inputs", at("numbered.csv"), "--head", "logit:0"];
  expect((await verify(...inputs)).stderr).toContain("expected --header yes or --header no");
  expect((await verify(...inputs, "--header", "yes")).values).toEqual([321]);
  expect((await verify(...inputs, "--header", "no")).values).toEqual([210, 321]);
});

test("the report says which tensor each layer is, and what was taken for granted", async () => {
  const bare = new Map([["net.weight", { shape: [2, 2], values: [1, 2, 3, 4] }]]);
  writeFileSync(at("bare.safetensors"), writeSafetensors(bare, "F64"));
  const io = fakeIo();
  const words = ["--model", at("bare.safetensors"), "--activation", "identity", "--random", "3", "--head", "sum"];
  expect(await main(["verify", ...words, "--engine", "cpu", "--json"], io)).toBe(0);
  const { model } = JSON.parse(io.stdout()) as Report;
  expect(model.layers.map((layer) => layer.tensor)).toEqual(["net.weight"]);
  expect(model.notes).toEqual([
    "weights are taken as outputs × inputs; read the other way round the layers chain too: --layout inputs-outputs",
    "found no bias of layer net: none is counted, the term is ‖h‖² in place of 1 + ‖h‖²",
  ]);
  for (const note of model.notes ?? [])
    expect(io.stderr()).toContain(`gpv: note: ${at("bare.safetensors")}: ${note}\n`);
  const table = fakeIo();
  await main(["verify", ...words, "--engine", "cpu", "--layout", "inputs-outputs"], table);
  expect(table.stdout()).toContain("Layers ← tensors of the file\n      1 ← net.weight: 2 → 2, identity\n");
});

test("--samples as a table is refused before any work", async () => {
  const io = fakeIo();
  const words = ["--model", at("missing.safetensors"), "--random", "3", "--head", "sum", "--engine", "cpu"];
  expect(await main(["verify", ...words, "--samples", at("rows.csv")], io)).toBe(2);
  expect(io.stderr()).toContain("rows have layers, which .csv has no columns for; expected .jsonl or .parquet");
});
