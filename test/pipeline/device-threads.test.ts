/** What a device has measured is settled on a thread of the host: the same rows and report, and the device's own failure. */
import { describe, expect, test } from "vitest";
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine, MeasuredBatch } from "../../src/engine/engine.ts";
import { DeviceError } from "../../src/network/errors.ts";
import type { VerifyRequest } from "../../src/pipeline/verify.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { slowThread } from "../support/slow-thread.ts";

const SAMPLES = 70;
const WIDTHS = [16, 16, 16, 16] as const;
/** Orthogonal, and exactly so in f32: equality in the first layers, so that samples are open, and what is stored of them is asked for. */
const network = randomNetwork({
  ...{ seed: 4, index: 0, widths: WIDTHS, activations: ["tanh", "tanh", "identity"], initialiser: "hadamard" },
  ...{ scale: 1, biasScale: 0 },
});

/** A device with the host's arithmetic; `change` may spoil a measured batch. */
function device(change: (batch: MeasuredBatch, first: number) => MeasuredBatch = (batch) => batch): Engine {
  const own = createCpuEngine({ threads: 0, runtime: "test" });
  return {
    description: { kind: "webgpu", precision: "f32", adapter: "none", runtime: "test", hardware: false },
    batchSize: () => 16,
    measure: async (plan, batch, trace) => {
      // What a device keeps is not on the host: it proves nothing itself.
      const measured: { prove?: unknown } & MeasuredBatch = await own.measure(plan, batch, trace);
      delete measured.prove;
      return change(measured, batch.first);
    },
    dispose: () => {
      own.dispose();
    },
  };
}

async function run(engine: Engine, host: CpuEngine, more: Partial<VerifyRequest> = {}) {
  const rows: SampleRow[] = [];
  const { report, failure } = await verify({
    ...{ network, engine, host, head: { kind: "logit-argmax" }, norm: "spectral", accuracy: 1e-3, seed: 4, audit: 0.2 },
    source: {
      ...{ samples: SAMPLES, width: WIDTHS[0] },
      read: (first, count) => ({
        inputs: fillInputs({ distribution: "normal", scale: 1, seed: 4 }, first, count, WIDTHS[0]),
        labels: null,
      }),
    },
    onRow: (row) => void rows.push(row),
    ...more,
  });
  return { report, failure, rows };
}

/** A host that counts the batches that its threads are given. */
function threadedHost(): { host: CpuEngine; batches: () => number } {
  const host = createCpuEngine({ threads: 2, spawn: slowThread, runtime: "test" });
  let count = 0;
  const work: CpuEngine["work"] = (...words) => {
    count++;
    return host.work(...words);
  };
  return { host: { ...host, work }, batches: () => count };
}

describe("a device's batches on the host's threads", () => {
  test.each([
    [", verdicts only", { accuracy: "verdict" }],
    [", with an accuracy of f64", { accuracy: 1e-12 }],
    [", with intervals asked for", { certify: 1e-3 }],
  ] as const)("give the rows and the report of the calling thread%s", async (_, more) => {
    const { host, batches } = threadedHost();
    const own = await run(device(), createCpuEngine({ threads: 0, runtime: "test" }), more);
    const found = await run(device(), host, more);
    expect(batches()).toBe(Math.ceil(SAMPLES / 16));
    expect(found).toEqual(own);
    expect(own.report.escalations.replayed).toBeGreaterThan(0);
    host.dispose();
  });

  test("stay here where there is only one, where they are held, and where the plan is not the proven one", async () => {
    const { host, batches } = threadedHost();
    await run(device(), host, { batchSize: SAMPLES });
    await run(device(), host, { catch: { wants: () => false, take: () => undefined } });
    await run(device(), host, { adjustPlan: (plan) => ({ ...plan }) });
    expect(batches()).toBe(0);
    host.dispose();
  });

  test("end with the device's own failure, and with what was finished before", async () => {
    const { host } = threadedHost();
    const lost = new DeviceError("webgpu: the device was lost");
    const failing = device((batch, first) =>
      first < 32 ? batch : { ...batch, stored: () => Promise.reject(lost), traced: () => Promise.reject(lost) },
    );
    const { report, failure } = await run(failing, host, { audit: 1 });
    expect(failure).toBe(lost);
    expect(report.samples).toBe(32);
    host.dispose();
  });
});
