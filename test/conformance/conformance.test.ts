/** A conformance run whose device fails, and what its text and JUnit suite say of every outcome. */
import { describe, expect, it } from "vitest";
import { runConformance } from "../../src/conformance/conformance.ts";
import type { ConformanceReport } from "../../src/records/conformance.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { OpenDevice } from "../../src/engine/gpu/device.ts";
import { DeviceError } from "../../src/network/errors.ts";
import { conformanceSuite, conformanceText } from "../../src/report/conformance.ts";
import { junitXml } from "../../src/report/junit.ts";
import { columns } from "../../src/report/numbers.ts";

const host = createCpuEngine({ threads: 0, runtime: "test" });

type Patience = <T>(what: string, work: Promise<T>) => Promise<T>;

const outcome = (
  device: Partial<OpenDevice>,
  signal = new AbortController().signal,
  patience: Patience = (_, work) => work,
) =>
  runConformance({
    patience,
    devices: [device as OpenDevice, device as OpenDevice],
    engines: [host],
    host,
    fault: undefined,
    seed: 0,
    budgetMs: 0,
    only: null,
    now: () => 0,
    signal,
    onProgress: () => undefined,
  });

describe("a run", () => {
  it("whose device is lost ends with what was finished, and says so", async () => {
    const lost: Partial<OpenDevice> = {
      exclusive: (work) => work(),
      check: () => {
        throw new DeviceError("webgpu: the device was lost: test");
      },
    };
    const { failure, whole, kernels, engine } = await outcome(lost);
    expect([failure?.message, whole]).toEqual(["webgpu: the device was lost: test", false]);
    expect([...kernels.map((k) => k.cases), engine.networks].every((n) => n === 0)).toBe(true);
  });

  it("whose device never answers ends when patience does, naming the cases", async () => {
    const hung: Partial<OpenDevice> = { exclusive: () => new Promise(() => undefined) };
    const impatient: Patience = (what) => Promise.reject(new DeviceError(`no answer from ${what}`));
    const { failure, whole } = await outcome(hung, undefined, impatient);
    expect([failure?.message, whole]).toEqual(["no answer from kernel:0 to kernel:7, one call at a time", false]);
  });

  it("that was interrupted before it began runs nothing", async () => {
    const controller = new AbortController();
    controller.abort();
    const { failure, whole } = await outcome({}, controller.signal);
    expect([failure, whole]).toEqual([null, false]);
  });
});

const failure = {
  case: "kernel:9",
  name: "33 × 65, 2 groups of 20, masked",
  mode: "all in flight at once",
  detail: `word 17 of "masked" is 0x3f800000, but 0x00000000 when the call runs alone`,
};

const part = { worst: 0.5, worstCase: "kernel:9", failed: 0, failures: [], elapsedMs: 12 };

const CLEAN: ConformanceReport = {
  schema: "gradient-penalty-conformance/1",
  tool: { name: "t", version: "1" },
  adapter: { kind: "webgpu", precision: "f32", adapter: "An adapter", runtime: "node 20", hardware: true },
  run: { seed: 3, minutes: 1, devices: 2, case: null, plant: null },
  verdict: "conforms",
  deviceFailure: null,
  kernels: [{ kernel: "forward", cases: 1234567, compared: 123456789012, ...part }],
  engine: {
    networks: 20,
    samples: 260,
    verdicts: { holds: 250, tight: 4, violated: 0, unresolved: 1, invalid: 5 },
    ...part,
    worstCase: "network:3",
  },
  timing: { elapsedMs: 61_000, interrupted: false, startedAt: "2026-01-01T00:00:00Z" },
};

const FAILED: ConformanceReport = {
  ...CLEAN,
  verdict: "fails",
  kernels: [{ kernel: "forward", cases: 8, compared: 9, ...part, worst: null, failed: 3, failures: [failure] }],
};

const LOST: ConformanceReport = {
  ...CLEAN,
  verdict: "unfinished",
  deviceFailure:
    "webgpu: the device was lost: a driver's long explanation, which goes on for a while and then some more",
};

describe("the page", () => {
  it.each([
    ["conforms", CLEAN, /\nCONFORMS: every number is within its bound[^]*\n$/],
    ["fails", FAILED, /not finite[^]*repeat: gpv doctor --stress --seed 3 --case kernel:9\n\nFAILS in forward: /],
    ["unfinished", LOST, /DEVICE {3}webgpu: the device was lost[^]*\nUNFINISHED: nothing wrong in what was run/],
    [
      "interrupted",
      { ...CLEAN, verdict: "unfinished", timing: { ...CLEAN.timing, interrupted: true } } as const,
      /STOPPED {2}before the time was up/,
    ],
    ["planted", { ...CLEAN, run: { ...CLEAN.run, plant: "vjp-transposed" } }, /PLANTED {2}the fault "vjp-transposed"/],
  ])("of a run that %s says so, in 80 columns", (_, report, expected) => {
    const text = conformanceText(report);
    expect(text).toMatch(expected);
    for (const line of text.split("\n")) expect(columns(line), line).toBeLessThanOrEqual(80);
  });
});

describe("the JUnit suite", () => {
  it("has a test case a kernel, one for the engine and one for the run; a device that failed is a failure", () => {
    const failing = (report: ConformanceReport): string[] =>
      conformanceSuite(report)
        .cases.filter((c) => c.failure !== undefined)
        .map((c) => c.name);
    expect(conformanceSuite(CLEAN).cases.map((c) => c.name)).toEqual(["forward", "engine", "run"]);
    expect([failing(CLEAN), failing(FAILED), failing(LOST)]).toEqual([[], ["forward"], ["run"]]);
    const xml = junitXml([conformanceSuite(FAILED)]);
    expect(xml).toContain('tests="3" failures="1"');
    expect(xml).toContain("gpv doctor --stress --seed 3 --case kernel:9");
  });
});
