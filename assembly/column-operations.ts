/**
 * Sums and scalings of the columns of an n × B matrix in f64, samples contiguous, operation for operation as src/engine/cpu/column-loops.ts
 * has them: row after row, two columns in a register.
 *
 * Matrices are byte offsets; `bytes` is 8 n B and `pitch` 8 B, a row's. Where B is odd the last column goes by itself.
 */

/** most_j = max_i |x_ij|, at least 0; NaN where the column holds one, whose bits without the sign are above all others. */
export function columnMax(x: usize, bytes: usize, pitch: usize, most: usize): void {
  memory.fill(most, 0, pitch);
  for (let row: usize = x; row < x + bytes; row += pitch) {
    let j: usize = 0;
    for (; j + 16 <= pitch; j += 16) {
      const m = v128.load(most + j);
      const v = f64x2.abs(v128.load(row + j));
      v128.store(most + j, v128.bitselect(v, m, i64x2.gt_s(v, m)));
    }
    if (j < pitch) {
      store<i64>(most + j, max<i64>(load<i64>(most + j), load<i64>(row + j) & 0x7fffffffffffffff));
    }
  }
}

/** norm_j = √(Σ_i (f_j x_ij)²)/f_j, f_j the power of two that brings the largest entry near 1. @param scale room for f. */
export function columnNorm(x: usize, bytes: usize, pitch: usize, norm: usize, scale: usize): void {
  columnMax(x, bytes, pitch, scale);
  for (let j: usize = 0; j < pitch; j += 8) store<f64>(scale + j, scaleOf(load<f64>(scale + j)));
  memory.fill(norm, 0, pitch);
  for (let row: usize = x; row < x + bytes; row += pitch) {
    let j: usize = 0;
    for (; j + 16 <= pitch; j += 16) {
      const v = f64x2.mul(v128.load(row + j), v128.load(scale + j));
      v128.store(norm + j, f64x2.add(v128.load(norm + j), f64x2.mul(v, v)));
    }
    if (j < pitch) {
      const v = load<f64>(row + j) * load<f64>(scale + j);
      store<f64>(norm + j, load<f64>(norm + j) + v * v);
    }
  }
  for (let j: usize = 0; j < pitch; j += 8) {
    store<f64>(norm + j, sqrt<f64>(load<f64>(norm + j)) / load<f64>(scale + j));
  }
}

/** 2^−e of m in [2^e, 2^(e+1)), |e| held to 1000; 1 for 0 and for what is not finite. */
function scaleOf(m: f64): f64 {
  const biased = (reinterpret<i64>(m) >> 52) & 0x7ff;
  if (m == 0 || biased == 0x7ff) return 1;
  const e = max<i64>(-1000, min<i64>(1000, biased - 1023));
  return reinterpret<f64>((1023 - e) << 52);
}

/** dot_j = Σ_i x_ij y_ij. */
export function columnDot(x: usize, y: usize, bytes: usize, pitch: usize, dot: usize): void {
  memory.fill(dot, 0, pitch);
  for (let row: usize = 0; row < bytes; row += pitch) {
    let j: usize = 0;
    for (; j + 16 <= pitch; j += 16) {
      const product = f64x2.mul(v128.load(x + row + j), v128.load(y + row + j));
      v128.store(dot + j, f64x2.add(v128.load(dot + j), product));
    }
    if (j < pitch) store<f64>(dot + j, load<f64>(dot + j) + load<f64>(x + row + j) * load<f64>(y + row + j));
  }
}

/** target_ij ← target_ij + f_j x_ij. */
export function addScaledColumns(target: usize, x: usize, bytes: usize, pitch: usize, factors: usize): void {
  for (let row: usize = 0; row < bytes; row += pitch) {
    let j: usize = 0;
    for (; j + 16 <= pitch; j += 16) {
      const at: usize = target + row + j;
      const product = f64x2.mul(v128.load(factors + j), v128.load(x + row + j));
      v128.store(at, f64x2.add(v128.load(at), product));
    }
    if (j < pitch) {
      const at: usize = target + row + j;
      store<f64>(at, load<f64>(at) + load<f64>(factors + j) * load<f64>(x + row + j));
    }
  }
}

/**
 * x ← D ∘ x, column j of x with column j mod S of D.
 * @param own bytes of a row of D, @param step from one row of D to the next; 0 where one row serves all.
 */
export function mask(x: usize, bytes: usize, pitch: usize, slopes: usize, own: usize, step: usize): void {
  for (let row: usize = x; row < x + bytes; row += pitch) {
    for (let group: usize = row; group < row + pitch; group += own) {
      let j: usize = 0;
      for (; j + 16 <= own; j += 16) v128.store(group + j, f64x2.mul(v128.load(slopes + j), v128.load(group + j)));
      if (j < own) store<f64>(group + j, load<f64>(slopes + j) * load<f64>(group + j));
    }
    slopes += step;
  }
}
