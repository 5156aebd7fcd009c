/** Lanczos on panels (panel-product.ts): products and steps, and the witnesses that come of them. */
import { panelProduct, sizeOf } from "./panel-product";

/** The words of a call: what is done, offsets of A, X, Y and D, rows of Y and of X. X is q where its offset is 0. */
const CALL_BYTES: usize = 32;
const PRODUCT: i32 = 0;
const MASK: i32 = 1;

/** A q of so many panels, the first of which is number `first` of each matrix; q its own place. */
function image(calls: usize, count: i32, q: usize, first: usize, panels: i32): void {
  const end: usize = calls + (count as usize) * CALL_BYTES;
  for (let call: usize = calls; call < end; call += CALL_BYTES) {
    const kind = load<i32>(call);
    const rows = load<i32>(call, 20);
    const inner = load<i32>(call, 24);
    const own: usize = first * sizeOf(rows);
    const y: usize = (load<i32>(call, 12) as usize) + own;
    let x: usize = load<i32>(call, 8) as usize;
    x = x == 0 ? q : x + first * sizeOf(inner);
    let slopes: usize = load<i32>(call, 16) as usize;
    if (slopes != 0) slopes += own;
    if (kind == PRODUCT) panelProduct(load<i32>(call, 4) as usize, x, y, slopes, rows, inner, panels);
    else if (kind == MASK) mask(slopes, x, y, (panels as usize) * sizeOf(rows));
    else memory.copy(y, x, (panels as usize) * sizeOf(rows));
  }
}

/** y = D ∘ x. */
function mask(slopes: usize, x: usize, y: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(y + at, f32x4.mul(v128.load(slopes + at), v128.load(x + at)));
  }
}

/**
 * Steps from + 1 … to of Lanczos: q_j of all panels, one block behind the other at `basis`, and (α_j, β_j), a row of each for every step.
 * @param calls what makes A q (`image`), @param made where it leaves that.
 * @param together panels that go through a step side by side: one where all matrices stay in the cache, else as many as there are.
 */
export function panelSteps(
  calls: usize,
  count: i32,
  made: usize,
  panels: i32,
  together: i32,
  from: i32,
  to: i32,
  basis: usize,
  coefficients: usize,
  rows: i32,
): void {
  const size: usize = sizeOf(rows);
  const block: usize = (panels as usize) * size;
  const pitch: usize = (panels as usize) << 6;
  for (let first = 0; first < panels; first += together) {
    const last = min(panels, first + together);
    for (let j = from; j < to; j++) {
      const before: usize = max(0, j - 1);
      const q: usize = basis + (j as usize) * block;
      image(calls, count, q + (first as usize) * size, first as usize, last - first);
      for (let own = first; own < last; own++) {
        const at: usize = (own as usize) * size;
        const row: usize = coefficients + ((own as usize) << 6);
        const alpha: usize = row + (j as usize) * 2 * pitch;
        step(q + at, made + at, basis + before * block + at, block, row + (2 * before + 1) * pitch, alpha, pitch, rows);
      }
    }
  }
}

/**
 * A step of one panel: α_j = q·r, r ← (r − α_j q) − β_{j−1} q⁻, β_j = ‖r‖, q⁺ = r/β_j; 0 where β_j is 0 or not finite.
 * @param before byte offset of q⁻; where it is q itself, there is none. @param block from q to q⁺.
 * @param beta of β_{j−1}; @param made of α_j, @param pitch from there to β_j.
 */
function step(
  q: usize,
  r: usize,
  before: usize,
  block: usize,
  beta: usize,
  made: usize,
  pitch: usize,
  rows: i32,
): void {
  const end: usize = q + ((rows as usize) << 6);
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let own: usize = r;
  for (let at: usize = q; at < end; at += 64) {
    a0 = f32x4.add(a0, f32x4.mul(v128.load(at), v128.load(own)));
    a1 = f32x4.add(a1, f32x4.mul(v128.load(at, 16), v128.load(own, 16)));
    a2 = f32x4.add(a2, f32x4.mul(v128.load(at, 32), v128.load(own, 32)));
    a3 = f32x4.add(a3, f32x4.mul(v128.load(at, 48), v128.load(own, 48)));
    own += 64;
  }
  v128.store(made, a0);
  v128.store(made, a1, 16);
  v128.store(made, a2, 32);
  v128.store(made, a3, 48);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  own = r;
  if (before == q) {
    for (let at: usize = q; at < end; at += 64) {
      const v0 = f32x4.sub(v128.load(own), f32x4.mul(a0, v128.load(at)));
      const v1 = f32x4.sub(v128.load(own, 16), f32x4.mul(a1, v128.load(at, 16)));
      const v2 = f32x4.sub(v128.load(own, 32), f32x4.mul(a2, v128.load(at, 32)));
      const v3 = f32x4.sub(v128.load(own, 48), f32x4.mul(a3, v128.load(at, 48)));
      s0 = f32x4.add(s0, f32x4.mul(v0, v0));
      s1 = f32x4.add(s1, f32x4.mul(v1, v1));
      s2 = f32x4.add(s2, f32x4.mul(v2, v2));
      s3 = f32x4.add(s3, f32x4.mul(v3, v3));
      v128.store(own, v0);
      v128.store(own, v1, 16);
      v128.store(own, v2, 32);
      v128.store(own, v3, 48);
      own += 64;
    }
  } else {
    const b0 = v128.load(beta);
    const b1 = v128.load(beta, 16);
    const b2 = v128.load(beta, 32);
    const b3 = v128.load(beta, 48);
    for (let at: usize = q; at < end; at += 64) {
      const v0 = without(v128.load(own), a0, v128.load(at), b0, v128.load(before));
      const v1 = without(v128.load(own, 16), a1, v128.load(at, 16), b1, v128.load(before, 16));
      const v2 = without(v128.load(own, 32), a2, v128.load(at, 32), b2, v128.load(before, 32));
      const v3 = without(v128.load(own, 48), a3, v128.load(at, 48), b3, v128.load(before, 48));
      s0 = f32x4.add(s0, f32x4.mul(v0, v0));
      s1 = f32x4.add(s1, f32x4.mul(v1, v1));
      s2 = f32x4.add(s2, f32x4.mul(v2, v2));
      s3 = f32x4.add(s3, f32x4.mul(v3, v3));
      v128.store(own, v0);
      v128.store(own, v1, 16);
      v128.store(own, v2, 32);
      v128.store(own, v3, 48);
      own += 64;
      before += 64;
    }
  }
  made += pitch;
  s0 = f32x4.sqrt(s0);
  s1 = f32x4.sqrt(s1);
  s2 = f32x4.sqrt(s2);
  s3 = f32x4.sqrt(s3);
  v128.store(made, s0);
  v128.store(made, s1, 16);
  v128.store(made, s2, 32);
  v128.store(made, s3, 48);
  s0 = usableInverse(s0);
  s1 = usableInverse(s1);
  s2 = usableInverse(s2);
  s3 = usableInverse(s3);
  own = r;
  for (let at: usize = q + block; at < end + block; at += 64) {
    v128.store(at, f32x4.mul(s0, v128.load(own)));
    v128.store(at, f32x4.mul(s1, v128.load(own, 16)), 16);
    v128.store(at, f32x4.mul(s2, v128.load(own, 32)), 32);
    v128.store(at, f32x4.mul(s3, v128.load(own, 48)), 48);
    own += 64;
  }
}

/** (r − αq) − βq⁻. */
function without(r: v128, alpha: v128, q: v128, beta: v128, before: v128): v128 {
  return f32x4.sub(f32x4.sub(r, f32x4.mul(alpha, q)), f32x4.mul(beta, before));
}

/** 1/x, or 0 where that is 0 or not finite. */
function usableInverse(x: v128): v128 {
  const inverse = f32x4.div(f32x4.splat(1), x);
  return v128.and(inverse, v128.and(f32x4.gt(inverse, f32x4.splat(0)), f32x4.lt(inverse, f32x4.splat(Infinity))));
}

/** u = Σ_j s_j q_j over the s_j that are not 0. @param basis byte offset of the blocks q_j; @param weights of s, blocks × 16 · panels. */
export function panelCombine(basis: usize, weights: usize, u: usize, rows: i32, panels: i32, blocks: i32): void {
  const size: usize = sizeOf(rows);
  const block: usize = (panels as usize) * size;
  const pitch: usize = (panels as usize) << 6;
  const zero = f32x4.splat(0);
  for (let own = 0; own < panels; own++) {
    for (let row: usize = 0; row < size; row += 128) {
      for (let j: usize = 0; j < 64; j += 32) {
        let s0 = zero;
        let s1 = zero;
        let t0 = zero;
        let t1 = zero;
        let q: usize = basis + row + j;
        let w: usize = weights + j;
        for (let k = 0; k < blocks; k++) {
          const w0 = v128.load(w);
          const w1 = v128.load(w, 16);
          const is0 = f32x4.ne(w0, zero);
          const is1 = f32x4.ne(w1, zero);
          s0 = f32x4.add(s0, v128.and(f32x4.mul(w0, v128.load(q)), is0));
          s1 = f32x4.add(s1, v128.and(f32x4.mul(w1, v128.load(q, 16)), is1));
          t0 = f32x4.add(t0, v128.and(f32x4.mul(w0, v128.load(q, 64)), is0));
          t1 = f32x4.add(t1, v128.and(f32x4.mul(w1, v128.load(q, 80)), is1));
          w += pitch;
          q += block;
        }
        v128.store(u + row + j, s0);
        v128.store(u + row + j, s1, 16);
        v128.store(u + row + j, t0, 64);
        v128.store(u + row + j, t1, 80);
      }
    }
    basis += size;
    weights += 64;
    u += size;
  }
}
