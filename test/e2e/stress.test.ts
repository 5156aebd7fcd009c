/** `gpv doctor --stress` as a user starts it, on the software adapter: processes of their own under Node and Deno. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, describe, expect, test } from "vitest";
import { KERNEL_KEYS } from "../../src/conformance/call.ts";
import type { ConformanceReport } from "../../src/records/conformance.ts";
import { columns } from "../../src/report/numbers.ts";
import { skipReason } from "../support/software-gpu.ts";
import type { Ended, Runtime } from "../support/command-line.ts";
import { start } from "../support/command-line.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const place = mkdtempSync(join(tmpdir(), "gpv-stress-"));
const file = (name: string): string => join(place, name);

/** Runs `doctor`; interrupted as soon as it says what it examines, where asked for. */
function doctor(runtime: Runtime, words: readonly string[], interrupted = false): Promise<Ended> {
  const { child, ended } = start(["doctor", ...words], runtime);
  let heard = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    const before = heard.includes("conformance of");
    heard += chunk.toString("utf8");
    if (interrupted && !before && heard.includes("conformance of")) child.kill("SIGINT");
  });
  return ended;
}

function expectNarrow(stdout: string): void {
  for (const line of stdout.split("\n")) expect(columns(line), line).toBeLessThanOrEqual(80);
}

const readReport = (name: string): ConformanceReport =>
  JSON.parse(readFileSync(file(name), "utf8")) as ConformanceReport;

afterAll(() => {
  rmSync(place, { recursive: true, force: true });
});

/** A masked vector-Jacobian product of the systematic cases: 1 × 1. */
const MASKED = "kernel:12";

describe.skipIf(skipReason !== null)("doctor --stress", { timeout: 240_000 }, () => {
  test("finds that the software adapter conforms, in every kernel and the engine, on one page", async () => {
    const words = ["--stress", "0.01", "--report", file("whole.json"), "--junit", file("whole.xml")];
    const { code, stdout, stderr } = await doctor("node", words);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^gpv: conformance of [^\n]*, in software\n$/)]);
    expect(stdout).toMatch(/\nCONFORMS: every number is within its bound/);
    expectNarrow(stdout);
    expect(stdout.split("\n").length).toBeLessThan(40);
    const report = readReport("whole.json");
    const schema = JSON.parse(readFileSync(join(ROOT, "schemas/conformance.schema.json"), "utf8")) as object;
    const validate = new Ajv2020({ allErrors: true }).compile(schema);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    expect(report.kernels.filter((k) => k.cases === 0 || k.compared === 0)).toEqual([]);
    expect(report.engine.verdicts.violated).toBe(0);
    expect(report.engine.samples).toBe(13 * report.engine.networks);
    expect(readFileSync(file("whole.xml"), "utf8")).toContain(
      // Every kernel, the whole engine, and calls side by side.
      `<testsuites tests="${String(KERNEL_KEYS.length + 2)}" failures="0"`,
    );
  });

  test.each(["node", "deno"] as const)(
    "names the case of a planted fault, which the printed command repeats, %s",
    async (runtime) => {
      const report = `${runtime}.json`;
      const first = ["--stress", "--case", MASKED, "--plant", "vjp-missing-mask"];
      const planted = await doctor(runtime, [...first, "--report", file(report), "--junit", file(`${runtime}.xml`)]);
      expect([planted.code, planted.stderr]).toEqual([
        1,
        expect.stringContaining('WARNING: planted fault "vjp-missing-mask"'),
      ]);
      expectNarrow(planted.stdout);
      expect(planted.stdout).toMatch(
        /1\) kernel:12: [^]*D ∘ W′ᵀδ, entry 0: found [^]*FAILS in vector-jacobian-product:/,
      );
      expect(readReport(report).verdict).toBe("fails");
      expect(readFileSync(file(`${runtime}.xml`), "utf8")).toMatch(/failures="1"/);
      const printed = /repeat: gpv doctor ([^]*?)\n\n/.exec(planted.stdout)?.[1]?.split(/\s+/) ?? [];
      expect(printed).toEqual(["--stress", "--seed", "0", "--case", MASKED, "--plant", "vjp-missing-mask"]);
      const again = await doctor(runtime, [...printed, "--report", file("again.json")]);
      expect(again.code).toBe(1);
      const failures = (which: string) => readReport(which).kernels.flatMap((k) => k.failures);
      expect(failures("again.json")).toEqual(failures(report));
      const clean = await doctor(runtime, ["--stress", "--case", MASKED]);
      expect([clean.code, clean.stdout]).toEqual([0, expect.stringContaining("CONFORMS in this case")]);
    },
  );

  test.each(["input-gradient-scaled", "inputs-stale", "barrier-missing", "weights-truncated", "jacobian-norm-halved"])(
    "finds %s, which is no kernel's own, by a network through the whole engine",
    async (fault) => {
      const { code, stdout } = await doctor("node", ["--stress", "--case", "network:1", "--plant", fault]);
      expect([code, stdout]).toEqual([1, expect.stringContaining("FAILS in the whole engine")]);
      expectNarrow(stdout);
    },
  );

  test("interrupted, gives the verdict on what was run: exit 130", async () => {
    const { code, stdout } = await doctor("node", ["--stress", "5"], true);
    expect([code, stdout]).toEqual([
      130,
      expect.stringMatching(/STOPPED[^]*UNFINISHED: nothing wrong in what was run/),
    ]);
  });

  test("a report that cannot be written, or a fault of another engine, is refused before any work", async () => {
    const nowhere = await doctor("node", ["--stress", "--report", join(place, "none", "r.json")]);
    expect([nowhere.code, nowhere.stdout, nowhere.stderr]).toEqual([
      2,
      "",
      expect.stringMatching(/cannot be written \(no such file or folder\)\n$/),
    ]);
    const other = await doctor("node", ["--stress", "--plant", "input-gradient-1e-6"]);
    expect([other.code, other.stdout, other.stderr]).toEqual([
      2,
      "",
      "gpv: --plant input-gradient-1e-6: is a fault of engine cpu, expected one of webgpu's (docs/faults.md)\n",
    ]);
    expect(readdirSync(place).filter((name) => name.startsWith("none"))).toEqual([]);
  });
});
