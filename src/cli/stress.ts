/**
 * `gpv doctor --stress [MINUTES]`: a conformance run of the adapter. 0 it conforms, 1 it does not, 3 the device failed, 130 interrupted (the
 * verdict then speaks of what was run).
 */
import { kernelCase } from "../conformance/cases.ts";
import type { ConformanceOutcome } from "../conformance/conformance.ts";
import { runConformance } from "../conformance/conformance.ts";
import type { ConformanceReport } from "../records/conformance.ts";
import { createCpuEngine } from "../engine/cpu/engine.ts";
import type { Engine, EngineDescription } from "../engine/engine.ts";
import type { FaultName } from "../engine/faults.ts";
import { FAULTS } from "../engine/faults.ts";
import type { OpenDevice } from "../engine/gpu/device.ts";
import { openDevice } from "../engine/gpu/device.ts";
import type { GpuEngineOptions } from "../engine/gpu/engine.ts";
import { createGpuEngine } from "../engine/gpu/engine.ts";
import { DeviceError, UsageError } from "../network/errors.ts";
import { conformanceJson, conformanceSuite, conformanceText } from "../report/conformance.ts";
import { junitXml } from "../report/junit.ts";
import { counted, duration } from "../report/numbers.ts";
import type { Arguments } from "./arguments.ts";
import { findAdapter } from "./engines.ts";
import { EXIT } from "./exit.ts";
import type { Io } from "./io.ts";
import type { Output } from "./outputs.ts";
import { closeAll, openOutput } from "./outputs.ts";
import { writeRepro } from "./repro.ts";
import { checkDistinct } from "./same-file.ts";
import { spawnThread, threadCount } from "./threads.ts";
import { TOOL } from "./version.ts";

/** Devices for kernel calls, and as many engines, each on one of its own. */
const DEVICES = 2;

export async function stress({ values }: Arguments, io: Io): Promise<number> {
  refuseOtherEngines(values.plant);
  checkDistinct([
    { option: "report", file: values.report, output: true },
    { option: "junit", file: values.junit, output: true },
    { option: "repro", file: values.repro, output: true },
  ]);
  const options = await findAdapter(values);
  const outputs: Output[] = [];
  const open = (option: string, file: string | null): Output | null => {
    if (file === null) return null;
    const output = openOutput(option, file);
    outputs.push(output);
    return output;
  };
  try {
    const [json, xml] = [open("report", values.report), open("junit", values.junit)];
    const page = open("repro", values.repro);
    const startedAt = io.date();
    const startedMs = io.now();
    const { outcome, adapter } = await run(options, values, io);
    const report = makeReport(outcome, adapter, values, {
      elapsedMs: io.now() - startedMs,
      interrupted: io.signal.aborted,
      startedAt,
    });
    json?.write(conformanceJson(report));
    xml?.write(junitXml([conformanceSuite(report)]));
    const lost = closeAll([json, xml]);
    await io.out(conformanceText(report));
    if (page !== null) await showKernel(report, page, values, io);
    if (lost !== null) throw lost;
    if (outcome.failure !== null) return EXIT.device;
    if (io.signal.aborted) return EXIT.interrupted;
    return report.verdict === "fails" ? EXIT.failed : EXIT.passed;
  } finally {
    for (const output of outputs) output.abandon();
  }
}

/** The page of the first kernel case that failed. */
async function showKernel(
  { kernels, run: { seed } }: ConformanceReport,
  page: Output,
  { plant, adapter, repro }: Arguments["values"],
  io: Io,
): Promise<void> {
  const place = `\n--repro ${repro ?? ""}: not written`;
  const [failure] = kernels.flatMap((k) => k.failures);
  if (failure === undefined) {
    await io.out(`${place}: no kernel failed\n`);
    return;
  }
  const { call, name, index } = kernelCase(seed, Number(failure.case.replace("kernel:", "")));
  const story = `It was found by the conformance run gpv doctor --stress: case ${String(index)} of seed ${String(seed)} (${name}).`;
  await writeRepro(call, page, { plant, adapter, story, place, done: `\nthe kernel alone: ${repro ?? ""}` }, io);
}

type Wanted = Pick<Arguments["values"], "plant" | "seed" | "stress" | "case">;

/** Opens devices and engines, runs, and says how far it is on a terminal. */
async function run(
  options: GpuEngineOptions,
  values: Wanted,
  io: Io,
): Promise<{ outcome: ConformanceOutcome; adapter: EngineDescription }> {
  const { gpu, adapterPreference, shaders, runtime, fault } = options;
  const devices: OpenDevice[] = [];
  const engines: Engine[] = [];
  const host = createCpuEngine({ threads: threadCount(), spawn: spawnThread, runtime });
  try {
    for (let i = 0; i < DEVICES; i++) {
      devices.push(await openDevice(gpu, adapterPreference, shaders, fault));
      engines.push(await createGpuEngine(options));
    }
    const adapter = (engines[0] as Engine).description;
    io.note(`gpv: conformance of ${adapter.adapter}${adapter.hardware ? "" : ", in software"}`);
    if (fault !== undefined) {
      io.note(`gpv: WARNING: planted fault "${fault}" is switched on: ${FAULTS[fault].changes}`);
    }
    const budgetMs = 60_000 * (values.stress ?? 0);
    const outcome = await runConformance({
      ...{ devices, engines, host, fault, budgetMs, seed: values.seed, only: values.case },
      now: io.now,
      signal: io.signal,
      patience: (what, work) => withPatience(`${adapter.adapter} on ${what}`, work),
      onProgress: ({ cases, networks, failed, elapsedMs }) => {
        const left = Math.max(0, budgetMs - elapsedMs);
        io.status?.(
          `${counted(cases, "case")}, ${counted(networks, "network")}, ${String(failed)} failed, ${duration(left)} left`,
        );
      },
    });
    io.status?.("");
    return { outcome, adapter };
  } finally {
    for (const open of devices) open.device.destroy();
    for (const engine of engines) engine.dispose();
    host.dispose();
  }
}

/** How long a group of calls or a network may take: a second or two is usual in software. */
const PATIENCE_MS = 180_000;

async function withPatience<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DeviceError(`webgpu: no answer from ${what} for ${duration(PATIENCE_MS)}`));
    }, PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function makeReport(
  { kernels, engine, failure, whole }: ConformanceOutcome,
  adapter: EngineDescription,
  { seed, stress: minutes, plant, case: only }: Wanted,
  timing: ConformanceReport["timing"],
): ConformanceReport {
  const failed = engine.failed > 0 || kernels.some((k) => k.failed > 0);
  return {
    schema: "gradient-penalty-conformance/1",
    tool: TOOL,
    adapter: { ...adapter, kind: "webgpu", precision: "f32" },
    run: {
      seed,
      minutes: minutes ?? 0,
      devices: DEVICES,
      case: only === null ? null : `${only.part}:${String(only.index)}`,
      plant,
    },
    verdict: failed ? "fails" : whole && failure === null ? "conforms" : "unfinished",
    deviceFailure: failure?.message ?? null,
    kernels,
    engine,
    timing,
  };
}

/** @throws UsageError for a fault that no conformance run can show, and for what is none. */
function refuseOtherEngines(plant: FaultName | null): void {
  if (plant === null) return;
  if (FAULTS[plant].allowed === true) {
    throw new UsageError(
      `--plant ${plant}: is allowed by WGSL, so that a conformance run must not find it; expected a fault`,
    );
  }
  if (plant === "nan-swallowed") {
    throw new UsageError(
      `--plant ${plant}: needs inputs that are not finite, which a conformance run has none of; expected another fault, or gpv verify with such inputs`,
    );
  }
  if (FAULTS[plant].engines.includes("webgpu")) return;
  throw new UsageError(`--plant ${plant}: is a fault of engine cpu, expected one of webgpu's (docs/faults.md)`);
}
