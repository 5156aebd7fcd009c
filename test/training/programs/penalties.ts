/**
 * jax-js on the mean loss and the three penalties of a batch: gradients by θ, the penalties' by reverse over reverse. Reads a case as JSON
 * from stdin, prints { loss, input, parameter, parameter-each }, each a list of the entries of θ. Runs under Deno on the device "cpu" as
 * test/reference/programs/jax.ts does, and for its reasons.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import * as jax from "@jax-js/jax";

const { numpy: np } = jax;
type Tensor = jax.Array;

export interface PenaltyCase {
  readonly layers: readonly { readonly weight: readonly (readonly number[])[]; readonly bias: readonly number[] }[];
  readonly inputs: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly outputs: number;
}

export type PenaltyGradients = Readonly<Record<"loss" | "input" | "parameter" | "parameter-each", readonly number[]>>;

const array = (values: unknown): Tensor => np.array(values as number[], { dtype: np.float64 });

await jax.init();
jax.defaultDevice("cpu");
const c = JSON.parse(readFileSync(0, "utf8")) as PenaltyCase;
const n = c.inputs.length;

/** tanh, silu, identity; cross-entropy. Takes what it is given without consuming it. */
function loss(parameters: readonly Tensor[], x: Tensor, label: number): Tensor {
  const [w1, b1, w2, b2, w3, b3] = parameters.map((p) => p.ref) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const first = np.tanh(np.matmul(w1, x.ref).add(b1));
  const z = np.matmul(w2, first).add(b2);
  const second = z.ref.div(np.exp(z.mul(-1)).add(1));
  const h = np.matmul(w3, second).add(b3);
  const own = array(Array.from({ length: c.outputs }, (_, k) => (k === label ? 1 : 0)));
  return np.log(np.sum(np.exp(h.ref))).sub(np.sum(h.mul(own)));
}

const sum = (list: readonly Tensor[]): Tensor => list.reduce((a, b) => a.add(b));
const square = (t: Tensor): Tensor => np.sum(t.ref.mul(t));
const each = (of: (x: Tensor, label: number) => Tensor): Tensor =>
  sum(c.inputs.map((x, i) => of(array(x), c.labels[i] as number))).mul(1 / n);
const by = (parameters: readonly Tensor[], k: number, of: (own: readonly Tensor[]) => Tensor): Tensor =>
  jax.grad((p: Tensor) => of(parameters.map((q, i) => (i === k ? p : q))))((parameters[k] as Tensor).ref) as Tensor;
const gradientSquares = (parameters: readonly Tensor[], of: (own: readonly Tensor[]) => Tensor): Tensor =>
  sum(parameters.map((_, k) => square(by(parameters, k, of))));

const QUANTITIES: Readonly<Record<keyof PenaltyGradients, (parameters: readonly Tensor[]) => Tensor>> = {
  loss: (parameters) => each((x, label) => loss(parameters, x, label)),
  input: (parameters) => each((x, label) => square(jax.grad((v: Tensor) => loss(parameters, v, label))(x) as Tensor)),
  parameter: (parameters) => gradientSquares(parameters, (own) => each((x, label) => loss(own, x, label))),
  "parameter-each": (parameters) => each((x, label) => gradientSquares(parameters, (own) => loss(own, x, label))),
};

const results = Object.entries(QUANTITIES).map(([name, of]) => {
  const parameters = (): Tensor[] => c.layers.flatMap((l) => [array(l.weight), array(l.bias)]);
  const gradients = parameters().map((_, k) => (by(parameters(), k, of).js() as number[] | number[][]).flat());
  return [name, gradients.flat()];
});
process.stdout.write(JSON.stringify(Object.fromEntries(results)));
process.exit(0);
