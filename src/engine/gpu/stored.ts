/**
 * Reads back what the device stored of chosen samples: their columns of every matrix are gathered into one buffer (gather.wgsl), so
 * that a share of a large batch costs its share of the transfer. The dispatches are made when they are first needed.
 */
import type { StoredSample } from "../engine.ts";
import { KERNELS } from "../program/kernels.ts";
import { bytesOf } from "../program/memory.ts";
import type { BatchProgram, TracedVectors, Vectors } from "../program/program.ts";
import type { Branch, Place, Tree } from "../program/stage.ts";
import { listOf, readTree } from "../program/stage.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch, Workspace } from "./dispatch.ts";
import { guarded } from "./dispatch.ts";
import type { DeviceStages } from "./stages.ts";
import { beginSubmission } from "./submission.ts";

export interface StoredReader {
  readonly read: (samples: readonly number[]) => Promise<StoredSample[]>;
  readonly readTraced: (samples: readonly number[]) => Promise<TracedVectors[]>;
}

/** Samples gathered at once: many, few, as a batch's audit asks for, or as many as any matrix has columns. */
const COUNTS = [64, 8, 4] as const;

/** What one gathering takes at most, unless four samples take more. */
const GATHERED_BYTES = 2 ** 28;

/** Gathered columns, for up to `count` samples, in buffers that the adapter can bind. */
interface Gathering {
  readonly count: number;
  readonly parts: readonly GatheredPart[];
  readonly chosen: GPUBuffer;
}

interface GatheredPart {
  readonly places: readonly Place[];
  readonly dispatches: readonly Dispatch[];
  readonly buffer: GPUBuffer;
  readonly words: number;
}

export function createStoredReader(
  open: OpenDevice,
  workspace: Workspace,
  { bufferOf }: DeviceStages,
  { base, stored, traced }: BatchProgram,
): StoredReader {
  const { values } = base;
  const gather = async (wanted: readonly Place[], count: number): Promise<Gathering> => {
    const chosen = workspace.buffer("chosen", 4 * count);
    const parts: GatheredPart[] = [];
    for (const places of together(wanted, open.bindingBytes / (4 * count))) {
      const words = rowsOf(places) * count;
      const buffer = workspace.buffer("gathered", 4 * words);
      const dispatches: Dispatch[] = [];
      let offset = 0;
      for (const { of, column } of places) {
        const { rows, columns } = of;
        const sizes = { rows, columns, count, shift: column, offset };
        dispatches.push(await workspace.dispatch(KERNELS.gather, {}, sizes, [bufferOf(of), chosen, buffer]));
        offset += rows * count;
      }
      parts.push({ places, dispatches, buffer, words });
    }
    return { count, parts, chosen };
  };
  const later = (wanted: readonly Place[]): ((samples: number) => Promise<Gathering>) => {
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

  /** The vectors of a tree, for each of the samples. */
  const reader = <T extends object>(label: string, tree: Tree<T, Place> & Branch<Place>) => {
    const gathering = later(listOf<Place>(tree));
    return async (samples: readonly number[]): Promise<(T & Heads)[]> => {
      if (samples.length === 0) return [];
      const result: (T & Heads)[] = [];
      const own = await gathering(samples.length);
      for (let from = 0; from < samples.length; from += own.count) {
        const some = samples.slice(from, from + own.count);
        const { columnOf, heads } = await fetch(label, own, some);
        some.forEach((sample, j) => {
          const vectors = readTree<T, Place>(tree, (place) => columnOf(place, j));
          const value = new Float32Array(heads)[2 * sample] as number;
          result.push({ value, topExponent: new Int32Array(heads)[2 * sample + 1] as number, ...vectors });
        });
      }
      return result;
    };
  };

  /** One gathering at a time has the list of columns. */
  const fetch = (label: string, { count, parts, chosen }: Gathering, samples: readonly number[]) =>
    open.exclusive(async () => {
      const list = new Uint32Array(count);
      list.set(samples);
      open.device.queue.writeBuffer(chosen, 0, list);
      const at = new Map<Place, { readonly floats: Float32Array; readonly offset: number }>();
      let heads = new ArrayBuffer(0);
      for (const { places, dispatches, buffer, words } of parts) {
        const work = beginSubmission(open, label);
        work.pass(label, dispatches);
        const reads = [
          { buffer, bytes: 4 * words },
          { buffer: bufferOf(values), bytes: bytesOf(values) },
        ];
        const [gathered, own] = (await work.read(reads)) as [ArrayBuffer, ArrayBuffer];
        const floats = new Float32Array(gathered);
        let offset = 0;
        for (const place of places) {
          at.set(place, { floats, offset });
          offset += place.of.rows * count;
        }
        heads = own;
      }
      const columnOf = (place: Place, j: number): Float64Array => {
        const { floats, offset } = at.get(place) as { floats: Float32Array; offset: number };
        return Float64Array.from({ length: place.of.rows }, (_, i) => floats[offset + i * count + j] as number);
      };
      return { columnOf, heads };
    });

  return {
    read: reader<Vectors<StoredSample>>("stored", stored),
    readTraced: reader<Vectors<TracedVectors>>("traced", traced),
  };
}

/** What is read of the head's own matrix. */
type Heads = Pick<StoredSample, "value" | "topExponent">;

const rowsOf = (places: readonly Place[]): number => places.reduce((sum, { of }) => sum + of.rows, 0);

/** The columns in their order, in groups of at most so many rows together, or of one. */
function together(wanted: readonly Place[], most: number): Place[][] {
  const groups: Place[][] = [];
  for (const one of wanted) {
    const last = groups.at(-1);
    if (last !== undefined && rowsOf(last) + one.of.rows <= most) last.push(one);
    else groups.push([one]);
  }
  return groups;
}
