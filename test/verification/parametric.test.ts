/** Samples of networks whose activations have a parameter: right ones pass judgement and audit, a parameter that is another's does not. */
import { describe, expect, test } from "vitest";
import type { Activation } from "../../src/network/parametric.ts";
import { isPrelu, parametric, prelu } from "../../src/network/parametric.ts";
import { makePlan } from "../../src/engine/plan.ts";
import type { Network } from "../../src/network/network.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { auditSample } from "../../src/verification/audit/audit.ts";
import { layerBounds } from "../../src/verification/rounding.ts";
import { prepareAudit } from "../../src/verification/audit/prepared.ts";
import { PARAMETRIC_ACTIVATIONS, preluOf } from "../support/parametric.ts";
import { normals } from "../support/stream.ts";
import type { Audited } from "./audited.ts";
import { auditedSample } from "./audited.ts";

const WIDTHS = [5, 9, 7, 6, 3];

function networkOf(activation: (width: number) => Activation, scale: number): Network {
  const activations = WIDTHS.slice(1).map((width, i): Activation => (i < 3 ? activation(width) : "identity"));
  return randomNetwork({
    ...{ seed: 51, index: 0, widths: WIDTHS, activations, initialiser: "he" },
    ...{ scale, biasScale: 0.3 },
  });
}

const audit = ({ subject, row, outcome }: Audited): string[] =>
  auditSample(subject, row, outcome, []).discrepancies.map((d) => `${d.quantity} ${String(d.layer)}`);

const CASES: readonly (readonly [string, (width: number) => Activation])[] = [
  ...PARAMETRIC_ACTIVATIONS.map(([name, activation]) => [name, () => activation] as const),
  ["a slope for each unit", preluOf],
];

describe.each(CASES)("%s", (_, activation) => {
  test("a clean sample holds, is tight or says why not, and its audit finds nothing", async () => {
    for (const [i, [scale, size]] of [
      [1, 1],
      [1, 1e-3],
      [3, 30],
      [1e-6, 1],
      [1, 1e6],
    ].entries()) {
      const network = networkOf(activation, scale as number);
      const input = Float64Array.from(normals(52, i, WIDTHS[0] as number), (v) => v * (size as number));
      const norm = i === 1 ? "frobenius" : "spectral";
      const audited = await auditedSample({ network, head: { kind: "half-squared-norm" }, input, norm });
      expect(["holds", "tight"], JSON.stringify(audited.outcome.verdict)).toContain(audited.outcome.verdict.kind);
      expect(audit(audited), `${String(scale)} ${String(size)}`).toEqual([]);
    }
  });
});

/** The same activation with its parameter, or one unit's slope, off by a part in a million. */
function nearby(activation: Activation): Activation {
  if (isPrelu(activation)) return prelu(activation.slopes.map((a, k) => (k === 1 ? a * (1 + 1e-6) : a)));
  return typeof activation === "object" ? parametric(activation.name, activation.parameter * (1 + 1e-6)) : activation;
}

test.each([
  ["leaky-relu", parametric("leaky-relu", 0.2)],
  ["elu", parametric("elu", -0.3)],
  ["softplus", parametric("softplus", 8)],
  ["one unit of a PReLU", prelu([0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])],
] as const)("a parameter that is off by a part in a million is found: %s", async (_, activation) => {
  const of = (first: Activation): Network => {
    const { layers } = networkOf(() => "tanh", 1);
    return { layers: layers.map((layer, i) => (i === 0 ? { ...layer, activation: first } : layer)) };
  };
  const head = { kind: "sum" } as const;
  // Every unit of layer 1 is on the left.
  const bias = new Float64Array(9).fill(-3);
  const left = ({ layers }: Network): Network => ({ layers: layers.map((l, i) => (i === 0 ? { ...l, bias } : l)) });
  const audited = await auditedSample({ network: left(of(activation)), head, input: new Float64Array(5).fill(0.01) });
  const plan = makePlan(left(of(nearby(activation))), {
    ...{ head, precision: "f64", norm: "spectral", accuracy: 1e-3, seed: 3 },
  } as const);
  expect(audit(audited)).toEqual([]);
  const found = audit({
    ...audited,
    subject: { ...audited.subject, plan, prepared: prepareAudit(plan, layerBounds(plan)) },
  });
  expect(found).toContain("D 1");
  expect(found).toContain("h 2");
});
