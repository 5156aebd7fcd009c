/** The audit's own activations and heads agree with the engine's, which they share nothing with, within the bounds that an audit allows. */
import { describe, expect, test } from "vitest";
import { IEEE_F64 } from "../../src/engine/engine.ts";
import { ACTIVATION_NAMES, ACTIVATIONS } from "../../src/network/activations.ts";
import type { Head } from "../../src/network/heads.ts";
import { evaluateHead } from "../../src/network/heads.ts";
import type { UnitActivation } from "../../src/network/parametric.ts";
import { formatActivation, functionsOf, parametric } from "../../src/network/parametric.ts";
import { slopesAt } from "../../src/network/kinks.ts";
import { activationError } from "../../src/verification/audit/activation-error.ts";
import {
  allowedSlope,
  evaluateActivation,
  OWN_ERROR,
  ownActivation,
} from "../../src/verification/audit/activation-formulas.ts";
import { expectedHead } from "../../src/verification/audit/head-error.ts";
import {
  exponentOf,
  loweredPowerOfTwo,
  raisedPowerOfTwo,
  timesPowerOfTwo,
} from "../../src/verification/audit/scaling.ts";
import * as powers from "../../src/engine/powers.ts";

/** Both signs, every magnitude of f64, the kinks and their neighbours, and what is usual. */
const places = [
  ...[0, 3, 6, 1.5, 2 ** -1074, 2 ** -1030, 3 * (1 - 2 ** -53), 6 * (1 + 2 ** -52), 40, 355.6, 710, 745],
  ...Array.from({ length: 637 }, (_, k) => 10 ** (k - 329)),
  ...Array.from({ length: 3000 }, (_, k) => ((k * 0.618) % 1) * 6),
  ...Array.from({ length: 1500 }, (_, k) => ((k * 0.7548) % 1) * 800),
].flatMap((z) => [z, -z]);

const activations: readonly UnitActivation[] = [
  ...ACTIVATION_NAMES,
  ...[0.2, 0, 1, -1, 2, -(2 ** 20)].map((a) => parametric("leaky-relu", a)),
  ...[0, 0.5, -3, 2 ** 20].map((a) => parametric("elu", a)),
  ...[2 ** -20, 0.3, 5, 2 ** 20].map((a) => parametric("softplus", a)),
];

test.each(activations.map((a) => [formatActivation(a), a] as const))(
  "%s is the engine's within the bounds",
  (_, activation) => {
    const own = ownActivation(activation);
    const found = { value: 0, slope: 0, valueSize: 0, slopeSize: 0 };
    const failures = places.filter((z) => {
      const { value, slope } = functionsOf(activation);
      evaluateActivation(own, z, found);
      const error = activationError(activation, z, found.value, found.slope, IEEE_F64);
      const isNear = (a: number, b: number, bound: number): boolean => a === b || Math.abs(a - b) <= bound;
      const isValue = isNear(value(z), found.value, error.value + OWN_ERROR * found.valueSize);
      return !(isValue && isNear(slope(z), found.slope, error.slope + OWN_ERROR * found.slopeSize));
    });
    expect(failures).toEqual([]);
  },
);

test("a slope is allowed beside a kink where a flush may have moved z, and nowhere else", () => {
  const flush = 2 ** -126;
  for (const name of ACTIVATION_NAMES) {
    const own = ownActivation(name);
    for (const at of [-3, 0, 3, 6]) {
      for (const z of [at, at + 2 ** -130, at - 2 ** -130, at + 1e-9, at - 1e-9]) {
        const slope = ACTIVATIONS[name].slope(z);
        for (const candidate of slopesAt(name, z, flush))
          expect(allowedSlope(own, z, slope, flush, candidate)).toBe(candidate);
        expect(allowedSlope(own, z, slope, flush, 17.5)).not.toBe(17.5);
      }
    }
  }
});

describe("the audit's own heads", () => {
  const heads: readonly Head[] = [
    { kind: "sum" },
    { kind: "mean" },
    { kind: "logit", index: 2 },
    { kind: "logit-argmax" },
    { kind: "margin" },
    { kind: "half-squared-norm" },
    { kind: "log-sum-exp" },
    { kind: "cross-entropy" },
    { kind: "logistic" },
  ];
  const drawn = (n: number, scale: number, k: number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => ((((i + 1) * (k + 1) * 0.618) % 1) - 0.5) * scale);
  test.each(heads.map((head) => [head.kind, head] as const))("%s is the engine's within its bounds", (_, head) => {
    for (const n of [3, 10, 40]) {
      for (const scale of [1e-300, 1e-3, 1, 30, 2000, 1e200]) {
        for (let k = 0; k < 20; k++) {
          const output = drawn(n, scale, k);
          const label = k % n;
          const right = evaluateHead(head, output, label, 0);
          const own = expectedHead(head, output, label, 0, IEEE_F64);
          if (own === null) continue;
          if (Number.isFinite(right.value))
            expect(Math.abs(own.value - right.value)).toBeLessThanOrEqual(own.valueBound);
          right.gradient.forEach((g, i) => {
            expect(Math.abs(g - (own.gradient[i] as number))).toBeLessThanOrEqual(own.gradientBound[i] as number);
          });
        }
      }
    }
  });
});

test("the audit's own powers of two are the engine's to the last bit", () => {
  for (const x of places.filter((z) => z > 0)) {
    expect(exponentOf(x)).toBe(powers.exponentOf(x));
    for (const k of [0, 1, -1, 52, -60, 700, -700, 1073, -1073, 2100, -2100]) {
      expect(timesPowerOfTwo(x, k)).toBe(powers.timesPowerOfTwo(x, k));
      expect(loweredPowerOfTwo(x, k)).toBe(powers.loweredPowerOfTwo(x, k));
      expect(raisedPowerOfTwo(x, k)).toBe(powers.raisedPowerOfTwo(x, k));
    }
  }
});
