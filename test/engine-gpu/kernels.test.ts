/** Every kernel against plain f64 loops, under Dawn and wgpu, at ragged sizes, within derived bounds (support/kernel-case.ts). */
import { describe, expect, it } from "vitest";
import type { Runtime, Words } from "../support/software-gpu.ts";
import { RUNTIMES, runKernels, skipReason } from "../support/software-gpu.ts";
import {
  dotCase,
  finiteCase,
  gatherCase,
  maskCase,
  normaliseCase,
  normCase,
  philoxCase,
  unitVectorsCase,
} from "./support/column-cases.ts";
import { HEAD_ORDER, headCase } from "./support/head-cases.ts";
import type { Call, Case } from "./support/kernel-case.ts";
import { numbers, zeros } from "./support/kernel-case.ts";
import { combineCase, krylovCase } from "./support/krylov-cases.ts";
import { forwardCase, productCase, SHAPES } from "./support/product-cases.ts";

function allCases(): Case[] {
  return [
    ...SHAPES.map(forwardCase),
    ...SHAPES.flatMap((shape, i) => [
      productCase("vectorJacobianProduct", shape, i, true),
      productCase("vectorJacobianProduct", shape, i, false),
      productCase("jacobianVectorProduct", shape, i, true),
      productCase("jacobianVectorProduct", shape, i, false),
    ]),
    ...[1, 2, 31, 300].map((rows, i) => normCase(rows, 8, i)),
    normCase(5, 68, 9),
    finiteCase,
    dotCase(1, 8, 1, 0),
    dotCase(37, 8, 2, 1),
    dotCase(300, 68, 1, 2),
    maskCase(7, 8, 3),
    gatherCase(),
    unitVectorsCase(),
    normaliseCase(9, 8, false),
    normaliseCase(9, 8, true),
    normaliseCase(1, 4, false),
    normaliseCase(1, 4, true),
    philoxCase(1, 3, 0, 0),
    philoxCase(11, 70, 2 ** 53 - 1, 2 ** 32 - 30),
    krylovCase(13, 6),
    combineCase(5, 9, true),
    combineCase(5, 9, false),
    ...HEAD_ORDER.flatMap((kind) =>
      [1, 2, 10].flatMap((width) => [false, true].map((labelled) => headCase(kind, width, labelled, 1))),
    ),
    headCase("log-sum-exp", 10, false, 30),
    headCase("cross-entropy", 10, true, 30),
    headCase("squared-error", 10, false, 1e15),
    headCase("half-squared-norm", 10, false, 1e-30),
  ];
}

async function findings(runtime: Runtime, cases: readonly Case[]): Promise<string[]> {
  const answers = await runKernels(
    runtime,
    cases.map((c) => c.call),
  );
  return cases.flatMap((c, i) => {
    const finding = c.judge(answers[i] as Uint32Array[]);
    return finding === null ? [] : [`${c.name}: ${finding}`];
  });
}

describe.skipIf(skipReason !== null).each(RUNTIMES)("kernels, %s", (runtime) => {
  it("agree with f64 loops within derived bounds, at ragged sizes", { timeout: 60_000 }, async () => {
    expect(await findings(runtime, allCases())).toEqual([]);
  });

  it("give a column the same bits whatever stands beside it", { timeout: 60_000 }, async () => {
    const [rows, inner] = [9, 37];
    const weight = numbers(8000, rows * inner, 2);
    const one = numbers(8001, inner);
    const spread = (columns: number, at: number): Float32Array => {
      const x = numbers(8002, inner * columns);
      one.forEach((v, i) => (x[i * columns + at] = v));
      return x;
    };
    const call = (columns: number, at: number): Call => ({
      kernel: "vectorJacobianProduct",
      overrides: { MASKED: 0, FACTOR: 1 },
      sizes: { rows, inner, columns, samples: columns },
      buffers: [weight, spread(columns, at), zeros(4), zeros(rows * columns), zeros(4)] satisfies Words[],
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
