/** `gpv tighten` in this process: what it writes, prints and refuses. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { columns } from "../../src/report/numbers.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import type { TightenReport } from "../../src/records/report.ts";
import { fakeIo } from "./fake-io.ts";

const schema = JSON.parse(readFileSync(new URL("../../schemas/report.schema.json", import.meta.url), "utf8")) as object;
const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
const validate = ajv.compile(schema);

function invalid(report: unknown): string {
  return validate(report) ? "" : ajv.errorsText(validate.errors);
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), "gpv-tighten-"));
}

/** 3-2-2 and a place to write to. */
function model(): { place: string; file: string } {
  const place = folder();
  const file = join(place, "model.json");
  const weight = [
    [1, -0.5, 0.25],
    [0.5, 2, -1],
  ];
  const layers = [
    { weight, bias: [0.1, -0.2], activation: "tanh" },
    { weight: weight.map((row) => row.slice(1)), bias: [0, 0.5], activation: "identity" },
  ];
  writeFileSync(file, JSON.stringify({ schema: "gradient-penalty-model/1", layers }));
  return { place, file };
}

async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = fakeIo();
  const code = await main(words, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
}

const QUICK = ["--engine", "cpu", "--random", "60", "--starts", "3", "--steps", "30"];

describe("a search", () => {
  test.each([[[]], [["--weights"]]])("writes a report, rows and a witness that replay confirms: %j", async (more) => {
    const { place, file } = model();
    const [report, samples, witnesses] = ["r.json", "s.jsonl", "w"].map((name) => join(place, name)) as [
      string,
      string,
      string,
    ];
    const outputs = ["--report", report, "--samples", samples, "--witnesses", witnesses];
    const { code, stdout, stderr } = await run("tighten", "--model", file, ...QUICK, ...outputs, ...more);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^gpv: engine cpu .*\n$/)]);
    expect(stdout.split("\n").filter((line) => columns(line) > 80)).toEqual([]);
    expect(stdout).toContain("60 samples");
    expect(stdout).toContain("found from 3 starts");
    const value = JSON.parse(readFileSync(report, "utf8")) as TightenReport;
    expect(invalid(value)).toBe("");
    const best = value.search.tightest;
    expect(best?.ratio).toBeGreaterThan(value.search.sampled.ratio.max ?? 1);
    const rows = readFileSync(samples, "utf8").trimEnd().split("\n");
    expect(rows.map((line) => (JSON.parse(line) as SampleRow).index)).toEqual([60, 61, 62]);
    expect(readdirSync(witnesses)).toEqual(["tightest.json"]);
    const file_ = join(witnesses, "tightest.json");
    const witness = JSON.parse(readFileSync(file_, "utf8")) as { verdict: string; measured: SampleRow };
    expect([witness.verdict, witness.measured.ratio]).toEqual([best?.verdict, best?.ratio]);
    const replayed = await run("replay", file_);
    expect([replayed.code, replayed.stdout]).toEqual([0, expect.stringContaining("CONFIRMED")]);
  });

  test("draws 1,000 samples where none are named, and audits every end", async () => {
    const { file } = model();
    const { stdout } = await run(
      "tighten",
      "--model",
      file,
      "--engine",
      "cpu",
      "--starts",
      "2",
      "--steps",
      "3",
      "--json",
    );
    const report = JSON.parse(stdout) as TightenReport;
    expect([report.search.sampled.samples, report.audited.samples]).toEqual([1000, 2]);
  });

  test("takes labels, and each end keeps its start's", async () => {
    const { file } = model();
    const words = ["--head", "cross-entropy", "--labels", "random", "--json"];
    const { code, stdout } = await run("tighten", "--model", file, ...QUICK, ...words);
    expect([code, invalid(JSON.parse(stdout))]).toEqual([0, ""]);
  });

  test("that is interrupted reports the best so far and exits 130", async () => {
    const { place, file } = model();
    const report = join(place, "r.json");
    const io = fakeIo({ terminal: true });
    const status = io.status;
    const watching = {
      ...io,
      status: (line: string): void => {
        status?.(line);
        if (line.includes("searched")) io.interrupt();
      },
    };
    const words = ["--engine", "cpu", "--random", "60", "--steps", "5000", "--report", report];
    expect(await main(["tighten", "--model", file, ...words], watching)).toBe(130);
    const value = JSON.parse(readFileSync(report, "utf8")) as TightenReport;
    expect(invalid(value)).toBe("");
    expect(value.timing.interrupted).toBe(true);
    expect(io.stdout()).toContain("STOPPED");
    expect(io.shown()).toMatch(/starts? of 16 searched, ratio up to 0\.\d+ \(\d+ s\)/);
  });
});

describe("what cannot be searched is refused with one line, exit 2", () => {
  const place = folder();
  const odd = join(place, "odd.csv.npy");
  test.each([
    [["tighten"], "gpv: Found no --model: expected --model FILE\n"],
    [
      ["tighten", "--model", "m", "--weights-within", "0.3"],
      "gpv: Found --weights-within without --weights: expected both\n",
    ],
    [["tighten", "--model", "m", "--within", "0"], 'gpv: Invalid value "0" in "--within 0": expected a number > 0\n'],
    [
      ["tighten", "--model", "m", "--weights-within=3"],
      'gpv: Invalid value "3" in "--weights-within=3": expected a number > 0, at most 2\n',
    ],
    [
      ["tighten", "--model", "m", "--box", "1,0"],
      'gpv: Invalid value "1,0" in "--box 1,0": expected LO,HI, two finite numbers with LO < HI\n',
    ],
    [
      ["tighten", "--model", "m", "--plant", "vjp-missing-mask"],
      'gpv: Unknown option "--plant" of gpv tighten: gpv tighten --help lists the options\n',
    ],
    [["tighten", "--model", odd], `gpv: ${odd}: cannot be read (no such file or folder)\n`],
    [
      ["tighten", "--model", "m", "--head", "cross-entropy"],
      "gpv: --head cross-entropy: found no --labels, expected --labels argmax|random|FILE\n",
    ],
  ])("%j", async (words, stderr) => {
    expect(await run(...words)).toEqual({ code: 2, stdout: "", stderr });
  });

  test("a sample outside the box names itself and the box, and leaves no report behind", async () => {
    const { place: own, file } = model();
    const inputs = join(own, "x.npy");
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }".padEnd(117) + "\n";
    const magic = Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0]);
    const numbers = Buffer.from(Float64Array.of(0.5, 1.25, 0).buffer);
    writeFileSync(inputs, Buffer.concat([magic, Buffer.from(header), numbers]));
    const report = join(own, "r.json");
    const words = ["--engine", "cpu", "--inputs", inputs, "--box", "0,1", "--report", report];
    const { code, stderr } = await run("tighten", "--model", file, ...words);
    expect(code).toBe(2);
    expect(stderr).toContain("gpv: sample 0: value 1 is 1.25, expected 0 to 1, the --box\n");
    expect(existsSync(report)).toBe(false);
  });
});
