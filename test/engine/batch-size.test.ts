/** How many samples a batch has on a device, from the adapter's limits and the plan. */
import { expect, it } from "vitest";
import type { AdapterLimits } from "../../src/engine/gpu/batch-size.ts";
import { batchSizeOf, IN_FLIGHT, memoryBytes } from "../../src/engine/gpu/batch-size.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { memoryOf } from "../../src/engine/program/memory.ts";
import { batchProgram } from "../../src/engine/program/program.ts";
import type { Head } from "../../src/network/heads.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";

const LARGE: AdapterLimits = { hardware: true, bufferBytes: 2 ** 32, bindingBytes: 2 ** 31 };

const planOf = (
  widths: readonly number[],
  head: Head = { kind: "logit-argmax" },
  accuracy: number | "verdict" = 1e-3,
) => {
  const activations = widths.slice(1).map(() => "tanh" as const);
  const network = randomNetwork({ seed: 5, index: 0, widths, activations, initialiser: "he", scale: 1 });
  return makePlan(network, { head, precision: "f32", norm: "spectral", accuracy, seed: 1 });
};
const size = (plan: Plan, limits = LARGE): number => batchSizeOf(plan, limits, undefined);
const need = (plan: Plan, samples: number, { bindingBytes }: AdapterLimits) =>
  memoryOf(batchProgram(plan, samples, { fault: undefined, bindingBytes }));

const small = planOf([16, 32, 32, 4]);
const wide = planOf([64, 256, 256, 10]);

it("a narrow network has the largest batch, a software adapter's is smaller", () => {
  expect(size(small)).toBe(2 ** 14);
  expect(size(small, { ...LARGE, hardware: false })).toBe(512);
});

it("more memory, larger batches: as many samples as fit, and no fewer", () => {
  const sizes = [2 ** 30, 2 ** 31, 2 ** 32].map((bufferBytes) => {
    const limits = { ...LARGE, bufferBytes };
    const samples = size(wide, limits);
    const memory = memoryBytes(limits) / IN_FLIGHT;
    expect(need(wide, samples, limits).total).toBeLessThanOrEqual(memory);
    expect(need(wide, 1.02 * samples, limits).total).toBeGreaterThan(memory);
    return samples;
  });
  expect(sizes[1]).toBeGreaterThan(1.9 * (sizes[0] as number));
  expect(sizes[2]).toBeGreaterThan(1.9 * (sizes[1] as number));
});

it("every matrix fits into a binding, and small bindings mean little memory", () => {
  const limits = { ...LARGE, bindingBytes: 2 ** 20 };
  const samples = size(wide, limits);
  expect(need(wide, samples, limits).largest).toBeLessThanOrEqual(2 ** 20);
  expect(memoryBytes(limits)).toBe(2 ** 23);
  expect(size(wide, { ...limits, bindingBytes: 16 })).toBe(4);
});

it("a batch is a tenth of a second of work at most, whatever the memory", () => {
  const much = { ...LARGE, bufferBytes: 2 ** 40, bindingBytes: 2 ** 40 };
  const explicit: Plan = { ...planOf([512, 512, 512, 10]), norm: "frobenius" };
  // The pullbacks of 512 unit vectors through one layer and through two; all else is a tenth of them.
  const flops = 512 * (1 + 2) * 2 * 512 * 512;
  expect(size(explicit, much)).toBeLessThan(1e12 / flops);
  expect(size(explicit, much)).toBeGreaterThan(0.9 * (1e12 / flops));
});

it("the inputs of a batch stay within 64 MiB on the host", () => {
  const plan = planOf([4096, 8, 2]);
  expect(size(plan)).toBeLessThanOrEqual(2 ** 26 / (8 * 4096));
  expect(size(plan)).toBeGreaterThan(0.99 * (2 ** 26 / (8 * 4096)));
});

it("all outputs of an input count as samples, and inputs are few at least", () => {
  const each = planOf([16, 32, 32, 4], { kind: "each-logit" });
  expect(size(each)).toBe(2 ** 14);
  expect(size(each, { ...LARGE, hardware: false })).toBe(512);
});
