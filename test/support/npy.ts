/** A .npy file of f64, rows × columns. */
export function npy(values: Float64Array, rows: number, columns: number): Uint8Array {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${String(rows)}, ${String(columns)}), }`;
  const padded = `${header.padEnd(117)}\n`;
  const bytes = new Uint8Array(128 + values.byteLength);
  bytes.set([0x93, ...Buffer.from("NUMPY"), 1, 0, 118, 0]);
  bytes.set(Buffer.from(padded), 10);
  bytes.set(new Uint8Array(values.buffer), 128);
  return bytes;
}
