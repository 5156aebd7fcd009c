/**
 * Proven intervals of spectral norms in f64, one sample at a time (src/engine/cpu/ball-proof.ts): rows of explicit Jacobians, and a Cholesky
 * factorisation of ρ²I − YᵀY that makes the Gram matrix on its way.
 *
 * All matrices are row-major with rows of `pitch` numbers, of which the first `wide` are used, a multiple of 4, what fills them up being 0.
 * Rows of a Jacobian that a slope of 0 makes 0 are left out; a list (i32) names those that are there. One product and one addition a term, each
 * rounded on its own: no fused or relaxed instruction, so the bits are the same on every machine.
 */
export { ballQuotient } from "./ball-quotient";

/**
 * Rows i of D B with d_i ≠ 0.
 * @param d byte offset of d_0, the next ones `step` bytes on. @param list receives the rows' numbers.
 * @returns how many.
 */
export function scaledRows(
  b: usize,
  pitch: usize,
  wide: i32,
  rows: i32,
  d: usize,
  step: usize,
  out: usize,
  list: usize,
): i32 {
  const rowBytes: usize = pitch << 3;
  const used: usize = (wide as usize) << 3;
  let count = 0;
  for (let i = 0; i < rows; i++) {
    const slope = load<f64>(d + (i as usize) * step);
    if (slope == 0) continue;
    const from = b + (i as usize) * rowBytes;
    const to = out + (count as usize) * rowBytes;
    const factor = f64x2.splat(slope);
    for (let at: usize = 0; at < used; at += 16) v128.store(to + at, f64x2.mul(factor, v128.load(from + at)));
    store<i32>(list + ((count as usize) << 2), i);
    count++;
  }
  return count;
}

/** fl(fl(d_i d_j) g_ij), i, j in the list, `wide` × `wide`, from G of rows of `inner` numbers. */
export function scaledGram(
  g: usize,
  inner: i32,
  list: usize,
  count: i32,
  d: usize,
  step: usize,
  out: usize,
  pitch: usize,
  wide: i32,
): void {
  for (let i = 0; i < wide; i++) {
    const to = out + (((i as usize) * pitch) << 3);
    if (i >= count) {
      memory.fill(to, 0, (wide as usize) << 3);
      continue;
    }
    const row = load<i32>(list + ((i as usize) << 2));
    const own = load<f64>(d + (row as usize) * step);
    const from = g + (((row * inner) as usize) << 3);
    // The factorisation reads the upper triangle, from the tile on the diagonal on.
    for (let j = i & ~3; j < wide; j++) {
      let value: f64 = 0;
      if (j < count) {
        const column = load<i32>(list + ((j as usize) << 2)) as usize;
        value = own * load<f64>(d + column * step) * load<f64>(from + (column << 3));
      }
      store<f64>(to + ((j as usize) << 3), value);
    }
  }
}

/**
 * Rows of D W X with d_i ≠ 0; X holds the rows in `known`.
 * @param w W, rows of `inner` numbers. @param lower 1 where X's row k is 0 beyond column known_k. @param packed room for 4 · count numbers.
 * @returns how many; the list receives their numbers.
 */
export function nextRows(
  w: usize,
  inner: i32,
  rows: i32,
  d: usize,
  step: usize,
  known: usize,
  count: i32,
  x: usize,
  pitch: usize,
  wide: i32,
  lower: i32,
  packed: usize,
  out: usize,
  list: usize,
): i32 {
  let made = 0;
  let i = 0;
  while (i < rows) {
    let four = 0;
    for (; i < rows && four < 4; i++) {
      const slope = load<f64>(d + (i as usize) * step);
      if (slope == 0) continue;
      const from = w + (((i * inner) as usize) << 3);
      let to = packed + ((four as usize) << 3);
      for (let k = 0; k < count; k++) {
        const column = load<i32>(known + ((k as usize) << 2)) as usize;
        store<f64>(to, slope * load<f64>(from + (column << 3)));
        to += 32;
      }
      store<i32>(list + (((made + four) as usize) << 2), i);
      four++;
    }
    if (four == 0) break;
    for (let r = four; r < 4; r++) {
      let to = packed + ((r as usize) << 3);
      for (let k = 0; k < count; k++) {
        store<f64>(to, 0);
        to += 32;
      }
    }
    let first = 0;
    for (let j = 0; j < wide; j += 4) {
      if (lower != 0) while (first < count && load<i32>(known + ((first as usize) << 2)) < j) first++;
      tile(
        packed + ((first as usize) << 5),
        32,
        x + (((first as usize) * pitch + (j as usize)) << 3),
        pitch << 3,
        count - first,
        out + (((made as usize) * pitch + (j as usize)) << 3),
      );
    }
    made += four;
  }
  return made;
}

/** C_rj = Σ_k a_kr b_kj, 4 × 4, in ascending k. @param pitch bytes from one row to the next, of b and of C. */
function tile(a: usize, step: usize, b: usize, pitch: usize, depth: i32, c: usize): void {
  let c00 = f64x2.splat(0);
  let c01 = f64x2.splat(0);
  let c10 = f64x2.splat(0);
  let c11 = f64x2.splat(0);
  let c20 = f64x2.splat(0);
  let c21 = f64x2.splat(0);
  let c30 = f64x2.splat(0);
  let c31 = f64x2.splat(0);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load64_splat(a);
    c00 = f64x2.add(c00, f64x2.mul(a0, b0));
    c01 = f64x2.add(c01, f64x2.mul(a0, b1));
    const a1 = v128.load64_splat(a, 8);
    c10 = f64x2.add(c10, f64x2.mul(a1, b0));
    c11 = f64x2.add(c11, f64x2.mul(a1, b1));
    const a2 = v128.load64_splat(a, 16);
    c20 = f64x2.add(c20, f64x2.mul(a2, b0));
    c21 = f64x2.add(c21, f64x2.mul(a2, b1));
    const a3 = v128.load64_splat(a, 24);
    c30 = f64x2.add(c30, f64x2.mul(a3, b0));
    c31 = f64x2.add(c31, f64x2.mul(a3, b1));
    a += step;
    b += pitch;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += pitch;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += pitch;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += pitch;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** The transpose of `rows` rows, count × … : `wide` columns filled up with 0. */
export function transposed(
  x: usize,
  pitch: usize,
  rows: i32,
  columns: i32,
  out: usize,
  outPitch: usize,
  wide: i32,
): void {
  for (let k = 0; k < columns; k++) {
    const to = out + (((k as usize) * outPitch) << 3);
    let from = x + ((k as usize) << 3);
    for (let i = 0; i < rows; i++) {
      store<f64>(to + ((i as usize) << 3), load<f64>(from));
      from += pitch << 3;
    }
    for (let i = rows; i < wide; i++) store<f64>(to + ((i as usize) << 3), 0);
  }
}

/** Σ of squares of `wide` numbers of each of the rows: two sums, added at the end. */
export function sumOfSquares(x: usize, pitch: usize, rows: i32, wide: i32): f64 {
  let sum = f64x2.splat(0);
  for (let i = 0; i < rows; i++) {
    const from = x + (((i as usize) * pitch) << 3);
    for (let at: usize = 0; at < (wide as usize) << 3; at += 16) {
      const v = v128.load(from + at);
      sum = f64x2.add(sum, f64x2.mul(v, v));
    }
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * Factors ρ²I − C − YᵀY = UᵀU, four rows of U at a time, each behind the last of Y: the sums over Y and over U are one.
 * @param z Y, `depth` rows, with room for `wide` more. @param square ρ². @param c `wide` × `wide` with the same pitch; 0: none.
 * @returns 1 where every pivot is positive (NaN is not).
 */
export function factor(z: usize, pitch: usize, depth: i32, wide: i32, square: f64, c: usize): i32 {
  const rowBytes: usize = pitch << 3;
  for (let i = 0; i < wide; i += 4) {
    const above = depth + i;
    const rows = z + (above as usize) * rowBytes;
    const end = rows + ((wide as usize) << 3);
    const own = (i as usize) << 3;
    for (let j = i; j < wide; j += 4) {
      const at = (j as usize) << 3;
      tile(z + own, rowBytes, z + at, rowBytes, above, rows + at);
    }
    for (let r = 0; r < 4; r++) {
      const row = rows + (r as usize) * rowBytes;
      const diagonal = row + (((i + r) as usize) << 3);
      const shifted = square - load<f64>(diagonal);
      const stop = end + (r as usize) * rowBytes;
      for (let p = row + own; p < stop; p += 16) v128.store(p, f64x2.neg(v128.load(p)));
      store<f64>(diagonal, shifted);
      if (c != 0) {
        let q = c + ((((i + r) as usize) * pitch) << 3) + own;
        for (let p = row + own; p < stop; p += 16) {
          v128.store(p, f64x2.sub(v128.load(p), v128.load(q)));
          q += 16;
        }
      }
    }
    for (let r = 0; r < 4; r++) {
      const row = rows + (r as usize) * rowBytes;
      const pivot = load<f64>(row + (((i + r) as usize) << 3));
      if (!(pivot > 0)) return 0;
      const inverse = f64x2.splat(1 / sqrt(pivot));
      const stop = end + (r as usize) * rowBytes;
      for (let p = row + own; p < stop; p += 16) v128.store(p, f64x2.mul(v128.load(p), inverse));
      for (let s = r + 1; s < 4; s++) {
        const below = rows + (s as usize) * rowBytes;
        const factor = f64x2.splat(load<f64>(row + (((i + s) as usize) << 3)));
        for (let at: usize = own; row + at < stop; at += 16) {
          v128.store(below + at, f64x2.sub(v128.load(below + at), f64x2.mul(factor, v128.load(row + at))));
        }
      }
    }
  }
  return 1;
}
