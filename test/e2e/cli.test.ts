/** The command line as a user starts it: a process of its own, under Deno from the source and under Node from the build. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import type { Report } from "../../src/records/report.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { htmlReport } from "../../src/report/html-run.ts";
import type { Ended, Runtime } from "../support/command-line.ts";
import { RUNTIMES, smallModel, start, temporaryFolder } from "../support/command-line.ts";
import { npy } from "../support/npy.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LIMIT_MS = 60_000;

/** Runs one command line; `meddle` sees the process once it has said something on stderr. */
function run(runtime: Runtime, words: readonly string[], meddle?: (kill: () => void) => void): Promise<Ended> {
  const { child, ended } = start(words, runtime);
  let heard = "";
  let meddled = false;
  child.stderr?.on("data", (chunk: Buffer) => {
    heard += chunk.toString("utf8");
    if (!meddled && heard.includes("engine ")) {
      meddled = true;
      meddle?.(() => child.kill("SIGINT"));
    }
  });
  return ended;
}

/** 3-2-2, so small that every number can be looked at; one column of NaN where asked for. */
function files(badRows: readonly number[] = []): { place: string; model: string; inputs: string } {
  const place = temporaryFolder();
  const [model, inputs] = [smallModel(place), join(place, "inputs.npy")];
  const rows = 20;
  const values = Float64Array.from({ length: 3 * rows }, (_, i) =>
    badRows.includes(Math.floor(i / 3)) ? Number.NaN : ((7 * i) % 11) / 4 - 1,
  );
  writeFileSync(inputs, npy(values, rows, 3));
  return { place, model, inputs };
}

function errorsOf(name: string): (value: unknown) => string {
  const schema = JSON.parse(readFileSync(join(ROOT, `schemas/${name}.schema.json`), "utf8")) as object;
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? "" : ajv.errorsText(validate.errors));
}

function timeless(report: string): string {
  return JSON.stringify({ ...(JSON.parse(report) as Report), timing: null });
}

describe.each(["deno", "node"] as const)("%s", (runtime) => {
  const needed = runtime === "deno" ? RUNTIMES.deno[0] : RUNTIMES.node[1];
  const available = existsSync(needed);
  if (!available) console.warn(`skipped: ${needed} is not there`);
  const claim = test.skipIf(!available);
  // The software adapter is made for this platform alone.
  const software = test.skipIf(!available || process.platform !== "linux" || process.arch !== "x64");

  claim(
    "verify writes a report and rows that validate, a page, and a table on stdout",
    async () => {
      const { place, model, inputs } = files();
      const [report, samples, html] = [join(place, "r.json"), join(place, "s.jsonl"), join(place, "r.html")];
      const words = ["verify", "--engine", "cpu", "--model", model, "--inputs", inputs, "--report", report];
      const { code, stdout, stderr } = await run(runtime, [...words, "--samples", samples, "--html", html]);
      expect([code, stderr]).toEqual([0, expect.stringMatching(/^gpv: engine cpu \(f64, .*\): asked for\n$/)]);
      expect(stdout).toContain("model.json: 3-2-2");
      const value = JSON.parse(readFileSync(report, "utf8")) as Report;
      expect(errorsOf("report")(value)).toBe("");
      expect(value.verdicts.holds + value.verdicts.tight).toBe(20);
      expect(readFileSync(html, "utf8")).toBe(htmlReport(value));
      const lines = readFileSync(samples, "utf8").trimEnd().split("\n");
      const rows = lines.map((line) => JSON.parse(line) as SampleRow);
      expect(rows.map((row) => row.index)).toEqual(Array.from({ length: 20 }, (_, i) => i));
      for (const row of rows) expect(errorsOf("samples")(row)).toBe("");
    },
    LIMIT_MS,
  );

  claim(
    "--samples writes the same rows as Parquet, where the file's name says so",
    async () => {
      const { place, model, inputs } = files([4]);
      const [lines, parquet] = [join(place, "s.jsonl"), join(place, "s.parquet")];
      const words = ["verify", "--engine", "cpu", "--model", model, "--inputs", inputs, "--audit", "1", "--samples"];
      const ended = await Promise.all([run(runtime, [...words, lines]), run(runtime, [...words, parquet])]);
      expect(ended.map(({ code }) => code)).toEqual([0, 0]);
      const file = readFileSync(parquet);
      const rows = await parquetReadObjects({
        file: file.buffer.slice(file.byteOffset, file.byteOffset + file.length),
      });
      const expected = readFileSync(lines, "utf8").trimEnd().split("\n");
      expect(rows.map((row) => row["verdict"] as string)).toEqual(
        expected.map((line) => (JSON.parse(line) as SampleRow).verdict),
      );
      expect(rows.map((row) => row["ratio"] as number)).toEqual(
        expected.map((line) => (JSON.parse(line) as SampleRow).ratio),
      );
    },
    LIMIT_MS,
  );

  claim(
    "two runs of the same settings have the same bits, apart from timing",
    async () => {
      const { model } = files();
      const words = ["verify", "--engine", "cpu", "--model", model, "--random", "300", "--seed", "5", "--json"];
      const runs = await Promise.all([run(runtime, words), run(runtime, words)]);
      expect(runs.map((ended) => ended.code)).toEqual([0, 0]);
      expect(timeless(runs[0].stdout)).toBe(timeless(runs[1].stdout));
    },
    LIMIT_MS,
  );

  claim(
    "samples that are not finite are invalid, the others untouched; all of them: exit 4",
    async () => {
      const some = files([3, 7]);
      const words = (given: { model: string; inputs: string }): string[] => [
        ...["verify", "--engine", "cpu", "--json", "--model", given.model, "--inputs", given.inputs],
      ];
      const ended = await run(runtime, words(some));
      expect(ended.code).toBe(0);
      const report = JSON.parse(ended.stdout) as Report;
      expect(errorsOf("report")(report)).toBe("");
      expect(report.verdicts.invalid).toBe(2);
      expect(report.verdicts.holds + report.verdicts.tight).toBe(18);
      expect((await run(runtime, [...words(some), "--fail-on", "invalid"])).code).toBe(1);
      expect((await run(runtime, words(files(Array.from({ length: 20 }, (_, i) => i))))).code).toBe(4);
    },
    LIMIT_MS,
  );

  claim(
    "a planted fault is named on stderr and in the report, found, and exits 1",
    async () => {
      const { model, inputs } = files();
      const words = ["verify", "--engine", "cpu", "--model", model, "--inputs", inputs, "--json"];
      const { code, stdout, stderr } = await run(runtime, [...words, "--plant", "vjp-missing-mask"]);
      expect(code).toBe(1);
      expect(stderr).toContain('WARNING: planted fault "vjp-missing-mask" is switched on');
      const report = JSON.parse(stdout) as Report;
      expect(report.run.plant).toBe("vjp-missing-mask");
      expect(report.faults[0]).toMatchObject({ check: "cut", layer: 2 });
    },
    LIMIT_MS,
  );

  claim(
    "labels are ignored with a note where the head needs none",
    async () => {
      const { model } = files();
      const words = ["verify", "--engine", "cpu", "--model", model, "--random", "3", "--labels", "argmax"];
      const { code, stderr } = await run(runtime, words);
      expect([code, stderr]).toEqual([0, expect.stringContaining("--labels is ignored")]);
    },
    LIMIT_MS,
  );

  claim(
    "Ctrl-C leaves the report of what is finished and exits 130",
    async () => {
      const { place, model } = files();
      const report = join(place, "r.json");
      const words = ["verify", "--engine", "cpu", "--model", model, "--random", "5000000", "--report", report];
      const { code, stderr } = await run(runtime, words, (kill) => setTimeout(kill, 1500));
      expect([code, stderr]).toEqual([130, expect.stringContaining("interrupted")]);
      const value = JSON.parse(readFileSync(report, "utf8")) as Report;
      expect(errorsOf("report")(value)).toBe("");
      expect(value.timing.interrupted).toBe(true);
      expect(value.samples).toBeGreaterThan(0);
      expect(value.samples).toBeLessThan(5_000_000);
    },
    LIMIT_MS,
  );

  software(
    "--engine webgpu without a GPU starts again on the software adapter, and Ctrl-C still ends it",
    async () => {
      const { place, model } = files();
      const report = join(place, "r.json");
      const words = ["verify", "--engine", "webgpu", "--adapter", "software", "--model", model, "--report", report];
      const short = await run(runtime, [...words, "--random", "50"]);
      expect([short.code, short.stderr]).toEqual([0, expect.stringContaining("in software")]);
      const value = JSON.parse(readFileSync(report, "utf8")) as Report;
      expect(errorsOf("report")(value)).toBe("");
      expect(value.engine).toMatchObject({ kind: "webgpu", precision: "f32", hardware: false });
      expect(value.verdicts.holds + value.verdicts.tight).toBe(50);
      const long = await run(runtime, [...words, "--random", "5000000"], (kill) => setTimeout(kill, 1500));
      expect([long.code, long.stdout]).toEqual([130, expect.stringContaining("STOPPED")]);
    },
    LIMIT_MS,
  );

  claim(
    "a reader of stdout that goes away is not an error",
    () => {
      const { model } = files();
      const words = ["verify", "--engine", "cpu", "--model", model, "--random", "3", "--json"];
      const line = [...RUNTIMES[runtime], ...words].map((word) => `'${word}'`).join(" ");
      const script = `${line} | true; echo "\${PIPESTATUS[0]}"`;
      const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
      expect([stdout, stderr.includes("EPIPE")]).toEqual(["0\n", false]);
    },
    LIMIT_MS,
  );

  claim(
    "a file that is none exits 2 with one line that names it, and leaves no report behind",
    async () => {
      const { place, inputs } = files();
      const report = join(place, "r.json");
      const words = ["verify", "--engine", "cpu", "--model", inputs, "--random", "3", "--report", report];
      const { code, stdout, stderr } = await run(runtime, words);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr.trimEnd().split("\n")).toEqual([expect.stringContaining("inputs.npy")]);
      expect(existsSync(report)).toBe(false);
    },
    LIMIT_MS,
  );
});
