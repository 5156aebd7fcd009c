/**
 * Marks the samples of which one of these numbers lies below a bound: four columns at a time, since one pass over a column costs more than the
 * comparisons in it. Numbers ≥ 0, or NaN, which marks none; below `Number.MIN_VALUE` lies 0 alone.
 */
export function markBelow(columns: readonly Float64Array[], below: number, marks: Uint8Array): void {
  for (let k = 0; k < columns.length; k += 4) {
    const first = columns[k] as Float64Array;
    const [second, third, fourth] = [columns[k + 1] ?? first, columns[k + 2] ?? first, columns[k + 3] ?? first];
    for (let at = 0; at < marks.length; at++) {
      const isBelow =
        (first[at] as number) < below ||
        (second[at] as number) < below ||
        (third[at] as number) < below ||
        (fourth[at] as number) < below;
      if (isBelow) marks[at] = 1;
    }
  }
}
