/** The recovering engine, over engine cpu with a device that is lost at a chosen call. */
import { expect, test } from "vitest";
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createRecoveringEngine } from "../../src/engine/recovering.ts";
import type { VerifyOutcome } from "../../src/pipeline/verify.ts";
import { verify } from "../../src/pipeline/verify.ts";
import { DeviceError, DeviceLostError } from "../../src/network/errors.ts";
import type { Subject } from "../../src/worker/subject.ts";
import { openSubject } from "../../src/worker/subject.ts";

const SUBJECT: Subject = {
  kind: "drawn",
  ...{ widths: [6, 9, 4], activation: "relu", initialiser: "he", distribution: "normal", samples: 100, seed: 1 },
};
const host = createCpuEngine({ threads: 0, runtime: "test" });

/** Engine cpu on a device that is lost at its n-th call of a kind, and with it everything that it holds. */
function fragile(kind: "measure" | "stored" | "traced", n: number, description = host.description): Engine {
  let calls = 0;
  let lost = false;
  const call = async <T>(what: typeof kind, work: () => Promise<T>): Promise<T> => {
    if (what === kind && ++calls === n) lost = true;
    await Promise.resolve();
    const refuse = (): void => {
      if (lost) throw new DeviceLostError("webgpu: the device was lost: by the test");
    };
    refuse();
    const result = await work();
    refuse();
    return result;
  };
  return {
    ...host,
    description,
    measure: (plan, batch, trace) =>
      call("measure", async () => {
        const measured = await host.measure(plan, batch, trace);
        return {
          ...measured,
          stored: (samples) => call("stored", () => measured.stored(samples)),
          traced: (samples) => call("traced", () => measured.traced(samples)),
        };
      }),
  };
}

async function run(engine: Engine, judge: CpuEngine = host): Promise<VerifyOutcome & { indices: number[] }> {
  const { network, source } = await openSubject(SUBJECT);
  const indices: number[] = [];
  const outcome = await verify({
    ...{ network, source, engine, host: judge, head: { kind: "sum" }, norm: "spectral", accuracy: 1e-3, seed: 1 },
    ...{ batchSize: 8, audit: 0.5, onRow: (row) => void indices.push(row.index) },
  });
  return { ...outcome, indices };
}

test.each([
  ["measure", 3],
  ["traced", 2],
] as const)(
  "a device that is lost at %s call %d costs nothing: every sample counts once, with the same numbers",
  async (kind, n) => {
    const clean = await run(host);
    const devices = [fragile(kind, n), fragile(kind, n + 1), host];
    let recoveries = 0;
    const engine = await createRecoveringEngine(() => Promise.resolve(devices.shift() ?? host), {
      onRecovery: () => recoveries++,
    });
    const { report, failure, indices } = await run(engine);
    expect([failure, recoveries, devices.length]).toEqual([null, 2, 0]);
    expect(report).toEqual(clean.report);
    expect(indices).toEqual(Array.from({ length: 100 }, (_, i) => i));
  },
);

test("a device that is lost again and again is given up, with what is finished", async () => {
  let opened = 0;
  const engine = await createRecoveringEngine(() => Promise.resolve(fragile("measure", opened++ === 0 ? 5 : 1)));
  const { report, failure, indices } = await run(engine);
  expect(failure?.message).toBe("webgpu: the device was lost: by the test");
  expect(opened).toBe(4);
  expect(report.samples).toBe(indices.length);
  // Batch 5 was lost, and batch 4 if it was still under way.
  expect([24, 32]).toContain(report.samples);
});

test("numbers of another adapter are not mixed in", async () => {
  const other = { ...host.description, adapter: "another" };
  const devices = [fragile("measure", 3), fragile("measure", 9, other)];
  const engine = await createRecoveringEngine(() => Promise.resolve(devices.shift() ?? host));
  const { report, failure } = await run(engine);
  expect(failure?.message).toBe(
    "webgpu: the device was lost: by the test; found the adapter another, test, expected host, test again",
  );
  expect([8, 16]).toContain(report.samples);
});

/** Engine "webgpu" whose calls `wrong` may answer in the place of engine cpu. */
function faulty(wrong: (call: number, samples: number) => Promise<never> | null): Engine {
  let calls = 0;
  return {
    ...host,
    description: { ...host.description, kind: "webgpu" },
    measure: (plan, batch, trace) => wrong(++calls, batch.samples) ?? host.measure(plan, batch, trace),
  };
}

const timer = (callback: () => void, ms: number): (() => void) => {
  const id = setTimeout(callback, ms);
  return () => {
    clearTimeout(id);
  };
};

/** The numbers of a report, whatever the engine was called. */
async function numbers(engine: Engine): Promise<unknown> {
  const { report, failure, indices } = await run(engine);
  return { ...report, engine: null, timing: null, failure, indices };
}

test.each<[string, (call: number) => Promise<never> | null, string]>([
  ["hangs", (call) => (call === 3 ? new Promise(() => undefined) : null), "webgpu: host gave no answer within 0 s"],
  [
    "throws at once",
    (call) => {
      if (call === 3) throw new RangeError("createBuffer failed, size is too large");
      return null;
    },
    "webgpu: RangeError: createBuffer failed, size is too large",
  ],
  [
    "is refused memory",
    (call) => (call === 3 ? Promise.reject(new DeviceError("webgpu: out of memory")) : null),
    "webgpu: out of memory",
  ],
])("a device that %s: opened anew, the same report, every sample once", async (_, wrong, message) => {
  const clean = await numbers(faulty(() => null));
  const met: string[] = [];
  const devices = [faulty(wrong)];
  const engine = await createRecoveringEngine(() => Promise.resolve(devices.shift() ?? faulty(() => null)), {
    onRecovery: (failure) => met.push(failure.message),
    watchdog: { ms: 400, timer },
  });
  expect(await numbers(engine)).toEqual(clean);
  expect(met).toEqual([message]);
});

test("a batch too large for the device goes in parts from the second failure on, with the same report", async () => {
  const clean = await numbers(faulty(() => null));
  const small = (): Engine =>
    faulty((_, samples) => (samples > 4 ? Promise.reject(new DeviceError("webgpu: out of memory")) : null));
  const engine = await createRecoveringEngine(() => Promise.resolve(small()));
  expect(await numbers(engine)).toEqual(clean);
});

test("a device that always hangs is given up, with its own words", async () => {
  const engine = await createRecoveringEngine(() => Promise.resolve(faulty(() => new Promise(() => undefined))), {
    watchdog: { ms: 50, timer },
  });
  const { report, failure } = await run(engine);
  expect(failure?.message).toBe("webgpu: host gave no answer within 0 s");
  expect(report.samples).toBe(0);
});
