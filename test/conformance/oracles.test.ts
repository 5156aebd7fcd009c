/** The oracles of the kernel cases have tests of their own: calls small enough to be answered by hand, and what counts as beyond a bound. */
import { describe, expect, it } from "vitest";
import type { KernelCall, Words } from "../../src/conformance/call.ts";
import { productsOf } from "../../src/conformance/cases/columns.ts";
import { GRID, kernelCase } from "../../src/conformance/cases.ts";
import { networkCase } from "../../src/conformance/networks.ts";
import type { Expected } from "../../src/conformance/expected.ts";
import { compare } from "../../src/conformance/expected.ts";
import { expectedOf, judge } from "../../src/conformance/oracle.ts";
import { ACTIVATION_NAMES } from "../../src/network/activations.ts";
import { DIRECTION_BLOCK, directionVector } from "../../src/sampling/philox.ts";

const f = (...x: number[]): Float32Array<ArrayBuffer> => Float32Array.from(x);
const values = (call: KernelCall, quantity: string, read: Words[] | null = null): number[] => {
  const own = expectedOf(call, read).find((e) => e.quantity === quantity);
  if (own === undefined) throw new Error(`no ${quantity}`);
  return Array.from(own.values);
};

describe("oracles answer by hand", () => {
  const forward: KernelCall = {
    kernel: "forward",
    overrides: { ACTIVATION: ACTIVATION_NAMES.indexOf("relu") },
    sizes: { rows: 2, inner: 2, columns: 4 },
    buffers: [f(1, 2, 3, -4), f(0.5, -1), f(0, 0), f(1, 2, 3, 4, 1, 0, -1, 2), f(), f(), f()],
    read: [4, 5, 6],
  };

  it("z = W h + b, and h and D of the z that was stored", () => {
    expect(values(forward, "z")).toEqual([3.5, 2.5, 1.5, 8.5, -2, 5, 12, 3]);
    const stored = [f(1, -1, 0, 2, 3, -3, 4, -4), f(...new Array<number>(8)), f(...new Array<number>(8))];
    expect(values(forward, "h", stored)).toEqual([1, 0, 0, 2, 3, 0, 4, 0]);
    expect(values(forward, "D", stored)).toEqual([1, 0, 0, 1, 1, 0, 1, 0]);
    // Without an answer there is no z to start from, but where a single weight of 1 hands it through.
    expect(expectedOf(forward, null).map((e) => e.quantity)).toEqual(["z"]);
  });

  it("W′ᵀδ and W′τ read the same matrix either way round, masked by sample", () => {
    const weight = f(1, 2, 3, 4, 5, 6);
    const of = (
      kernel: "vectorJacobianProduct" | "jacobianVectorProduct",
      rows: number,
      inner: number,
    ): KernelCall => ({
      kernel,
      overrides: { MASKED: 1 },
      sizes: { rows, inner, columns: 4, samples: 4 },
      buffers: [
        weight,
        f(...Array.from({ length: 4 * inner }, (_, i) => (i % 4 === 0 ? 1 : 0))),
        f(...Array.from({ length: 4 * rows }, () => 0.5)),
        f(),
        f(),
      ],
      read: [3, 4],
    });
    // Two outputs, three inputs: column sums one way, row sums the other.
    expect(values(of("vectorJacobianProduct", 3, 2), "W′ᵀδ").filter((_, i) => i % 4 === 0)).toEqual([5, 7, 9]);
    expect(values(of("jacobianVectorProduct", 2, 3), "W′τ").filter((_, i) => i % 4 === 0)).toEqual([6, 15]);
    expect(values(of("jacobianVectorProduct", 2, 3), "D ∘ W′τ").filter((_, i) => i % 4 === 0)).toEqual([3, 7.5]);
  });

  it("a norm is max|x| and a sum scaled by its exponent; NaN is told by the largest alone", () => {
    const call: KernelCall = {
      kernel: "columnNorm",
      overrides: {},
      sizes: { rows: 2, columns: 4, offset: 0 },
      buffers: [f(3, 0, NaN, 6, -4, 0, 1, 8), new Uint32Array(8)],
      read: [1],
    };
    expect(values(call, "max|x|")).toEqual([4, 0, NaN, 8]);
    expect(values(call, "Σ (x·2⁻ᵉ)²")).toEqual([25 / 16, 0, 0, 100 / 64]);
  });

  it("a dot product comes with the sum of both exponents", () => {
    const call = productsOf(f(1, 0, 2, 8, 1, 0, 2, 0), f(4, 1, 2, 2, 4, 1, -2, 0), 4, 4);
    expect(values(call, "exponent")).toEqual([2, -126, 2, 4]);
    expect(values(call, "Σ xy·2⁻ᵉ")).toEqual([2, 0, 0, 1]);
  });

  it("the uniform numbers are those of the cut test's direction, at any address", () => {
    const { call } = kernelCase(
      0,
      Array.from({ length: GRID }, (_, i) => i).find((i) => kernelCase(0, i).call.kernel === "philoxUniform") as number,
    );
    const first = directionVector(0, 2 * DIRECTION_BLOCK + 5, 1)[0];
    expect(values(call, "numbers")[5 + 2]).toBe(first);
  });
});

describe("what was found", () => {
  const expected = (value: number, bound: number): Expected[] => [
    {
      quantity: "x",
      buffer: 0,
      offset: 0,
      stride: 1,
      type: "f32",
      values: Float64Array.of(value),
      bounds: Float64Array.of(bound),
    },
  ];
  const share = (found: number, value: number, bound: number): number =>
    compare(expected(value, bound), { read: [0] }, [f(found)]).worst;

  it("counts by its share of the bound, and beyond it from the first excess on", () => {
    expect(share(1.5, 1, 1)).toBe(0.5);
    expect(compare(expected(1, 0.25), { read: [0] }, [f(1.5)]).deviation).toMatchObject({ found: 1.5, expected: 1 });
    expect(share(1, 1, 0)).toBe(0);
    expect(share(1 + 2 ** -23, 1, 0)).toBe(Infinity);
  });

  it("is wrong where it is not finite, whatever the bound; and right only then where that is expected", () => {
    expect(share(NaN, 1, 1e30)).toBe(Infinity);
    expect(share(Infinity, 1, 1e30)).toBe(Infinity);
    expect(share(NaN, NaN, 0)).toBe(0);
    expect(share(-Infinity, NaN, 0)).toBe(0);
    expect(share(1, NaN, 1e30)).toBe(Infinity);
  });

  it("is not held against a bound of Infinity, and is not counted then", () => {
    expect(compare(expected(1, Infinity), { read: [0] }, [f(NaN)])).toEqual({ compared: 0, worst: 0, deviation: null });
  });
});

describe("cases by address", () => {
  it("are the same each time, differ by seed in their numbers alone at first, and in everything later", () => {
    expect(kernelCase(3, 5)).toEqual(kernelCase(3, 5));
    expect(kernelCase(3, 5).name).toBe(kernelCase(4, 5).name);
    expect(kernelCase(3, 5).call.buffers[0]).not.toEqual(kernelCase(4, 5).call.buffers[0]);
    const drawn = (seed: number): string[] => Array.from({ length: 20 }, (_, i) => kernelCase(seed, GRID + i).name);
    expect(drawn(3)).toEqual(drawn(3));
    expect(drawn(3)).not.toEqual(drawn(4));
    expect(networkCase(3, 5)).toEqual(networkCase(3, 5));
    expect(networkCase(3, 5).name).not.toBe(networkCase(4, 5).name);
  });

  it("do not pass for an answer of zeros, but where WGSL allows it: among subnormal numbers, or where zeros are right", () => {
    const right = Array.from({ length: GRID }, (_, index) => kernelCase(0, index)).filter(({ call }) => {
      const answer = call.read.map((i) => new Uint32Array((call.buffers[i] as Words).length));
      return judge(call, answer).deviation === null;
    });
    const surprising = right.map((c) => c.name).filter((name) => !name.includes("subnormal"));
    // The gradient of a softmax over one class is 0.
    expect(surprising).toEqual(["cross-entropy, 1 output", "cross-entropy, 1 output, labelled"]);
  });
});
