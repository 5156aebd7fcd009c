/**
 * Small networks on which a number was wrong once (test/fixtures/sound), through the command line on both engines: norms from a structured
 * start vector, zeros that are none, underflows on the way forward and in the report.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { Report } from "../../src/records/report.ts";
import type { LayerRow, SampleRow } from "../../src/records/sample.ts";
import { skipReason } from "../support/software-gpu.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CASES = join(ROOT, "test/fixtures/sound");
const start = promisify(execFile);
const LIMIT_MS = 60_000;

interface Found {
  readonly report: Report;
  readonly row: SampleRow;
  readonly stderr: string;
}

async function verify(model: string, inputs: string, engine: string): Promise<Found> {
  const place = mkdtempSync(join(tmpdir(), "gpv-sound-"));
  const [rows, report] = [join(place, "rows.jsonl"), join(place, "report.json")];
  const words = ["verify", "--model", join(CASES, `${model}.json`), "--inputs", join(CASES, `${inputs}.csv`)];
  const adapter = engine === "webgpu" ? ["--adapter", "software"] : [];
  const options = [
    "--engine",
    engine,
    ...adapter,
    "--head",
    "sum",
    "--audit",
    "1",
    "--samples",
    rows,
    "--report",
    report,
  ];
  // 4: not one sample could be decided.
  const { stderr } = await start(process.execPath, [join(ROOT, "bin/gpv.js"), ...words, ...options]).catch(
    (error: unknown) => {
      const ended = error as { readonly code: number; readonly stderr: string };
      if (ended.code !== 4) throw error;
      return ended;
    },
  );
  const [line = "{}"] = readFileSync(rows, "utf8").split("\n");
  return { report: JSON.parse(readFileSync(report, "utf8")) as Report, row: JSON.parse(line) as SampleRow, stderr };
}

const layer = ({ row }: Found, t: number): LayerRow => row.layers[t - 1] as LayerRow;

describe.each(["cpu", "webgpu"])("engine %s", { timeout: LIMIT_MS }, (engine) => {
  const check = test.skipIf(engine === "webgpu" && skipReason !== null);

  check.each([
    ["r1-golden", "x2", (1 + Math.sqrt(5)) / 2],
    ["r2-walsh", "x4", 4],
  ])("%s: ‖W‖ is what an SVD gives, both ends within 1e-9", async (model, inputs, norm) => {
    const found = await verify(model, inputs, engine);
    const { lower, upper } = found.report.model.layers[0]?.weightNorm as { lower: number; upper: number };
    expect(lower).toBeLessThanOrEqual(norm);
    expect(upper).toBeGreaterThanOrEqual(norm);
    expect(upper / lower - 1).toBeLessThan(1e-9);
    expect(found.row.verdict).toBe("holds");
  });

  check("a gradient that cancels leaves an interval that holds the exact κ", async () => {
    const found = await verify("r3-cancel", "x1", engine);
    expect(found.row.verdict).toBe("holds");
    expect(layer(found, 2).reason).toBeUndefined();
    expect(layer(found, 2).tightnessUpper).toBeGreaterThanOrEqual(2.77e-17);
    expect(layer(found, 2).tightnessUpper).toBeLessThan(1e-6);
  });

  check("a slope below f32 is measured in f64, and one below f64 is named", async () => {
    const found = await verify("r4-saturated", "x1", engine);
    expect(found.row).toMatchObject({ verdict: "tight" });
    expect(layer(found, 1).tightnessUpper).toBeGreaterThanOrEqual(1);
    const beyond = await verify("r4-saturated64", "x1", engine);
    expect(beyond.row.verdict).toBe("unresolved");
    expect(beyond.row.reason).toMatch(/^D_1 came out as 0/);
  });

  check("a z that underflows at a kink is measured in f64, and beyond f64 named with its layer", async () => {
    const found = await verify("r5-forward-underflow32", "xs32", engine);
    expect(found.row.verdict).toBe("tight");
    expect((found.row.inputGradientNorm as number) / 1e-25).toBeCloseTo(1, 6);
    const beyond = await verify("r5-forward-underflow64", "xs64", engine);
    expect(beyond.row).toMatchObject({ verdict: "unresolved", kink: 1, ratioLower: null, ratioUpper: null });
    expect(beyond.row.reason).toMatch(/^a term of z_2, which lies at a kink of leaky-relu, is too small/);
  });

  check("weights that span more than f64's range leave κ open", async () => {
    const found = await verify("r6-range", "x2n", engine);
    expect(found.row.verdict).toBe("unresolved");
    expect(layer(found, 2).tightnessUpper ?? Infinity).toBeGreaterThanOrEqual(Math.SQRT1_2);
    if (engine === "webgpu")
      expect(found.stderr).toMatch(/weight\[3\] of layer 1 is 9\.3\d+e-302, which f32 cannot hold/);
  });

  check("a layer without a bias has the weight's term alone on both sides", async () => {
    // x = 1: ∇ₓf = 6, and both sides are 9·(0 + 1) + 1·(1 + 4) = 14; with a bias in layer 1 they would be 23.
    const { row, report } = await verify("bare-layer", "x1", engine);
    expect(row).toMatchObject({ verdict: "tight", inputGradientNorm: 6 });
    expect(row.rhs).toBeCloseTo(14, 5);
    expect(row.lhs).toBeCloseTo(14, 5);
    expect(row.layers.map(({ biasGradientNorm }) => biasGradientNorm)).toEqual([null, 1]);
    expect(row.audit?.biasIdentityResidual.value).not.toBeNull();
    expect(report.model.layers.map(({ biased }) => biased)).toEqual([false, undefined]);
  });

  check("a norm below f64's range has an interval that holds it", async () => {
    const found = await verify("r7-report-underflow", "x1", engine);
    expect(found.row.verdict).toBe("tight");
    expect(layer(found, 3)).toMatchObject({ jacobianNormLower: 0, jacobianNormUpper: Number.MIN_VALUE });
  });
});
