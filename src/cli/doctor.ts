/** `gpv doctor`: what this machine has, what `--engine auto` takes and why, and a self-test of each engine. */
import { availableParallelism } from "node:os";
import process from "node:process";
import { DeviceError } from "../network/errors.ts";
import { duration } from "../report/numbers.ts";
import type { Arguments } from "./arguments.ts";
import { openEngines } from "./engines.ts";
import type { EngineWish } from "./engines.ts";
import { EXIT } from "./exit.ts";
import type { Io } from "./io.ts";
import { listAdapters } from "./adapters.ts";
import { selfTest } from "./self-test.ts";
import { runtimeName } from "./threads.ts";
import { TOOL } from "./version.ts";

export async function doctor({ values }: Arguments, io: Io): Promise<number> {
  const cores = availableParallelism();
  await io.out(
    `${TOOL.name} ${TOOL.version}, ${runtimeName()}, ${process.platform} ${process.arch}, ${String(cores)} cores\n`,
  );
  await io.out(`\nAdapters\n${(await listAdapters()).map((line) => `  ${line}\n`).join("")}`);

  await io.out("\nEngines\n");
  const passed = new Map<string, boolean>();
  for (const engine of ["cpu", "webgpu"] as const) {
    passed.set(engine, await examine({ ...wish(values), engine }, io));
  }

  const { why, kind } = await chosen(wish(values), io);
  await io.out(`\nChosen by --engine auto\n  ${why}\n`);
  return passed.get(kind) === true ? EXIT.passed : EXIT.device;
}

function wish(values: Arguments["values"]): EngineWish {
  return { engine: "auto", precision: null, adapter: values.adapter, plant: null };
}

/** Opens one engine, tests it, says what came of it. */
async function examine(wanted: EngineWish, io: Io): Promise<boolean> {
  const name = wanted.engine.padEnd(8);
  try {
    const engines = await openEngines(wanted.engine === "cpu" ? { ...wanted, adapter: null } : wanted, io);
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
    if (!(error instanceof DeviceError)) throw error;
    await io.out(`  ${name}not usable: ${error.message}\n`);
    return false;
  }
}

async function chosen(wanted: EngineWish, io: Io): Promise<{ why: string; kind: string }> {
  const engines = await openEngines(wanted, io);
  engines.dispose();
  return { why: engines.why, kind: engines.engine.description.kind };
}
