/**
 * Networks at equality, κ_t = 1, or a known distance from it (MATH.md §4), and the runs over them.
 */
import { Matrix as Dense, QrDecomposition } from "ml-matrix";
import type { CpuEngine } from "../../src/engine/cpu/engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { SampleRow } from "../../src/records/sample.ts";
import { verify } from "../../src/pipeline/verify.ts";
import type { Head } from "../../src/network/heads.ts";
import type { Layer, Network } from "../../src/network/network.ts";
import { inputWidth } from "../../src/network/network.ts";
import type { Activation } from "../../src/network/parametric.ts";
import { formatActivation, parametric, prelu } from "../../src/network/parametric.ts";
import type { Matrix } from "../../src/reference/matrix.ts";
import { apply, multiply, norm, transpose } from "../../src/reference/matrix.ts";
import { drawer, normals } from "./stream.ts";

export interface SharpCase {
  readonly name: string;
  /**
   * dyadic: equality, and every number on the way is exact in f32; equality: for any numbers at all; orthogonal: up to the weights'
   * rounding; near: κ_2 = 1 − gap.
   */
  readonly family: "dyadic" | "equality" | "orthogonal" | "near";
  readonly network: Network;
  readonly head: Head;
  /** Samples × width, row-major; exact in f32. */
  readonly inputs: Float64Array;
  /** κ_1 … κ_l of the network before any rounding, of every sample. */
  readonly tightness: readonly number[];
}

const SAMPLES = 6;

/** f = h, of networks with one output. */
const ONE: Head = { kind: "linear", coefficients: Float64Array.of(1) };

function layer(weight: Matrix, bias: readonly number[], activation: Activation): Layer {
  const inputs = weight[0]?.length ?? 0;
  const flat = Float64Array.from(weight.flat());
  return { inputs, outputs: weight.length, weight: flat, bias: Float64Array.from(bias), activation };
}

const zeros = (n: number): number[] => Array.from({ length: n }, () => 0);

/** Whole numbers from −3 to 3, none of them 0. */
function smallIntegers(seed: number, count: number): Float64Array {
  const draw = drawer(seed, 1);
  return Float64Array.from({ length: count }, () => (1 + draw(3)) * (draw(2) === 0 ? 1 : -1));
}

/** `rows` rows of 2^exponent H/√n, n = 4^k, H Sylvester's: rows and columns in any order and of any sign. */
export function hadamardRows(rows: number, n: number, exponent: number, seed: number): number[][] {
  const draw = drawer(seed, n);
  const signs = (): number[] => Array.from({ length: n }, () => (draw(2) === 0 ? 1 : -1));
  const [rowSigns, columnSigns] = [signs(), signs()];
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const k = draw(i + 1);
    [order[i], order[k]] = [order[k] as number, order[i] as number];
  }
  const parity = (bits: number): number => (bits === 0 ? 0 : (bits & 1) ^ parity(bits >>> 1));
  return order.slice(0, rows).map((r, i) =>
    columnSigns.map((sign, c) => {
      const entry = parity(r & c) === 1 ? -1 : 1;
      return (sign * (rowSigns[i] as number) * entry * 2 ** exponent) / Math.sqrt(n);
    }),
  );
}

/**
 * A chain of Hadamard layers n_1 ≥ n_2 ≥ …, n_t = 4^k, with norms 2^exponents. ReLUs get a bias above every |Wh|, so that each
 * is active; a PReLU's slopes are 1 and −1 in turn, so that D = ±1 whatever the signs.
 */
function hadamardChain(
  widths: readonly number[],
  exponents: readonly number[],
  activation: "identity" | "relu" | "prelu",
  headKind: "linear" | "half-squared-norm",
): SharpCase {
  const [first, last] = [widths[0] as number, widths.at(-1) as number];
  const seed = 100 * widths.length + first;
  let reach = 3 * Math.sqrt(first); // at least ‖h_t‖
  const layers = exponents.map((exponent, i) => {
    const [inputs, outputs] = [widths[i] as number, widths[i + 1] as number];
    reach *= 2 ** exponent;
    const bias = activation === "relu" ? 2 ** Math.ceil(Math.log2(reach + 1)) : 0;
    reach += bias * Math.sqrt(outputs);
    return layer(
      hadamardRows(outputs, inputs, exponent, seed + i),
      zeros(outputs).map(() => bias),
      activation === "prelu" ? prelu(zeros(outputs).map((_, k) => (k % 2 === 0 ? 1 : -1))) : activation,
    );
  });
  return {
    name: `Hadamard ${widths.join("-")}, norms 2^(${exponents.join(",")}), ${activation}, ${headKind}`,
    family: "dyadic",
    network: { layers },
    head: headKind === "linear" ? { kind: "linear", coefficients: smallIntegers(seed, last) } : { kind: headKind },
    inputs: smallIntegers(seed + 50, SAMPLES * first),
    tightness: layers.map(() => 1),
  };
}

/** n_t = 1 throughout: every factor is a number, and a norm of products is the product of norms. */
function widthOneChain(weights: readonly number[], activations: readonly Activation[]): SharpCase {
  return {
    name: `width 1, ${weights.join(", ")}, ${activations.map(formatActivation).join(" ")}`,
    family: "equality",
    network: { layers: weights.map((w, i) => layer([[w]], [0.25 * i], activations[i] as Activation)) },
    head: ONE,
    inputs: Float64Array.of(-2, -0.75, -0.125, 0.5, 1, 2.5),
    tightness: weights.map(() => 1),
  };
}

/** ∇ₓf is a multiple of the one row of W_1. */
function singleOutput(width: number, activation: Activation): SharpCase {
  const row = normals(width, 5, width).map((v) => v / Math.sqrt(width));
  return {
    name: `one layer, ${String(width)} inputs, one output, ${formatActivation(activation)}`,
    family: "equality",
    network: { layers: [layer([row], [0.3], activation)] },
    head: ONE,
    inputs: Float64Array.from(normals(width, 6, SAMPLES * width), Math.fround),
    tightness: [1],
  };
}

/** Orthonormal rows, rows ≤ columns: the Q of a QR decomposition of normal deviates. */
export function orthonormalRows(rows: number, columns: number, seed: number): number[][] {
  const deviates = normals(seed, rows, rows * columns);
  const tall = Array.from({ length: columns }, (_, i) => deviates.slice(i * rows, (i + 1) * rows));
  return transpose(new QrDecomposition(new Dense(tall)).orthogonalMatrix.to2DArray());
}

/** Linear, widths never increasing: every Jacobian has orthonormal rows. */
function orthogonalChain(widths: readonly number[]): SharpCase {
  const layers = widths
    .slice(1)
    .map((n, i) => layer(orthonormalRows(n, widths[i] as number, 30 + i), zeros(n), "identity"));
  const [first, last] = [widths[0] as number, widths.at(-1) as number];
  return {
    name: `orthogonal ${widths.join("-")}`,
    family: "orthogonal",
    network: { layers },
    head: { kind: "linear", coefficients: Float64Array.from(normals(8, 0, last), Math.fround) },
    inputs: Float64Array.from(normals(9, 0, SAMPLES * first), Math.fround),
    tightness: layers.map(() => 1),
  };
}

function nearCase(name: string, gap: number, network: Network, tightness: readonly number[]): SharpCase {
  const width = inputWidth(network);
  const inputs = smallIntegers(70, SAMPLES * width);
  return { name: `${name}, 1 − κ = ${String(gap)}`, family: "near", network, head: ONE, inputs, tightness };
}

/**
 * W_1 = Q_1 diag(1, c, …, c) Q_2, and the row of W_2 lies in the plane of the first two columns of Q_1, at the angle φ to the first:
 * κ_1² = cos²φ + c² sin²φ by alignment at W_1, and κ_2 = κ_1 by alignment at J_2 = W_1. κ = 1 − gap by the choice of φ with c = ½, or
 * of c with φ = 45°, where all singular values come together.
 */
function nearByWeight(gap: number, by: "angle" | "cluster"): SharpCase {
  const [outputs, inputs] = [6, 9];
  const lost = gap * (2 - gap); // 1 − κ² = (1 − c²) sin²φ
  const sineSquared = by === "angle" ? lost / 0.75 : 0.5;
  const c = by === "angle" ? 0.5 : Math.sqrt(1 - 2 * lost);
  const left = orthonormalRows(outputs, outputs, 11);
  const scaledRows = orthonormalRows(outputs, inputs, 12).map((row, i) => row.map((v) => (i === 0 ? v : c * v)));
  const direction = zeros(outputs);
  direction[0] = Math.sqrt(1 - sineSquared);
  direction[1] = Math.sqrt(sineSquared);
  const layers = [
    layer(multiply(left, scaledRows), zeros(outputs), "identity"),
    layer([apply(left, direction)], [0], "identity"),
  ];
  return nearCase(`near at W_1 by ${by}`, gap, { layers }, [1 - gap, 1 - gap]);
}

/**
 * W_1 = H/4, H Hadamard, and ReLUs of which the last eight are dead: κ_1 = 1 and ‖J_2‖ = 1, both exactly, and κ_2 = ‖D_1w‖/‖w‖ is the
 * alignment at J_2, w the row of W_2 with the share cos φ of its length on the active units.
 */
function nearByJacobian(gap: number): SharpCase {
  const n = 16;
  const deviates = normals(13, 0, n);
  const [active, dead] = [deviates.slice(0, n / 2), deviates.slice(n / 2)];
  const sine = Math.sqrt(gap * (2 - gap));
  const row = [...active.map((v) => ((1 - gap) * v) / norm(active)), ...dead.map((v) => (sine * v) / norm(dead))];
  const bias = deviates.map((_, i) => (i < n / 2 ? 16 : -16)); // |W_1 x| ≤ ‖x‖ ≤ 3√n = 12
  const layers = [layer(hadamardRows(n, n, 0, 14), bias, "relu"), layer([row], [0], "identity")];
  return nearCase("near at J_2", gap, { layers }, [1, 1 - gap]);
}

const GAPS = [1, 2, 3, 4, 5, 6, 7, 8].map((power) => Number(`1e-${String(power)}`));

export const CASES: readonly SharpCase[] = [
  hadamardChain([4, 4, 4, 4, 4, 4, 4, 4, 4], [0, 1, -3, 5, 0, 0, 2, -1], "identity", "linear"),
  hadamardChain([16, 16, 16, 16, 16], [0, 0, 0, 0], "identity", "linear"),
  hadamardChain([16, 16, 16, 16], [3, -2, 1], "identity", "half-squared-norm"),
  hadamardChain([64, 64, 64, 64], [0, 4, -4], "identity", "linear"),
  hadamardChain([64, 16, 4, 1], [0, 1, 0], "identity", "linear"),
  hadamardChain([4, 4, 4, 4], [0, 0, 1], "relu", "half-squared-norm"),
  hadamardChain([16, 16, 16, 16], [0, 1, -1], "relu", "linear"),
  hadamardChain([16, 16, 16, 16], [0, 2, -1], "prelu", "linear"),
  widthOneChain([2, -0.5, 4, 1, -8], ["identity", "identity", "identity", "identity", "identity"]),
  widthOneChain([1.7, -0.3, 2.5, 0.011], ["tanh", "gelu", "sigmoid", "softplus"]),
  widthOneChain(
    [1.7, -0.3, 2.5, 0.011],
    [parametric("leaky-relu", -30), parametric("elu", 0.3), parametric("softplus", 50), prelu([0.2])],
  ),
  singleOutput(1, "identity"),
  singleOutput(7, "tanh"),
  singleOutput(100, "silu"),
  orthogonalChain([12, 12, 12, 12, 12]),
  orthogonalChain([20, 12, 12, 5]),
  ...GAPS.flatMap((gap) => [nearByWeight(gap, "angle"), nearByWeight(gap, "cluster"), nearByJacobian(gap)]),
];

/** The head times 2^exponent (linear), or everything: weights, inputs and head, the biases so that every h keeps its direction. */
export function scaledCase(sharp: SharpCase, scaled: "head" | "all", exponent: number): SharpCase {
  const times = (values: Float64Array, k: number): Float64Array => values.map((v) => v * 2 ** (k * exponent));
  const { head, network, inputs } = sharp;
  const top = head.kind === "linear" ? { ...head, coefficients: times(head.coefficients, 1) } : head;
  if (scaled === "head") return { ...sharp, head: top };
  const layers = network.layers.map((l, i) => ({ ...l, weight: times(l.weight, 1), bias: times(l.bias, i + 2) }));
  return { ...sharp, network: { layers }, head: top, inputs: times(inputs, 1) };
}

/** With every weight and bias rounded to f32, as an engine of that precision takes it. */
export function rounded({ layers }: Network): Network {
  return { layers: layers.map((l) => ({ ...l, weight: l.weight.map(Math.fround), bias: l.bias.map(Math.fround) })) };
}

export interface Run {
  readonly sharp: SharpCase;
  readonly accuracy: number | "verdict";
  /** What is multiplied by 2^exponent. */
  readonly scaled: "nothing" | "head" | "all";
  readonly exponent: number;
}

/** Every case plain at two accuracies, and scaled: all of it where the network is positively homogeneous. */
export const RUNS: readonly Run[] = CASES.flatMap((sharp) => {
  const run = (scaled: Run["scaled"], exponent: number, accuracy: Run["accuracy"] = "verdict"): Run => {
    return { sharp, accuracy, scaled, exponent };
  };
  return [
    run("nothing", 0, 1e-3),
    run("nothing", 0),
    ...(sharp.head.kind === "linear" ? [run("head", 20), run("head", -20)] : []),
    ...(sharp.family === "equality" ? [] : [run("all", 20), run("all", -20)]),
  ];
});

/** The rows of every run, in the order of RUNS. */
export async function judgeRuns(engine: Engine, host: CpuEngine): Promise<SampleRow[][]> {
  const all: SampleRow[][] = [];
  for (const { sharp, accuracy, scaled, exponent } of RUNS) {
    const { network, head, inputs } = scaled === "nothing" ? sharp : scaledCase(sharp, scaled, exponent);
    const width = inputWidth(network);
    const rows: SampleRow[] = [];
    const settings = { norm: "spectral", accuracy, seed: 3, onRow: (row: SampleRow) => void rows.push(row) } as const;
    const read = (first: number, count: number): { inputs: Float64Array; labels: null } => {
      return { inputs: inputs.slice(first * width, (first + count) * width), labels: null };
    };
    const source = { samples: inputs.length / width, width, read };
    const { failure } = await verify({ network, head, source, engine, host, ...settings });
    if (failure !== null) throw failure;
    all.push(rows);
  }
  return all;
}
