/** `gpv doctor`: what this machine has, what `--engine auto` takes and why, and a self-test of each engine. */
import { availableParallelism } from "node:os";
import process from "node:process";
import { DeviceError, UsageError } from "../network/errors.ts";
import { duration } from "../report/numbers.ts";
import type { Arguments } from "./arguments.ts";
import { SoftwareVulkanWanted } from "./again.ts";
import { openEngines } from "./engines.ts";
import type { EngineWish } from "./engines.ts";
import { EXIT } from "./exit.ts";
import { FLAGS } from "./flags.ts";
import type { Io } from "./io.ts";
import { adapterLines, listAdapters, mayHaveHardware } from "./adapters.ts";
import { selfTest } from "./self-test.ts";
import { stress } from "./stress.ts";
import { runtimeName } from "./runtime/gpu.ts";
import { choosesDrivers, runsOnSoftwareVulkan, softwareVulkan } from "./runtime/software-vulkan.ts";
import { TOOL } from "./version.ts";

/** What means something with --stress alone. */
const WITH_STRESS = ["seed", "case", "plant", "report", "junit", "repro"] as const;

export async function doctor(args: Arguments, io: Io): Promise<number> {
  const { values, given } = args;
  if (values.stress !== null) return stress(args, io);
  const stray = WITH_STRESS.find((key) => given.has(key));
  if (stray !== undefined) throw new UsageError(`Found --${FLAGS[stray].name} without --stress: expected both`);
  // Without a hardware GPU the software adapter is what there is to see, in a process of its own.
  const looks = mayHaveHardware() || choosesDrivers() || runsOnSoftwareVulkan();
  const adapters = looks ? await listAdapters() : [];
  if (adapters.length === 0 && !runsOnSoftwareVulkan() && hasSoftwareVulkan()) {
    throw new SoftwareVulkanWanted("doctor looks at the software adapter");
  }
  const cores = availableParallelism();
  await io.out(
    `${TOOL.name} ${TOOL.version}, ${runtimeName()}, ${process.platform} ${process.arch}, ${String(cores)} cores\n`,
  );
  const lines = adapters.length === 0 ? ["none"] : adapters.flatMap(adapterLines);
  await io.out(`\nAdapters\n${lines.map((line) => `  ${line}\n`).join("")}`);

  await io.out("\nEngines\n");
  const passed = new Map<string, boolean>();
  for (const engine of ["cpu", "webgpu"] as const) {
    passed.set(engine, await examine({ ...wish(values), engine }, io));
  }

  const { why, kind } = await chosen(wish(values));
  await io.out(`\nChosen by --engine auto\n  ${why}\n`);
  return passed.get(kind) === true ? EXIT.passed : EXIT.device;
}

function hasSoftwareVulkan(): boolean {
  try {
    softwareVulkan();
    return true;
  } catch (error) {
    if (error instanceof DeviceError) return false;
    throw error;
  }
}

function wish(values: Arguments["values"]): EngineWish {
  return { engine: "auto", precision: null, adapter: values.adapter, plant: null };
}

/** Opens one engine, tests it, says what came of it. */
async function examine(wanted: EngineWish, io: Io): Promise<boolean> {
  const name = wanted.engine.padEnd(8);
  try {
    const engines = await openEngines(wanted.engine === "cpu" ? { ...wanted, adapter: null } : wanted);
    try {
      const startedMs = io.now();
      const { passed, summary } = await selfTest(engines.engine, engines.host);
      const { precision, adapter, hardware } = engines.engine.description;
      const what = `${precision}, ${adapter}${wanted.engine === "webgpu" && !hardware ? " (software)" : ""}`;
      await io.out(`  ${name}${what}\n`);
      await io.out(
        `          self-test ${passed ? "passed" : "FAILED"} in ${duration(io.now() - startedMs)}: ${summary}\n`,
      );
      return passed;
    } finally {
      engines.dispose();
    }
  } catch (error) {
    if (!(error instanceof DeviceError || error instanceof SoftwareVulkanWanted)) throw error;
    await io.out(`  ${name}not usable: ${error.message}\n`);
    return false;
  }
}

async function chosen(wanted: EngineWish): Promise<{ why: string; kind: string }> {
  const engines = await openEngines(wanted);
  engines.dispose();
  return { why: engines.why, kind: engines.engine.description.kind };
}
