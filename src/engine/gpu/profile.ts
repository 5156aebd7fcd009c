/**
 * Where a device's time goes, stage by stage. By `timestamp-query` where the adapter has it: every dispatch is a pass of its own with a
 * time at both ends (a browser rounds them to 0.1 ms). Elsewhere each is submitted alone and timed by the clock, from the call to its answer.
 */
import { USAGE } from "./usage.ts";

/** What is timed: a call, in one dispatch or several. */
export interface Timed {
  readonly stage: string;
  readonly kernel: string;
  readonly groups: readonly unknown[];
}

export interface StageTime {
  readonly stage: string;
  readonly kernel: string;
  seconds: number;
  dispatches: number;
}

/** What a caller hands in and reads afterwards. */
export interface StageProfile {
  /** null before a device was opened for it. */
  method: "timestamps" | "clock" | null;
  readonly stages: Map<string, StageTime>;
}

export function createProfile(): StageProfile {
  return { method: null, stages: new Map() };
}

export const TIMESTAMPS = "timestamp-query";

/** Times of one submission. */
export interface TimedSubmission {
  /** The times of the next dispatch's pass; undefined past what one submission can time. */
  readonly next: () => GPUComputePassTimestampWrites | undefined;
  /** Encodes the times into a buffer, which is read back with the rest. */
  readonly resolve: (encoder: GPUCommandEncoder) => { readonly buffer: GPUBuffer; readonly bytes: number };
  /** What that buffer held. */
  readonly take: (words: ArrayBuffer) => void;
}

export interface StageClock {
  /** Whether every dispatch goes alone. */
  readonly alone: boolean;
  readonly add: (call: Timed, seconds: number) => void;
  /** null where every dispatch goes alone. */
  readonly begin: (dispatches: readonly Timed[]) => TimedSubmission | null;
}

/** WebGPU's largest query set. */
const MOST_QUERIES = 4096;

export function createClock(device: GPUDevice, profile: StageProfile): StageClock {
  const alone = !device.features.has(TIMESTAMPS);
  profile.method = alone ? "clock" : "timestamps";
  const add = ({ stage, kernel, groups }: Timed, seconds: number): void => {
    const key = `${stage} ${kernel}`;
    const known = profile.stages.get(key) ?? { stage, kernel, seconds: 0, dispatches: 0 };
    known.seconds += seconds;
    known.dispatches += groups.length;
    profile.stages.set(key, known);
  };
  return {
    alone,
    add,
    begin: (dispatches) => (alone || dispatches.length === 0 ? null : timed(device, dispatches, add)),
  };
}

function timed(device: GPUDevice, dispatches: readonly Timed[], add: StageClock["add"]): TimedSubmission {
  const some = dispatches.slice(0, MOST_QUERIES / 2);
  const count = 2 * some.length;
  const queries = device.createQuerySet({ type: "timestamp", count });
  const buffer = device.createBuffer({ size: 8 * count, usage: USAGE.QUERY_RESOLVE | USAGE.COPY_SRC });
  let used = 0;
  return {
    next() {
      if (used === count) return undefined;
      used += 2;
      return { querySet: queries, beginningOfPassWriteIndex: used - 2, endOfPassWriteIndex: used - 1 };
    },
    resolve(encoder) {
      encoder.resolveQuerySet(queries, 0, count, buffer, 0);
      return { buffer, bytes: 8 * count };
    },
    take(words) {
      const times = new BigUint64Array(words);
      some.forEach((dispatch, i) => {
        add(dispatch, Number((times[2 * i + 1] as bigint) - (times[2 * i] as bigint)) / 1e9);
      });
      queries.destroy();
      buffer.destroy();
    },
  };
}
