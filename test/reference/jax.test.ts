import { beforeAll, describe, expect, test } from "vitest";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import { evaluateHead } from "../../src/network/heads.ts";
import type { Activation } from "../../src/network/parametric.ts";
import { formatActivation, isPrelu } from "../../src/network/parametric.ts";
import { MODEST_ACTIVATIONS, preluOf } from "../support/parametric.ts";
import { examine, forward, weights } from "../../src/reference/oracle.ts";
import { spectralNorm } from "../support/svd.ts";
import type { JaxCase, JaxResult } from "./programs/jax.ts";
import type { HeadCase } from "./support/cases.ts";
import { runJax } from "./support/run-jax.ts";
import { headCases, SMALL_WIDTHS, smallNetwork, smoothPoint } from "./support/cases.ts";
import { derivativeErrors, UNIT } from "./support/rounding.ts";

/** A hang of the third party is a failure of these tests, not of the suite. */
const LIMIT_MS = 60_000;

/** jax-js's erf is off by up to 1.5e−7 (Abramowitz and Stegun 7.1.26); gelu is z/2 times 1 + erf, and so is a term of its slope. */
const ERF_ERROR = 1.5e-7;

const heads = headCases(SMALL_WIDTHS.at(-1) as number);
const linear = heads.find((h) => h.head.kind === "linear") as HeadCase;

interface Compared {
  readonly name: string;
  readonly activations: readonly Activation[];
  readonly headCase: HeadCase;
}

const compared: Compared[] = [
  ...ACTIVATION_NAMES.map((a) => ({ name: `the activation ${a}`, activations: [a, a, a], headCase: linear })),
  ...MODEST_ACTIVATIONS.map(([name, a]) => ({
    name: `the activation ${name}`,
    activations: [a, a, a],
    headCase: linear,
  })),
  {
    name: "a PReLU with a slope for each unit",
    activations: SMALL_WIDTHS.slice(1).map((width) => preluOf(width)),
    headCase: linear,
  },
  ...heads.map((headCase) => ({
    name: `the head ${headCase.name}`,
    activations: ["silu", "softsign", "tanh"] as const,
    headCase,
  })),
];

const setup = ({ activations, headCase }: Compared) => {
  const network = smallNetwork(activations, 81);
  const x = smoothPoint(network, 82, 1e-3, headCase === linear ? 0 : 1e-3);
  return { network, x, output: forward(network, x).hidden.at(-1) ?? [] };
};

function request(case_: Compared): JaxCase {
  const { head, label } = case_.headCase;
  const { network, x, output } = setup(case_);
  const index = head.kind === "logit" ? head.index : label >= 0 ? label : output.indexOf(Math.max(...output));
  const others = output.map((v, k) => (k === index ? -Infinity : v));
  return {
    activations: case_.activations.map((a) => (isPrelu(a) ? `prelu(${a.slopes.join()})` : formatActivation(a))),
    head: head.kind,
    x,
    layers: network.layers.map((l, k) => ({ weight: weights(network)[k] ?? [], bias: Array.from(l.bias) })),
    coefficients: Array.from(head.kind === "linear" ? head.coefficients : output),
    targets: head.kind === "squared-error" ? Array.from(head.targets) : [],
    index,
    sign: label > 0 ? 1 : -1,
    rival: others.indexOf(Math.max(...others)),
  };
}

let answers: readonly JaxResult[] = [];

beforeAll(() => {
  answers = runJax(compared.map(request), LIMIT_MS);
});

describe("jax-js's autodiff gives the oracle's f, ∇ₓf, ∇_W f, ∇_b f and J_t", () => {
  test.each(compared.map((c, i) => ({ ...c, i })))("for $name", (case_) => {
    const answer = answers[case_.i] as JaxResult;
    const { head, label } = case_.headCase;
    const { network, x, output } = setup(case_);
    const found = examine(network, head, x, label, 0, "spectral", spectralNorm);
    const top = Array.from(evaluateHead(head, Float64Array.from(output), label, 0).gradient);
    const extra = case_.activations.includes("gelu") ? ERF_ERROR : 0;
    // Two evaluations, each with its own errors.
    const errors = derivativeErrors(network, x, found, top, 2 * UNIT, extra);
    const near = (
      where: string,
      theirs: readonly number[],
      ours: readonly number[],
      bound: readonly number[],
    ): void => {
      expect(theirs.length, where).toBe(ours.length);
      theirs.forEach((v, k) => {
        const at = `${where}[${String(k)}]: ${String(v)} beside ${String(ours[k])}`;
        expect(Math.abs(v - (ours[k] ?? NaN)), at).toBeLessThanOrEqual(bound[k] ?? NaN);
      });
    };
    near("f", [answer.value], [found.value], [errors.value]);
    near("∇ₓf", answer.inputGradient, found.inputGradient, errors.inputGradient);
    network.layers.forEach((_, i) => {
      const t = String(i + 1);
      near(
        `∂f/∂W_${t}`,
        answer.weightGradients[i] ?? [],
        found.weightGradients[i]?.flat() ?? [],
        errors.weightGradients[i]?.flat() ?? [],
      );
      near(`∂f/∂b_${t}`, answer.biasGradients[i] ?? [], found.adjoints[i] ?? [], errors.adjoints[i] ?? []);
      near(
        `J_${String(i + 2)}`,
        answer.jacobians[i]?.flat() ?? [],
        found.jacobians[i + 1]?.flat() ?? [],
        errors.jacobians[i + 1]?.flat() ?? [],
      );
    });
    // Without this a bound could grow until it forbids nothing.
    expect(Math.max(...errors.inputGradient)).toBeLessThan(extra > 0 ? 1e-3 : 1e-9);
  });
});
