import { describe, expect, test } from "vitest";
import type { ActivationName } from "../../src/network/activations.ts";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import { evaluateHead } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import type { Estimate } from "../../src/reference/differences.ts";
import { derivative, jacobiansByDifferences } from "../../src/reference/differences.ts";
import { examine, forward } from "../../src/reference/oracle.ts";
import { spectralNorm } from "../support/svd.ts";
import type { HeadCase } from "./support/cases.ts";
import { headCases, SMALL_WIDTHS, smallNetwork, smoothPoint, valueAt } from "./support/cases.ts";
import { derivativeErrors, UNIT } from "./support/rounding.ts";

const STEP = 2 ** -9;

const heads = headCases(SMALL_WIDTHS.at(-1) as number);
const headNamed = (name: string): HeadCase => {
  const found = heads.find((h) => h.name === name);
  if (found === undefined) throw new RangeError(name);
  return found;
};

/**
 * Truncation is far below the extrapolation's last change, which `error` states. An error e of the function's values reaches the
 * result as at most 8e/STEP: the three quotients' weights, 64/45, 20/45 and 1/45, over steps STEP/4, STEP/2 and STEP.
 */
function allowance({ error }: Estimate, valueError: number, ownError: number): number {
  return error + (8 * valueError) / STEP + ownError;
}

function withChange(network: Network, layer: number, kind: "weight" | "bias", at: number, s: number): Network {
  return {
    layers: network.layers.map((l, i) =>
      i === layer ? { ...l, [kind]: l[kind].map((v, k) => (k === at ? v + s : v)) } : l,
    ),
  };
}

function expectAgreement(activation: ActivationName, headCase: HeadCase, separation = 0): void {
  const network = smallNetwork([activation, activation, activation], 11);
  const x = smoothPoint(network, 12, 0.05, separation);
  const { head, label } = headCase;
  const found = examine(network, head, x, label, 0, "spectral", spectralNorm);
  const { hidden } = forward(network, x);
  const top = Array.from(evaluateHead(head, Float64Array.from(hidden.at(-1) ?? []), label, 0).gradient);
  const errors = derivativeErrors(network, x, found, top, UNIT);
  const check = (where: string, exact: number | undefined, own: number | undefined, f: (s: number) => number): void => {
    const estimate = derivative(f, STEP);
    expect(Math.abs((exact ?? NaN) - estimate.value), where).toBeLessThanOrEqual(
      allowance(estimate, errors.value, own ?? NaN),
    );
  };
  expect(found.value).toBe(valueAt(network, headCase, x));
  x.forEach((_, k) => {
    const moved = (s: number): number[] => x.map((v, m) => (m === k ? v + s : v));
    check(`∂f/∂x_${String(k)}`, found.inputGradient[k], errors.inputGradient[k], (s) =>
      valueAt(network, headCase, moved(s)),
    );
  });
  network.layers.forEach((layer, i) => {
    for (let at = 0; at < layer.weight.length; at++) {
      const [r, c] = [Math.floor(at / layer.inputs), at % layer.inputs];
      check(
        `∂f/∂W_${String(i + 1)}[${String(r)}, ${String(c)}]`,
        found.weightGradients[i]?.[r]?.[c],
        errors.weightGradients[i]?.[r]?.[c],
        (s) => valueAt(withChange(network, i, "weight", at, s), headCase, x),
      );
    }
    for (let at = 0; at < layer.outputs; at++) {
      check(`∂f/∂b_${String(i + 1)}[${String(at)}]`, found.adjoints[i]?.[at], errors.adjoints[i]?.[at], (s) =>
        valueAt(withChange(network, i, "bias", at, s), headCase, x),
      );
    }
  });
  jacobiansByDifferences(network, x, STEP).forEach((jacobian, t) => {
    jacobian.forEach((row, r) => {
      row.forEach((estimate, c) => {
        const exact = found.jacobians[t]?.[r]?.[c] ?? NaN;
        expect(Math.abs(exact - estimate.value), `J_${String(t + 1)}[${String(r)}, ${String(c)}]`).toBeLessThanOrEqual(
          allowance(estimate, errors.hidden[t]?.[r] ?? NaN, errors.jacobians[t]?.[r]?.[c] ?? NaN) + (4 * UNIT) / STEP,
        );
      });
    });
  });
}

describe("∇ₓf, every ∇_W f, every ∇_b f and every J_t agree with central differences", () => {
  test.each(ACTIVATION_NAMES)("for the activation %s under a linear and a curved head", (activation) => {
    expectAgreement(activation, headNamed("linear"));
    expectAgreement(activation, headNamed("log-sum-exp"));
  });

  test.each(heads)("for the head $name", (headCase) => {
    expectAgreement("tanh", headCase, 0.05);
  });
});

test("the bounds are tight enough to see an error of a millionth", () => {
  for (const activation of ACTIVATION_NAMES) {
    const network = smallNetwork([activation, activation, activation], 11);
    const x = smoothPoint(network, 12, 0.05);
    const { head } = headNamed("linear");
    const found = examine(network, head, x, -1, 0, "spectral", spectralNorm);
    const k = found.inputGradient.findIndex((v) => Math.abs(v) > 0.01);
    if (k < 0) continue;
    const estimate = derivative(
      (s) =>
        valueAt(
          network,
          headNamed("linear"),
          x.map((v, m) => (m === k ? v + s : v)),
        ),
      STEP,
    );
    const top = Array.from((head as { coefficients: Float64Array }).coefficients);
    const errors = derivativeErrors(network, x, found, top, UNIT);
    expect(allowance(estimate, errors.value, errors.inputGradient[k] ?? NaN), activation).toBeLessThan(
      1e-6 * Math.max(1, Math.abs(estimate.value)),
    );
  }
});
