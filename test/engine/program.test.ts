/** The batch program as data: every reader finds what it reads, nothing is read before it was made, and the memory is that of its matrices. */
import { describe, expect, it } from "vitest";
import type { Plan } from "../../src/engine/plan.ts";
import { makePlan } from "../../src/engine/plan.ts";
import { constantOf } from "../../src/engine/program/constants.ts";
import { KERNELS } from "../../src/engine/program/kernels.ts";
import { bytesOf, matricesOf, memoryOf } from "../../src/engine/program/memory.ts";
import type { BatchProgram } from "../../src/engine/program/program.ts";
import { batchProgram } from "../../src/engine/program/program.ts";
import type { Matrix, Measure, Place, Stage } from "../../src/engine/program/stage.ts";
import { listOf } from "../../src/engine/program/stage.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";

const COLUMNS = 8;

const planOf = (widths: readonly number[], norm: Plan["norm"], accuracy: Plan["accuracy"]): Plan => {
  const activations = widths.slice(1).map(() => "relu" as const);
  const network = randomNetwork({ seed: 1, index: 0, widths, activations, initialiser: "he" });
  return makePlan(network, { head: { kind: "sum" }, precision: "f32", norm, accuracy, seed: 1 });
};

const PROGRAMS = (
  [
    [[5, 3], "spectral", 1e-3],
    [[5, 3], "frobenius", 1e-3],
    [[7, 4, 3], "frobenius", "verdict"],
    [[2, 13, 11, 4], "spectral", 1e-9],
    [[9, 110, 105, 21, 6], "frobenius", 1e-3],
  ] as const
).map(([widths, norm, accuracy]) => {
  const plan = planOf(widths, norm, accuracy);
  const program = batchProgram(plan, COLUMNS, { fault: undefined, bindingBytes: Infinity });
  return { name: `${widths.join("-")}, ${norm}, ${String(accuracy)}`, plan, program };
});

/** All stages in an order in which a device may run them, every round of the iteration taken. */
function inOrder({ base, iterations, narrower, explicit }: BatchProgram): Stage[] {
  return [
    ...[...base.stages, ...base.sums.stages, base.packed.stage],
    ...iterations.flatMap(({ start, gram, rounds, back, sums, iterates: [begun, gone] }) => [
      ...[start, ...begun.stages],
      ...rounds.flatMap(({ steps }) => steps.flatMap((step): Stage[] => [...gram, step])),
      ...[...gone.stages, ...rounds.map(({ combine }) => combine), ...back, ...sums.stages],
    ]),
    ...narrower().flatMap((all) =>
      all.flatMap(({ gram, rounds }) =>
        rounds.slice(1).flatMap(({ steps, combine }) => [...steps.flatMap((step) => [...gram, step]), combine]),
      ),
    ),
    ...explicit.flatMap(({ stages, sums }) => [...stages, ...sums.stages]),
  ];
}

describe.each(PROGRAMS)("the program of $name", ({ plan, program }) => {
  const { base, iterations, explicit, traced, stored } = program;
  const given = new Set<Matrix>([
    ...[base.inputs, base.labels, base.headData, base.packed.table],
    ...iterations.flatMap(({ weights, origin }) => [weights, origin]),
    // What moves into a narrower block, and what the host writes for it.
    ...program
      .narrower()
      .flat()
      .flatMap(({ weights, origin, slopes, next, rounds }) => [
        ...[weights, origin, next, ...slopes],
        ...rounds.slice(1).map(({ basis }) => basis),
      ]),
  ]);
  const stages = inOrder(program);
  const made = new Set(stages.flatMap(({ kernel, operands }) => KERNELS[kernel].results.map((i) => operands[i])));

  it("reads no matrix that is not given, constant, or made by a stage before", () => {
    const there = new Set(given);
    for (const { name, kernel, operands } of stages) {
      const { results, buffers } = KERNELS[kernel];
      expect(operands.length, name).toBe(buffers.length);
      operands.forEach((own, i) => {
        const written = results.includes(i) || own.kind === "states" || own.kind === "unused";
        if (!written && constantOf(plan, own, undefined) === null)
          expect(there.has(own), `${name}: ${own.kind}`).toBe(true);
      });
      for (const i of results) there.add(operands[i] as Matrix);
    }
  });

  it("makes everything that is read back, measured, or must be finite, each column within its matrix", () => {
    const places = [...listOf<Place>(stored), ...listOf<Place>(traced)];
    const trees = [base.measured, ...iterations.map((own) => own.measured)];
    const measures = trees.flatMap((tree) => listOf<Measure>(tree));
    for (const { of, column } of [...places, ...measures]) {
      expect(made.has(of) || of === base.inputs, of.kind).toBe(true);
      expect(column + COLUMNS, of.kind).toBeLessThanOrEqual(of.columns);
    }
    for (const { of } of explicit.flatMap(({ measured }) => listOf<Measure>(measured))) expect(made.has(of)).toBe(true);
    for (const own of base.finite) expect(base.sums.offsetOf("norm", own), own.kind).not.toBeNull();
  });

  it("has a place of its own for each vector of a sample, and for each sum", () => {
    const keys = listOf<Place>(traced).map(({ of, column }) => [of, column] as const);
    // ∇ₓf is a_1.
    const twice = keys.filter(([of, column], i) => keys.findIndex(([o, c]) => o === of && c === column) !== i);
    expect(twice.map(([of]) => `${of.kind}.${String(of.layer)}`)).toEqual(["pullback.1"]);
    for (const { into, stages: calls } of [base.sums, ...iterations.map(({ sums }) => sums)]) {
      const spans = calls.map(({ sizes }) => [sizes["offset"] as number, sizes["columns"] as number] as const);
      const columns = spans.flatMap(([from, count]) => Array.from({ length: count }, (_, j) => from + j));
      expect(columns.sort((a, b) => a - b)).toEqual(Array.from({ length: into.columns }, (_, j) => j));
    }
  });

  it("has each step of a round but the last make the mask that the next product begins with", () => {
    for (const { gram, rounds, slopes, next, t } of [...iterations, ...program.narrower().flat()]) {
      const [mask] = gram as [Stage, ...Stage[]];
      expect([mask.kernel, mask.operands[0]]).toEqual(["mask", next]);
      for (const { steps } of rounds) {
        steps.forEach(({ overrides, operands }, i) => {
          const isLast = i === steps.length - 1;
          expect(overrides["MASKED"]).toBe(isLast ? 0 : 1);
          // D_{t−1}, and where it goes: the very matrices of the mask.
          if (!isLast) expect([operands[1], operands[4]]).toEqual([slopes[t - 2], mask.operands[2]]);
          if (!isLast) expect(operands[1]).toBe(mask.operands[1]);
        });
      }
    }
  });

  it("takes the memory of its matrices, the iteration's later rounds half", () => {
    const moved = program
      .narrower()
      .flat()
      .flatMap(({ slopes, chosen }) => [...slopes, chosen]);
    const all = new Set([...stages.flatMap(({ operands }) => operands), ...moved]);
    const { first, later } = matricesOf(program);
    expect(new Set([...first, ...later])).toEqual(all);
    const bytes = (list: Iterable<Matrix>): number => [...list].reduce((sum, own) => sum + bytesOf(own), 0);
    expect([...later].every(({ kind, columns }) => kind === "basis" || columns < COLUMNS)).toBe(true);
    expect(memoryOf(program)).toEqual({
      total: bytes(first) + bytes(later) / 2,
      largest: Math.max(...[...all].map(bytesOf)),
    });
  });
});
