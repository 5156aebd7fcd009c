/**
 * The whole engine on the software adapter, against f64 loops over what it stored. Prints a list of findings for each check;
 * an empty list is a pass. The same file under Node and Deno.
 */
import process from "node:process";
import { openGpu } from "../../../src/cli/runtime/gpu.ts";
import { readShaders } from "../../../src/cli/runtime/shaders.ts";
import type { Batch, Engine, Measurements } from "../../../src/engine/engine.ts";
import type { FaultName } from "../../../src/engine/faults.ts";
import { openDevice } from "../../../src/engine/gpu/device.ts";
import { USAGE } from "../../../src/engine/gpu/usage.ts";
import { createGpuEngine } from "../../../src/engine/gpu/engine.ts";
import { createProfile } from "../../../src/engine/gpu/profile.ts";
import { createProgram } from "../../../src/engine/gpu/program.ts";
import type { Plan } from "../../../src/engine/plan.ts";
import { makePlan } from "../../../src/engine/plan.ts";
import { bytesOf, matricesOf } from "../../../src/engine/program/memory.ts";
import { batchProgram } from "../../../src/engine/program/program.ts";
import type { Matrix } from "../../../src/engine/program/stage.ts";
import { DeviceError } from "../../../src/network/errors.ts";
import type { Head } from "../../../src/network/heads.ts";
import { formatActivation } from "../../../src/network/parametric.ts";
import { inputWidth } from "../../../src/network/network.ts";
import { randomNetwork } from "../../../src/sampling/random-network.ts";
import { DIRECTION_BLOCK, uniformSigned, wordsAt } from "../../../src/sampling/philox.ts";
import { CASES } from "../support/architectures.ts";
import type { Architecture } from "../support/architectures.ts";
import { judgeBatch } from "../support/judge-batch.ts";
import { ADAPTER_PREFERENCE } from "../support/adapter.ts";

const gpu = await openGpu();
if (gpu === null) throw new Error("no WebGPU in this runtime");
const shaders = readShaders();
const open = (fault?: FaultName, sources = shaders): Promise<Engine> =>
  createGpuEngine({
    gpu,
    adapterPreference: ADAPTER_PREFERENCE,
    shaders: sources,
    runtime: "test",
    ...(fault === undefined ? {} : { fault }),
  });

function inputsOf(width: number, first: number, samples: number): Float64Array {
  const rows = Array.from({ length: samples }, (_, j) => wordsAt(11, 9998, first + j, width));
  return Float64Array.from(rows.flatMap((row) => Array.from(row, (w) => 2 * uniformSigned(w))));
}

function batchOf(plan: Plan, first: number, samples: number, labelled: boolean): Batch {
  const width = inputWidth(plan.network);
  const outputs = plan.network.layers.at(-1)?.outputs ?? 1;
  const labels = labelled ? Int32Array.from({ length: samples }, (_, j) => (first + j) % outputs) : null;
  return { first, samples, inputs: inputsOf(width, first, samples), labels };
}

function planOf(c: Architecture, index: number, accuracy: number | "verdict" = c.accuracy): Plan {
  const network = randomNetwork({ seed: 5, index, ...c });
  const samples = 40;
  const outputs = c.widths.at(-1) ?? 1;
  const head: Head =
    c.head === "linear"
      ? { kind: "linear", coefficients: inputsOf(outputs, 1, 1) }
      : c.head === "squared-error"
        ? { kind: "squared-error", targets: inputsOf(outputs, 2, samples), rows: samples }
        : c.head === "logit"
          ? { kind: "logit", index: outputs - 1 }
          : ({ kind: c.head } as Head);
  return makePlan(network, { head, precision: "f32", norm: c.norm, accuracy, seed: 21 });
}

/** Every number of a measurement, as text that tells bits apart. */
function digest(m: Measurements, from: number, to: number): string {
  return JSON.stringify(m, (key, value: unknown) => {
    if (key === "samples") return 0;
    if (ArrayBuffer.isView(value))
      return Array.from(value as Float64Array)
        .slice(from, to)
        .map(String);
    return value;
  });
}

const results: Record<string, string[]> = {};
const engine = await open();

results["agreement"] = [];
for (const [i, c] of CASES.entries()) {
  const plan = planOf(c, i);
  const batch = batchOf(plan, 3, c.samples, ["cross-entropy", "margin", "logistic"].includes(c.head));
  const measured = await engine.measure(plan, batch);
  const stored = await measured.stored(Array.from({ length: c.samples }, (_, j) => j));
  for (const finding of judgeBatch(plan, batch, measured.measurements, stored)) {
    results["agreement"].push(
      `${c.widths.join("-")} ${c.activations.map(formatActivation).join()} ${c.head} ${c.norm}: ${finding}`,
    );
  }
  measured.release();
}

// A sample's numbers do not depend on its batch: 13 together, the same 13 in parts, and 13 after a larger batch; sample 9 is the first of
// another block of addresses than those before it, with another random direction.
const BASE = DIRECTION_BLOCK - 9;
results["batches"] = [];
for (const i of [1, 4]) {
  const c = CASES[i] as Architecture;
  const plan = planOf(c, i);
  const labelled = ["cross-entropy", "margin", "logistic"].includes(c.head);
  const measure = async (first: number, samples: number): Promise<Measurements> => {
    const measured = await engine.measure(plan, batchOf(plan, BASE + first, samples, labelled));
    measured.release();
    return measured.measurements;
  };
  const whole = await measure(0, 13);
  for (const [first, samples] of [
    [0, 1],
    [1, 4],
    [5, 8],
    [9, 4],
    [0, 13],
  ] as const) {
    await measure(0, 30);
    const part = await measure(first, samples);
    if (digest(part, 0, samples) !== digest(whole, first, first + samples)) {
      results["batches"].push(
        `network ${String(i)}: samples ${String(first)} to ${String(first + samples - 1)} differ from those of the whole batch`,
      );
    }
  }
}

// Of each-logit every output has the bits of that logit alone, ‖J_t‖ and its witness those of logit 0; read back early, late or all at once.
results["outputs"] = [];
for (const norm of ["spectral", "frobenius"] as const) {
  const c = { ...(CASES[1] as Architecture), norm };
  const plan = planOf({ ...c, head: "each-logit" }, 1);
  const [inputs, outputs] = [6, plan.network.layers.at(-1)?.outputs ?? 1];
  const alike = (of: unknown): string =>
    JSON.stringify(of, (_, v: unknown) => (ArrayBuffer.isView(v) ? Array.from(v as Float64Array) : v));
  const batch = {
    ...batchOf(plan, BASE, inputs, false),
    ...{ first: outputs * BASE, samples: outputs * inputs, outputs },
    labels: Int32Array.from({ length: outputs * inputs }, (_, i) => i % outputs),
  };
  const early = [outputs - 1, 2 * outputs, 2 * outputs + 1];
  const measured = await engine.measure(plan, batch, early);
  const all = Array.from({ length: batch.samples }, (_, i) => i);
  const [traced, late, few] = await Promise.all([measured.traced(all), measured.stored(all), measured.traced(early)]);
  measured.release();
  const first: { of: Measurements | null; witnesses: string[] } = { of: null, witnesses: [] };
  for (let k = 0; k < outputs; k++) {
    const own = await engine.measure(
      { ...plan, head: { kind: "logit", index: k } },
      batchOf(plan, BASE, inputs, false),
    );
    const read = await own.traced(Array.from({ length: inputs }, (_, s) => s));
    own.release();
    first.of ??= own.measurements;
    const expected = { ...own.measurements, witnesses: first.of.witnesses, explicit: first.of.explicit };
    for (let s = 0; s < inputs; s++) {
      const place = s * outputs + k;
      const where = `${norm}: output ${String(k)} of input ${String(s)}`;
      if (digest(measured.measurements, place, place + 1) !== digest(expected, s, s + 1))
        results["outputs"].push(where);
      const { witnesses, ...vectors } = read[s] as (typeof read)[number];
      if (k === 0) first.witnesses.push(alike({ witnesses }));
      const { witnesses: found, ...rest } = traced[place] as (typeof traced)[number];
      if (alike(rest) !== alike(vectors)) results["outputs"].push(`${where}: what is stored`);
      if (alike({ witnesses: found }) !== first.witnesses[s]) results["outputs"].push(`${where}: its witnesses`);
      if (alike(late[place]?.adjoints) !== alike(rest.adjoints)) results["outputs"].push(`${where}: read at once`);
    }
  }
  early.forEach((place, i) => {
    if (alike(few[i]) !== alike(traced[place])) results["outputs"]?.push(`${norm}: place ${String(place)} read early`);
  });
}

// Samples that need more steps than most move into narrower blocks, and back come the numbers that each has alone.
results["narrower"] = [];
{
  const c = { ...(CASES[1] as Architecture), widths: [40, 40, 40, 3], accuracy: 1e-6 };
  const plan = planOf({ ...c, activations: ["tanh", "tanh", "identity"] }, 1);
  const measure = async (first: number, samples: number): Promise<Measurements> => {
    const measured = await engine.measure(plan, batchOf(plan, first, samples, true));
    measured.release();
    return measured.measurements;
  };
  const whole = await measure(0, 70);
  const steps = whole.witnesses.flatMap((own) => Array.from(own?.steps ?? []));
  const [most, few] = [Math.max(...steps), steps.filter((own) => own === Math.max(...steps)).length];
  if (most <= 16 || few > 35) results["narrower"].push(`${String(few)} samples took the most steps, ${String(most)}`);
  for (let first = 0; first < 70; first += 7) {
    const part = await measure(first, 7);
    if (digest(part, 0, 7) !== digest(whole, first, first + 7))
      results["narrower"].push(`samples ${String(first)} to ${String(first + 6)} differ from those of the whole batch`);
  }
}

// Timed by timestamps or by the clock: the same bits, and a time for every stage that there is.
results["profile"] = [];
{
  const plan = planOf(CASES[1] as Architecture, 1);
  const expected = await engine.measure(plan, batchOf(plan, 0, 9, true));
  expected.release();
  const without: Pick<GPU, "requestAdapter"> = {
    async requestAdapter(wish) {
      const adapter = await gpu.requestAdapter(wish);
      if (adapter === null) return null;
      return new Proxy(adapter, {
        get(of, key) {
          const value: unknown = key === "features" ? new Set() : Reflect.get(of, key);
          return typeof value === "function" ? (value.bind(of) as unknown) : value;
        },
      });
    },
  };
  for (const [own, method] of [
    [gpu, "timestamps"],
    [without as GPU, "clock"],
  ] as const) {
    const profile = createProfile();
    const timed = await createGpuEngine({
      gpu: own,
      adapterPreference: ADAPTER_PREFERENCE,
      shaders,
      runtime: "test",
      profile,
    });
    const measured = await timed.measure(plan, batchOf(plan, 0, 9, true));
    measured.release();
    timed.dispose();
    const { base } = batchProgram(plan, 12, { fault: undefined, bindingBytes: Infinity });
    const told = [...profile.stages.values()];
    const silent = base.stages.filter(
      ({ name }) => !told.some(({ stage, dispatches }) => stage === name && dispatches > 0),
    );
    if (profile.method !== method) results["profile"].push(`timed by ${String(profile.method)}, expected ${method}`);
    if (silent.length > 0) results["profile"].push(`${method}: no time of ${silent.map(({ name }) => name).join()}`);
    if (!(told.reduce((sum, { seconds }) => sum + seconds, 0) > 0))
      results["profile"].push(`${method}: no time at all`);
    if (digest(measured.measurements, 0, 9) !== digest(expected.measurements, 0, 9))
      results["profile"].push(`${method}: other numbers than without`);
  }
}

// Two under way at once, and a third that waits, give what one after the other gives.
results["flight"] = [];
{
  const plan = planOf(CASES[1] as Architecture, 1);
  const alone = await engine.measure(plan, batchOf(plan, 0, 9, true));
  alone.release();
  const three = [0, 1, 2].map(async () => {
    const measured = await engine.measure(plan, batchOf(plan, 0, 9, true));
    measured.release();
    return digest(measured.measurements, 0, 9);
  });
  const expected = digest(alone.measurements, 0, 9);
  (await Promise.all(three)).forEach((text, i) => {
    if (text !== expected) results["flight"]?.push(`call ${String(i)} differs from the call alone`);
  });
}

// Who asks first is served first: two runs on one engine would otherwise wait for each other, each holding what the other needs.
results["turns"] = [];
{
  const plan = planOf(CASES[1] as Architecture, 1);
  const ask = () => engine.measure(plan, batchOf(plan, 0, 4, true));
  const [first, second] = [await ask(), await ask()];
  const third = ask();
  first.release();
  const fourth = ask();
  const served = await Promise.race([third.then(() => "third"), fourth.then(() => "fourth")]);
  if (served !== "third") results["turns"].push(`the ${served} call was served before the third`);
  second.release();
  for (const call of [third, fourth]) (await call).release();
}

// A NaN or an infinity in one input marks that sample alone.
results["finite"] = [];
{
  const plan = planOf(CASES[1] as Architecture, 1);
  const batch = batchOf(plan, 0, 9, true);
  const clean = await engine.measure(plan, batch);
  clean.release();
  const inputs = batch.inputs.slice();
  const width = inputWidth(plan.network);
  inputs[2 * width] = NaN;
  inputs[5 * width + 1] = Infinity;
  inputs[7 * width] = 3e38;
  const broken = await engine.measure(plan, { ...batch, inputs });
  broken.release();
  // Sample 7 is finite, and large enough that its sums may or may not be.
  const flags = Array.from(broken.measurements.finite);
  [0, 1, 2, 3, 4, 5, 6, 8].forEach((j) => {
    const expected = j === 2 || j === 5 ? 0 : 1;
    if (flags[j] !== expected)
      results["finite"]?.push(`sample ${String(j)}: finite ${String(flags[j])}, expected ${String(expected)}`);
  });
  for (const j of [0, 1, 3, 4, 6, 8]) {
    if (digest(broken.measurements, j, j + 1) !== digest(clean.measurements, j, j + 1)) {
      results["finite"].push(`sample ${String(j)} changed because another is not finite`);
    }
  }
}

// What a program allocates on the device is what its memory plan adds up; the iteration's later rounds come when a sample does.
results["memory"] = [];
for (const [norm, samples] of [
  ["spectral", 8],
  ["frobenius", 12],
] as const) {
  const device = await openDevice(gpu, ADAPTER_PREFERENCE, shaders, undefined);
  let allocated = 0;
  const createBuffer = device.device.createBuffer.bind(device.device);
  device.device.createBuffer = (own) => {
    if ((own.usage & USAGE.STORAGE) !== 0) allocated += own.size;
    return createBuffer(own);
  };
  const c = { ...(CASES[1] as Architecture), widths: [40, 40, 40, 3], initialiser: "orthogonal" as const, norm };
  const plan = planOf({ ...c, activations: ["identity", "identity", "identity"] }, 1, 1e-9);
  const program = await createProgram(device, plan, samples, undefined);
  const planned = matricesOf(batchProgram(plan, samples, { fault: undefined, bindingBytes: device.bindingBytes }));
  const bytes = (list: Iterable<Matrix>): number => [...list].reduce((sum, own) => sum + bytesOf(own), 0);
  const first = bytes(planned.first);
  if (allocated !== first) results["memory"].push(`${norm}: ${String(allocated)} bytes, planned ${String(first)}`);
  await program.run(batchOf(plan, 0, samples, true), []);
  const most = first + bytes(planned.later);
  if (!(allocated <= most))
    results["memory"].push(`${norm}: ${String(allocated)} bytes after a run, at most ${String(most)}`);
  program.destroy();
  device.device.destroy();
}

// What the device refuses is a DeviceError that says what it was.
results["errors"] = [];
async function expectError(what: string, pattern: RegExp, action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
    results["errors"]?.push(`${what}: nothing was thrown`);
  } catch (error) {
    if (!(error instanceof DeviceError)) results["errors"]?.push(`${what}: ${String(error)} is no DeviceError`);
    else if (!pattern.test(error.message)) results["errors"]?.push(`${what}: the message is "${error.message}"`);
  }
}
await expectError("a shader that does not compile", /forward\.wgsl.*line \d+.*column \d+/, async () => {
  const text = shaders["forward.wgsl"] ?? "";
  const other = await open(undefined, {
    ...shaders,
    "forward.wgsl": text.replace("let quad = id.x;", "let quad = id.x + 1.5f;"),
  });
  const plan = planOf(CASES[0] as Architecture, 0);
  try {
    return await other.measure(plan, batchOf(plan, 0, 4, false));
  } finally {
    other.dispose();
  }
});
await expectError("a batch beyond the device's limits", /.+/, async () => {
  const plan = planOf(
    { ...(CASES[0] as Architecture), widths: [1, 2000, 1], activations: ["relu", "identity"], head: "sum" },
    0,
  );
  const samples = 2 ** 20;
  return engine.measure(plan, { first: 0, samples, inputs: new Float64Array(samples), labels: null });
});
await expectError("an engine that was disposed of", /.+/, async () => {
  const other = await open();
  const plan = planOf(CASES[0] as Architecture, 0);
  other.dispose();
  return other.measure(plan, batchOf(plan, 0, 4, false));
});
// And the engine still works.
{
  const plan = planOf(CASES[0] as Architecture, 0);
  const measured = await engine.measure(plan, batchOf(plan, 0, 4, false)).catch((error: unknown) => String(error));
  if (typeof measured === "string") results["errors"].push(`after a refused batch: ${measured}`);
  else measured.release();
}
engine.dispose();

process.stdout.write(JSON.stringify(results));
