/**
 * The first vector of each iteration: J_t m_t and half of J_t r, r the random direction of the sample's address, both at length 1.
 *
 * m_t is the top right singular vector of the network's mean operator, of E[J_tᵀJ_t] over MEAN_INPUTS addressed inputs: it depends on the plan
 * alone, never on the batch or the file. From it the iteration takes a step or two less than from the images of ∇ₓf and r, and settles half as often on a
 * second vector. r keeps a sample whose J_t m_t is 0, or whose top singular vector is orthogonal to it, from being lost: no fixed vector
 * serves every network.
 */
import { activated } from "../../network/parametric.ts";
import { fillInputs } from "../../sampling/inputs.ts";
import type { Plan } from "../plan.ts";
import type { Iteration } from "../program/iteration.ts";
import type { Matrix } from "../program/stage.ts";
import { addScaledColumns, columnDot, columnNorm, unitColumns } from "./columns.ts";
import type { Frame } from "./frame.ts";
import type { Operators } from "./operators.ts";
import { product } from "./product.ts";

/** Inputs that the mean is taken over, and steps of power iteration: the vector need not be exact. */
const MEAN_INPUTS = 16;
const POWER_STEPS = 8;
/** Seed of the inputs' addresses: normal numbers of scale 1. */
const MEAN_SEED = 8796;
/** Length of the random direction's image beside the other. */
const RANDOM_SHARE = 0.5;

/** Sets `next` to the first vectors of the frame's samples, of length 1 (0 where J_t is 0). @param slopes D_1 … of the frame. */
export function startVectors(frame: Frame, own: Iteration, slopes: readonly Matrix[]): void {
  const { operators } = frame;
  const { t, next, start, vector, vectors } = own;
  const tangent = frame.of(start.operands[0] as Matrix);
  const samples = tangent.length / next.rows / 2;
  // What the witness will need afterwards serves until then.
  const room = (s: number, length: number): Float64Array =>
    frame.make((vectors.stages[s - 1] as { readonly of: Matrix }).of, length);
  const D = slopes.map((of) => frame.of(of));
  const image = pushed(operators, t, D, planVector(operators, t), samples, room);
  const first = unitColumns(image, columnNorm(image, samples), frame.make(vector, image.length));
  const random = { rows: next.rows, from: samples };
  const second = unitColumns(tangent, columnNorm(tangent, samples, random), room(t - 1, image.length), random);
  // The sign keeps the two from cancelling.
  const shares = columnDot(first, second, samples);
  for (let j = 0; j < samples; j++) shares[j] = (shares[j] as number) < 0 ? -RANDOM_SHARE : RANDOM_SHARE;
  addScaledColumns(first, shares, second);
  unitColumns(first, columnNorm(first, samples), frame.make(next, first.length));
}

/** What is known of each plan's operators: D_1 … at the inputs, and W′_1 m_t, n_2 numbers, once asked for. */
const known = new WeakMap<
  Operators,
  { readonly slopes: readonly Float64Array[]; readonly of: Map<number, Float64Array> }
>();

function planVector(operators: Operators, t: number): Float64Array {
  const own = known.get(operators) ?? { slopes: meanSlopes(operators.plan), of: new Map<number, Float64Array>() };
  known.set(operators, own);
  const vector = own.of.get(t) ?? meanVector(operators, t, own.slopes);
  own.of.set(t, vector);
  return vector;
}

/** c = W′_1 m is the top eigenvector of W′_1W′_1ᵀ · mean(KᵀK), K = ∂h_t/∂z_2: by power iteration from the sum of W′_1's columns beside 1. */
function meanVector(operators: Operators, t: number, slopes: readonly Float64Array[]): Float64Array {
  const { plan } = operators;
  const { outputs } = plan.network.layers[0] as Plan["network"]["layers"][number];
  let c = new Float64Array(outputs).fill(1);
  for (let step = 0; step < POWER_STEPS; step++) {
    let x = pushed(operators, t, slopes, c, MEAN_INPUTS, (_, length) => new Float64Array(length));
    for (let s = t - 1; s >= 1; s--) {
      x = operators.maskBackward(slopes[s - 1] as Float64Array, x, x.length / MEAN_INPUTS);
      if (s > 1) x = operators.applyTransposed(s, x, MEAN_INPUTS);
    }
    const sum = rowSums(x, MEAN_INPUTS);
    const raised =
      plan.firstGram === null
        ? operators.apply(1, operators.applyTransposed(1, sum, 1), 1)
        : operators.applyFirstGram(sum, 1);
    const norm = columnNorm(raised, 1);
    // Dead at every one of the inputs, or beyond f64's range: the vector before serves as well as any.
    if (!((norm[0] as number) > 0 && (norm[0] as number) < Infinity)) return c;
    c = Float64Array.from(unitColumns(raised, norm));
  }
  return c;
}

/** K c in every column, K = D_{t−1}W′_{t−1} … W′_2D_1. @param room for so many numbers of stage s. */
function pushed(
  operators: Operators,
  t: number,
  slopes: readonly Float64Array[],
  c: Float64Array,
  columns: number,
  room: (s: number, length: number) => Float64Array,
): Float64Array {
  let x = room(1, c.length * columns);
  for (let i = 0; i < c.length; i++) x.fill(c[i] as number, i * columns, (i + 1) * columns);
  for (let s = 1; s < t; s++) {
    const D = slopes[s - 1] as Float64Array;
    if (s > 1) x = operators.apply(s, x, columns, room(s, D.length));
    operators.maskForward(D, x, x.length / columns, x);
  }
  return x;
}

/** D_t at the inputs, by the plain formulas: of each layer n_{t+1} × MEAN_INPUTS. */
function meanSlopes({ network }: Plan): Float64Array[] {
  const width = network.layers[0]?.inputs ?? 0;
  const rows = fillInputs({ distribution: "normal", scale: 1, seed: MEAN_SEED }, 0, MEAN_INPUTS, width);
  let hidden = new Float64Array(rows.length);
  for (let j = 0; j < MEAN_INPUTS; j++)
    for (let i = 0; i < width; i++) hidden[i * MEAN_INPUTS + j] = rows[j * width + i] as number;
  return network.layers.map(({ weight, bias, outputs, inputs, activation }) => {
    const z = new Float64Array(outputs * MEAN_INPUTS);
    product(weight, outputs, inputs, hidden, MEAN_INPUTS, z);
    for (let at = 0; at < z.length; at++) z[at] = (z[at] as number) + (bias[Math.floor(at / MEAN_INPUTS)] as number);
    const { value, slope } = activated(activation, z, MEAN_INPUTS);
    hidden = Float64Array.from(value);
    return slope;
  });
}

function rowSums(x: Float64Array, columns: number): Float64Array {
  return Float64Array.from({ length: x.length / columns }, (_, i) =>
    x.subarray(i * columns, (i + 1) * columns).reduce((sum, v) => sum + v, 0),
  );
}
