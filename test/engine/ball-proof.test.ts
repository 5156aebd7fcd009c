import { expect, test } from "vitest";
import type { ProvenNorms } from "../../src/engine/engine.ts";
import { BallProver } from "../../src/engine/cpu/ball-proof.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { weightNorms } from "../../src/engine/weight-norm.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { uniformSigned, wordsAt } from "../../src/sampling/philox.ts";

const SAMPLES = 5;

/** A plan and slopes of 0 (a third, half or none of them), positive and negative ones. */
function drawn(
  widths: readonly number[],
  index: number,
  dead: number,
  change: (w: Float64Array) => void = () => undefined,
) {
  const activations = widths.slice(1).map(() => "identity" as const);
  const network = randomNetwork({ seed: 3, index, widths, activations, initialiser: "he", biasScale: 0 });
  change((network.layers[0] as { weight: Float64Array }).weight);
  const head = { kind: "logit-argmax" } as const;
  const plan = makePlan(network, { head, precision: "f64", norm: "spectral", accuracy: 1e-3, seed: 1 });
  const slopes = widths.slice(1, -1).map((n, i) => {
    const words = wordsAt(7, 1, 64 * index + i, 2 * n * SAMPLES);
    return Float64Array.from({ length: n * SAMPLES }, (_, at) =>
      Math.abs(uniformSigned(words[2 * at] as number)) < dead ? 0 : uniformSigned(words[2 * at + 1] as number),
    );
  });
  const slopeMax = slopes.map((d) =>
    Float64Array.from({ length: SAMPLES }, (_, j) =>
      d.reduce((most, v, at) => (at % SAMPLES === j ? Math.max(most, Math.abs(v)) : most), 0),
    ),
  );
  return { plan, slopes, slopeMax };
}

/** ‖J_t‖ within 1e-9, t = 2 …, of an explicit product. */
function exactNorms({ plan, slopes }: ReturnType<typeof drawn>, sample: number): number[] {
  let [jacobian, columns] = [new Float64Array(0), 0];
  return slopes.map((d, i) => {
    const { inputs, outputs } = plan.network.layers[i] as { inputs: number; outputs: number };
    const weight = (plan.layers[i] as { scaledWeight: Float64Array }).scaledWeight;
    if (i === 0) columns = inputs;
    const next = new Float64Array(outputs * columns);
    for (let r = 0; r < outputs; r++)
      for (let c = 0; c < columns; c++) {
        let sum = 0;
        if (i === 0) sum = weight[r * inputs + c] as number;
        else
          for (let k = 0; k < inputs; k++)
            sum += (weight[r * inputs + k] as number) * (jacobian[k * columns + c] as number);
        next[r * columns + c] = (d[r * SAMPLES + sample] as number) * sum;
      }
    jacobian = next;
    return weightNorms(next, outputs, columns).spectral.lower;
  });
}

const at = (proven: ProvenNorms | null | undefined, sample: number): [number, number] => [
  proven?.lower[sample] as number,
  proven?.upper[sample] as number,
];

const SHAPES: readonly (readonly [name: string, widths: readonly number[], dead: number])[] = [
  ["few inputs, columns factored", [5, 19, 17, 3], 0],
  ["as many inputs as units, half of them dead: rows factored", [23, 23, 22, 24, 2], 0.5],
  ["many inputs, the first layer's Cholesky factor in its place", [90, 37, 41, 38, 2], 0],
  ["many inputs and dead units", [90, 38, 33, 35, 2], 0.3],
  ["more units than twice the inputs", [4, 50, 3, 30, 2], 0.2],
  ["widths of 1", [3, 1, 2, 1], 0],
];

test.each(SHAPES)("an upper end is proven just above ‖J_t‖, and never below it: %s", (_, widths, dead) => {
  for (let index = 0; index < 6; index++) {
    const one = drawn(widths, index, dead);
    const prover = BallProver.of(one.plan) as BallProver;
    const norms = Array.from({ length: SAMPLES }, (__, sample) => exactNorms(one, sample));
    /** From (1 + above) ‖J_t‖ on: an eighth and seven eighths of the width above it are tried. */
    const provenAt = (above: number, width: number) =>
      prover.prove(one.slopes, one.slopeMax, SAMPLES, [
        null,
        ...one.slopes.map((__, i) => ({
          lower: Float64Array.from(norms, (own) => (own[i] as number) * (1 + above)),
          width,
        })),
      ]);
    const [reached, below] = [provenAt(1e-8, 1e-7), provenAt(-1e-8, 1e-8)];
    expect(reached[0]).toBeNull();
    norms.forEach((own, sample) => {
      own.forEach((norm, i) => {
        if (norm === 0) return;
        const [lower, upper] = at(reached[i + 1], sample);
        expect(upper, `J_${String(i + 2)} of sample ${String(sample)}`).toBeGreaterThanOrEqual(norm);
        // The norm is known within 1e-9.
        expect(lower).toBeLessThanOrEqual(norm * (1 + 1e-9));
        expect(upper - lower).toBeLessThanOrEqual(1e-7 * lower);
        expect(at(below[i + 1], sample)).toEqual([0, Infinity]);
      });
    });
  }
});

test("a bound covers W_1's own rows where a Cholesky factor stands for them, whatever their rank", () => {
  // Rows 10 … 19 repeat the first ten: W_1W_1ᵀ is singular.
  const one = drawn([60, 20, 20, 2], 1, 0, (weight) => weight.copyWithin(600, 0, 600));
  const prover = BallProver.of(one.plan) as BallProver;
  const norms = exactNorms(one, 0);
  const wanted = norms.map((norm) => ({ lower: new Float64Array(SAMPLES).fill(norm), width: 1e-6 }));
  const found = prover.prove(one.slopes, one.slopeMax, SAMPLES, [null, ...wanted]);
  norms.forEach((norm, i) => {
    const [lower, upper] = at(found[i + 1], 0);
    expect(upper).toBeGreaterThanOrEqual(norm);
    expect(lower).toBeLessThanOrEqual(norm * (1 + 1e-9));
    expect(upper - lower).toBeLessThanOrEqual(1e-6 * lower);
  });
});

test("a number that is not finite proves nothing", () => {
  const one = drawn([8, 8, 8, 2], 0, 0);
  const prover = BallProver.of(one.plan) as BallProver;
  const norms = Array.from({ length: SAMPLES }, (_, sample) => exactNorms(one, sample));
  const wanted = one.slopes.map((_, i) => ({
    lower: Float64Array.from(norms, (own) => own[i] as number),
    width: 1e-3,
  }));
  for (const bad of [NaN, Infinity, 1e300]) {
    const slopes = one.slopes.map((d) => d.map((v, at) => (at % SAMPLES === 2 ? bad : v)));
    const slopeMax = slopes.map((d) => d.subarray(0, SAMPLES).map(Math.abs));
    const found = prover.prove(slopes, slopeMax, SAMPLES, [null, ...wanted]);
    expect([...at(found[1], 2), ...at(found[2], 2)]).toEqual([0, Infinity, 0, Infinity]);
    expect(at(found[1], 1)[1]).toBeLessThan(Infinity);
  }
});

test("a guess that is wrong by more than the width leads to no interval, and to no wrong one", () => {
  const one = drawn([20, 24, 22, 2], 2, 0.2);
  const prover = BallProver.of(one.plan) as BallProver;
  const norms = Array.from({ length: SAMPLES }, (_, sample) => exactNorms(one, sample));
  for (const factor of [0.5, 0.99, 1.002, 2, 100]) {
    const wanted = one.slopes.map((_, i) => ({
      lower: Float64Array.from(norms, (own) => factor * (own[i] as number)),
      width: 1e-3,
    }));
    const found = prover.prove(one.slopes, one.slopeMax, SAMPLES, [null, ...wanted]);
    norms.forEach((own, sample) => {
      own.forEach((_, i) => {
        expect(at(found[i + 1], sample), `${String(factor)} times J_${String(i + 2)}`).toEqual([0, Infinity]);
      });
    });
  }
});
