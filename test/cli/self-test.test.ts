import { expect, test } from "vitest";
import { selfTest } from "../../src/cli/self-test.ts";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";

test("the self-test passes on the host's engine", async () => {
  const engine = createCpuEngine({ threads: 0, runtime: "test" });
  expect(await selfTest(engine, engine)).toEqual({ passed: true, summary: "tight as it must be, holds as it must be" });
});

test("the self-test fails on an engine with a planted fault, and says what it found", async () => {
  const host = createCpuEngine({ threads: 0, runtime: "test" });
  const engine = createCpuEngine({ threads: 0, runtime: "test", fault: "input-gradient-scaled" });
  const { passed, summary } = await selfTest(engine, host);
  expect(passed).toBe(false);
  expect(summary).toMatch(/expected tight with ratio 1, found 2 violated/);
});
