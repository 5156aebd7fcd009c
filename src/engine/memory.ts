/**
 * Memory for columns that is used again. Those of a block are megabytes, and made anew for every block they have a runtime collect its garbage
 * every few blocks; what it had compiled for functions that nobody holds just then goes with it, and is compiled again: a third of a thread's time.
 */

export interface Pool {
  /** So many bytes of zeros. */
  readonly take: (bytes: number) => ArrayBuffer;
  /** What nobody reads any more. */
  readonly give: (buffer: ArrayBuffer) => void;
}

/** Holds on to nothing. */
export const NO_POOL: Pool = { take: (bytes) => new ArrayBuffer(bytes), give: () => undefined };

/** Memory taken of a pool, which goes back all at once. */
export interface Loan {
  readonly take: Pool["take"];
  readonly end: () => void;
}

export function borrowOf(pool: Pool): Loan {
  let taken: ArrayBuffer[] = [];
  return {
    take(bytes) {
      const buffer = pool.take(bytes);
      taken.push(buffer);
      return buffer;
    },
    end() {
      for (const buffer of taken) pool.give(buffer);
      taken = [];
    },
  };
}

/** Buffers that are kept; the sizes of a run are those of its batches and of its last one. */
const MOST_KEPT = 64;

export function createPool(): Pool {
  let kept: ArrayBuffer[] = [];
  return {
    take(bytes) {
      const at = bytes === 0 ? -1 : kept.findIndex(({ byteLength }) => byteLength === bytes);
      const [found] = at < 0 ? [] : kept.splice(at, 1);
      if (found === undefined) return new ArrayBuffer(bytes);
      new Uint8Array(found).fill(0);
      return found;
    },
    give(buffer) {
      // One that was handed to another thread has no bytes left.
      if (buffer.byteLength > 0) kept = [buffer, ...kept].slice(0, MOST_KEPT);
    },
  };
}

/** Marks to work in, all 0: for a function that is over before anybody else can ask. */
export function workMarks(): (samples: number) => Uint8Array {
  let memory = new ArrayBuffer(0);
  return (samples) => {
    if (memory.byteLength < samples) memory = new ArrayBuffer(samples);
    return new Uint8Array(memory, 0, samples).fill(0);
  };
}

/**
 * Columns to work in, which hold whatever the last call left there: for a function that is over before anybody else can ask.
 * @returns gives so many columns of so many samples.
 */
export function workColumns(): (count: number, samples: number) => Float64Array[] {
  let memory = new ArrayBuffer(0);
  let columns: Float64Array[] = [];
  return (count, samples) => {
    if (columns.length === count && columns[0]?.length === samples) return columns;
    const bytes = 8 * count * samples;
    if (memory.byteLength < bytes) memory = new ArrayBuffer(bytes);
    columns = Array.from({ length: count }, (_, k) => new Float64Array(memory, 8 * k * samples, samples));
    return columns;
  };
}
