/**
 * Every activation's value and slope in WGSL against the f64 ones, within bounds derived from shaders/lib/elementary.wgsl's.
 *
 * u = 2⁻²³ and a division counts 3u (2.5 ulp). exp_f32's relative error is E(x) = (8 + 2|x|)u: its argument's reduction may be
 * reassociated. Each bound below follows its formula in shaders/lib/activations.wgsl, roundings added up, to first order with a
 * margin of at least one u for the second; FLUSH is what may be lost below 2⁻¹²⁶.
 */
import { describe, expect, it } from "vitest";
import { ACTIVATION_NAMES, ACTIVATIONS } from "../../src/network/activations.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import { floats, RUNTIMES, runKernels, skipReason } from "../support/software-gpu.ts";

const u = 2 ** -23;
const FLUSH = 2 ** -124;
const E = (x: number): number => (8 + 2 * Math.abs(x)) * u;

/** Absolute bounds of value and slope at z, given the exact ones. */
type Bound = (z: number, value: number, slope: number) => readonly [number, number];

const relative =
  (v: number, s: number): Bound =>
  (_, value, slope) => [v * u * Math.abs(value), s * u * Math.abs(slope)];

/** σ(x): exp's error enters numerator and denominator. */
const sigmoidError = (x: number): number => 2 * E(x) + 5 * u;

/**
 * Φ: within one standard deviation ½ + ½ erf, whose polynomial's terms add up to 1.65 with 14 roundings, over Φ ≥ 0.078; beyond, a
 * polynomial whose terms add up to 8 times its value with 17 roundings, times two exponentials of parts of z²/2.
 */
const normalError = (z: number): number => (200 + z * z) * u;
const densityError = (z: number): number => (24 + z * z) * u;
const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

const inner = (z: number): number => Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3);

const BOUNDS: Readonly<Record<ActivationName, Bound>> = {
  identity: relative(0, 0),
  relu: relative(0, 0),
  abs: relative(0, 0),
  relu6: relative(0, 0),
  "leaky-relu": relative(2, 1),
  elu: (z, value, slope) => [16 * u * Math.abs(value), (z > 0 ? 0 : E(z)) * slope],
  selu: (z, value, slope) => [20 * u * Math.abs(value), (z > 0 ? 3 * u : E(z) + 4 * u) * slope],
  gelu: (z, value) => [
    (normalError(z) + 2 * u) * Math.abs(value),
    (normalError(z) + 2 * u) * (z === 0 ? 0.5 : Math.abs(value / z)) +
      (densityError(z) + 4 * u) * Math.abs(z) * density(z),
  ],
  "gelu-tanh": (z, value) => {
    const y = 2 * inner(z);
    const gate = sigmoidError(y) + 8 * u * Math.abs(y) + 2 * u;
    const steep = 2 * Math.exp(-Math.abs(y)) * Math.sqrt(2 / Math.PI) * (1 + 0.134145 * z * z) * Math.abs(z);
    return [
      gate * Math.abs(value),
      gate * (z === 0 ? 0.5 : Math.abs(value / z)) + steep * (3 * E(y) + 24 * u + 8 * u * Math.abs(y)),
    ];
  },
  silu: (z, value) => {
    const s = 1 / (1 + Math.exp(-z));
    return [(sigmoidError(z) + u) * Math.abs(value), s * (1 + Math.abs(z) * (1 - s)) * (2 * sigmoidError(z) + 4 * u)];
  },
  mish: (z, value) => {
    const gate = 4 * E(z) + 11 * u;
    const tail = Math.abs(z) * (1 / Math.cosh(Math.log1p(Math.exp(Math.min(z, 700)))) ** 2) * (1 / (1 + Math.exp(-z)));
    return [
      gate * Math.abs(value),
      gate * (z === 0 ? 0.6 : Math.abs(value / z)) + (Number.isFinite(tail) ? tail : 0) * (10 * E(z) + 32 * u),
    ];
  },
  softplus: (z, value, slope) => {
    const e = Math.exp(-Math.abs(z));
    return [2 * u * value + (18 * u + E(z)) * e, sigmoidError(z) * slope];
  },
  sigmoid: (z, value, slope) => [sigmoidError(z) * value, (3 * E(z) + 8 * u) * slope],
  tanh: (z, value, slope) => [16 * u * Math.abs(value), (3 * E(2 * z) + 8 * u) * slope],
  sin: (z) => [(8 + 2 * Math.abs(z)) * u, (8 + 2 * Math.abs(z)) * u],
  softsign: relative(6, 10),
  "hard-swish": (z, value) => [6 * u * Math.abs(value), Math.abs(z) < 3 ? u * (2 * Math.abs(z) + 3) : 0],
};

/** The arguments: a grid, both sides of every switch between formulas and of every kink, tiny and huge ones. */
function argumentsOf(name: ActivationName): Float32Array {
  const list: number[] = [0];
  for (let i = 1; i <= 1500; i++) list.push((i * 100) / 1500, (i * 6) / 1500 + 2 ** -18 * i);
  for (let k = -126; k <= 10; k++) list.push(2 ** k, 1.7 * 2 ** k);
  for (const edge of [
    0.5,
    0.625,
    1,
    Math.SQRT2,
    2 * Math.SQRT2,
    3,
    6,
    87,
    43.5,
    88.7,
    Math.PI / 4,
    Math.PI / 2,
    Math.PI,
  ]) {
    list.push(edge, edge * (1 - 2 ** -22), edge * (1 + 2 ** -22));
  }
  if (name !== "sin") list.push(1e4, 1e10, 1e20);
  const signed = list.flatMap((x) => [Math.fround(x), Math.fround(-x)]);
  while (signed.length % 4 !== 0) signed.push(0);
  return Float32Array.from(signed);
}

describe.skipIf(skipReason !== null).each(RUNTIMES)(`activations in WGSL, %s`, (runtime) => {
  it("agree with f64 within derived bounds, value and slope", { timeout: 60_000 }, async () => {
    const calls = ACTIVATION_NAMES.map((name, i) => {
      const z = argumentsOf(name);
      const none = new Float32Array(z.length);
      return {
        kernel: "forward" as const,
        overrides: { ACTIVATION: i },
        sizes: { rows: 1, inner: 1, columns: z.length },
        buffers: [Float32Array.of(1), Float32Array.of(0), z, none, none, none],
        read: [3, 4, 5],
      };
    });
    const answers = await runKernels(runtime, calls);
    const findings: string[] = [];
    ACTIVATION_NAMES.forEach((name, i) => {
      const z = argumentsOf(name);
      const [pre, values, slopes] = (answers[i] as Uint32Array[]).map(floats) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      z.forEach((x, j) => {
        if (pre[j] !== x) findings.push(`${name}: z ${String(x)} came back as ${String(pre[j])}`);
        const value = ACTIVATIONS[name].value(x);
        const slope = ACTIVATIONS[name].slope(x);
        const [v, s] = BOUNDS[name](x, value, slope);
        // A flushed factor costs what it multiplies: z, and in gelu-tanh's slope the inner function's slope too.
        const steepness = name === "gelu-tanh" ? 1 + Math.min(x * x, 1e6) : 1;
        const flush = FLUSH * (1 + Math.abs(x)) * steepness;
        const excess = {
          value: Math.abs((values[j] as number) - value),
          slope: Math.abs((slopes[j] as number) - slope),
        };
        for (const kind of ["value", "slope"] as const) {
          const bound = (kind === "value" ? v : s) + flush;
          if (!(excess[kind] <= bound)) {
            findings.push(`${name} ${kind} at ${String(x)}: off by ${String(excess[kind])}, bound ${String(bound)}`);
          }
        }
      });
    });
    expect(findings.slice(0, 10)).toEqual([]);
  });

  it("store slopes below 2⁻¹²⁶ as 0 and carry NaN and infinities through", { timeout: 60_000 }, async () => {
    const z = new Float32Array(8);
    const bits = new Uint32Array(z.buffer);
    z.set([-88, -100, 0, 1]);
    bits.set([0x7fc00000, 0x7f800000, 0xff800000, 0x3f800000], 4);
    const sigmoid = ACTIVATION_NAMES.indexOf("sigmoid");
    const none = new Float32Array(8);
    const [answer] = await runKernels(runtime, [
      {
        kernel: "forward",
        overrides: { ACTIVATION: sigmoid },
        sizes: { rows: 1, inner: 1, columns: 8 },
        buffers: [Float32Array.of(1), Float32Array.of(0), z, none, none, none],
        read: [3, 4, 5],
      },
    ]);
    const [pre, values, slopes] = answer as [Uint32Array, Uint32Array, Uint32Array];
    expect(slopes[0]).toBe(0);
    expect(slopes[1]).toBe(0);
    for (const words of [pre, values, slopes]) {
      for (const j of [4, 5, 6]) expect((words[j] as number) & 0x7f800000, `column ${String(j)}`).toBe(0x7f800000);
      expect((words[7] as number) & 0x7f800000).not.toBe(0x7f800000);
    }
  });
});
