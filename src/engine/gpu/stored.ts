/**
 * Reads back what the device stored of chosen samples: their columns of every matrix are gathered into one buffer (gather.wgsl), so
 * that a share of a large batch costs its share of the transfer. The dispatches are made when they are first needed.
 */
import type { StoredDirection, StoredSample, TracedSample } from "../engine.ts";
import type { BasePass } from "./base-pass.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch, Matrix, Workspace } from "./dispatch.ts";
import { encodePass, guarded, submitAndRead } from "./dispatch.ts";
import { KERNELS } from "./kernels.ts";
import type { WitnessPass } from "./witness-pass.ts";

export interface StoredReader {
  readonly read: (samples: readonly number[]) => Promise<StoredSample[]>;
  readonly readTraced: (samples: readonly number[]) => Promise<TracedSample[]>;
}

/** Samples gathered at once: many, few, as a batch's audit asks for, or as many as any matrix has columns. */
const COUNTS = [64, 8, 4] as const;

/** What one gathering takes at most, unless four samples take more. */
const GATHERED_BYTES = 2 ** 28;

/** One column of a matrix, or of the second block of a matrix two blocks wide. */
interface Wanted {
  readonly matrix: Matrix;
  readonly shift: number;
}

/** Gathered columns, for up to `count` samples, in buffers that the adapter can bind. */
interface Gathering {
  readonly count: number;
  readonly parts: readonly GatheredPart[];
  readonly chosen: GPUBuffer;
}

interface GatheredPart {
  readonly dispatches: readonly Dispatch[];
  readonly buffer: GPUBuffer;
  readonly words: number;
}

/** Takes the words of one sample in the order in which they were wanted. */
type Take = () => Float64Array;

export function createStoredReader(
  open: OpenDevice,
  workspace: Workspace,
  base: BasePass,
  witness: WitnessPass | null,
): StoredReader {
  const plain = (matrices: readonly Matrix[], shift = 0): Wanted[] => matrices.map((matrix) => ({ matrix, shift }));
  const depth = base.slopes.length;
  const inputGradient = base.pullbacks[0] as Matrix;
  // values holds two words a column: (f, e).
  const values = { ...base.values, rows: 1, columns: 2 * base.columns };
  const stored = [
    ...plain([base.topGradient, inputGradient]),
    ...plain([...base.hidden, ...base.preactivation, ...base.slopes, ...base.adjoints]),
  ];
  const traced = [
    ...stored,
    ...plain(base.pullbacks),
    ...[0, base.columns].flatMap((shift) => [...plain(base.tangents, shift), ...plain(base.pushed, shift)]),
    ...(witness?.stored ?? []).flatMap((w) => plain([w.vector, ...w.stages, w.result])),
  ];

  const gather = async (wanted: readonly Wanted[], count: number): Promise<Gathering> => {
    const chosen = workspace.matrix("chosen", 1, count).buffer;
    const parts: GatheredPart[] = [];
    for (const some of together(wanted, open.bindingBytes / (4 * count))) {
      const words = rowsOf(some) * count;
      const { buffer } = workspace.matrix("gathered", 1, words);
      const dispatches: Dispatch[] = [];
      let offset = 0;
      for (const { matrix, shift } of some) {
        const { rows, columns } = matrix;
        const sizes = { rows, columns, count, shift, offset };
        dispatches.push(await workspace.dispatch(KERNELS.gather, {}, sizes, [matrix.buffer, chosen, buffer]));
        offset += rows * count;
      }
      parts.push({ dispatches, buffer, words });
    }
    return { count, parts, chosen };
  };
  const later = (wanted: readonly Wanted[]): ((samples: number) => Promise<Gathering>) => {
    const made = new Map<number, Promise<Gathering>>();
    const bytes = 4 * rowsOf(wanted);
    return (samples) => {
      const [many, few, least] = COUNTS;
      const fitting = COUNTS.find((count) => count * bytes <= GATHERED_BYTES) ?? least;
      const count = Math.min(fitting, samples <= few ? few : many);
      const gathering = made.get(count) ?? guarded(open, "reading samples back", () => gather(wanted, count));
      made.set(count, gathering);
      return gathering;
    };
  };
  const gatherings = { stored: later(stored), traced: later(traced) };

  const read = async <T>(
    kind: "stored" | "traced",
    samples: readonly number[],
    decode: (take: Take, value: number, exponent: number) => T,
  ): Promise<T[]> => {
    if (samples.length === 0) return [];
    const wanted = kind === "stored" ? stored : traced;
    const result: T[] = [];
    const gathering = await gatherings[kind](samples.length);
    const { count } = gathering;
    for (let from = 0; from < samples.length; from += count) {
      const some = samples.slice(from, from + count);
      // One gathering at a time has the list of columns.
      const { gathered, heads } = await open.exclusive(async () => {
        const chosen = new Uint32Array(count);
        chosen.set(some);
        open.device.queue.writeBuffer(gathering.chosen, 0, chosen);
        const gathered: Float32Array[] = [];
        let heads = new ArrayBuffer(0);
        for (const { dispatches, buffer, words } of gathering.parts) {
          const encoder = open.device.createCommandEncoder({ label: kind });
          encodePass(encoder, kind, dispatches);
          const reads = [
            { buffer, bytes: 4 * words },
            { buffer: values.buffer, bytes: 4 * values.columns },
          ];
          const [floats, own] = (await submitAndRead(open, encoder, reads)) as [ArrayBuffer, ArrayBuffer];
          gathered.push(new Float32Array(floats));
          heads = own;
        }
        return { gathered, heads };
      });
      some.forEach((sample, j) => {
        let next = 0;
        let part = 0;
        let offset = 0;
        const take: Take = () => {
          const { rows } = (wanted[next++] as Wanted).matrix;
          if (offset === (gathered[part] as Float32Array).length) [part, offset] = [part + 1, 0];
          const floats = gathered[part] as Float32Array;
          const begin = offset;
          offset += rows * count;
          const column = new Float64Array(rows);
          for (let i = 0; i < rows; i++) column[i] = floats[begin + i * count + j] as number;
          return column;
        };
        const value = new Float32Array(heads)[2 * sample] as number;
        const exponent = new Int32Array(heads)[2 * sample + 1] as number;
        result.push(decode(take, value, exponent));
      });
    }
    return result;
  };

  const several = (take: Take, count: number): Float64Array[] => Array.from({ length: count }, take);
  const decodeStored = (take: Take, value: number, topExponent: number): StoredSample => ({
    value,
    topExponent,
    topGradient: take(),
    inputGradient: take(),
    hidden: several(take, depth + 1),
    preactivation: several(take, depth),
    slopes: several(take, depth),
    adjoints: several(take, depth),
  });
  const decodeDirection = (take: Take): StoredDirection => ({
    tangents: several(take, depth),
    pushed: several(take, depth),
  });
  return {
    read: (samples) => read("stored", samples, decodeStored),
    readTraced: (samples) =>
      read("traced", samples, (take, value, exponent) => ({
        ...decodeStored(take, value, exponent),
        pullbacks: several(take, depth),
        directions: [decodeDirection(take), decodeDirection(take)],
        witnesses: Array.from({ length: depth }, (_, i) => {
          const own = i === 0 ? undefined : witness?.stored[i - 1];
          return own === undefined
            ? null
            : { vector: take(), stages: several(take, own.stages.length), result: take() };
        }),
      })),
  };
}

const rowsOf = (wanted: readonly Wanted[]): number => wanted.reduce((sum, { matrix }) => sum + matrix.rows, 0);

/** The columns in their order, in groups of at most so many rows together, or of one. */
function together(wanted: readonly Wanted[], most: number): Wanted[][] {
  const groups: Wanted[][] = [];
  for (const one of wanted) {
    const last = groups.at(-1);
    if (last !== undefined && rowsOf(last) + one.matrix.rows <= most) last.push(one);
    else groups.push([one]);
  }
  return groups;
}
