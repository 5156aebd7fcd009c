import { describe, expect, test } from "vitest";
import { BATCH_ORDER_STREAM } from "../../src/sampling/streams.ts";
import { readState, writeState } from "../../src/training/checkpoint.ts";
import { split, withShuffledLabels } from "../../src/training/data.ts";
import type { TrainingFault } from "../../src/training/faults.ts";
import { TRAINING_FAULTS } from "../../src/training/faults.ts";
import { batchOrder, permutation } from "../../src/training/order.ts";
import { learningRateAt } from "../../src/training/schedule.ts";
import type { TrainingSettings } from "../../src/training/settings.ts";
import type { TrainingState } from "../../src/training/trainer.ts";
import { createTrainer, initialNetwork, initialState } from "../../src/training/trainer.ts";
import { UNIT } from "../reference/support/rounding.ts";
import { dataset, flat, rounded, settings } from "./support.ts";
import { F32, wrongSteps } from "./updates.ts";

const SAMPLES = 11;
const data = dataset(SAMPLES);

const singles = rounded(data);

function wrong(own: TrainingSettings, fault: TrainingFault | null = null): Promise<number[]> {
  return wrongSteps(own, data, createTrainer(own, data, initialState(own), fault));
}

const RUNS: readonly (readonly [string, Partial<TrainingSettings>])[] = [
  ["sgd with momentum", {}],
  [
    "sgd without momentum, with weight decay, on squared error",
    { momentum: 0, weightDecay: 0.1, loss: "squared-error" },
  ],
  ["adam", { optimiser: "adam", learningRate: 0.01, weightDecay: 0.01 }],
  ["batches of one", { batch: 1 }],
  ["full batches, warm-up and cosine", { batch: "full", warmUp: 4, schedule: { kind: "cosine" } }],
];

describe("every update is the textbook's, within derived bounds", () => {
  test.each(RUNS)("%s", async (_, changes) => {
    expect(await wrong(settings(changes))).toEqual([]);
  });

  test.each(RUNS)("in f32, %s", async (_, changes) => {
    const own = settings({ ...changes, precision: "f32" });
    const found = await wrongSteps(own, singles, createTrainer(own, singles), F32);
    expect(found).toEqual([]);
  });
});

describe("a wrong update is found", () => {
  test.each([
    ["update-sign", 1],
    ["stale-batch", 2],
    ["momentum-forgotten", 2],
  ] as const)("%s, at step %i", async (fault, first) => {
    for (const optimiser of ["sgd", "adam"] as const) {
      const at = optimiser === "adam" && fault === "momentum-forgotten" ? 2 : first;
      expect((await wrong(settings({ optimiser }), fault))[0], optimiser).toBe(at);
    }
  });

  test("those of this list, and of a penalty's gradient in gradient.test.ts", () => {
    expect(TRAINING_FAULTS).toEqual(["update-sign", "stale-batch", "momentum-forgotten", "penalty-term-dropped"]);
  });
});

describe("2,000 steps", () => {
  const long = settings({
    steps: 2000,
    learningRate: 0.02,
    penalties: [
      { kind: "input", factor: 0.01 },
      { kind: "parameter", factor: 0.001 },
    ],
  });
  const go = (from: TrainingState, to: number): TrainingState => {
    const trainer = createTrainer(long, data, from);
    while (trainer.state().step < to) expect(trainer.step().kind).toBe("made");
    return trainer.state();
  };
  const whole = go(initialState(long), 2000);

  test("are the same bits when repeated", () => {
    expect(bits(go(initialState(long), 2000))).toEqual(bits(whole));
  });

  test("and when they stop three times and go on from what was written, in the middle of an epoch too", () => {
    let state = initialState(long);
    for (const stop of [3, 777, 1501]) {
      state = go(state, stop);
      const run = { training: state, series: [], losses: { sum: 0.1, count: 3 }, diverged: null };
      const read = readState(writeState(run, initialNetwork(long), "{}"), "state", long.widths.length - 1);
      expect(read.state.losses).toEqual(run.losses);
      state = read.state.training;
    }
    expect(bits(go(state, 2000))).toEqual(bits(whole));
  });
});

function bits(state: TrainingState): unknown {
  return [state.step, flat(state.parameters), ...state.moments.map(flat)];
}

describe("what has an address", () => {
  test("an epoch has each sample at most once, and another order than the one before", () => {
    const order = batchOrder(1, BATCH_ORDER_STREAM, SAMPLES, 3);
    const epoch = (n: number): number[] => [0, 1, 2].flatMap((i) => Array.from(order.batch(3 * n + i)));
    expect(order.perEpoch).toBe(3);
    for (const n of [0, 1, 5]) expect(new Set(epoch(n)).size).toBe(9);
    expect(epoch(0)).not.toEqual(epoch(1));
    expect(epoch(0)).toEqual(epoch(0));
  });

  test("orders of three samples come equally often", () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const key = permutation(2, 3, i, 3).join("");
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Six standard deviations of a binomial count, √(6000 · 1/6 · 5/6) = 29.
    for (const n of counts.values()) expect(Math.abs(n - 1000)).toBeLessThan(6 * 29);
  });

  test("a held-out part and what is left are the whole; shuffled labels are the same labels elsewhere", () => {
    const [train, held] = split(data, 0.3, 4);
    expect([train.samples, held?.samples]).toEqual([8, 3]);
    expect([...train.inputs, ...(held?.inputs ?? [])].sort()).toEqual([...data.inputs].sort());
    const large = dataset(200);
    const shuffled = withShuffledLabels(large, 0.5, 4);
    const differ = (large.labels ?? []).filter((label, i) => label !== shuffled.labels?.[i]).length;
    expect([...(shuffled.labels ?? [])].sort()).toEqual([...(large.labels ?? [])].sort());
    expect(shuffled.inputs).toEqual(large.inputs);
    // Of 100 permuted labels of four classes three quarters change, give or take six deviations.
    expect(Math.abs(differ - 75)).toBeLessThan(6 * Math.sqrt(100 * 0.25 * 0.75));
    shuffled.labels?.forEach((label, i) => {
      expect(shuffled.targets?.subarray(4 * i, 4 * i + 4).indexOf(1)).toBe(label);
    });
  });
});

test("divergence is named at its step, and the state before it is kept", () => {
  const trainer = createTrainer(settings({ learningRate: 1e200 }), data);
  expect(trainer.step().kind).toBe("made");
  const kept = trainer.state();
  const second = trainer.step();
  expect(second).toMatchObject({ kind: "diverged", step: 2 });
  expect(trainer.state()).toBe(kept);
});

test("schedules: a line up, then constant, a half cosine, or steps", () => {
  const rates = (changes: Partial<TrainingSettings>): number[] =>
    [0, 1, 4, 9].map((step) => learningRateAt(settings({ learningRate: 1, steps: 10, ...changes }), step));
  expect(rates({})).toEqual([1, 1, 1, 1]);
  expect(rates({ warmUp: 4 })).toEqual([0.25, 0.5, 1, 1]);
  expect(rates({ schedule: { kind: "step", every: 4, factor: 0.5 } })).toEqual([1, 1, 0.5, 0.25]);
  rates({ schedule: { kind: "cosine" } }).forEach((rate, i) => {
    // The same argument; two cosines of a unit in the last place each, and the sum's rounding, halved.
    const wanted = 0.5 * (1 + Math.cos((Math.PI * ([0, 1, 4, 9][i] ?? NaN)) / 10));
    expect(Math.abs(rate - wanted)).toBeLessThanOrEqual(4 * UNIT);
  });
});
