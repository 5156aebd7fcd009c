/** Every activation's value and slope in WGSL against the f64 ones, within the bounds that the audit uses. */
import { describe, expect, it } from "vitest";
import { WGSL_F32 } from "../../src/engine/engine.ts";
import { activationError } from "../../src/verification/audit/activation-error.ts";
import { ACTIVATION_NAMES, ACTIVATIONS } from "../../src/network/activations.ts";
import type { ActivationName } from "../../src/network/activations.ts";
import { floats, RUNTIMES, runKernels, skipReason } from "../support/software-gpu.ts";

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
        const bounds = activationError(name, x, value, slope, WGSL_F32);
        const excess = {
          value: Math.abs((values[j] as number) - value),
          slope: Math.abs((slopes[j] as number) - slope),
        };
        for (const kind of ["value", "slope"] as const) {
          const bound = bounds[kind];
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
