/** `gpv bench`: rates are those of the samples alone, whatever a run costs beside them; the report is as its schema says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as v from "valibot";
import type { Contender } from "../../src/cli/bench-rate.ts";
import { ratesOf } from "../../src/cli/bench-rate.ts";
import { openWorkload, SHAPES, WORKLOAD_NAMES } from "../../src/cli/bench-workloads.ts";
import { reading } from "../../src/cli/files.ts";
import { inputWidth } from "../../src/network/network.ts";
import { BENCH_REPORT } from "../../src/records/bench.ts";
import { gpv } from "../support/command-line.ts";
import { temporary } from "../support/temporary.ts";

const { folder } = temporary();

describe("the rate of a run", () => {
  /** Takes `start` seconds and then a sample at a time. */
  const contender = (name: string, start: number, rate: number, most = Infinity): Contender => ({
    ...{ name, least: 16, most },
    seconds: (samples) => Promise.resolve(start + samples / rate),
  });

  test("is that of its samples, whatever its start takes, however few there are", async () => {
    const rates = await ratesOf(
      [contender("slow start", 5, 1000), contender("quick", 0, 1e6), contender("few", 0.1, 50_000, 48)],
      2,
    );
    // A few roundings of numbers near 10.
    expect(rates.get("slow start")).toBeCloseTo(1000, 8);
    expect(rates.get("quick")).toBeCloseTo(1e6, 3);
    expect(rates.get("few")).toBeCloseTo(50_000, 3);
  });

  test("is taken from the best of the rounds", async () => {
    let turn = 0;
    const noisy: Contender = {
      ...{ name: "noisy", least: 16, most: Infinity },
      seconds: (samples) => Promise.resolve(samples / 2000 + (turn++ % 2)),
    };
    expect((await ratesOf([noisy], 3)).get("noisy")).toBeGreaterThan(0);
    expect((await ratesOf([contender("steady", 1, 2000)], 1)).get("steady")).toBeCloseTo(2000, 8);
  });
});

// Drawing the widest takes seconds, and nothing more is learnt of it.
test.each(WORKLOAD_NAMES.filter((name) => name !== "G"))(
  "workload %s is the network of its name, its samples as many as are asked for",
  async (name) => {
    const io = { note: () => undefined, now: () => 0, signal: new AbortController().signal };
    const workload = await openWorkload(name, reading(io));
    const { network } = workload;
    expect([inputWidth(network), ...network.layers.map(({ outputs }) => outputs)]).toEqual(SHAPES[name].widths);
    expect(network.layers[0]?.activation).toBe(SHAPES[name].activation);
    const many = workload.source(1003);
    expect([many.samples, many.read(1001, 2).inputs.length]).toEqual([1003, 2 * inputWidth(network)]);
  },
);

test("writes the report that its schema describes, beside what it prints", async () => {
  const file = join(folder, "bench.json");
  const words = ["bench", "D", "--accuracy", "verdict", "--rounds", "1", "--peers", "none", "--report", file];
  const { code, stdout } = await gpv(...words);
  expect(code).toBe(0);
  const report = v.parse(BENCH_REPORT, JSON.parse(readFileSync(file, "utf8")));
  expect(report.workloads).toMatchObject([
    { name: "D", network: "16-32-32-4 tanh", engine: "cpu", accuracy: "verdict", peers: {} },
  ]);
  expect(stdout).toMatch(/^D +16-32×2-4 tanh +cpu +verdict +[\d,]+$/m);
}, 60_000);

test("refuses a workload that there is not, in one line", async () => {
  const { code, stderr } = await gpv("bench", "--workload", "A,Z");
  expect([code, stderr]).toEqual([2, 'gpv: --workload: found "Z", expected of A, B, C, D, E, F, G\n']);
});
