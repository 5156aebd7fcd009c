import { describe, expect, test } from "vitest";
import type { FaultName } from "../../src/engine/faults.ts";
import { replayExactly } from "../../src/witness/exact.ts";
import { replayWitness } from "../../src/witness/replay.ts";
import { forged, host, network, witnessOf } from "./support.ts";

const DEEP = network([6, 9, 8, 4], "relu");
const SMOOTH = network([6, 9, 8, 4], "tanh");

describe("replay of a violated witness", () => {
  const planted: readonly (readonly [FaultName, string])[] = [
    ["vjp-missing-mask", "cut"],
    ["forward-bias-dropped", "local"],
    ["top-gradient-doubled", "local"],
    ["jacobian-norm-doubled", "norms"],
    ["hidden-norm-shifted", "norms"],
    ["weight-norm-high", "norms"],
  ];
  test.each(planted)(
    "%s: the %s check fails again on the stored values, and f64 acquits the network",
    async (fault, check) => {
      const witness = await witnessOf(DEEP, { fault });
      expect(witness.row.verdict).toBe("violated");
      const { confirmed, finding, again, right } = await replayWitness(witness, host);
      expect(confirmed).toBe(true);
      expect(finding).toBe("network and input are sound (in f64 the inequality holds): the computation is to blame");
      expect(again.violations?.map((v) => v.check)).toContain(check);
      expect(right.violations).toBeUndefined();
    },
  );

  test("a witness whose stored values pass the check is refuted", async () => {
    const clean = await witnessOf(DEEP);
    const violations = [{ check: "cut", layer: 2, detail: "made up" }];
    const { confirmed, finding } = await replayWitness(forged(clean, { verdict: "violated", violations }), host);
    expect(confirmed).toBe(false);
    expect(finding).toContain("pass the check that is said to have failed");
  });

  test("a check that fails at another layer than the witness says does not confirm it", async () => {
    const witness = await witnessOf(DEEP, { fault: "jacobian-norm-doubled" });
    const elsewhere = (witness.row.violations ?? []).map((v) => ({ ...v, check: "cut" }));
    expect((await replayWitness(forged(witness, { violations: elsewhere }), host)).confirmed).toBe(false);
  });
});

describe("replay of other witnesses", () => {
  test("holds and tight are derived again", async () => {
    for (const [net, verdict] of [
      [DEEP, "holds"],
      [SMOOTH, "holds"],
      [network([4, 1], "relu"), "tight"],
    ] as const) {
      const { confirmed, finding } = await replayWitness(await witnessOf(net), host);
      expect([confirmed, finding]).toEqual([true, `derived again from the stored values: ${verdict}`]);
    }
  });

  test("an unresolved one is settled, and the settlement said", async () => {
    const open = forged(await witnessOf(DEEP), { verdict: "unresolved", reason: "κ lies in [0.9, 1.1]" });
    const { confirmed, finding } = await replayWitness(open, host);
    expect([confirmed, finding]).toEqual([true, "settled now: holds"]);
  });

  test("one that claims holds over stored values that fail is refuted", async () => {
    const faulty = await witnessOf(DEEP, { fault: "vjp-missing-mask" });
    expect((await replayWitness(forged(faulty, { verdict: "holds" }), host)).confirmed).toBe(false);
  });

  test("an input that is not finite is to blame, not the computation", async () => {
    const witness = await witnessOf(DEEP, { fault: "nan-swallowed", inputs: Float64Array.of(1, NaN, 0, 0, 0, 0) });
    expect(witness.row.verdict).toBe("violated");
    const { confirmed, finding } = await replayWitness(witness, host);
    expect(confirmed).toBe(true);
    expect(finding).toContain("network or input is to blame: the input holds a number that is not finite");
  });
});

describe("in rational arithmetic", () => {
  test("holds is borne out, and a permutation network is at equality", async () => {
    const holds = replayExactly(await witnessOf(DEEP));
    expect([holds.agrees, holds.exact.total.outcome.kind, holds.otherSlopes]).toEqual([true, "holds", 0]);
    const swap = { inputs: 2, outputs: 2, weight: Float64Array.of(0, 1, 1, 0), bias: new Float64Array(2) };
    const equal = await witnessOf({ layers: [{ ...swap, activation: "identity" }] });
    expect(equal.row.verdict).toBe("tight");
    const { agrees, exact, finding } = replayExactly(equal);
    expect([agrees, exact.total.margin, finding]).toEqual([
      true,
      { lower: 0, upper: 0 },
      "in exact arithmetic left = right, and every identity's residual is 0",
    ]);
  });

  test("tight far from equality is corrected, with how far", async () => {
    const { agrees, finding } = replayExactly(forged(await witnessOf(DEEP), { verdict: "tight" }));
    expect(agrees).toBe(false);
    expect(finding).toContain('too far from 1 for "tight"');
  });

  test("slopes that are not the exact ones are counted", async () => {
    const witness = await witnessOf(DEEP);
    const slopes = witness.stored.slopes.map((d, i) => (i === 0 ? d.map((v) => 1 - v) : d));
    expect(replayExactly({ ...witness, stored: { ...witness.stored, slopes } }).otherSlopes).toBe(9);
  });

  test("a network that is not piecewise linear is refused in one line", async () => {
    const smooth = await witnessOf(SMOOTH);
    expect(() => replayExactly(smooth)).toThrow(/^layer 1: activation tanh is not piecewise linear/);
  });
});
