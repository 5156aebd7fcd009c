/**
 * The iteration of engine cpu in f32 (src/engine/cpu/panel.ts): products, Lanczos steps and witnesses on panels, n × B matrices with samples
 * contiguous, B a multiple of 16. Lanes are samples and every sum runs over the rows in ascending order with a single accumulator, one
 * product and one addition a term, each rounded on its own: an entry's bits depend on neither tile nor neighbours. The same operations
 * stand in src/engine/cpu/panel-loops.ts.
 */

/** Terms of a sum that are added in one go: so many rows of X stay in the cache while A passes by. */
const SLICE: i32 = 128;

/**
 * Y = A X, then D ∘ Y where there is a D.
 * @param a byte offset of A, its rows filled up to an even number; @param y of Y, as many rows as A; overwritten.
 * @param slopes of D, as Y; 0 for none.
 */
export function panelProduct(a: usize, x: usize, y: usize, slopes: usize, rows: i32, inner: i32, columns: i32): void {
  const pitch: usize = (columns as usize) << 2;
  const rowBytes: usize = (inner as usize) << 2;
  for (let first = 0; first < inner; first += SLICE) {
    const depth = min(SLICE, inner - first);
    const from: usize = x + (first as usize) * pitch;
    const last = first + depth == inner && slopes != 0;
    let row: usize = a + ((first as usize) << 2);
    let out: usize = y;
    let mask: usize = slopes;
    for (let i = 0; i < rows; i += 2) {
      for (let at: usize = 0; at < pitch; at += 64) {
        tile(row, rowBytes, from + at, out + at, pitch, depth, first == 0, last ? mask + at : 0);
      }
      row += rowBytes << 1;
      out += pitch << 1;
      mask += pitch << 1;
    }
  }
}

/** Adds `depth` terms to 2 rows × 16 columns of Y: eight accumulators, six loads a term. */
function tile(
  a: usize,
  rowBytes: usize,
  x: usize,
  y: usize,
  pitch: usize,
  depth: i32,
  begins: bool,
  mask: usize,
): void {
  let a1: usize = a + rowBytes;
  const y1: usize = y + pitch;
  let s00 = f32x4.splat(0);
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
    const w0 = v128.load32_splat(a);
    s00 = f32x4.add(s00, f32x4.mul(w0, x0));
    s01 = f32x4.add(s01, f32x4.mul(w0, x1));
    s02 = f32x4.add(s02, f32x4.mul(w0, x2));
    s03 = f32x4.add(s03, f32x4.mul(w0, x3));
    const w1 = v128.load32_splat(a1);
    s10 = f32x4.add(s10, f32x4.mul(w1, x0));
    s11 = f32x4.add(s11, f32x4.mul(w1, x1));
    s12 = f32x4.add(s12, f32x4.mul(w1, x2));
    s13 = f32x4.add(s13, f32x4.mul(w1, x3));
    a += 4;
    a1 += 4;
    x += pitch;
  }
  if (mask != 0) {
    const mask1: usize = mask + pitch;
    s00 = f32x4.mul(s00, v128.load(mask));
    s01 = f32x4.mul(s01, v128.load(mask, 16));
    s02 = f32x4.mul(s02, v128.load(mask, 32));
    s03 = f32x4.mul(s03, v128.load(mask, 48));
    s10 = f32x4.mul(s10, v128.load(mask1));
    s11 = f32x4.mul(s11, v128.load(mask1, 16));
    s12 = f32x4.mul(s12, v128.load(mask1, 32));
    s13 = f32x4.mul(s13, v128.load(mask1, 48));
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

/** y = D ∘ x. */
export function panelMask(slopes: usize, x: usize, y: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(y + at, f32x4.mul(v128.load(slopes + at), v128.load(x + at)));
  }
}

/**
 * A Lanczos step: α_j = q·r, r ← (r − α_j q) − β_{j−1} q⁻, β_j = ‖r‖, q⁺ = r/β_j; 0 where β_j is 0 or not finite.
 * @param before byte offset of q⁻; where it is q itself, there is none. @param beta of β_{j−1}, then (α_j, β_j) at `made`, a column each.
 */
export function panelStep(
  q: usize,
  r: usize,
  before: usize,
  next: usize,
  beta: usize,
  made: usize,
  rows: i32,
  columns: i32,
): void {
  const pitch: usize = (columns as usize) << 2;
  const bytes: usize = (rows as usize) * pitch;
  for (let j: usize = 0; j < pitch; j += 16) {
    let alpha = f32x4.splat(0);
    for (let at: usize = j; at < bytes; at += pitch) {
      alpha = f32x4.add(alpha, f32x4.mul(v128.load(q + at), v128.load(r + at)));
    }
    v128.store(made + j, alpha);
    const last = v128.load(beta + j);
    let square = f32x4.splat(0);
    for (let at: usize = j; at < bytes; at += pitch) {
      let v = f32x4.sub(v128.load(r + at), f32x4.mul(alpha, v128.load(q + at)));
      if (before != q) v = f32x4.sub(v, f32x4.mul(last, v128.load(before + at)));
      square = f32x4.add(square, f32x4.mul(v, v));
      v128.store(r + at, v);
    }
    const norm = f32x4.sqrt(square);
    v128.store(made + pitch + j, norm);
    const inverse = f32x4.div(f32x4.splat(1), norm);
    const usable = v128.and(f32x4.gt(inverse, f32x4.splat(0)), f32x4.lt(inverse, f32x4.splat(Infinity)));
    const factor = v128.and(inverse, usable);
    for (let at: usize = j; at < bytes; at += pitch) v128.store(next + at, f32x4.mul(factor, v128.load(r + at)));
  }
}

/** u = Σ_j s_j q_j over the s_j that are not 0. @param basis byte offset of the blocks q_j, one behind the other; @param weights of s, blocks × B. */
export function panelCombine(basis: usize, weights: usize, u: usize, rows: i32, columns: i32, blocks: i32): void {
  const pitch: usize = (columns as usize) << 2;
  const bytes: usize = (rows as usize) * pitch;
  const end: usize = weights + (blocks as usize) * pitch;
  for (let row: usize = 0; row < bytes; row += pitch) {
    for (let j: usize = 0; j < pitch; j += 16) {
      let sum = f32x4.splat(0);
      let q: usize = basis + row + j;
      for (let w: usize = weights + j; w < end; w += pitch) {
        const own = v128.load(w);
        sum = f32x4.add(sum, v128.and(f32x4.mul(own, v128.load(q)), f32x4.ne(own, f32x4.splat(0))));
        q += bytes;
      }
      v128.store(u + row + j, sum);
    }
  }
}
