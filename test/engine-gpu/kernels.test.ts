/**
 * Every kernel against plain f64 loops, under Dawn and wgpu, within derived bounds: the cases of `gpv doctor --stress`
 * (src/conformance), ragged sizes, extreme values and every activation among them.
 */
import { describe, expect, it } from "vitest";
import type { KernelCall } from "../../src/conformance/call.ts";
import { KERNEL_KEYS } from "../../src/conformance/call.ts";
import { GRID, kernelCase } from "../../src/conformance/cases.ts";
import { dotCall, krylovCall, leastCall, normCall, sharedCall } from "../../src/conformance/cases/columns.ts";
import { drawer, zeros } from "../../src/conformance/cases/numbers.ts";
import { deviationText } from "../../src/conformance/expected.ts";
import { judge } from "../../src/conformance/oracle.ts";
import { RUNTIMES, runKernels, skipReason } from "../support/software-gpu.ts";

/** The systematic cases, and some that the seed draws. */
const CASES = Array.from({ length: GRID + 60 }, (_, index) => kernelCase(7, index));

it("the cases go through every kernel", () => {
  expect(new Set(CASES.slice(0, GRID).map((c) => c.call.kernel))).toEqual(new Set(KERNEL_KEYS));
});

describe.skipIf(skipReason !== null).each(RUNTIMES)("kernels, %s", (runtime) => {
  it(
    "agree with f64 loops within derived bounds, at ragged sizes and extreme values",
    { timeout: 120_000 },
    async () => {
      const answers = await runKernels(
        runtime,
        CASES.map((c) => c.call),
      );
      const findings = CASES.flatMap(({ index, name, call }, i) => {
        const { compared, deviation } = judge(call, answers[i] ?? []);
        if (deviation !== null) return [`case ${String(index)}, ${call.kernel} ${name}: ${deviationText(deviation)}`];
        return compared > 0 ? [] : [`case ${String(index)}, ${call.kernel} ${name}: nothing was compared`];
      });
      expect(findings).toEqual([]);
    },
  );

  it("give the same bits in every layout of a product", { timeout: 60_000 }, async () => {
    const draw = drawer(7, 8001);
    const shapes = [
      ["jacobianVectorProduct", 67, 132, 260],
      ["vectorJacobianProduct", 84, 132, 260],
    ] as const;
    const calls = shapes.flatMap(([kernel, rows, inner, columns]) => {
      const buffers = [
        draw("ordinary", rows * inner),
        draw("ordinary", inner * columns),
        draw("ordinary", rows * columns),
      ];
      return ([kernel, `${kernel}Tall`] as const).map((own): KernelCall => ({
        kernel: own,
        overrides: { MASKED: 1, ...(kernel === "vectorJacobianProduct" ? { FACTOR: 1 } : {}) },
        sizes: { rows, inner, columns, samples: columns },
        buffers: [...buffers, zeros(rows * columns), zeros(rows * columns)],
        read: [3, 4],
      }));
    });
    const [wide, tall, wideBack, tallBack] = await runKernels(runtime, calls);
    expect(tall).toEqual(wide);
    expect(tallBack).toEqual(wideBack);
  });

  it("give the same bits in every layout of what goes down columns", { timeout: 60_000 }, async () => {
    const draw = drawer(7, 8002);
    // Ragged rows and columns, fewer rows than parts, and more than one dispatch has.
    const own = [
      ...[3, 67, 256].flatMap((rows) => [
        normCall(draw, rows, 68),
        dotCall(draw, rows, 68, 2),
        leastCall(draw, rows, 68, [-3, 3]),
        krylovCall(draw, rows, 68, false, "ordinary"),
      ]),
      normCall(draw, 35_000, 12),
      dotCall(draw, 66_000, 4, 1),
      krylovCall(draw, 17_000, 4, false, "ordinary"),
    ];
    const calls = own.flatMap((one) => [one.call, sharedCall(one).call]);
    const answers = await runKernels(runtime, calls);
    own.forEach(({ name }, i) => {
      expect(answers[2 * i + 1], name).toEqual(answers[2 * i]);
    });
  });

  it("give a column the same bits whatever stands beside it", { timeout: 60_000 }, async () => {
    const [rows, inner] = [9, 37];
    const draw = drawer(7, 8000);
    const weight = draw("ordinary", rows * inner, 2);
    const one = draw("ordinary", inner);
    const spread = (columns: number, at: number): Float32Array<ArrayBuffer> => {
      const x = draw("ordinary", inner * columns);
      one.forEach((v, i) => (x[i * columns + at] = v));
      return x;
    };
    const call = (columns: number, at: number): KernelCall => ({
      kernel: "vectorJacobianProduct",
      overrides: { MASKED: 0, FACTOR: 1 },
      sizes: { rows, inner, columns, samples: columns },
      buffers: [weight, spread(columns, at), zeros(4), zeros(rows * columns), zeros(4)],
      read: [3],
    });
    const places = [
      [4, 0],
      [4, 3],
      [64, 17],
      [516, 515],
    ] as const;
    const answers = await runKernels(
      runtime,
      places.map(([columns, at]) => call(columns, at)),
    );
    const columnOf = (i: number): number[] => {
      const [columns, at] = places[i] as readonly [number, number];
      return Array.from({ length: rows }, (_, r) => (answers[i]?.[0] as Uint32Array)[r * columns + at] as number);
    };
    for (let i = 1; i < places.length; i++) expect(columnOf(i)).toEqual(columnOf(0));
  });
});
