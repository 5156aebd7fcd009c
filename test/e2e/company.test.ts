/** Nothing depends on company, nor on the runtime: engine cpu over real threads of Node and Deno, and webgpu in each. */
import { describe, expect, test } from "vitest";
import { RUNTIMES, runProgram, skipReason } from "../support/software-gpu.ts";

interface Answer {
  readonly findings: readonly string[];
  readonly digest: string;
}

const SEED = 20;

test("engine cpu gives the same rows and reports in Node and Deno, on one thread or three, in any company", async () => {
  const input = { engine: "cpu", seed: SEED, cases: 12 };
  const [node, deno] = (await Promise.all(RUNTIMES.map((runtime) => runProgram(runtime, "company.ts", input, {})))) as [
    Answer,
    Answer,
  ];
  expect(node.findings).toEqual([]);
  expect(deno).toEqual(node);
});

describe.skipIf(skipReason !== null).each(RUNTIMES)("engine webgpu under %s", (runtime) => {
  test("gives the same rows and reports in any company", async () => {
    const { findings } = (await runProgram(runtime, "company.ts", {
      engine: "webgpu",
      seed: SEED,
      cases: 4,
    })) as Answer;
    expect(findings).toEqual([]);
  });
});
