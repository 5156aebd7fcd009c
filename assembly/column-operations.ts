/**
 * Sums and scalings of the columns of an n × B matrix in f64, samples contiguous, operation for operation as src/engine/cpu/column-loops.ts
 * has them: row after row, two columns in a register.
 *
 * Matrices are byte offsets; `pitch` is the bytes from one row to the next, `wide` those of the columns in question, 8 a column, `end` is
 * where the last row ends. Where their number is odd the last column goes by itself.
 */

/** most_j = max_i |x_ij|, at least 0; NaN where the column holds one, whose bits without the sign are above all others. */
export function columnMax(x: usize, end: usize, pitch: usize, wide: usize, most: usize): void {
  let j: usize = 0;
  for (; j + 64 <= wide; j += 64) {
    let m0 = f64x2.splat(0);
    let m1 = m0;
    let m2 = m0;
    let m3 = m0;
    for (let at: usize = x + j; at < end; at += pitch) {
      m0 = larger(m0, v128.load(at));
      m1 = larger(m1, v128.load(at, 16));
      m2 = larger(m2, v128.load(at, 32));
      m3 = larger(m3, v128.load(at, 48));
    }
    v128.store(most + j, m0);
    v128.store(most + j, m1, 16);
    v128.store(most + j, m2, 32);
    v128.store(most + j, m3, 48);
  }
  for (; j < wide; j += 8) {
    let m: i64 = 0;
    for (let at: usize = x + j; at < end; at += pitch) m = max<i64>(m, load<i64>(at) & 0x7fffffffffffffff);
    store<i64>(most + j, m);
  }
}

/** The larger of m ≥ 0 and |x|, by their bits. */
function larger(m: v128, x: v128): v128 {
  const v = f64x2.abs(x);
  return v128.bitselect(v, m, i64x2.gt_s(v, m));
}

/** norm_j = √(Σ_i (f_j x_ij)²)/f_j, f_j the power of two that brings the largest entry near 1. @param scale room for f. */
export function columnNorm(x: usize, end: usize, pitch: usize, wide: usize, norm: usize, scale: usize): void {
  columnMax(x, end, pitch, wide, scale);
  for (let j: usize = 0; j < wide; j += 8) store<f64>(scale + j, scaleOf(load<f64>(scale + j)));
  let j: usize = 0;
  for (; j + 32 <= wide; j += 32) {
    const f0 = v128.load(scale + j);
    const f1 = v128.load(scale + j, 16);
    let s0 = f64x2.splat(0);
    let s1 = s0;
    for (let at: usize = x + j; at < end; at += pitch) {
      const v0 = f64x2.mul(v128.load(at), f0);
      const v1 = f64x2.mul(v128.load(at, 16), f1);
      s0 = f64x2.add(s0, f64x2.mul(v0, v0));
      s1 = f64x2.add(s1, f64x2.mul(v1, v1));
    }
    v128.store(norm + j, f64x2.div(f64x2.sqrt(s0), f0));
    v128.store(norm + j, f64x2.div(f64x2.sqrt(s1), f1), 16);
  }
  for (; j < wide; j += 8) {
    const f = load<f64>(scale + j);
    let sum: f64 = 0;
    for (let at: usize = x + j; at < end; at += pitch) {
      const v = load<f64>(at) * f;
      sum += v * v;
    }
    store<f64>(norm + j, sqrt<f64>(sum) / f);
  }
}

/** 2^−e of m in [2^e, 2^(e+1)), |e| held to 1000; 1 for 0 and for what is not finite. */
function scaleOf(m: f64): f64 {
  const biased = (reinterpret<i64>(m) >> 52) & 0x7ff;
  if (m == 0 || biased == 0x7ff) return 1;
  const e = max<i64>(-1000, min<i64>(1000, biased - 1023));
  return reinterpret<f64>((1023 - e) << 52);
}

/** dot_j = Σ_i x_ij y_ij. @param yPitch of y, which may be part of a wider matrix too. */
export function columnDot(x: usize, end: usize, pitch: usize, wide: usize, y: usize, yPitch: usize, dot: usize): void {
  let j: usize = 0;
  for (; j + 32 <= wide; j += 32) {
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let other: usize = y + j;
    for (let at: usize = x + j; at < end; at += pitch) {
      s0 = f64x2.add(s0, f64x2.mul(v128.load(at), v128.load(other)));
      s1 = f64x2.add(s1, f64x2.mul(v128.load(at, 16), v128.load(other, 16)));
      other += yPitch;
    }
    v128.store(dot + j, s0);
    v128.store(dot + j, s1, 16);
  }
  for (; j < wide; j += 8) {
    let sum: f64 = 0;
    let other: usize = y + j;
    for (let at: usize = x + j; at < end; at += pitch) {
      sum += load<f64>(at) * load<f64>(other);
      other += yPitch;
    }
    store<f64>(dot + j, sum);
  }
}

/** least_j ← the least of it and all |x_ij − place|; a NaN counts for nothing. */
export function columnLeast(x: usize, end: usize, pitch: usize, wide: usize, place: f64, least: usize): void {
  const at = f64x2.splat(place);
  for (let row: usize = x; row < end; row += pitch) {
    let j: usize = 0;
    for (; j + 16 <= wide; j += 16) {
      const distance = f64x2.abs(f64x2.sub(v128.load(row + j), at));
      v128.store(least + j, f64x2.pmin(v128.load(least + j), distance));
    }
    if (j < wide) {
      const distance = abs<f64>(load<f64>(row + j) - place);
      if (distance < load<f64>(least + j)) store<f64>(least + j, distance);
    }
  }
}

/** Whether none of the numbers is NaN or infinite: 0·v is 0 then, and so is their sum. */
export function allFinite(x: usize, end: usize): bool {
  const zero = f64x2.splat(0);
  let s0 = zero;
  let s1 = zero;
  for (; x + 32 <= end; x += 32) {
    s0 = f64x2.add(s0, f64x2.mul(zero, v128.load(x)));
    s1 = f64x2.add(s1, f64x2.mul(zero, v128.load(x, 16)));
  }
  s0 = f64x2.add(s0, s1);
  let sum = f64x2.extract_lane(s0, 0) + f64x2.extract_lane(s0, 1);
  for (; x < end; x += 8) sum += 0 * load<f64>(x);
  return sum == 0;
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

/** y_ij = f_j x_ij. @param yPitch of y, which may be part of a wider matrix. */
export function scaleColumns(
  x: usize,
  end: usize,
  pitch: usize,
  wide: usize,
  factors: usize,
  y: usize,
  yPitch: usize,
): void {
  for (let row: usize = x; row < end; row += pitch) {
    let j: usize = 0;
    for (; j + 16 <= wide; j += 16) v128.store(y + j, f64x2.mul(v128.load(row + j), v128.load(factors + j)));
    if (j < wide) store<f64>(y + j, load<f64>(row + j) * load<f64>(factors + j));
    y += yPitch;
  }
}

/** x_ij ← x_ij + b_i. */
export function addToRows(x: usize, end: usize, pitch: usize, b: usize): void {
  for (let row: usize = x; row < end; row += pitch) {
    const own = v128.load64_splat(b);
    let j: usize = 0;
    for (; j + 16 <= pitch; j += 16) v128.store(row + j, f64x2.add(v128.load(row + j), own));
    if (j < pitch) store<f64>(row + j, load<f64>(row + j) + load<f64>(b));
    b += 8;
  }
}

/**
 * y = D ∘ x, column j of x with column j mod S of D.
 * @param own bytes of a row of D, @param step from one row of D to the next; 0 where one row serves all. @param y may be x.
 */
export function mask(x: usize, bytes: usize, pitch: usize, slopes: usize, own: usize, step: usize, y: usize): void {
  const shift: usize = y - x;
  for (let row: usize = x; row < x + bytes; row += pitch) {
    for (let group: usize = row; group < row + pitch; group += own) {
      let j: usize = 0;
      for (; j + 16 <= own; j += 16) {
        v128.store(group + shift + j, f64x2.mul(v128.load(slopes + j), v128.load(group + j)));
      }
      if (j < own) store<f64>(group + shift + j, load<f64>(slopes + j) * load<f64>(group + j));
    }
    slopes += step;
  }
}

/**
 * Row i of y, 2B columns: the first B of row i of x, then one of x for each of B samples.
 * @param wide 8 B. @param from bytes into a row of x, an i32 a sample.
 */
export function spread(x: usize, end: usize, pitch: usize, wide: usize, from: usize, y: usize): void {
  for (let row: usize = x; row < end; row += pitch) {
    memory.copy(y, row, wide);
    y += wide;
    let own: usize = from;
    for (const last: usize = y + wide; y < last; y += 8) {
      store<f64>(y, load<f64>(row + load<i32>(own)));
      own += 4;
    }
  }
}
