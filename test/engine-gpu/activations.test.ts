/** What the activations in WGSL do at the ends of f32. Their values and slopes elsewhere: kernels.test.ts, by src/conformance. */
import { describe, expect, it } from "vitest";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import { RUNTIMES, runKernels, skipReason } from "../support/software-gpu.ts";

describe.skipIf(skipReason !== null).each(RUNTIMES)(`activations in WGSL, %s`, (runtime) => {
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
        buffers: [Float32Array.of(1), Float32Array.of(0), Float32Array.of(0), z, none, none, none],
        read: [4, 5, 6],
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
