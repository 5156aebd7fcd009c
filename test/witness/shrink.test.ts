import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import { checkHead } from "../../src/network/heads.ts";
import { checkNetwork, inputWidth, outputWidth } from "../../src/network/network.ts";
import { headCases } from "../reference/support/cases.ts";
import { REDUCTIONS } from "../../src/witness/reductions.ts";
import { replayWitness } from "../../src/witness/replay.ts";
import type { ShrinkRequest } from "../../src/witness/shrink.ts";
import { parameters, shrinkWitness } from "../../src/witness/shrink.ts";
import type { Witness } from "../../src/witness/witness.ts";
import { host, network, witnessOf } from "./support.ts";

const DEEP = network([6, 9, 8, 7, 6, 4], "tanh");

function request(witness: Witness, fault: FaultName | undefined, changes: Partial<ShrinkRequest> = {}): ShrinkRequest {
  const engine = createCpuEngine({ threads: 0, runtime: "test", ...(fault === undefined ? {} : { fault }) });
  const { tool, settings, address } = witness;
  const origin = { tool, settings, address, engine: engine.description };
  return { witness, engine, host, adjustPlan: (plan) => plan, origin, attempts: 3000, ...changes };
}

describe("shrink", () => {
  test("reduces a fault of the backward pass to a handful of numbers that still fail by themselves", async () => {
    const witness = await witnessOf(DEEP, { fault: "vjp-missing-mask" });
    const { witness: small, finished } = await shrinkWitness(request(witness, "vjp-missing-mask"));
    expect(finished).toBe(true);
    if (small === null) throw new Error("not reproduced");
    expect(parameters(small)).toBeLessThan(parameters(witness) / 20);
    expect(small.row.verdict).toBe("violated");
    expect((await replayWitness(small, host)).confirmed).toBe(true);
    // A slope is forgotten between two layers: one cannot do.
    expect(small.network.layers.length).toBe(2);
  });

  test("says that nothing fails where nothing does", async () => {
    const witness = await witnessOf(DEEP, { fault: "vjp-missing-mask" });
    expect(await shrinkWitness(request(witness, undefined))).toEqual({ witness: null, attempts: 1, finished: true });
  });

  test("stops at its limit, and when it is told to, with the smallest case so far", async () => {
    const witness = await witnessOf(DEEP, { fault: "vjp-missing-mask" });
    const limited = await shrinkWitness(request(witness, "vjp-missing-mask", { attempts: 4 }));
    expect([limited.attempts, limited.finished]).toEqual([4, false]);
    const controller = new AbortController();
    const stopped = await shrinkWitness(
      request(witness, "vjp-missing-mask", {
        signal: controller.signal,
        onProgress: (attempts) => {
          if (attempts === 3) controller.abort();
        },
      }),
    );
    expect([stopped.attempts, stopped.finished, stopped.witness === null]).toEqual([3, false, false]);
  });
});

describe("every reduction", () => {
  test("yields well-formed cases alone, for every head", () => {
    const net = network([3, 5, 4, 4, 4], "relu");
    for (const { head, label } of headCases(4)) {
      const start = { network: net, head, label, input: Float64Array.of(0.3, -1, 2) };
      for (const reduction of REDUCTIONS) {
        let count = 0;
        for (const candidate of reduction(start)) {
          count++;
          checkNetwork(candidate.network, reduction.name);
          checkHead(candidate.head, outputWidth(candidate.network), 1);
          expect(candidate.input.length).toBe(inputWidth(candidate.network));
          expect(candidate.label).toBeLessThan(outputWidth(candidate.network));
        }
        if (head.kind !== "sum") expect(count, reduction.name).toBeGreaterThan(0);
      }
    }
  });
});
