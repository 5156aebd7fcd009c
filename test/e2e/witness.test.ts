/** Witness files as a user makes and examines them: processes of their own. */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeModelJson } from "../../src/formats/model-json.ts";
import { readWitness, witnessText } from "../../src/witness/file.ts";
import type { Network } from "../../src/network/network.ts";
import { forged, network, witnessOf } from "../witness/support.ts";
import type { Ended } from "../support/command-line.ts";
import { start } from "../support/command-line.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const run = (...words: string[]): Promise<Ended> => start(words).ended;

const place = mkdtempSync(join(tmpdir(), "gpv-witness-"));
const file = (name: string): string => join(place, name);
const planted = ["--plant", "vjp-missing-mask"];
const HADAMARD = [
  [1, 1, 1, 1],
  [1, -1, 1, -1],
  [1, 1, -1, -1],
  [1, -1, -1, 1],
];
const IDENTITY = HADAMARD.map((row, i) => row.map((_, k) => (i === k ? 1 : 0)));
const RELU = network([5, 12, 9, 3], "relu");
const [digits, found] = [file("digits"), file("found")];

/** `gpv verify` of drawn inputs that writes witnesses. */
async function witnesses(model: string, folder: string, ...words: string[]): Promise<Ended> {
  const own = ["--model", model, "--engine", "cpu", ...words];
  return run("verify", ...own, "--witnesses", folder);
}

function modelFile(name: string, net: Network): string {
  writeFileSync(file(name), writeModelJson(net));
  return file(name);
}

function expectNarrow(stdout: string): void {
  for (const line of stdout.split("\n")) expect(Array.from(line).length, line).toBeLessThanOrEqual(80);
}

function expectRefused({ code, stdout, stderr }: Ended, message: RegExp): void {
  expect([code, stdout, stderr]).toEqual([2, "", expect.stringMatching(/^gpv: [^\n]+\n$/)]);
  expect(stderr).toMatch(message);
}

afterAll(() => {
  rmSync(place, { recursive: true, force: true });
});

describe("witnesses of the digits example", { timeout: 60_000 }, () => {
  const [first, last] = [join(digits, "violated-0.json"), join(digits, "violated-19.json")];

  beforeAll(async () => {
    const model = join(ROOT, "examples/digits/digits.safetensors");
    const { code, stderr } = await witnesses(model, digits, "--std", "255", "--random", "20", ...planted);
    expect([code, stderr]).toEqual([1, expect.stringContaining('WARNING: planted fault "vjp-missing-mask"')]);
    expect(stderr).toContain(`gpv: 20 witness files written; to examine the first: gpv replay ${first}\n`);
    const names = Array.from({ length: 20 }, (_, i) => `violated-${String(i)}.json`);
    expect(readdirSync(digits).sort()).toEqual(names.sort());
  }, 60_000);

  test.each(["node", "deno"] as const)(
    "are confirmed by replay under %s: the computation is to blame, in 80 columns",
    async (runtime) => {
      const { code, stdout, stderr } = await start(["replay", runtime === "deno" ? last : first], runtime).ended;
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("784-64-32-10 network, f = logit-argmax");
      expect(stdout).toMatch(/with the planted fault\s+"vjp-missing-mask"\n/);
      expect(stdout).toMatch(/On the stored values these checks fail\n {2}cut, layer \d: /);
      expect(stdout).toContain("CONFIRMED: network and input are sound (in f64 the inequality holds): the");
      expectNarrow(stdout);
    },
  );

  test("are refuted once the claim is made up", async () => {
    const witness = await readWitness(readFileSync(first, "utf8"), first);
    const violations = [{ check: "norms", layer: 1, detail: "made up" }] as const;
    writeFileSync(file("forged.json"), await witnessText(forged(witness, { violations })));
    const { code, stdout } = await run("replay", file("forged.json"));
    expect([code, stdout]).toEqual([1, expect.stringContaining("REFUTED: the stored values pass the check")]);
    expectNarrow(stdout);
  });

  test("tell in one line that a digit was changed", async () => {
    const text = readFileSync(first, "utf8");
    const at = text.indexOf('"input":[') + 12;
    const digit = text.slice(at).search(/[1-8]/) + at;
    writeFileSync(file("changed.json"), `${text.slice(0, digit)}9${text.slice(digit + 1)}`);
    expectRefused(
      await run("replay", file("changed.json")),
      /changed\.json: input: found SHA-256 \w{12}…, expected \w{12}…: the part was changed after it was written$/m,
    );
  });
});

describe("witnesses of a small network", { timeout: 60_000 }, () => {
  const model = modelFile("relu.json", RELU);
  const witness = join(found, "violated-0.json");

  beforeAll(async () => {
    expect((await witnesses(model, found, "--random", "4", ...planted)).code).toBe(1);
  }, 60_000);

  test("are looked at in rational arithmetic with --exact", async () => {
    const { code, stdout } = await run("replay", witness, "--exact");
    expect(code).toBe(0);
    expect(stdout).toContain("In rational arithmetic, nothing rounded");
    expect(stdout).toMatch(/CORRECTS: in exact arithmetic left < right, and every identity's residual is 0:\s/);
    expectNarrow(stdout);
  });

  test("that hold are confirmed, and borne out with --exact", async () => {
    writeFileSync(file("holds.json"), await witnessText(await witnessOf(RELU)));
    const { code, stdout } = await run("replay", file("holds.json"), "--exact");
    expect(code).toBe(0);
    expect(stdout).toContain("CONFIRMED: derived again from the stored values: holds.");
    expect(stdout).toContain("AGREES: in exact arithmetic left < right");
    expectNarrow(stdout);
  });

  test("claimed tight are refuted; --exact of tanh is refused", async () => {
    writeFileSync(file("loose.json"), await witnessText(forged(await witnessOf(RELU), { verdict: "tight" })));
    const { code, stdout } = await run("replay", file("loose.json"), "--exact");
    expect([code, stdout]).toEqual([1, expect.stringMatching(/REFUTED: [^]*CORRECTS: [^]*too far from 1/)]);
    writeFileSync(file("tanh.json"), await witnessText(await witnessOf(network([5, 4, 3], "tanh"))));
    const refused = await run("replay", file("tanh.json"), "--exact");
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/^gpv: layer 1: activation tanh is not piecewise linear[^\n]*\n$/),
    ]);
  });

  test("with an input that is not finite: --exact says so in one line", async () => {
    const inputs = Float64Array.of(1, NaN, 0, 0, 0);
    writeFileSync(file("nan.json"), await witnessText(await witnessOf(RELU, { fault: "nan-swallowed", inputs })));
    const { code, stderr } = await run("replay", file("nan.json"), "--exact");
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^gpv: [^\n]+\n$/)]);
  });

  test("shrink to ones that replay, and that fail again with the fault", async () => {
    const small = file("small.json");
    const { code, stdout } = await run("shrink", witness, "--engine", "cpu", ...planted, "--output", small);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\d+ parameters to \d+ parameters \([\d-]+\) in \d+ runs\nstill violated: cut: [^\n]*\nreplay it: gpv replay [^\n]*small\.json\n$/,
    );
    expect(readFileSync(small).length).toBeLessThan(readFileSync(witness).length / 2);
    expect((await run("replay", small)).code).toBe(0);
    const again = ["shrink", small, "--engine", "cpu", ...planted, "--output", file("smaller.json")];
    expect((await run(...again)).code).toBe(0);
    expect(readFileSync(file("smaller.json"), "utf8").length).toBe(readFileSync(small, "utf8").length);
  });

  test("are not reproduced without the fault: exit 1, and no file is left", async () => {
    const words = ["shrink", witness, "--engine", "cpu", "--output", file("none.json")];
    const { code, stdout } = await run(...words);
    expect([code, stdout]).toEqual([
      1,
      "not reproduced here: the sample is not violated on host; it was found with --plant vjp-missing-mask\n",
    ]);
    expect(readdirSync(place).filter((name) => name.startsWith("none"))).toEqual([]);
  });

  test("with the run's limit reached, say that not every reduction was tried", async () => {
    const words = ["shrink", witness, "--engine", "cpu", ...planted, "--attempts", "3", "--output", file("few.json")];
    const { code, stdout } = await run(...words);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/ in 3 runs; stopped before every reduction was tried\n/),
    ]);
    expect((await run("replay", file("few.json"))).code).toBe(0);
  });

  test("bad usage and bad files exit 2 with one line", async () => {
    writeFileSync(
      file("garbage.json"),
      Uint8Array.from({ length: 300 }, (_, i) => (i * 89) & 255),
    );
    expectRefused(await run("replay", file("garbage.json")), /garbage\.json: found no JSON/);
    expectRefused(await run("replay", model), /relu\.json: schema: found "gradient-penalty-model\/1"/);
    expectRefused(await run("replay", file("nowhere.json")), /nowhere\.json/);
    expectRefused(await run("replay"), /WITNESS|operand|file/);
    expectRefused(await run("shrink", witness), /Found no --output: expected --output FILE/);
    copyFileSync(witness, file("own.json"));
    expectRefused(await run("shrink", file("own.json"), "--output", file("own.json")), /own\.json/);
    expect(readFileSync(file("own.json"))).toEqual(readFileSync(witness));
  });

  test("a folder that cannot be made is refused before any work", async () => {
    writeFileSync(file("taken"), "");
    const words = ["--random", "50000000", "--report", file("r.json")];
    const { code, stdout, stderr } = await witnesses(model, join(file("taken"), "inside"), ...words);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^gpv: --witnesses .*inside: cannot be written to \(.*\)\n$/m);
    expect(readdirSync(place).filter((name) => name.startsWith("r.json"))).toEqual([]);
  });

  test("of tight samples are written where --witness-verdicts asks, and --exact decides their equality", async () => {
    // A Hadamard matrix is twice an isometry, so that every κ_t is 1 in whatever direction; then the identity.
    const layers = [HADAMARD, IDENTITY].map((rows) => ({
      ...{ inputs: 4, outputs: 4, weight: Float64Array.from(rows.flat()), bias: new Float64Array(4) },
      activation: "identity" as const,
    }));
    const model = modelFile("hadamard.json", { layers });
    writeFileSync(file("rows.csv"), "1,2,3,4\n5,6,7,8\n1,2,3,nan\n");
    const words = ["--inputs", file("rows.csv"), "--head", "sum"];
    const plain = await witnesses(model, file("plain"), ...words);
    expect([plain.code, readdirSync(file("plain"))]).toEqual([0, []]);
    expect(plain.stderr).toContain("no witness written: nothing was violated or unresolved in this run");
    expect((await witnesses(model, file("tight"), ...words, "--witness-verdicts", "tight,invalid")).code).toBe(0);
    expect(readdirSync(file("tight")).sort()).toEqual(["invalid-2.json", "tight-0.json", "tight-1.json"]);
    const { code, stdout } = await run("replay", join(file("tight"), "tight-0.json"), "--exact");
    expect(code).toBe(0);
    expect(stdout).toContain("CONFIRMED: derived again from the stored values: tight.");
    expect(stdout).toContain("layer 2: equality, κ = 1\nAGREES: in exact arithmetic left = right, and");
    const invalid = await run("replay", join(file("tight"), "invalid-2.json"));
    expect([invalid.code, invalid.stdout]).toEqual([0, expect.stringMatching(/CONFIRMED: [^\n]*: invalid\.\n$/)]);
  });

  test("of no known verdict, or without a folder, are refused in one line", async () => {
    const words = ["verify", "--model", model, "--random", "4", "--witness-verdicts"];
    expectRefused(
      await run(...words, "tigth", "--witnesses", file("none")),
      /"tigth" in "--witness-verdicts tigth": expected one of [^\n]*; did you mean "tight"\?/,
    );
    expectRefused(
      await run(...words, "tight"),
      /Found --witness-verdicts without --witnesses: expected --witnesses DIR too/,
    );
    expect(existsSync(file("none"))).toBe(false);
  });

  test("nothing violated: no file, and it is said", async () => {
    const { code, stderr } = await witnesses(model, file("nothing"), "--random", "4");
    expect([code, stderr]).toEqual([0, expect.stringContaining("no witness written: nothing was violated")]);
    expect(readdirSync(file("nothing"))).toEqual([]);
  });
});
