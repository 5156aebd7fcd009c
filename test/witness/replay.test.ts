import { describe, expect, test } from "vitest";
import type { FaultName } from "../../src/engine/faults.ts";
import type { Network } from "../../src/network/network.ts";
import { CHECKS } from "../../src/records/sample.ts";
import { readWitness, witnessText } from "../../src/witness/file.ts";
import type { Replay } from "../../src/witness/replay.ts";
import { replayWitness } from "../../src/witness/replay.ts";
import type { Witness } from "../../src/witness/witness.ts";
import { forged, host, network, witnessOf } from "./support.ts";

const DEEP = network([6, 9, 8, 4], "relu");
const SMOOTH = network([6, 9, 8, 4], "tanh");
/** Every third hidden unit is at relu's kink, whatever the input is. */
const KINKS: Network = {
  layers: DEEP.layers.map((layer, i) => {
    const dead = (row: number): boolean => i < 2 && row % 3 === 0;
    const weight = layer.weight.map((w, at) => (dead(Math.floor(at / layer.inputs)) ? 0 : w));
    return { ...layer, weight, bias: layer.bias.map((b, row) => (dead(row) ? 0 : b)) };
  }),
};
const NAN_INPUT = Float64Array.of(1, NaN, 0, 0, 0, 0);

/** Replayed from its file, as `gpv replay` does. */
async function replayed(witness: Witness): Promise<Replay> {
  return replayWitness(await readWitness(await witnessText(witness), "w.json"), host);
}

describe("replay of a violated witness", () => {
  const planted: readonly (readonly [FaultName, string, Network])[] = [
    ["vjp-missing-mask", "cut", DEEP],
    ["jvp-missing-mask", "cut", DEEP],
    ["vjp-transposed", "identity", DEEP],
    ["forward-bias-dropped", "local", DEEP],
    ["forward-bias-dropped", "local", SMOOTH],
    ["kink-slope-one", "local", KINKS],
    ["slopes-all-one", "local", DEEP],
    ["top-gradient-doubled", "local", DEEP],
    ["jacobian-norm-doubled", "norms", DEEP],
    ["jacobian-norm-low", "norms", SMOOTH],
    ["hidden-norm-shifted", "norms", DEEP],
    ["weight-norm-high", "norms", DEEP],
    ["weight-norm-halved", "norms", SMOOTH],
  ];
  test.each(planted)(
    "%s: the %s check fails again on the stored values, and f64 acquits the network",
    async (fault, check, net) => {
      const witness = await witnessOf(net, { fault });
      expect(witness.row.verdict).toBe("violated");
      expect(witness.row.violations?.map((v) => v.check)).toContain(check);
      const { confirmed, finding, again, right } = await replayed(witness);
      expect(confirmed).toBe(true);
      expect(finding).toBe("network and input are sound (in f64 the inequality holds): the computation is to blame");
      // Every check that the run named, with the same numbers, and no other.
      expect(again.violations).toEqual(witness.row.violations);
      expect([right.verdict, right.violations]).toEqual(["holds", undefined]);
    },
  );

  test("the right numbers stand beside the stored ones: those of a clean run, to the bit", async () => {
    const clean = await witnessOf(DEEP);
    const { again, right } = await replayed(await witnessOf(DEEP, { fault: "vjp-missing-mask" }));
    expect(right).toEqual(clean.row);
    expect(again.inputGradientNorm).not.toBe(right.inputGradientNorm);
  });

  test.each(CHECKS)("a clean sample's witness that claims the %s check to have failed is refuted", async (check) => {
    const violations = [{ check, layer: 2, detail: "made up" }];
    const { confirmed, finding, again } = await replayed(
      forged(await witnessOf(DEEP), { verdict: "violated", violations }),
    );
    expect([confirmed, again.verdict]).toEqual([false, "holds"]);
    expect(finding).toBe(
      "the stored values pass the check that is said to have failed: the witness does not show a violation",
    );
  });

  test("nor is it confirmed without any check named", async () => {
    expect((await replayed(forged(await witnessOf(DEEP), { verdict: "violated" }))).confirmed).toBe(false);
  });

  test("another check, or the same at another layer, does not confirm it", async () => {
    const witness = await witnessOf(DEEP, { fault: "jacobian-norm-doubled" });
    const found = witness.row.violations ?? [];
    const elsewhere = found.map((v) => ({ ...v, check: "cut" as const }));
    expect((await replayed(forged(witness, { violations: elsewhere }))).confirmed).toBe(false);
    expect(found.some((v) => v.layer === 1)).toBe(false);
    const shifted = found.map((v) => ({ ...v, layer: 1 }));
    expect((await replayed(forged(witness, { violations: shifted }))).confirmed).toBe(false);
  });

  test("stored values put right take the violation away", async () => {
    const faulty = await witnessOf(DEEP, { fault: "vjp-missing-mask" });
    const { stored, measurements, norms } = await witnessOf(DEEP);
    expect((await replayed({ ...faulty, stored, measurements, norms })).confirmed).toBe(false);
  });

  test("the brackets of ‖W‖ are the run's own: with the right ones the violation is gone", async () => {
    const faulty = await witnessOf(DEEP, { fault: "weight-norm-high" });
    const { norms } = await witnessOf(DEEP);
    expect((await replayed({ ...faulty, norms })).confirmed).toBe(false);
  });

  test("an input that is not finite is to blame, not the computation", async () => {
    const witness = await witnessOf(DEEP, { fault: "nan-swallowed", inputs: NAN_INPUT });
    expect(witness.row.verdict).toBe("violated");
    const { confirmed, finding } = await replayed(witness);
    expect([confirmed, finding]).toEqual([
      true,
      "network or input is to blame: the input holds a number that is not finite",
    ]);
  });
});

describe("replay of other witnesses", () => {
  test.each<readonly [string, Network, Float64Array | undefined]>([
    ["holds", DEEP, undefined],
    ["holds", SMOOTH, undefined],
    ["tight", network([4, 1], "relu"), undefined],
    ["invalid", DEEP, NAN_INPUT],
  ])("%s is derived again from the stored values, its row to the bit", async (verdict, net, inputs) => {
    const witness = await witnessOf(net, inputs === undefined ? {} : { inputs });
    const { confirmed, finding, again } = await replayed(witness);
    expect([confirmed, finding]).toEqual([true, `derived again from the stored values: ${verdict}`]);
    expect(again).toEqual(witness.row);
  });

  test("a verdict other than that of the stored values is refuted, and theirs is named", async () => {
    const refuted = async (witness: Witness): Promise<string> => {
      const { confirmed, finding } = await replayed(witness);
      expect(confirmed).toBe(false);
      return finding;
    };
    const faulty = await witnessOf(DEEP, { fault: "vjp-missing-mask" });
    expect(await refuted(forged(faulty, { verdict: "holds" }))).toMatch(/^the stored values give violated \(cut: /);
    const clean = await witnessOf(DEEP);
    expect(await refuted(forged(clean, { verdict: "tight" }))).toBe("the stored values give holds");
    expect(await refuted(forged(clean, { verdict: "invalid" }))).toBe("the stored values give holds");
    const single = await witnessOf(network([4, 1], "relu"));
    expect(await refuted(forged(single, { verdict: "holds" }))).toMatch(/^the stored values give tight \(equality /);
  });

  test("an unresolved one is settled, and the settlement said", async () => {
    const reason = "κ lies in [0.9, 1.1]";
    for (const [net, settlement] of [
      [DEEP, /^settled now: holds$/],
      [network([4, 1], "relu"), /^settled now: tight \(equality cannot be told apart: .*\)$/],
    ] as const) {
      const open = forged(await witnessOf(net), { verdict: "unresolved", reason });
      const { confirmed, finding } = await replayed(open);
      expect([confirmed, finding]).toEqual([true, expect.stringMatching(settlement)]);
    }
  });

  test("an unresolved one whose stored values fail a check is refuted, with the check", async () => {
    const open = forged(await witnessOf(DEEP, { fault: "vjp-missing-mask" }), { verdict: "unresolved" });
    const { confirmed, finding } = await replayed(open);
    expect([confirmed, finding]).toEqual([false, expect.stringMatching(/^settled now: violated \(cut: /)]);
  });
});
