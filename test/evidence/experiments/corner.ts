/** The exact corner of docs/experiments/protocol.md: orders in h with which descent leaves both flows. */
import { fillInputs } from "../../../src/sampling/inputs.ts";
import type { Dataset } from "../../../src/training/data.ts";
import { lossHead } from "../../../src/training/data.ts";
import { hessianProduct, topEigenvalue } from "../../../src/training/curvature.ts";
import { passes } from "../../../src/training/evaluate.ts";
import { PARAMETER_SPACE, wholeObjective } from "../../../src/training/experiments/flow.ts";
import type { Departure, Orders, Pair } from "../../../src/training/experiments/two-parameters.ts";
import { departure, orders, pairDepartures } from "../../../src/training/experiments/two-parameters.ts";
import type { ParameterVector } from "../../../src/training/parameters.ts";
import { parametersOf, plus, squaredLength } from "../../../src/training/parameters.ts";
import { initialNetwork } from "../../../src/training/trainer.ts";
import { settingsOf, sgd } from "./sets.ts";

export const EXPONENTS: readonly number[] = [2, 3, 4, 5, 6];
/** The published starts, and our times. */
export const STARTS: readonly (readonly [start: Pair, time: number])[] = [
  [[2.8, 3.5], 1],
  [[75, 74.925], 0.3],
];

export interface CornerRun extends Orders {
  readonly departures: readonly Departure[];
}

export function pairCorner(start: Pair, time: number, exponents = EXPONENTS): CornerRun {
  const departures = pairDepartures(start, time, exponents);
  return { ...orders(departures), departures };
}

const [WIDTH, OUTPUTS, SAMPLES] = [4, 3, 32];

export function networkCorner(seed: number, time = 2, exponents = EXPONENTS): CornerRun {
  const normal = (own: number, width: number): Float64Array =>
    fillInputs({ distribution: "normal", scale: 1, seed: own }, 0, SAMPLES, width);
  const data: Dataset = {
    ...{ samples: SAMPLES, width: WIDTH, outputs: OUTPUTS, labels: null },
    ...{ inputs: normal(21, WIDTH), targets: normal(22, OUTPUTS) },
  };
  const task = { data: "regression", hidden: [8, 8], activation: "tanh", weightDecay: 0 } as const;
  const shape = initialNetwork(settingsOf(task, data, sgd("full", 1), 0, seed));
  const whole = [...passes(shape, data, (piece) => lossHead("squared-error", piece), false)];
  const curvature = topEigenvalue(shape, (v) => hessianProduct(whole, SAMPLES, v)).largest;
  const plain = wholeObjective(shape, "squared-error", data);
  const penalised = new Map(
    exponents.map((k) => {
      const factor = 2 ** -k / curvature / 4;
      return [factor, wholeObjective(shape, "squared-error", data, [{ kind: "parameter", factor }])];
    }),
  );
  const gradient = (theta: ParameterVector, lambda: number): ParameterVector =>
    (penalised.get(lambda) ?? plain)(theta).gradient;
  const distance = (x: ParameterVector, y: ParameterVector): number => Math.sqrt(squaredLength(plus(x, -1, y)));
  const start = parametersOf(shape);
  const departures = exponents.map((k) => {
    const rate = 2 ** -k / curvature;
    return departure(PARAMETER_SPACE, distance, gradient, start, rate, Math.round(time / rate), 1);
  });
  return { ...orders(departures), departures };
}
