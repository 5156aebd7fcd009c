/** Products of the training step: Y = A X and its transposes, by tiles of 2 rows × 64 bytes. */

/** Terms of a sum that are added in one go, and bytes of a row that go together: what of X stays in the cache while A passes by. */
const SLICE: i32 = 128;
const BLOCK: usize = 512;

/**
 * Y = A X, then M ∘ Y where there is an M: A rows × inner, its entries `rowStep` and `innerStep` bytes apart, so that a transpose needs no copy.
 * @param mask of M, as Y; 0 for none.
 */
export function product<T>(
  a: usize,
  rowStep: usize,
  innerStep: usize,
  x: usize,
  y: usize,
  mask: usize,
  rows: i32,
  inner: i32,
  pitch: usize,
  extent: usize,
): void {
  for (let first = 0; first < inner; first += SLICE) {
    const depth = min(SLICE, inner - first);
    const from: usize = x + (first as usize) * pitch;
    const own: usize = a + (first as usize) * innerStep;
    const last = first + depth == inner && mask != 0;
    for (let block: usize = 0; block < extent; block += BLOCK) {
      const end: usize = min(extent, block + BLOCK);
      let row: usize = own;
      let i = 0;
      for (; i + 2 <= rows; i += 2) {
        const out: usize = (i as usize) * pitch;
        for (let at: usize = block; at < end; at += 64) {
          const slopes: usize = last ? mask + out + at : 0;
          twoRows<T>(row, rowStep, innerStep, from + at, y + out + at, slopes, pitch, depth, first == 0);
        }
        row += rowStep << 1;
      }
      if (i < rows) {
        const out: usize = (i as usize) * pitch;
        for (let at: usize = block; at < end; at += 64) {
          const slopes: usize = last ? mask + out + at : 0;
          oneRow<T>(row, innerStep, from + at, y + out + at, slopes, pitch, depth, first == 0);
        }
      }
    }
  }
}

/** Adds `depth` terms to 2 rows × 64 bytes of Y: eight accumulators, six loads a term. */
function twoRows<T>(
  a: usize,
  rowStep: usize,
  innerStep: usize,
  x: usize,
  y: usize,
  mask: usize,
  pitch: usize,
  depth: i32,
  begins: bool,
): void {
  let a1: usize = a + rowStep;
  const y1: usize = y + pitch;
  let s00 = v128.splat<T>(0 as T);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  if (!begins) {
    s00 = v128.load(y);
    s01 = v128.load(y, 16);
    s02 = v128.load(y, 32);
    s03 = v128.load(y, 48);
    s10 = v128.load(y1);
    s11 = v128.load(y1, 16);
    s12 = v128.load(y1, 32);
    s13 = v128.load(y1, 48);
  }
  for (let k = 0; k < depth; k++) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const x2 = v128.load(x, 32);
    const x3 = v128.load(x, 48);
    const w0 = v128.load_splat<T>(a);
    s00 = v128.add<T>(s00, v128.mul<T>(w0, x0));
    s01 = v128.add<T>(s01, v128.mul<T>(w0, x1));
    s02 = v128.add<T>(s02, v128.mul<T>(w0, x2));
    s03 = v128.add<T>(s03, v128.mul<T>(w0, x3));
    const w1 = v128.load_splat<T>(a1);
    s10 = v128.add<T>(s10, v128.mul<T>(w1, x0));
    s11 = v128.add<T>(s11, v128.mul<T>(w1, x1));
    s12 = v128.add<T>(s12, v128.mul<T>(w1, x2));
    s13 = v128.add<T>(s13, v128.mul<T>(w1, x3));
    a += innerStep;
    a1 += innerStep;
    x += pitch;
  }
  if (mask != 0) {
    const mask1: usize = mask + pitch;
    s00 = v128.mul<T>(s00, v128.load(mask));
    s01 = v128.mul<T>(s01, v128.load(mask, 16));
    s02 = v128.mul<T>(s02, v128.load(mask, 32));
    s03 = v128.mul<T>(s03, v128.load(mask, 48));
    s10 = v128.mul<T>(s10, v128.load(mask1));
    s11 = v128.mul<T>(s11, v128.load(mask1, 16));
    s12 = v128.mul<T>(s12, v128.load(mask1, 32));
    s13 = v128.mul<T>(s13, v128.load(mask1, 48));
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

/** The same of a single row. */
function oneRow<T>(
  a: usize,
  innerStep: usize,
  x: usize,
  y: usize,
  mask: usize,
  pitch: usize,
  depth: i32,
  begins: bool,
): void {
  let s0 = v128.splat<T>(0 as T);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  if (!begins) {
    s0 = v128.load(y);
    s1 = v128.load(y, 16);
    s2 = v128.load(y, 32);
    s3 = v128.load(y, 48);
  }
  for (let k = 0; k < depth; k++) {
    const w = v128.load_splat<T>(a);
    s0 = v128.add<T>(s0, v128.mul<T>(w, v128.load(x)));
    s1 = v128.add<T>(s1, v128.mul<T>(w, v128.load(x, 16)));
    s2 = v128.add<T>(s2, v128.mul<T>(w, v128.load(x, 32)));
    s3 = v128.add<T>(s3, v128.mul<T>(w, v128.load(x, 48)));
    a += innerStep;
    x += pitch;
  }
  if (mask != 0) {
    s0 = v128.mul<T>(s0, v128.load(mask));
    s1 = v128.mul<T>(s1, v128.load(mask, 16));
    s2 = v128.mul<T>(s2, v128.load(mask, 32));
    s3 = v128.mul<T>(s3, v128.load(mask, 48));
  }
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
}
