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

/** Σ_k Σ_i (x_k y_i)², x of m numbers and y of n, filled up with zeros to a multiple of eight. */
export function outerSquares(x: usize, m: i32, y: usize, n: i32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  const end: usize = y + ((<usize>n) << 3);
  for (let k = 0; k < m; k++) {
    const v = v128.load64_splat(x + ((<usize>k) << 3));
    for (let at = y; at < end; at += 64) {
      const a = f64x2.mul(v, v128.load(at));
      const b = f64x2.mul(v, v128.load(at, 16));
      const c = f64x2.mul(v, v128.load(at, 32));
      const d = f64x2.mul(v, v128.load(at, 48));
      s0 = f64x2.add(s0, f64x2.mul(a, a));
      s1 = f64x2.add(s1, f64x2.mul(b, b));
      s2 = f64x2.add(s2, f64x2.mul(c, c));
      s3 = f64x2.add(s3, f64x2.mul(d, d));
    }
  }
  const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
}

/**
 * Σ_i h_i (Σ_k (d_k h_i) w_k), h of n numbers, filled up with zeros to a multiple of eight, d and w of m. Lanes are entries of h; each inner sum is
 * over k in ascending order, the outer one over i.
 */
export function contract(h: usize, n: i32, d: usize, w: usize, m: i32): f64 {
  let sum: f64 = 0;
  const end: usize = h + ((<usize>n) << 3);
  for (let at = h; at < end; at += 64) {
    const h0 = v128.load(at);
    const h1 = v128.load(at, 16);
    const h2 = v128.load(at, 32);
    const h3 = v128.load(at, 48);
    let e0 = f64x2.splat(0);
    let e1 = f64x2.splat(0);
    let e2 = f64x2.splat(0);
    let e3 = f64x2.splat(0);
    for (let k: usize = 0; k < (<usize>m) << 3; k += 8) {
      const a = v128.load64_splat(d + k);
      const b = v128.load64_splat(w + k);
      e0 = f64x2.add(e0, f64x2.mul(f64x2.mul(a, h0), b));
      e1 = f64x2.add(e1, f64x2.mul(f64x2.mul(a, h1), b));
      e2 = f64x2.add(e2, f64x2.mul(f64x2.mul(a, h2), b));
      e3 = f64x2.add(e3, f64x2.mul(f64x2.mul(a, h3), b));
    }
    e0 = f64x2.mul(h0, e0);
    e1 = f64x2.mul(h1, e1);
    e2 = f64x2.mul(h2, e2);
    e3 = f64x2.mul(h3, e3);
    sum += f64x2.extract_lane(e0, 0);
    sum += f64x2.extract_lane(e0, 1);
    sum += f64x2.extract_lane(e1, 0);
    sum += f64x2.extract_lane(e1, 1);
    sum += f64x2.extract_lane(e2, 0);
    sum += f64x2.extract_lane(e2, 1);
    sum += f64x2.extract_lane(e3, 0);
    sum += f64x2.extract_lane(e3, 1);
  }
  return sum;
}

/**
 * Of samples from index (high, low) on, `count` of them and at most 32: bit j is set where (word + ½)·2⁻³² < share, word the first of
 * Philox-4×32-10's at the sample's address (sampling/philox.ts).
 */
export function drawn(low: u32, high: u32, stream: u32, key0: u32, key1: u32, count: i32, share: f64): i32 {
  let found = 0;
  const first = ((<u64>high) << 32) | (<u64>low);
  for (let j = 0; j < count; j++) {
    const index = first + <u64>j;
    let c0: u32 = 0;
    let c1 = <u32>index;
    let c2 = <u32>(index >> 32);
    let c3 = stream;
    let k0 = key0;
    let k1 = key1;
    for (let round = 0; round < 10; round++) {
      const p0 = <u64>0xd2511f53 * <u64>c0;
      const p1 = <u64>0xcd9e8d57 * <u64>c2;
      c0 = (<u32>(p1 >> 32)) ^ c1 ^ k0;
      c1 = <u32>p1;
      c2 = (<u32>(p0 >> 32)) ^ c3 ^ k1;
      c3 = <u32>p0;
      k0 += 0x9e3779b9;
      k1 += 0xbb67ae85;
    }
    if ((<f64>c0 + 0.5) * 2.3283064365386963e-10 < share) found |= 1 << j;
  }
  return found;
}

/**
 * r −= Σ_j (q_j·r) q_j, the q_j the first `rows` rows at `basis`, all of `bytes` bytes, a multiple of 64, filled up with zeros. Each dot product is
 * of r as it was given, in eight sums of every eighth entry; `parts` has room for them.
 */
export function orthogonalise(basis: usize, rows: i32, bytes: usize, r: usize, parts: usize): void {
  for (let j = 0; j < rows; j++) {
    const row = basis + <usize>j * bytes;
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    for (let at: usize = 0; at < bytes; at += 64) {
      s0 = f64x2.add(s0, f64x2.mul(v128.load(row + at), v128.load(r + at)));
      s1 = f64x2.add(s1, f64x2.mul(v128.load(row + at, 16), v128.load(r + at, 16)));
      s2 = f64x2.add(s2, f64x2.mul(v128.load(row + at, 32), v128.load(r + at, 32)));
      s3 = f64x2.add(s3, f64x2.mul(v128.load(row + at, 48), v128.load(r + at, 48)));
    }
    const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
    store<f64>(parts + ((<usize>j) << 3), f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1));
  }
  for (let at: usize = 0; at < bytes; at += 64) {
    let r0 = v128.load(r + at);
    let r1 = v128.load(r + at, 16);
    let r2 = v128.load(r + at, 32);
    let r3 = v128.load(r + at, 48);
    let row = basis + at;
    for (let j = 0; j < rows; j++) {
      const part = v128.load64_splat(parts + ((<usize>j) << 3));
      r0 = f64x2.sub(r0, f64x2.mul(part, v128.load(row)));
      r1 = f64x2.sub(r1, f64x2.mul(part, v128.load(row, 16)));
      r2 = f64x2.sub(r2, f64x2.mul(part, v128.load(row, 32)));
      r3 = f64x2.sub(r3, f64x2.mul(part, v128.load(row, 48)));
      row += bytes;
    }
    v128.store(r + at, r0);
    v128.store(r + at, r1, 16);
    v128.store(r + at, r2, 32);
    v128.store(r + at, r3, 48);
  }
}
