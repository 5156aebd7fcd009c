/** What an audit may have missed, in words. */

/** "1 in 180 samples"; where few were audited a percentage. @param detects the smallest share that is seen with a chance of 99 %. */
export function rareShare(detects: number): string {
  if (detects > 0.25) return `${String(Math.ceil(100 * detects))} % of the samples`;
  return `1 in ${String(Math.ceil(1 / detects))} samples`;
}

/** The sentence of a report. */
export function escapeWords(detects: number): string {
  return `a fault that touches fewer than ${rareShare(detects)}, spread over the run, has a chance above 1 % of not being seen`;
}
