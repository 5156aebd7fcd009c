import { NO_POOL } from "../memory.ts";

/** New arrays of so many numbers, cut from larger ones: an array of its own for every number of a block costs more than the number. */
export function columnsOf(samples: number, take = NO_POOL.take): () => Float64Array {
  let whole = new Float64Array(0);
  let next = 0;
  return () => {
    if (next === whole.length) [whole, next] = [new Float64Array(take(8 * COLUMNS_AT_ONCE * samples)), 0];
    return whole.subarray(next, (next += samples));
  };
}

const COLUMNS_AT_ONCE = 16;
