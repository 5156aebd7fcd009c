/**
 * The iteration of engine cpu in f32 (src/engine/cpu/panel.ts): products, Lanczos steps and witnesses on panels. A panel is n × 16 numbers, a
 * sample a column, its rows filled up to an even number; a matrix of more samples is one panel behind the other. Lanes are samples and every
 * sum runs over the rows in ascending order with a single accumulator, one product and one addition a term, each rounded on its own: an entry's
 * bits depend on neither tile nor neighbours. The same operations stand in src/engine/cpu/panel-loops.ts.
 */

/** Terms of a sum that are added in one go: so many rows of X stay in the cache while A passes by. */
const SLICE: i32 = 128;

/** Bytes of a panel. */
export function sizeOf(rows: i32): usize {
  return (((rows + 1) & ~1) as usize) << 6;
}

/**
 * Y = A X, then D ∘ Y where there is a D, of so many panels.
 * @param a byte offset of A, its rows filled up to an even number; @param y of Y; overwritten.
 * @param slopes of D, as Y; 0 for none.
 */
export function panelProduct(a: usize, x: usize, y: usize, slopes: usize, rows: i32, inner: i32, panels: i32): void {
  const rowBytes: usize = (inner as usize) << 2;
  const from: usize = sizeOf(inner);
  const to: usize = sizeOf(rows);
  const end: usize = (panels as usize) * to;
  for (let first = 0; first < inner; first += SLICE) {
    const depth = min(SLICE, inner - first);
    const masked = first + depth == inner && slopes != 0;
    let row: usize = a + ((first as usize) << 2);
    let at: usize = 0;
    for (let i = 0; i < rows; i += 2) {
      let operand: usize = x + ((first as usize) << 6);
      for (let own: usize = at; own < end; own += to) {
        tile(row, rowBytes, operand, y + own, depth, first == 0, masked ? slopes + own : 0);
        operand += from;
      }
      row += rowBytes << 1;
      at += 128;
    }
  }
}

/** Adds `depth` terms to 2 rows of a panel of Y: eight accumulators, six loads a term. */
function tile(a: usize, rowBytes: usize, x: usize, y: usize, depth: i32, begins: bool, mask: usize): void {
  let a1: usize = a + rowBytes;
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
    s10 = v128.load(y, 64);
    s11 = v128.load(y, 80);
    s12 = v128.load(y, 96);
    s13 = v128.load(y, 112);
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
    x += 64;
  }
  if (mask != 0) {
    s00 = f32x4.mul(s00, v128.load(mask));
    s01 = f32x4.mul(s01, v128.load(mask, 16));
    s02 = f32x4.mul(s02, v128.load(mask, 32));
    s03 = f32x4.mul(s03, v128.load(mask, 48));
    s10 = f32x4.mul(s10, v128.load(mask, 64));
    s11 = f32x4.mul(s11, v128.load(mask, 80));
    s12 = f32x4.mul(s12, v128.load(mask, 96));
    s13 = f32x4.mul(s13, v128.load(mask, 112));
  }
  v128.store(y, s00);
  v128.store(y, s01, 16);
  v128.store(y, s02, 32);
  v128.store(y, s03, 48);
  v128.store(y, s10, 64);
  v128.store(y, s11, 80);
  v128.store(y, s12, 96);
  v128.store(y, s13, 112);
}
