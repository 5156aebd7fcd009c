/** A sweep's report depends on nothing but which samples were examined: not on order, shards, interruptions or failures. */
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import type { Engine, MeasuredBatch } from "../../src/engine/engine.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { DeviceError } from "../../src/network/errors.ts";
import { caseRequest, parseAddress } from "../../src/sweep/case.ts";
import { memoryLedger } from "../../src/sweep/ledger.ts";
import type { SweepReport } from "../../src/records/sweep.ts";
import { cpu, reportOf, SETTINGS, sweep, units, WHOLE } from "./support.ts";
import { cellsOf } from "../../src/sweep/grid.ts";

const undisturbed = memoryLedger();
const outcome = await sweep(undisturbed);
const expected = reportOf(undisturbed);
const report = JSON.parse(expected) as SweepReport;

/** An engine whose n-th call to measure does something else. */
function disturbed(call: number, instead: () => Promise<MeasuredBatch>): Engine {
  let calls = 0;
  return { ...cpu, measure: (...args) => (++calls === call ? instead() : cpu.measure(...args)) };
}

const lost = (): Promise<MeasuredBatch> => Promise.reject(new DeviceError("webgpu: the device was lost: test"));

describe("an undisturbed sweep", () => {
  test("examines every sample once and calls none violated", () => {
    expect(outcome).toEqual({ complete: true, failure: null, samples: units.samples });
    expect(report.samples).toBe(units.samples);
    expect(report.verdicts.violated).toBe(0);
    expect(report.architectures.map((a) => a.networks)).toEqual([2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1]);
    expect(report.worst.every((c) => c.verdict === "invalid")).toBe(true);
    expect(report.worst.length).toBe(report.verdicts.invalid);
  });

  test("makes a report that its schema accepts", () => {
    const schema = JSON.parse(readFileSync("schemas/report.schema.json", "utf8")) as object;
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  });

  test("names cases that come out the same when they are made again alone", async () => {
    const cells = cellsOf(SETTINGS.grids, "test grid");
    for (const { address, architecture, ratio, verdict } of [...report.tightest, ...report.worst]) {
      const { seed, network, sample } = parseAddress(address);
      const rows: SampleRow[] = [];
      const cell = cells.at(architecture);
      if (cell === undefined) throw new RangeError("no such architecture");
      const own = caseRequest(cell, seed, network, sample, 1);
      await verify({ ...own, engine: cpu, host: cpu, accuracy: 1e-3, onRow: (row) => rows.push(row) });
      const [row] = rows;
      const finite = row?.ratio !== null && Number.isFinite(row?.ratio) ? row?.ratio : null;
      expect([row?.index, row?.verdict, finite]).toEqual([sample, verdict, ratio]);
    }
  });
});

describe("the same report comes", () => {
  test("from shards in any order", async () => {
    const shards = await Promise.all(
      [1, 2, 3].map(async (number) => {
        const ledger = memoryLedger();
        await sweep(ledger, { shard: { number, count: 3 } });
        return ledger;
      }),
    );
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ]) {
      expect(reportOf(...order.map((i) => shards[i] ?? memoryLedger()))).toBe(expected);
    }
  });

  test("after an interruption at each unit, and going on", async () => {
    for (let stop = 0; stop < units.count; stop++) {
      const ledger = memoryLedger();
      const controller = new AbortController();
      const onProgress = ({ unitsDone }: { unitsDone: number }): void => {
        if (unitsDone >= stop) controller.abort();
      };
      const first = await sweep(ledger, { signal: controller.signal, onProgress });
      expect(first.complete).toBe(false);
      expect((await sweep(ledger)).complete).toBe(true);
      expect(reportOf(ledger)).toBe(expected);
    }
  });

  test.each([1, 2, 5, 9])("after the device is lost at call %i", async (call) => {
    const ledger = memoryLedger();
    const failures: string[] = [];
    const onFailure = (message: string): void => void failures.push(message);
    const done = await sweep(ledger, { onFailure }, (opened) => (opened === 0 ? disturbed(call, lost) : cpu));
    expect(done.complete).toBe(true);
    expect(failures).toEqual(["webgpu: the device was lost: test; opening the engine again"]);
    expect(reportOf(ledger)).toBe(expected);
  });

  test("after a batch that never comes back", async () => {
    const ledger = memoryLedger();
    const failures: string[] = [];
    const hang = (): Promise<MeasuredBatch> => new Promise(() => undefined);
    const done = await sweep(
      ledger,
      { watchdogMs: 400, onFailure: (message) => void failures.push(message) },
      (opened) => (opened === 0 ? disturbed(3, hang) : cpu),
    );
    expect(done.complete).toBe(true);
    expect(failures[0]).toMatch(/^unit \d+: no batch came back within 0 s; opening/);
    expect(reportOf(ledger)).toBe(expected);
  });

  test("with smaller batches where memory is refused", async () => {
    const sizes: number[] = [];
    const refuses = (largest: number): Engine => ({
      ...cpu,
      batchSize: () => 6,
      measure: (plan, batch) => {
        sizes.push(batch.samples);
        if (batch.samples > largest) return Promise.reject(new DeviceError("webgpu: out of memory"));
        return cpu.measure(plan, batch);
      },
    });
    const ledger = memoryLedger();
    expect((await sweep(ledger, {}, () => refuses(3))).complete).toBe(true);
    expect(sizes).toContain(6);
    expect(sizes.at(-1)).toBeLessThanOrEqual(3);
    expect(reportOf(ledger)).toBe(expected);
  });
});

describe("a sweep ends with what is finished", () => {
  test("when the engine fails three times without a unit in between", async () => {
    const ledger = memoryLedger();
    let opened = 0;
    const done = await sweep(ledger, {}, () => {
      opened++;
      return { ...cpu, measure: lost };
    });
    expect([done.complete, done.failure?.message, opened]).toEqual([false, "webgpu: the device was lost: test", 3]);
    expect((await sweep(ledger)).complete).toBe(true);
    expect(reportOf(ledger)).toBe(expected);
  });

  test("at once, when the ledger refuses a unit", async () => {
    const ledger = memoryLedger();
    let commits = 0;
    const full = {
      ...ledger,
      commit: (unit: Parameters<typeof ledger.commit>[0]) => {
        if (++commits > 2) throw new DeviceError("ledger: no space left");
        ledger.commit(unit);
      },
    };
    const done = await sweep(full);
    expect(done.failure?.message).toBe("ledger: no space left");
    expect(ledger.finished().length).toBe(2);
    expect((await sweep(ledger)).complete).toBe(true);
    expect(reportOf(ledger)).toBe(expected);
  });

  test("and a defect of the program is not taken for a failure of the device", async () => {
    const defect = (): Promise<MeasuredBatch> => Promise.reject(new TypeError("defect"));
    await expect(sweep(memoryLedger(), {}, () => disturbed(2, defect))).rejects.toThrow("defect");
  });
});

test("rows are handed over once a unit, before it counts", async () => {
  const ledger = memoryLedger();
  const seen: number[] = [];
  let rows = 0;
  await sweep(ledger, {
    shard: WHOLE,
    onUnit: (unit, own) => {
      expect(ledger.finished()).not.toContain(unit);
      seen.push(unit);
      rows += own.length;
    },
  });
  expect(seen.sort((a, b) => a - b)).toEqual(ledger.finished());
  expect(rows).toBe(units.samples);
});
