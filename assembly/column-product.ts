/**
 * Y = A X in f64, the matrix product of engine cpu (src/engine/cpu/product.ts): A m × k row-major, X k × B and Y m × B with samples contiguous.
 *
 * Each entry of Y is the sum Σ_k a_ik x_kj in ascending k with a single accumulator that starts at 0, one product and one addition a term,
 * each rounded on its own: no fused or relaxed instruction. SIMD lanes are samples, so an entry's bits depend on neither tile nor neighbours.
 */

/** Terms of a sum that are added in one go: so many rows of X stay in the cache while A passes by. */
const SLICE: i32 = 128;

/**
 * @param a byte offset of A, whose rows are filled up to a multiple of 4 (by anything: they make rows of Y that nobody reads).
 * @param x byte offset of X; @param y of Y, as many rows as A; overwritten.
 */
export function multiply(a: usize, x: usize, y: usize, rows: i32, inner: i32, columns: i32): void {
  const pitch: usize = (columns as usize) << 3;
  const rowBytes: usize = (inner as usize) << 3;
  const wide: usize = ((columns & ~7) as usize) << 3;
  memory.fill(y, 0, pitch * (rows as usize));
  for (let first = 0; first < inner; first += SLICE) {
    const depth = min(SLICE, inner - first);
    const from: usize = x + (first as usize) * pitch;
    let row: usize = a + ((first as usize) << 3);
    let out: usize = y;
    for (let i = 0; i < rows; i += 2) {
      for (let at: usize = 0; at < wide; at += 64) eightColumns(row, rowBytes, from + at, out + at, pitch, depth);
      row += rowBytes << 1;
      out += pitch << 1;
    }
    row = a + ((first as usize) << 3);
    out = y;
    for (let i = 0; i < rows && wide < pitch; i += 4) {
      let at: usize = wide;
      for (; at + 16 <= pitch; at += 16) twoColumns(row, rowBytes, from + at, out + at, pitch, depth);
      if (at < pitch) oneColumn(row, rowBytes, from + at, out + at, pitch, depth);
      row += rowBytes << 2;
      out += pitch << 2;
    }
  }
}

/** Adds `depth` terms to 2 rows × 8 columns of Y: eight accumulators, six loads a term. */
function eightColumns(a: usize, rowBytes: usize, x: usize, y: usize, pitch: usize, depth: i32): void {
  let a1: usize = a + rowBytes;
  const y1: usize = y + pitch;
  let s00 = v128.load(y);
  let s01 = v128.load(y, 16);
  let s02 = v128.load(y, 32);
  let s03 = v128.load(y, 48);
  let s10 = v128.load(y1);
  let s11 = v128.load(y1, 16);
  let s12 = v128.load(y1, 32);
  let s13 = v128.load(y1, 48);
  for (let k = 0; k < depth; k++) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const x2 = v128.load(x, 32);
    const x3 = v128.load(x, 48);
    const w0 = v128.load64_splat(a);
    s00 = f64x2.add(s00, f64x2.mul(w0, x0));
    s01 = f64x2.add(s01, f64x2.mul(w0, x1));
    s02 = f64x2.add(s02, f64x2.mul(w0, x2));
    s03 = f64x2.add(s03, f64x2.mul(w0, x3));
    const w1 = v128.load64_splat(a1);
    s10 = f64x2.add(s10, f64x2.mul(w1, x0));
    s11 = f64x2.add(s11, f64x2.mul(w1, x1));
    s12 = f64x2.add(s12, f64x2.mul(w1, x2));
    s13 = f64x2.add(s13, f64x2.mul(w1, x3));
    a += 8;
    a1 += 8;
    x += pitch;
  }
  v128.store(y, s00);
  v128.store(y, s01, 16);
  v128.store(y, s02, 32);
  v128.store(y, s03, 48);
  v128.store(y1, s10);
  v128.store(y1, s11, 16);
  v128.store(y1, s12, 32);
  v128.store(y1, s13, 48);
}

/** Adds `depth` terms to 4 rows × 2 columns of Y. */
function twoColumns(a: usize, rowBytes: usize, x: usize, y: usize, pitch: usize, depth: i32): void {
  let a1: usize = a + rowBytes;
  let a2: usize = a1 + rowBytes;
  let a3: usize = a2 + rowBytes;
  const y1: usize = y + pitch;
  const y2: usize = y1 + pitch;
  const y3: usize = y2 + pitch;
  let s0 = v128.load(y);
  let s1 = v128.load(y1);
  let s2 = v128.load(y2);
  let s3 = v128.load(y3);
  for (let k = 0; k < depth; k++) {
    const x0 = v128.load(x);
    s0 = f64x2.add(s0, f64x2.mul(v128.load64_splat(a), x0));
    s1 = f64x2.add(s1, f64x2.mul(v128.load64_splat(a1), x0));
    s2 = f64x2.add(s2, f64x2.mul(v128.load64_splat(a2), x0));
    s3 = f64x2.add(s3, f64x2.mul(v128.load64_splat(a3), x0));
    a += 8;
    a1 += 8;
    a2 += 8;
    a3 += 8;
    x += pitch;
  }
  v128.store(y, s0);
  v128.store(y1, s1);
  v128.store(y2, s2);
  v128.store(y3, s3);
}

/** Adds `depth` terms to 4 rows of one column of Y. */
function oneColumn(a: usize, rowBytes: usize, x: usize, y: usize, pitch: usize, depth: i32): void {
  let a1: usize = a + rowBytes;
  let a2: usize = a1 + rowBytes;
  let a3: usize = a2 + rowBytes;
  const y1: usize = y + pitch;
  const y2: usize = y1 + pitch;
  const y3: usize = y2 + pitch;
  let s0 = load<f64>(y);
  let s1 = load<f64>(y1);
  let s2 = load<f64>(y2);
  let s3 = load<f64>(y3);
  for (let k = 0; k < depth; k++) {
    const x0 = load<f64>(x);
    s0 += load<f64>(a) * x0;
    s1 += load<f64>(a1) * x0;
    s2 += load<f64>(a2) * x0;
    s3 += load<f64>(a3) * x0;
    a += 8;
    a1 += 8;
    a2 += 8;
    a3 += 8;
    x += pitch;
  }
  store<f64>(y, s0);
  store<f64>(y1, s1);
  store<f64>(y2, s2);
  store<f64>(y3, s3);
}
