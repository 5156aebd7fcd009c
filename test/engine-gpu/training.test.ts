/** Training on a device, in a real process of Node (Dawn) and of Deno (wgpu) on the software adapter. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readShaders } from "../../src/cli/runtime/shaders.ts";
import { reflect } from "../../src/engine/gpu/reflection.ts";
import { joinShader } from "../../src/engine/gpu/sources.ts";
import { TRAINING_KERNELS } from "../../src/training/device-kernels.ts";
import { RUNTIMES, runProgram, skipReason } from "../support/software-gpu.ts";

const CHECKS = {
  updates: "every update is the textbook's, within derived bounds of f32",
  faults: "a planted fault is found at its step",
  repeated: "gives the same bits when repeated, and when gone on from a state",
  diverged: "names the step that diverged, and keeps the state before it",
} as const;

describe.skipIf(skipReason !== null).each(RUNTIMES)("training on webgpu, %s", (runtime) => {
  const run = runProgram(runtime, "training.ts", null) as Promise<Record<string, string[]>>;
  run.catch(() => undefined);
  it.each(Object.entries(CHECKS))("%s: %s", { timeout: 120_000 }, async (name) => {
    expect((await run)[name]).toEqual([]);
  });
});

describe("the shaders of training say what the host declares", () => {
  const sources = readShaders();
  it.each(TRAINING_KERNELS.map((kernel) => [kernel.name, kernel] as const))("%s", (_, kernel) => {
    const { bindings, uniformFields, overrides } = reflect(joinShader(sources, kernel.shader));
    expect(bindings.slice(1).map(({ name }) => name)).toEqual(kernel.buffers);
    expect(bindings.flatMap(({ kind }, i) => (kind === "storage" ? [i - 1] : []))).toEqual(kernel.results);
    expect(uniformFields.map(({ name }) => name)).toEqual(kernel.sizes);
    expect(overrides).toEqual(kernel.overrides);
    expect(readFileSync(new URL(`../../shaders/${kernel.shader}`, import.meta.url), "utf8")).toContain("Accuracy:");
  });
});
