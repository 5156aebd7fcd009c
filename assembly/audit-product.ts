/**
 * x = Aᵀ y in f64, the audit's own: A rows × columns, row-major, its rows `pitch` bytes apart, 16 or a multiple of it; x is as long as a row. Lanes are
 * columns, and each is summed over the rows in ascending order, one product and one addition a term, each rounded on its own.
 */
export function pull(a: usize, rows: i32, pitch: usize, y: usize, x: usize): void {
  let at: usize = 0;
  for (; at + 128 <= pitch; at += 128) {
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    let s4 = f64x2.splat(0);
    let s5 = f64x2.splat(0);
    let s6 = f64x2.splat(0);
    let s7 = f64x2.splat(0);
    let row: usize = a + at;
    let from: usize = y;
    for (let i = 0; i < rows; i++) {
      const v = v128.load64_splat(from);
      s0 = f64x2.add(s0, f64x2.mul(v128.load(row), v));
      s1 = f64x2.add(s1, f64x2.mul(v128.load(row, 16), v));
      s2 = f64x2.add(s2, f64x2.mul(v128.load(row, 32), v));
      s3 = f64x2.add(s3, f64x2.mul(v128.load(row, 48), v));
      s4 = f64x2.add(s4, f64x2.mul(v128.load(row, 64), v));
      s5 = f64x2.add(s5, f64x2.mul(v128.load(row, 80), v));
      s6 = f64x2.add(s6, f64x2.mul(v128.load(row, 96), v));
      s7 = f64x2.add(s7, f64x2.mul(v128.load(row, 112), v));
      row += pitch;
      from += 8;
    }
    v128.store(x + at, s0);
    v128.store(x + at, s1, 16);
    v128.store(x + at, s2, 32);
    v128.store(x + at, s3, 48);
    v128.store(x + at, s4, 64);
    v128.store(x + at, s5, 80);
    v128.store(x + at, s6, 96);
    v128.store(x + at, s7, 112);
  }
  for (; at < pitch; at += 16) {
    let sum = f64x2.splat(0);
    let row: usize = a + at;
    let from: usize = y;
    for (let i = 0; i < rows; i++) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(row), v128.load64_splat(from)));
      row += pitch;
      from += 8;
    }
    v128.store(x + at, sum);
  }
}
