/** The lower end that goes with a factorisation of assembly/ball-proof.ts: solves with it, then the quotient of what they give. */

/** Σ_{j ≥ from} u_j v_j, j < wide, the pairs' sums apart. */
function rowDot(u: usize, v: usize, from: i32, wide: i32): f64 {
  let first: f64 = 0;
  let j = from;
  if (j & 1) {
    first = load<f64>(u + ((j as usize) << 3)) * load<f64>(v + ((j as usize) << 3));
    j++;
  }
  let sum = f64x2.splat(0);
  const end: usize = (wide as usize) << 3;
  for (let at: usize = (j as usize) << 3; at < end; at += 16) {
    sum = f64x2.add(sum, f64x2.mul(v128.load(u + at), v128.load(v + at)));
  }
  return first + (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

/**
 * ‖Uv‖²/‖v‖² of v = (UᵀU)^−steps of the vector in v, which is overwritten: small where v is near the top vectors of what was taken from ρ²I.
 * @param u U, `count` rows of it, upper triangle. @param v 0 from `count` on. @param y room for `wide` numbers.
 */
export function ballQuotient(u: usize, pitch: usize, count: i32, wide: i32, v: usize, y: usize, steps: i32): f64 {
  const rowBytes: usize = pitch << 3;
  const end: usize = (wide as usize) << 3;
  for (let step = 0; step < steps; step++) {
    memory.copy(y, v, end);
    for (let i = 0; i < count; i++) {
      const row = u + (i as usize) * rowBytes;
      const own = (i as usize) << 3;
      const value = load<f64>(y + own) / load<f64>(row + own);
      store<f64>(y + own, value);
      let j = i + 1;
      if (j & 1) {
        const at = (j as usize) << 3;
        if (j < wide) store<f64>(y + at, load<f64>(y + at) - value * load<f64>(row + at));
        j++;
      }
      const factor = f64x2.splat(value);
      for (let at: usize = (j as usize) << 3; at < end; at += 16) {
        v128.store(y + at, f64x2.sub(v128.load(y + at), f64x2.mul(factor, v128.load(row + at))));
      }
    }
    for (let i = count - 1; i >= 0; i--) {
      const row = u + (i as usize) * rowBytes;
      const own = (i as usize) << 3;
      store<f64>(v + own, (load<f64>(y + own) - rowDot(row, v, i + 1, wide)) / load<f64>(row + own));
    }
  }
  // A length of about 1: no square that counts under- or overflows, unless the solves did, which leaves NaN.
  let length: f64 = 0;
  for (let at: usize = 0; at < end; at += 8) length += load<f64>(v + at) * load<f64>(v + at);
  const scale: f64 = 1 / sqrt(length);
  for (let at: usize = 0; at < end; at += 8) store<f64>(v + at, load<f64>(v + at) * scale);
  let image: f64 = 0;
  length = 0;
  for (let i = 0; i < count; i++) {
    const own = load<f64>(v + ((i as usize) << 3));
    const value = rowDot(u + (i as usize) * rowBytes, v, i, wide);
    image += value * value;
    length += own * own;
  }
  return image / length;
}
