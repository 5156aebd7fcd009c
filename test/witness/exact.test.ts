/** `replay --exact`: what rational arithmetic says of a witness. */
import { describe, expect, test } from "vitest";
import type { ActivationName } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { ModelError } from "../../src/network/errors.ts";
import { fillInputs } from "../../src/sampling/inputs.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { replayExactly } from "../../src/witness/exact.ts";
import type { Witness } from "../../src/witness/witness.ts";
import { diagonal, hadamard, networkOf } from "../exact/networks.ts";
import { drawer, normals } from "../support/stream.ts";
import { forged, network, witnessOf } from "./support.ts";

const DEEP = network([6, 9, 8, 4], "relu");
const EQUAL = "in exact arithmetic left = right, and every identity's residual is 0";
const LESS = "in exact arithmetic left < right, and every identity's residual is 0";

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return "nothing";
}

describe("a verdict in rational arithmetic", () => {
  test("holds is borne out on a relu network, with no slope that differs", async () => {
    const { agrees, exact, finding, otherSlopes } = replayExactly(await witnessOf(DEEP));
    expect([agrees, exact.total.outcome.kind, finding, otherSlopes]).toEqual([true, "holds", LESS, 0]);
  });

  test.each<readonly [string, Network]>([
    ["the identity", networkOf([diagonal([1, 1, 1]), diagonal([1, 1, 1])])],
    [
      "a permutation",
      networkOf([
        [
          [0, 1],
          [1, 0],
        ],
      ]),
    ],
    ["signs and powers of two", networkOf([diagonal([2, -2, 2]), diagonal([-0.5, 0.5, 0.5])])],
    [
      "Hadamard matrices under relu that is always active",
      networkOf([hadamard(2), hadamard(2, 0.5)], "relu", [
        [99, 99, 99, 99],
        [999, 999, 999, 999],
      ]),
    ],
  ])("%s: tight in f64 is left = right, not an ulp apart", async (_, equal) => {
    const witness = await witnessOf(equal);
    expect(witness.row.verdict).toBe("tight");
    const { agrees, exact, finding } = replayExactly(witness);
    expect([agrees, exact.total.margin, finding]).toEqual([true, { lower: 0, upper: 0 }, EQUAL]);
    for (const layer of exact.layers)
      expect(layer).toMatchObject({ equality: true, tightness: { lower: 1, upper: 1 } });
  });

  test("tight far from equality is corrected, with how far", async () => {
    const { agrees, finding, exact } = replayExactly(forged(await witnessOf(DEEP), { verdict: "tight" }));
    expect(agrees).toBe(false);
    expect(finding).toBe(
      `${LESS}, with left/right at least ${String(exact.total.ratio.lower)}: too far from 1 for "tight"`,
    );
  });

  test("violated is not what network and input give; unresolved is settled; invalid is the engine's own", async () => {
    const said = async (row: Partial<Witness["row"]>): Promise<[boolean, string]> => {
      const { agrees, finding } = replayExactly(forged(await witnessOf(DEEP), row));
      return [agrees, finding];
    };
    expect(await said({ verdict: "violated" })).toEqual([
      false,
      `${LESS}: what was stored is not what network and input give`,
    ]);
    expect(await said({ verdict: "unresolved" })).toEqual([true, `settled: ${LESS}`]);
    expect(await said({ verdict: "invalid" })).toEqual([true, `${LESS}; the engine's own numbers left their range`]);
  });

  test("a faulty run's numbers change nothing: network and input alone are looked at", async () => {
    const clean = replayExactly(await witnessOf(DEEP));
    for (const fault of ["vjp-missing-mask", "weight-norm-high", "hidden-truncated"] as const) {
      const faulty = replayExactly(await witnessOf(DEEP, { fault }));
      expect([faulty.exact, faulty.agrees]).toEqual([clean.exact, false]);
    }
  });

  test("the Frobenius norm's witness is judged in the Frobenius norm", async () => {
    const { exact, agrees } = replayExactly(await witnessOf(DEEP, { norm: "frobenius" }));
    expect([exact.norm, agrees, exact.layers.every((layer) => layer.normsExact)]).toEqual(["frobenius", true, true]);
  });

  test("stored slopes that are not the exact ones are counted, layer by layer", async () => {
    const witness = await witnessOf(DEEP);
    for (const [layers, expected] of [
      [[0], 9],
      [[1], 8],
      [[0, 2], 13],
    ] as const) {
      const other = (i: number): boolean => (layers as readonly number[]).includes(i);
      const slopes = witness.stored.slopes.map((d, i) => (other(i) ? d.map((v) => 1 - v) : d));
      expect(replayExactly({ ...witness, stored: { ...witness.stored, slopes } }).otherSlopes).toBe(expected);
    }
    const planted = await witnessOf(DEEP, { fault: "slopes-all-one" });
    const inactive = witness.stored.slopes.flatMap((d) => [...d]).filter((v) => v === 0).length;
    expect(inactive).toBeGreaterThan(0);
    expect(replayExactly(planted).otherSlopes).toBe(inactive);
  });
});

describe("what rational arithmetic cannot do is refused in one line", () => {
  const refusal = (witness: Witness): string => {
    const error = thrown(() => replayExactly(witness));
    expect(error).toBeInstanceOf(ModelError);
    return (error as Error).message;
  };

  test("tanh, and softplus above relu", async () => {
    expect(refusal(await witnessOf(network([6, 9, 8, 4], "tanh")))).toMatch(
      /^layer 1: activation tanh is not piecewise linear[^\n]*$/,
    );
    const layers = DEEP.layers.map((l, i) => (i === 1 ? { ...l, activation: "softplus" as const } : l));
    expect(refusal(await witnessOf({ layers }))).toMatch(/^layer 2: activation softplus [^\n]*$/);
  });

  test("a head with exponentials", async () => {
    expect(refusal(await witnessOf(DEEP, { head: { kind: "log-sum-exp" } }))).toMatch(/^[^\n]*log-sum-exp[^\n]*$/);
  });

  test("an input that is not finite", async () => {
    const inputs = Float64Array.of(1, NaN, 0, 0, 0, 0);
    expect(refusal(await witnessOf(DEEP, { fault: "nan-swallowed", inputs }))).toMatch(/^[^\n]+$/);
  });
});

const ACTIVATIONS: readonly ActivationName[] = ["identity", "relu", "leaky-relu", "relu6", "abs"];
const NETWORKS = 60;
const SEED = 521;

interface Drawn {
  readonly name: string;
  readonly network: Network;
  readonly head: Head;
  readonly label: number;
  readonly norm: "spectral" | "frobenius";
  readonly inputs: Float64Array;
}

/** Depth 1 to 4, widths 1 to 8, activations mixed over the layers, every head of rational numbers, both norms. */
function draw(index: number): Drawn {
  const next = drawer(SEED, index);
  const depth = 1 + next(4);
  const widths = Array.from({ length: depth + 1 }, () => 1 + next(8));
  const activations = Array.from({ length: depth }, () => ACTIVATIONS[next(ACTIVATIONS.length)] ?? "relu");
  const outputs = widths[depth] ?? 1;
  const numbers = (stream: number): Float64Array => Float64Array.from(normals(SEED + stream, index, outputs));
  const heads: readonly Head[] = [
    { kind: "sum" },
    { kind: "mean" },
    { kind: "logit", index: next(outputs) },
    { kind: "logit-argmax" },
    { kind: "linear", coefficients: numbers(1) },
    { kind: "half-squared-norm" },
    { kind: "squared-error", targets: numbers(2), rows: 1 },
    { kind: "margin" },
  ];
  const head = heads[index % heads.length] ?? { kind: "sum" };
  const norm = index % 5 === 4 ? "frobenius" : "spectral";
  const initialiser = index % 3 === 0 ? "orthogonal" : "he";
  return {
    name: `network ${String(SEED)}:${String(index)} ${widths.join("-")} ${activations.join(",")} ${head.kind} ${norm}`,
    network: randomNetwork({ seed: SEED, index, widths, activations, initialiser, biasScale: 0.3 }),
    head,
    label: head.kind === "margin" && index % 2 === 0 ? next(outputs) : -1,
    norm,
    inputs: fillInputs({ distribution: "normal", scale: 2, seed: SEED }, index, 1, widths[0] ?? 1),
  };
}

describe(`on ${String(NETWORKS)} drawn piecewise-linear networks`, () => {
  const drawn = Array.from({ length: NETWORKS }, (_, index) => draw(index));

  test("exact arithmetic agrees with f64, and κ lies where f64 has proven it to be", async () => {
    const outcomes: Record<string, number> = {};
    let layers = 0;
    let sameSlopes = 0;
    for (const { name, network: net, ...options } of drawn) {
      const witness = await witnessOf(net, options);
      const { agrees, exact, finding, otherSlopes } = replayExactly(witness);
      expect(agrees, `${name}: ${finding}`).toBe(true);
      expect(exact.identitiesHold, name).toBe(true);
      const outcome = `${witness.row.verdict}: ${exact.total.outcome.kind}`;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (otherSlopes > 0) continue;
      sameSlopes++;
      for (const [i, { tightness }] of exact.layers.entries()) {
        const { tightnessLower: lower, tightnessUpper: upper } = witness.row.layers[i] ?? {};
        const place = `${name}: exact κ_${String(i + 1)} ${String(tightness.lower)} … ${String(tightness.upper)}, proven ${String(lower)} … ${String(upper)}`;
        expect(tightness.upper, place).toBeGreaterThanOrEqual(lower ?? NaN);
        expect(tightness.lower, place).toBeLessThanOrEqual(upper ?? NaN);
        layers++;
      }
    }
    expect(sameSlopes).toBeGreaterThan(NETWORKS - 5);
    expect(layers).toBeGreaterThan(100);
    // An orthogonal matrix of doubles is a little off: tight, and less than equality.
    const expected = ["holds: holds", "holds: trivial", "tight: equality", "tight: holds"];
    expect(Object.keys(outcomes).sort()).toEqual(expected);
    expect(outcomes["holds: holds"]).toBeGreaterThan(NETWORKS / 2);
  });
});
