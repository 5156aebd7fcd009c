import { describe, expect, test } from "vitest";
import type { ActivationName } from "../../src/network/activations.ts";
import { derivative, derivatives } from "../../src/reference/differences.ts";
import type { Dataset } from "../../src/training/data.ts";
import { lossHead, samplesIn } from "../../src/training/data.ts";
import type { TrainingFault } from "../../src/training/faults.ts";
import { parametersOf, zerosLike } from "../../src/training/parameters.ts";
import type { Pass } from "../../src/training/program.ts";
import { runStages, stagesFor } from "../../src/training/program.ts";
import type { LossName, Penalty, PenaltyName } from "../../src/training/settings.ts";
import { LOSSES, PENALTIES } from "../../src/training/settings.ts";
import type { Objective } from "../../src/training/trainer.ts";
import { initialNetwork, objectiveOf } from "../../src/training/trainer.ts";
import { gradientTangent, meanGradient } from "../../src/training/gradient.ts";
import { runJaxProgram } from "../reference/support/run-jax.ts";
import { gamma } from "../reference/support/rounding.ts";
import type { PenaltyCase, PenaltyGradients } from "./programs/penalties.ts";
import type { Bounded } from "./support.ts";
import { dataset, examineAll, flat, meanGradientOf, moved, penaltyOf, settings } from "./support.ts";

const SAMPLES = 3;
const STEP = 2 ** -9;
const FACTOR = 0.5;
/**
 * Above these a bound would be too weak to mean anything: entries are of the size of 0.1, and a wrong formula moves them by a visible
 * part of that. They allow nothing; what is allowed is each bound.
 */
const [SENSITIVE, SENSITIVE_DIFFERENCE] = [1e-12, 1e-7];

const data = dataset(SAMPLES);
const network = initialNetwork(settings());

function passOf(loss: LossName, set: Dataset = data, own = network): Pass {
  const head = lossHead(loss, set);
  return runStages(stagesFor(own, head, set.samples), own, head, samplesIn(set), true);
}

function objective(loss: LossName, penalties: readonly Penalty[], fault: TrainingFault | null = null): Objective {
  return objectiveOf(passOf(loss), penalties, fault);
}

/**
 * ∂/∂θ of the penalty by central differences of the oracle's values. The allowance is differences.test.ts's: what the extrapolations
 * differ by, and the values' error over the step; twice, for the double backward's own roundings, which are fewer.
 */
function byDifferences(kind: PenaltyName, loss: LossName, k: number): Bounded {
  let worst = 0;
  const estimate = derivative((s) => {
    const { value, error } = penaltyOf(kind, examineAll(moved(network, k, s), loss, data));
    worst = Math.max(worst, error);
    return value;
  }, STEP);
  return { value: estimate.value, error: 2 * (estimate.error + (8 * worst) / STEP) };
}

/** What the penalty adds to the gradient, for λ = 1. */
function ownPenaltyGradient(kind: PenaltyName, loss: LossName, fault: TrainingFault | null = null): number[] {
  const plain = flat(objective(loss, []).gradient);
  return flat(objective(loss, [{ kind, factor: FACTOR }], fault).gradient).map(
    (v, k) => (v - (plain[k] ?? NaN)) / FACTOR,
  );
}

const ENTRIES = flat(parametersOf(network)).length;
/** Every seventh entry: some of each matrix and bias. */
const LOOKED_AT = Array.from({ length: Math.ceil(ENTRIES / 7) }, (_, i) => 7 * i);

describe("the stages' mean gradient is the mean of the oracle's materialised gradients, within derived bounds", () => {
  test.each(LOSSES)("%s", (loss) => {
    const examined = examineAll(network, loss, data);
    const expected = meanGradientOf(examined);
    const { loss: value, gradient } = objective(loss, []);
    const values = examined.map(({ found }) => found.value);
    expect(Math.abs(value - values.reduce((a, b) => a + b, 0) / SAMPLES)).toBeLessThan(
      examined.reduce((sum, { errors }) => sum + 2 * errors.value, 0),
    );
    flat(gradient).forEach((v, k) => {
      const { value: wanted, error } = expected[k] ?? { value: NaN, error: NaN };
      // Two evaluations, each with its own errors.
      expect(Math.abs(v - wanted), `entry ${String(k)}`).toBeLessThanOrEqual(2 * error);
      expect(error, "the bound itself").toBeLessThan(SENSITIVE);
    });
  });
});

describe("double backward gives each penalty's gradient, as central differences of the oracle have it", () => {
  test.each(LOSSES.flatMap((loss) => PENALTIES.map((kind) => ({ loss, kind }))))("$kind on $loss", ({ loss, kind }) => {
    const found = ownPenaltyGradient(kind, loss);
    const dropped = ownPenaltyGradient(kind, loss, "penalty-term-dropped");
    let seen = 0;
    for (const k of LOOKED_AT) {
      const { value, error } = byDifferences(kind, loss, k);
      expect(Math.abs((found[k] ?? NaN) - value), `entry ${String(k)}`).toBeLessThanOrEqual(error);
      if (Math.abs((dropped[k] ?? NaN) - value) > error) seen++;
    }
    // Where a term of the second derivative is missing, most entries say so.
    expect(seen).toBeGreaterThan(LOOKED_AT.length / 3);
  });

  test("and its value is the oracle's", () => {
    for (const kind of PENALTIES) {
      const { value, error } = penaltyOf(kind, examineAll(network, "cross-entropy", data));
      const { loss, objective: whole } = objective("cross-entropy", [{ kind, factor: FACTOR }]);
      const allowed = FACTOR * 2 * error + gamma(4) * whole;
      expect(Math.abs(whole - loss - FACTOR * value), kind).toBeLessThanOrEqual(allowed);
    }
  });
});

test("jax-js's reverse over reverse gives the same gradients of the loss and of the penalties", () => {
  const request: PenaltyCase = {
    layers: network.layers.map(({ weight, bias, inputs, outputs }) => ({
      weight: Array.from({ length: outputs }, (_, r) => Array.from(weight.subarray(r * inputs, (r + 1) * inputs))),
      bias: Array.from(bias),
    })),
    inputs: Array.from({ length: SAMPLES }, (_, i) =>
      Array.from(data.inputs.subarray(i * data.width, (i + 1) * data.width)),
    ),
    labels: Array.from(data.labels ?? []),
    outputs: data.outputs,
  };
  const answer = runJaxProgram("test/training/programs/penalties.ts", request, 60_000) as PenaltyGradients;
  const plain = meanGradientOf(examineAll(network, "cross-entropy", data));
  flat(objective("cross-entropy", []).gradient).forEach((v, k) => {
    expect(Math.abs(v - (answer.loss[k] ?? NaN)), `loss, entry ${String(k)}`).toBeLessThanOrEqual(
      2 * (plain[k]?.error ?? NaN),
    );
  });
  for (const kind of PENALTIES) {
    const found = ownPenaltyGradient(kind, "cross-entropy");
    for (const k of LOOKED_AT) {
      // Either is within this of the differences.
      const { error } = byDifferences(kind, "cross-entropy", k);
      const apart = Math.abs((found[k] ?? NaN) - (answer[kind][k] ?? NaN));
      expect(apart, `${kind}, entry ${String(k)}`).toBeLessThanOrEqual(2 * error);
      expect(error, "the bound itself").toBeLessThan(SENSITIVE_DIFFERENCE);
    }
  }
}, 120_000);

test("a Hessian-vector product is the difference of gradients along its vector, for every smooth activation", () => {
  const smooth: readonly ActivationName[] = [
    "gelu",
    "gelu-tanh",
    "mish",
    "softplus",
    "sigmoid",
    "tanh",
    "sin",
    "softsign",
  ];
  for (const activation of smooth) {
    const own = initialNetwork(settings({ activations: [activation, activation, "identity"] }));
    const direction = zerosLike(own);
    direction.forEach(({ weight, bias }, i) => {
      weight.forEach((_, k) => (weight[k] = Math.sin(k + i)));
      bias.forEach((_, k) => (bias[k] = Math.cos(k + i)));
    });
    const along = flat(direction);
    const product = flat(
      gradientTangent(passOf("cross-entropy", data, own), { kind: "shared", parameters: direction }),
    );
    let worst = 0;
    const estimates = derivatives((t) => {
      const to = along.reduce((net, v, j) => moved(net, j, t * v), own);
      for (const { error } of meanGradientOf(examineAll(to, "cross-entropy", data))) worst = Math.max(worst, error);
      return flat(meanGradient(passOf("cross-entropy", data, to)));
    }, STEP / 4);
    estimates.forEach(({ value, error }, k) => {
      // As byDifferences has it.
      const allowed = 2 * (error + (8 * worst) / (STEP / 4));
      expect(Math.abs((product[k] ?? NaN) - value), `${activation}, entry ${String(k)}`).toBeLessThanOrEqual(allowed);
      expect(allowed, "the bound itself").toBeLessThan(SENSITIVE_DIFFERENCE);
    });
  }
});
