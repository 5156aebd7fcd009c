/** The WebGPU engine as a whole, in a real process of Node (Dawn) and of Deno (wgpu) on the software adapter. */
import { describe, expect, it } from "vitest";
import { RUNTIMES, runProgram, skipReason } from "../support/software-gpu.ts";

const CHECKS = {
  agreement: "stores and measures what f64 loops find, on every activation and head, within derived bounds",
  batches: "gives a sample the same bits whatever its batch",
  outputs:
    "runs the forward pass and the iteration once for all outputs of an input, each with the bits of that logit alone",
  narrower: "moves the samples that need more steps into narrower blocks, and gives each the bits that it has alone",
  profile: "times every stage, by timestamps or by the clock, and gives the same bits",
  flight: "gives the same bits with three calls at once",
  turns: "serves calls in the order in which they were made",
  finite: "marks a sample that is not finite, and leaves the others untouched",
  memory: "allocates what the memory plan of a program adds up",
  errors: "turns what the device refuses into a DeviceError that says what it was, and goes on",
} as const;

describe.skipIf(skipReason !== null).each(RUNTIMES)("engine webgpu, %s", (runtime) => {
  const run = runProgram(runtime, "engine.ts", null) as Promise<Record<string, string[]>>;
  run.catch(() => undefined);
  it.each(Object.entries(CHECKS))("%s: %s", { timeout: 120_000 }, async (name) => {
    expect((await run)[name]).toEqual([]);
  });
});
