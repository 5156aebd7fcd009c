/**
 * The updates of a textbook, entry by entry, each step from the trainer's own weights before it: the gradient is the oracle's, of the batch
 * that the order names; the momentum is the reference's own.
 */
import { BATCH_ORDER_STREAM } from "../../src/sampling/streams.ts";
import type { Dataset } from "../../src/training/data.ts";
import { chosen } from "../../src/training/data.ts";
import { batchOrder } from "../../src/training/order.ts";
import { withParameters } from "../../src/training/parameters.ts";
import { learningRateAt } from "../../src/training/schedule.ts";
import type { TrainingSettings } from "../../src/training/settings.ts";
import type { RunTrainer } from "../../src/training/trainer.ts";
import { initialNetwork } from "../../src/training/trainer.ts";
import { UNIT } from "../reference/support/rounding.ts";
import { examineAll, flat, meanGradientOf } from "./support.ts";

/** How the trainer computes. */
export interface Arithmetic {
  /** The unit roundoff. */
  readonly unit: number;
  /** A further error of activations, times 1 + |z|³, and the units of a division and a root. */
  readonly extra: number;
  readonly division: number;
}

export const F64: Arithmetic = { unit: UNIT, extra: 0, division: 1 };
export const F32: Arithmetic = { unit: 2 ** -24, extra: 0, division: 1 };
/** WGSL: either neighbour of a sum or product, 2.5 units a division; a root inherits 1/inverseSqrt's. */
export const WGSL: Arithmetic = { unit: 2 ** -23, extra: 0, division: 5 };

interface Reference {
  value: number[];
  error: number[];
}

/** The steps (from 1) whose result is not within the bound. @param trainer of `own` at its beginning, on `data`. */
export async function wrongSteps(
  own: TrainingSettings,
  data: Dataset,
  trainer: RunTrainer,
  arithmetic: Arithmetic = F64,
): Promise<number[]> {
  const { unit } = arithmetic;
  const order = batchOrder(own.seed, BATCH_ORDER_STREAM, data.samples, own.batch);
  const network = initialNetwork(own);
  const count = flat((await trainer.state()).parameters).length;
  const zeros = (): Reference => ({ value: new Array<number>(count).fill(0), error: new Array<number>(count).fill(0) });
  const [first, second] = [zeros(), zeros()];
  const wrong: number[] = [];
  for (let step = 0; step < own.steps; step++) {
    const before = await trainer.state();
    const at = flat(before.parameters);
    const batch = chosen(data, order.batch(step));
    const gradient = meanGradientOf(
      examineAll(withParameters(network, before.parameters), own.loss, batch, arithmetic),
      unit,
    );
    if ((await trainer.step()).kind !== "made") return [...wrong, step + 1];
    const after = flat((await trainer.state()).parameters);
    const rate = learningRateAt(own, step);
    const isRight = after.every((found, k) => {
      const theta = at[k] ?? NaN;
      const { value, error } = gradient[k] ?? { value: NaN, error: NaN };
      const g = value + own.weightDecay * theta;
      // Two evaluations of the gradient; each product and sum of the update rounds once on either side.
      const eg = 2 * error + 4 * unit * (Math.abs(value) + Math.abs(g));
      const change =
        own.optimiser === "sgd"
          ? sgd(first, k, g, eg, own.momentum, unit)
          : adam(first, second, k, g, eg, step + 1, arithmetic);
      const bound = rate * change.error + 8 * unit * (Math.abs(theta) + rate * Math.abs(change.value));
      return Math.abs(found - (theta - rate * change.value)) <= bound;
    });
    if (!isRight) wrong.push(step + 1);
  }
  return wrong;
}

function sgd(
  v: Reference,
  k: number,
  g: number,
  eg: number,
  momentum: number,
  unit: number,
): { value: number; error: number } {
  const value = momentum * (v.value[k] ?? NaN) + g;
  const error = momentum * (v.error[k] ?? NaN) + eg + 4 * unit * (Math.abs(value) + Math.abs(g));
  v.value[k] = value;
  v.error[k] = error;
  return { value, error };
}

function adam(
  m: Reference,
  s: Reference,
  k: number,
  g: number,
  eg: number,
  n: number,
  { unit, division }: Arithmetic,
): { value: number; error: number } {
  const keep = (moment: Reference, decay: number, x: number, ex: number): { value: number; error: number } => {
    const value = decay * (moment.value[k] ?? NaN) + (1 - decay) * x;
    const size = decay * Math.abs(moment.value[k] ?? NaN) + (1 - decay) * Math.abs(x);
    const error = decay * (moment.error[k] ?? NaN) + (1 - decay) * ex + 8 * unit * size;
    moment.value[k] = value;
    moment.error[k] = error;
    return { value, error };
  };
  const a = keep(m, 0.9, g, eg);
  const b = keep(s, 0.999, g * g, (2 * Math.abs(g) + eg) * eg);
  const [ca, cb] = [1 / (1 - 0.9 ** n), 1 / (1 - 0.999 ** n)];
  const root = Math.sqrt(b.value * cb);
  const low = Math.sqrt(Math.max(0, b.value - b.error) * cb);
  const value = (a.value * ca) / (root + 1e-8);
  // √ moves by at most e/(√low + √s); 1 − βⁿ cancels: n roundings over 1 − β.
  const rootError = (b.error * cb) / (low + root) + 2 * division * unit * root;
  const corrections = (2 * n + 8 + division) * unit * (ca / 10 + cb / 1000 + 1);
  return { value, error: (a.error * ca + Math.abs(value) * rootError) / (low + 1e-8) + Math.abs(value) * corrections };
}
