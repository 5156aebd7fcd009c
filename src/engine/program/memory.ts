/** The memory of a program on a device, added up from its own matrices. */
import type { BatchProgram } from "./program.ts";
import type { Matrix, Stage } from "./stage.ts";

/** What a buffer takes at least. */
const LEAST_BYTES = 16;

export const bytesOf = ({ rows, columns, words }: Matrix): number => Math.max(LEAST_BYTES, 4 * words * rows * columns);

/** Matrices that a program needs from the start, and those of the iteration's later rounds, of all samples and of fewer, made when a sample comes to them. */
export function matricesOf({ base, iterations, narrower, explicit }: BatchProgram): {
  readonly first: ReadonlySet<Matrix>;
  readonly later: ReadonlySet<Matrix>;
} {
  const first = [
    ...base.stages,
    ...base.sums.stages,
    base.packed.stage,
    ...explicit.flatMap((e) => [...e.stages, ...e.sums.stages]),
  ];
  const later: Pick<Stage, "operands">[] = [];
  for (const { start, gram, rounds, back, sums, iterates } of iterations) {
    first.push(start, ...gram, ...back, ...sums.stages, ...iterates.flatMap((own) => own.stages));
    rounds.forEach(({ steps, combine }, i) => (i === 0 ? first : later).push(...steps, combine));
  }
  for (const { gram, rounds, slopes, chosen } of narrower().flat()) {
    const steps = rounds.slice(1).flatMap((round) => [...round.steps, round.combine]);
    const calls = [...gram, ...steps];
    later.push(...calls, ...[...slopes, chosen].map((own) => ({ operands: [own] })));
  }
  const needed = new Set(first.flatMap((stage) => stage.operands));
  return { first: needed, later: new Set(later.flatMap((s) => s.operands).filter((own) => !needed.has(own))) };
}

/** Bytes in all, the iteration's later rounds counted half, since few samples come to them all; and of the largest matrix. */
export function memoryOf(program: BatchProgram): { readonly total: number; readonly largest: number } {
  const { first, later } = matricesOf(program);
  const sum = (list: ReadonlySet<Matrix>): number => [...list].reduce((total, own) => total + bytesOf(own), 0);
  const largest = [...first, ...later].reduce((most, own) => Math.max(most, bytesOf(own)), 0);
  return { total: sum(first) + sum(later) / 2, largest };
}
