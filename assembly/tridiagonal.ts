/**
 * Eigenvalues of a symmetric tridiagonal matrix with some rows of its eigenvectors, by implicit QL (the classical tql2), operation for
 * operation as src/engine/krylov.ts has it: the same bits. Two rows of the eigenvectors stand in a register.
 */

/**
 * @param d byte offset of the diagonal, n numbers, overwritten by the eigenvalues, unsorted; @param e of the off-diagonal, n − 1 and one
 * of room, overwritten.
 * @param v of `rows` rows of the identity, rows an even number, column by column: [n][rows]; overwritten by those of the eigenvectors.
 */
export function tridiagonal(d: usize, e: usize, v: usize, n: i32, rows: i32): void {
  const column: usize = (rows as usize) << 3;
  for (let low = 0; low < n; low++) {
    const dLow: usize = d + ((low as usize) << 3);
    const eLow: usize = e + ((low as usize) << 3);
    for (let sweep = 0; sweep < 60; sweep++) {
      let m = low;
      while (m < n - 1) {
        const at: usize = (m as usize) << 3;
        const scale = abs(load<f64>(d + at)) + abs(load<f64>(d + at, 8));
        if (!(abs(load<f64>(e + at)) > 1.1102230246251565e-16 * scale)) break;
        m++;
      }
      if (m == low) break;
      const half = (load<f64>(dLow, 8) - load<f64>(dLow)) / (2 * load<f64>(eLow));
      let r = sqrt<f64>(half * half + 1);
      let g = load<f64>(d + ((m as usize) << 3)) - load<f64>(dLow) + load<f64>(eLow) / (half + (half >= 0 ? r : -r));
      let s: f64 = 1;
      let c: f64 = 1;
      let p: f64 = 0;
      let i = m - 1;
      for (; i >= low; i--) {
        const at: usize = (i as usize) << 3;
        const f = s * load<f64>(e + at);
        const b = c * load<f64>(e + at);
        r = sqrt<f64>(f * f + g * g);
        store<f64>(e + at, r, 8);
        if (r == 0) {
          store<f64>(d + at, load<f64>(d + at, 8) - p, 8);
          store<f64>(e + ((m as usize) << 3), 0);
          break;
        }
        s = f / r;
        c = g / r;
        g = load<f64>(d + at, 8) - p;
        r = (load<f64>(d + at) - g) * s + 2 * c * b;
        p = s * r;
        store<f64>(d + at, g + p, 8);
        g = c * r - b;
        rotate(v + (i as usize) * column, column, s, c);
      }
      if (r == 0 && i >= low) continue;
      store<f64>(dLow, load<f64>(dLow) - p);
      store<f64>(eLow, g);
      store<f64>(e + ((m as usize) << 3), 0);
    }
  }
}

/** Column `left` and the one after it: (c·left − s·right, s·left + c·right). */
function rotate(left: usize, column: usize, s: f64, c: f64): void {
  const ss = f64x2.splat(s);
  const cc = f64x2.splat(c);
  const right: usize = left + column;
  for (let at: usize = 0; at < column; at += 16) {
    const x = v128.load(left + at);
    const y = v128.load(right + at);
    v128.store(right + at, f64x2.add(f64x2.mul(ss, x), f64x2.mul(cc, y)));
    v128.store(left + at, f64x2.sub(f64x2.mul(cc, x), f64x2.mul(ss, y)));
  }
}
