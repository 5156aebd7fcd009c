/** Columns from … from + count − 1 of an n × B matrix; x itself where they are all. */
export function columnBlock(x: Float64Array, rows: number, from: number, count: number): Float64Array {
  const columns = x.length / rows;
  if (columns === count) return x;
  const result = new Float64Array(rows * count);
  for (let i = 0; i < rows; i++) result.set(x.subarray(i * columns + from, i * columns + from + count), i * count);
  return result;
}
