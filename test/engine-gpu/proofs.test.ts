import { describe, expect, test } from "vitest";
import { runProof } from "../evidence/run-proof.ts";
import { RUNTIMES, skipReason } from "../support/software-gpu.ts";

if (skipReason !== null) console.warn(`skipped: ${skipReason}`);

interface Figures {
  readonly failures: readonly string[];
  readonly brackets: number;
  readonly early: number;
  readonly samples: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly singleOutput: { readonly samples: number; readonly tight: number };
}

// The proofs of `npm run evidence`, reduced: the same code on fewer architectures.
describe.skipIf(skipReason !== null).each(RUNTIMES)("engine webgpu under %s", (runtime) => {
  test("agrees with the oracle on drawn architectures", async () => {
    const request = {
      proof: "agreement",
      engine: "webgpu",
      seed: 101,
      from: 0,
      to: 30,
      samples: 0,
      budget: 5e5,
    } as const;
    const figures = (await runProof(runtime, request)) as unknown as Figures;
    expect(figures.failures).toEqual([]);
    expect(figures.brackets).toBeGreaterThan(150);
    expect(figures.early).toBeLessThanOrEqual(1);
  });

  test("calls no clean sample violated or unresolved, and a single linear functional tight", async () => {
    const request = {
      proof: "clean",
      engine: "webgpu",
      seed: 201,
      from: 0,
      to: 40,
      samples: 200,
      budget: 3e6,
    } as const;
    const figures = (await runProof(runtime, request)) as unknown as Figures;
    expect(figures.failures).toEqual([]);
    expect(figures.verdicts["violated"]).toBe(0);
    expect(figures.verdicts["unresolved"]).toBe(0);
    expect(figures.samples).toBeGreaterThan(3000);
    expect(figures.singleOutput.samples).toBeGreaterThan(0);
    expect(figures.singleOutput.tight).toBe(figures.singleOutput.samples);
  });

  test("gives extreme numbers the right verdict, or says why not", { timeout: 120_000 }, async () => {
    const figures = await runProof(runtime, { proof: "extremes", engine: "webgpu", deepest: 8, drawn: 8 });
    expect(figures["failures"]).toEqual([]);
    expect(figures["exact"]).toBeGreaterThan(200);
  });
});
