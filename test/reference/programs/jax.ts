/**
 * The third party: jax-js's autodiff on small networks, each activation and head written in jax-js's own functions from its definition.
 * Reads cases as JSON from stdin; prints f, ∇ₓf, ∇_W f, ∇_b f (reverse mode) and J_2 … J_{l+1} (forward mode).
 *
 * On the device "cpu", the interpreter, because there f64 arrays get f64 elementary functions; those of "wasm" have f32's accuracy
 * whatever the array's type (0.1.25, measured). erf is Abramowitz and Stegun 7.1.26 on every device, off by up to 1.5e−7.
 * Runs under Deno: jax-js needs Float16Array and navigator, which Node 20 lacks.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import * as jax from "@jax-js/jax";

const { numpy: np } = jax;
type Tensor = jax.Array;

export interface JaxCase {
  /** One a layer. */
  readonly activations: readonly string[];
  readonly head: string;
  readonly x: readonly number[];
  readonly layers: readonly { readonly weight: readonly (readonly number[])[]; readonly bias: readonly number[] }[];
  readonly coefficients: readonly number[];
  readonly targets: readonly number[];
  /** Outputs picked by logit, argmax, label and rival: which piece of a piecewise head the point lies on. */
  readonly index: number;
  readonly rival: number;
  /** y of logistic. */
  readonly sign: 1 | -1;
}

export interface JaxResult {
  readonly value: number;
  readonly inputGradient: readonly number[];
  readonly weightGradients: readonly (readonly number[])[];
  readonly biasGradients: readonly (readonly number[])[];
  /** J_2 … J_{l+1}, n_t × n_1. */
  readonly jacobians: readonly (readonly (readonly number[])[])[];
}

const ROOT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);

/** Every use of an array consumes it in jax-js, so that one that is used again is passed as `.ref`. */
const ACTIVATIONS: Readonly<Record<string, (z: Tensor) => Tensor>> = {
  identity: (z) => z,
  relu: (z) => np.maximum(z, 0),
  "leaky-relu": (z) => np.where(np.greater(z.ref, 0), z.ref, z.mul(0.01)),
  elu: (z) => np.where(np.greater(z.ref, 0), z.ref, np.exp(z).sub(1)),
  selu: (z) => np.where(np.greater(z.ref, 0), z.ref, np.exp(z).sub(1).mul(1.6732632423543772)).mul(1.0507009873554805),
  gelu: (z) => z.ref.mul(jax.lax.erf(z.mul(Math.SQRT1_2)).add(1)).mul(0.5),
  "gelu-tanh": (z) => {
    const cube = z.ref.mul(z.ref).mul(z.ref);
    return np
      .tanh(z.ref.add(cube.mul(0.044715)).mul(ROOT_TWO_OVER_PI))
      .add(1)
      .mul(z)
      .mul(0.5);
  },
  silu: (z) => z.ref.div(np.exp(z.mul(-1)).add(1)),
  mish: (z) => z.ref.mul(np.tanh(np.log(np.exp(z).add(1)))),
  softplus: (z) => np.log(np.exp(z).add(1)),
  sigmoid: (z) => np.reciprocal(np.exp(z.mul(-1)).add(1)),
  tanh: (z) => np.tanh(z),
  sin: (z) => np.sin(z),
  softsign: (z) => z.ref.div(np.abs(z).add(1)),
  "hard-swish": (z) => z.ref.mul(np.clip(z.add(3), 0, 6)).div(6),
  relu6: (z) => np.clip(z, 0, 6),
  abs: (z) => np.abs(z),
};

/** leaky-relu(a), elu(a), softplus(b), and prelu(a,b,c): a slope for each unit. */
function activationNamed(text: string, array: (values: readonly number[]) => Tensor): (z: Tensor) => Tensor {
  const [, name = "", inside = ""] = /^([a-z-]+)\((.*)\)$/.exec(text) ?? [];
  const numbers = inside.split(",").map(Number);
  const [a = NaN] = numbers;
  switch (name) {
    case "leaky-relu":
      return (z) => np.where(np.greater(z.ref, 0), z.ref, z.mul(a));
    case "elu":
      return (z) => np.where(np.greater(z.ref, 0), z.ref, np.exp(z).sub(1).mul(a));
    case "softplus":
      return (z) => np.log(np.exp(z.mul(a)).add(1)).div(a);
    case "prelu":
      return (z) => np.where(np.greater(z.ref, 0), z.ref, z.mul(numbers.length === 1 ? a : array(numbers)));
    default: {
      const g = ACTIVATIONS[text];
      if (g === undefined) throw new Error(`no activation ${text}`);
      return g;
    }
  }
}

function head(h: Tensor, c: JaxCase, array: (values: readonly number[]) => Tensor): Tensor {
  const pick = (i: number): Tensor => array(c.coefficients.map((_, k) => (k === i ? 1 : 0)));
  switch (c.head) {
    case "sum":
      return np.sum(h);
    case "mean":
      return np.mean(h);
    case "logit-argmax":
      return np.max(h);
    case "logit":
      return np.sum(h.mul(pick(c.index)));
    case "linear":
      return np.sum(h.mul(array(c.coefficients)));
    case "half-squared-norm":
      return np.sum(h.ref.mul(h)).mul(0.5);
    case "squared-error": {
      const d = h.sub(array(c.targets));
      return np.sum(d.ref.mul(d)).mul(0.5);
    }
    case "log-sum-exp":
      return np.log(np.sum(np.exp(h)));
    case "cross-entropy":
      return np.log(np.sum(np.exp(h.ref))).sub(np.sum(h.mul(pick(c.index))));
    case "logistic":
      // log(1 + e^(−y h)).
      return np.sum(np.log(np.exp(h.mul(-c.sign)).add(1)));
    case "margin":
      return np.sum(h.mul(pick(c.index).sub(pick(c.rival))));
    default:
      throw new Error(`no head ${c.head}`);
  }
}

function differentiate(c: JaxCase): JaxResult {
  const array = (values: unknown): Tensor => np.array(values as number[], { dtype: np.float64 });
  /** h_{count + 1}. */
  const hidden = (count: number, x: Tensor, parameters: readonly Tensor[]): Tensor => {
    let h = x;
    for (let i = 0; i < count; i++) {
      const g = activationNamed(c.activations[i] as string, array);
      h = g(np.matmul(parameters[2 * i] as Tensor, h).add(parameters[2 * i + 1] as Tensor));
    }
    return h;
  };
  const f = (x: Tensor, ...parameters: Tensor[]): Tensor => head(hidden(c.layers.length, x, parameters), c, array);
  const operands = (): [Tensor, ...Tensor[]] => [
    array(c.x),
    ...c.layers.flatMap((l) => [array(l.weight), array(l.bias)]),
  ];
  const gradient = (argument: number): number[] => {
    const all = operands();
    const chosen = all[argument] as Tensor;
    const only = (v: Tensor): Tensor => f(...(all.map((a, i) => (i === argument ? v : a)) as [Tensor, ...Tensor[]]));
    return (jax.grad(only)(chosen).js() as number[] | number[][]).flat();
  };
  /** One forward-mode product a coordinate: its columns. */
  const jacobian = (count: number): number[][] => {
    const columns = c.x.map((_, k) => {
      const [x, ...parameters] = operands();
      const along = array(c.x.map((__, m) => (m === k ? 1 : 0)));
      const only = (v: Tensor): Tensor => hidden(count, v, parameters);
      const [, tangent] = jax.jvp(only, [x], [along]) as [Tensor, Tensor];
      return tangent.js() as number[];
    });
    return (columns[0] ?? []).map((_, r) => columns.map((column) => column[r] as number));
  };
  return {
    value: f(...operands()).js() as number,
    inputGradient: gradient(0),
    weightGradients: c.layers.map((_, i) => gradient(1 + 2 * i)),
    biasGradients: c.layers.map((_, i) => gradient(2 + 2 * i)),
    jacobians: c.layers.map((_, i) => jacobian(i + 1)),
  };
}

await jax.init();
jax.defaultDevice("cpu");
const cases = JSON.parse(readFileSync(0, "utf8")) as JaxCase[];
process.stdout.write(JSON.stringify(cases.map(differentiate)));
process.exit(0);
