import { describe, expect, test } from "vitest";
import { createCpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import { withPlanFault } from "../../src/engine/plan-faults.ts";
import type { Network } from "../../src/network/network.ts";
import { readWitness, witnessText } from "../../src/witness/file.ts";
import { judgeSample, replayWitness } from "../../src/witness/replay.ts";
import type { ShrinkRequest } from "../../src/witness/shrink.ts";
import { parameters, shrinkWitness } from "../../src/witness/shrink.ts";
import type { Witness } from "../../src/witness/witness.ts";
import { forged, host, network, witnessOf } from "./support.ts";

const DEEP = network([6, 9, 8, 7, 6, 4], "tanh");
const FAULT = "vjp-missing-mask";
const failing = witnessOf(DEEP, { fault: FAULT });

/** An engine with a fault, and how often it was asked to measure. */
function counting(fault: FaultName | undefined): { engine: Engine; runs: () => number } {
  const inner = createCpuEngine({ threads: 0, runtime: "test", ...(fault === undefined ? {} : { fault }) });
  let count = 0;
  const engine: Engine = {
    ...inner,
    measure: (plan, batch, trace) => {
      count++;
      return inner.measure(plan, batch, trace);
    },
  };
  return { engine, runs: () => count };
}

function request(witness: Witness, fault: FaultName | undefined, changes: Partial<ShrinkRequest> = {}): ShrinkRequest {
  const { engine } = changes.engine === undefined ? counting(fault) : { engine: changes.engine };
  const { tool, settings, address } = witness;
  const origin = { tool, settings, address, engine: engine.description };
  return {
    ...{ witness, engine, host, origin, attempts: 3000 },
    adjustPlan: (plan) => withPlanFault(plan, fault),
    ...changes,
  };
}

async function smallest(witness: Witness, fault: FaultName): Promise<Witness> {
  const { witness: small, finished } = await shrinkWitness(request(witness, fault));
  if (small === null) throw new Error(`${fault}: not reproduced`);
  expect(finished).toBe(true);
  return small;
}

describe("shrink", () => {
  test("reduces a fault of the backward pass to the two layers that it needs, and a handful of plain numbers", async () => {
    const witness = await failing;
    const small = await smallest(witness, FAULT);
    // A slope is forgotten between two layers: one cannot do.
    expect(small.network.layers.map((l) => [l.inputs, l.outputs])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(parameters(small)).toBe(4);
    expect(parameters(witness)).toBe(7 * 9 + 10 * 8 + 9 * 7 + 8 * 6 + 7 * 4);
    expect(small.network.layers[1]?.activation).toBe("identity");
  });

  const faults: readonly (readonly [FaultName, Network])[] = [
    [FAULT, DEEP],
    ["forward-bias-dropped", DEEP],
    ["jacobian-norm-doubled", DEEP],
    ["weight-norm-high", DEEP],
    ["jvp-transposed", network([6, 9, 8, 4], "relu")],
  ];
  test.each(faults)("of %s fails the same check by itself, and replay confirms it", async (fault, net) => {
    const witness = await witnessOf(net, { fault });
    const check = witness.row.violations?.[0]?.check ?? "none";
    const small = await smallest(witness, fault);
    expect(parameters(small)).toBeLessThan(parameters(witness) / 10);
    const { engine, adjustPlan } = request(small, fault);
    const rerun = await judgeSample(small, engine, host, adjustPlan);
    expect(rerun.verdict).toBe("violated");
    expect(rerun.violations?.map((v) => v.check)).toContain(check);
    expect(rerun).toEqual(small.row);
    const { confirmed, finding } = await replayWitness(await readWitness(await witnessText(small), "w.json"), host);
    expect(confirmed).toBe(true);
    expect(finding).toMatch(/: the computation is to blame$/);
    // Without the fault nothing is wrong with it.
    const clean = await judgeSample(small, host, host, (plan) => plan);
    expect(clean.violations).toBeUndefined();
  });

  test("leaves a layer without a bias without one, in the file too", async () => {
    const layers = DEEP.layers.map((layer): Network["layers"][number] => ({
      ...layer,
      bias: new Float64Array(layer.outputs),
      biased: false,
    }));
    const small = await smallest(await witnessOf({ layers }, { fault: FAULT }), FAULT);
    expect(parameters(small)).toBe(2);
    const { network: read } = await readWitness(await witnessText(small), "w.json");
    for (const { layers: own } of [small.network, read]) {
      expect(own.map(({ biased, bias }) => [biased, ...bias])).toEqual([
        [false, 0],
        [false, 0],
      ]);
    }
  });

  test("gives the same case each time, and nothing smaller from that", async () => {
    const small = await smallest(await failing, FAULT);
    expect(await smallest(await failing, FAULT)).toEqual(small);
    const again = await shrinkWitness(request(small, FAULT));
    expect(again.finished).toBe(true);
    expect(again.witness).toEqual(small);
  });

  test("keeps the verdict of a witness that is not violated", async () => {
    const { witness: small } = await shrinkWitness(request(await witnessOf(DEEP), undefined));
    expect(small?.row.verdict).toBe("holds");
    expect(parameters(small ?? (await failing))).toBeLessThan(parameters(await failing) / 10);
  });

  test("says that nothing fails where nothing does, after one run", async () => {
    const { engine, runs } = counting(undefined);
    const outcome = await shrinkWitness(request(await failing, undefined, { engine }));
    expect([outcome, runs()]).toEqual([{ witness: null, attempts: 1, finished: true }, 1]);
  });

  test("says so too where another check fails than the witness's", async () => {
    const violations = [{ check: "norms", layer: 1, detail: "made up" }] as const;
    const other = forged(await failing, { violations });
    expect((await shrinkWitness(request(other, FAULT))).witness).toBe(null);
  });

  test.each([1, 2, 5, 20])("runs the engine at most %i times where that is its limit", async (attempts) => {
    const { engine, runs } = counting(FAULT);
    const outcome = await shrinkWitness(request(await failing, FAULT, { engine, attempts }));
    expect([outcome.attempts, runs(), outcome.finished]).toEqual([attempts, attempts, false]);
    expect(outcome.witness?.row.verdict).toBe("violated");
  });

  test("reports each run with what is left, which never grows", async () => {
    const seen: [number, number][] = [];
    const onProgress = (attempts: number, left: number): void => void seen.push([attempts, left]);
    const { attempts } = await shrinkWitness(request(await failing, FAULT, { onProgress }));
    expect(seen.map(([run]) => run)).toEqual(Array.from({ length: attempts - 1 }, (_, i) => i + 2));
    for (const [i, [, left]] of seen.entries()) expect(left).toBeLessThanOrEqual(seen[i - 1]?.[1] ?? Infinity);
  });

  test("stops when it is told to, with the smallest case so far", async () => {
    const controller = new AbortController();
    const { engine, runs } = counting(FAULT);
    const stopped = await shrinkWitness(
      request(await failing, FAULT, {
        engine,
        signal: controller.signal,
        onProgress: (attempts) => {
          if (attempts === 3) controller.abort();
        },
      }),
    );
    expect([stopped.attempts, runs(), stopped.finished]).toEqual([3, 3, false]);
    expect(stopped.witness?.row.verdict).toBe("violated");
    const before = await shrinkWitness(request(await failing, FAULT, { signal: AbortSignal.abort() }));
    expect([before.attempts, before.finished, before.witness?.network]).toEqual([1, false, DEEP]);
  });
});
