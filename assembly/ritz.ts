/**
 * The scalar half of the iteration in f32 (src/engine/cpu/panel.ts), a column a lane: whether a sample's search has ended, and the coefficients of û.
 * Operation for operation what src/engine/krylov.ts and src/engine/tridiagonal.ts do in f64, four columns at a time: a column that has come to
 * its end is held while the others go on, so its bits depend on no neighbour. The same in loops: src/engine/cpu/settle-loops.ts.
 */

/** Scratch of two columns: α, β, pivots from either end, and s, 16 bytes a step; then four registers. */
const ROW: usize = 16 * 96;
const BETA: usize = ROW;
const FORWARD: usize = 2 * ROW;
const BACKWARD: usize = 3 * ROW;
const VECTOR: usize = 4 * ROW;
const MOST: usize = 5 * ROW;
const LENGTH: usize = MOST + 16;
const RUNNING: usize = MOST + 32;
const VALUE: usize = MOST + 48;
const PAIR: usize = 5 * ROW + 64;

/** A step of Laguerre's iteration that changes no more of the eigenvalue is the last. */
const LAST_STEP: f64 = 2.220446049250313e-16 * 4;
const MOST_STEPS: i32 = 100;
/** A residual so small beside the value needs no further question. */
const NO_RESIDUAL: f64 = 1e-14;

/**
 * Asks every column after so many steps.
 * @param coefficients byte offset of (α_j, β_j), a row of each for every step.
 * @param cap steps after which a column has ended whatever it found; 0: none. @param last whether all have.
 * @param noise a β that is not above so much of the largest α is rounding. @param twice 2 · accuracy; Infinity where none is to settle before its end.
 * @param safety share of it that is left for the estimate. @param least, @param greatest range of the largest α.
 * @param taken a word a column: steps of one that has ended, less than 0 where f32 had no room for it; 0 where it goes on.
 * @param weights of s, steps × B in f32; 0 where a column goes on. @param scratch room for SETTLE_BYTES.
 */
export function panelSettle(
  coefficients: usize,
  columns: i32,
  steps: i32,
  cap: i32,
  last: bool,
  noise: f64,
  twice: f64,
  safety: f64,
  least: f64,
  greatest: f64,
  taken: usize,
  weights: usize,
  scratch: usize,
): void {
  const pitch: usize = (columns as usize) << 2;
  const other: usize = scratch + PAIR;
  for (let j: usize = 0; j < pitch; j += 16) {
    take(coefficients + j, pitch, steps, cap, noise, scratch);
    take(coefficients + j + 8, pitch, steps, cap, noise, other);
    largest(scratch, other, steps);
    const low = judged(scratch, steps, last, twice, safety, least, greatest);
    const high = judged(other, steps, last, twice, safety, least, greatest);
    v128.store(taken + j, i32x4.shuffle(low, high, 0, 1, 4, 5));
    let own: usize = 0;
    for (let k = 0; k < steps; k++) {
      const a = f32x4.demote_f64x2_zero(v128.load(scratch + own, VECTOR));
      const b = f32x4.demote_f64x2_zero(v128.load(other + own, VECTOR));
      v128.store(weights + j, f32x4.shuffle(a, b, 0, 1, 4, 5));
      weights += pitch;
      own += 16;
    }
    weights -= (steps as usize) * pitch;
  }
}

/** The coefficients of two columns up to the end of their spaces, 0 behind it. */
function take(from: usize, pitch: usize, steps: i32, cap: i32, noise: f64, own: usize): void {
  const one = f64x2.splat(1);
  const factor = f64x2.splat(noise);
  let most = f64x2.splat(0);
  let length = most;
  let running = i64x2.splat(-1);
  let at: usize = own;
  for (let k = 1; k <= steps; k++) {
    const alpha = v128.and(f64x2.promote_low_f32x4(v128.load64_zero(from)), running);
    const beta = f64x2.promote_low_f32x4(v128.load64_zero(from + pitch));
    from += pitch << 1;
    most = f64x2.max(most, alpha);
    length = f64x2.add(length, v128.and(one, running));
    running = v128.and(running, f64x2.gt(beta, f64x2.mul(factor, most)));
    if (k == cap) running = i64x2.splat(0);
    v128.store(at, alpha);
    v128.store(at, v128.and(beta, running), BETA);
    at += 16;
  }
  v128.store(own, most, MOST);
  v128.store(own, length, LENGTH);
  v128.store(own, running, RUNNING);
}

/** No eigenvalue is above the largest α_k + β_{k−1} + β_k (Gershgorin). NaN or infinite where an entry is. */
function upperEnd(own: usize, n: i32): v128 {
  let top = f64x2.splat(-Infinity);
  let before = f64x2.splat(0);
  for (let k = 1; k <= n; k++) {
    const after = k < n ? f64x2.abs(v128.load(own, BETA)) : f64x2.splat(0);
    top = f64x2.max(top, f64x2.add(f64x2.add(v128.load(own), before), after));
    before = after;
    own += 16;
  }
  return top;
}

/** The largest eigenvalue of each of four columns by Laguerre's iteration from above, as VALUE of both pairs. */
function largest(one: usize, two: usize, n: i32): void {
  const zero = f64x2.splat(0);
  const unit = f64x2.splat(1);
  const double = f64x2.splat(2);
  const order = f64x2.splat(n as f64);
  const less = f64x2.splat((n - 1) as f64);
  let x1 = upperEnd(one, n);
  let x2 = upperEnd(two, n);
  const finite = f64x2.splat(Infinity);
  let active1 = v128.and(f64x2.lt(f64x2.abs(x1), finite), i64x2.splat(n > 1 ? -1 : 0));
  let active2 = v128.and(f64x2.lt(f64x2.abs(x2), finite), i64x2.splat(n > 1 ? -1 : 0));
  for (let step = 0; step < MOST_STEPS; step++) {
    if (!v128.any_true(v128.or(active1, active2))) break;
    let inverse1 = zero;
    let inverse2 = zero;
    let first1 = zero;
    let first2 = zero;
    let second1 = zero;
    let second2 = zero;
    let G1 = zero;
    let G2 = zero;
    let H1 = zero;
    let H2 = zero;
    let b1 = zero;
    let b2 = zero;
    let above1 = i64x2.splat(-1);
    let above2 = above1;
    let at: usize = 0;
    for (let k = 0; k < n; k++) {
      const t1 = f64x2.mul(f64x2.mul(b1, b1), inverse1);
      const t2 = f64x2.mul(f64x2.mul(b2, b2), inverse2);
      const u1 = f64x2.mul(t1, inverse1);
      const u2 = f64x2.mul(t2, inverse2);
      const d1 = f64x2.sub(f64x2.sub(x1, v128.load(one + at)), t1);
      const d2 = f64x2.sub(f64x2.sub(x2, v128.load(two + at)), t2);
      above1 = v128.and(above1, f64x2.gt(d1, zero));
      above2 = v128.and(above2, f64x2.gt(d2, zero));
      second1 = f64x2.mul(u1, f64x2.sub(second1, f64x2.mul(f64x2.mul(f64x2.mul(double, inverse1), first1), first1)));
      second2 = f64x2.mul(u2, f64x2.sub(second2, f64x2.mul(f64x2.mul(f64x2.mul(double, inverse2), first2), first2)));
      first1 = f64x2.add(unit, f64x2.mul(u1, first1));
      first2 = f64x2.add(unit, f64x2.mul(u2, first2));
      inverse1 = f64x2.div(unit, d1);
      inverse2 = f64x2.div(unit, d2);
      const g1 = f64x2.mul(first1, inverse1);
      const g2 = f64x2.mul(first2, inverse2);
      G1 = f64x2.add(G1, g1);
      G2 = f64x2.add(G2, g2);
      H1 = f64x2.add(H1, f64x2.sub(f64x2.mul(g1, g1), f64x2.mul(second1, inverse1)));
      H2 = f64x2.add(H2, f64x2.sub(f64x2.mul(g2, g2), f64x2.mul(second2, inverse2)));
      b1 = v128.load(one + at, BETA);
      b2 = v128.load(two + at, BETA);
      at += 16;
    }
    // Only rounding brings x down to the eigenvalue.
    active1 = v128.and(active1, above1);
    active2 = v128.and(active2, above2);
    const change1 = stepDown(order, less, G1, H1);
    const change2 = stepDown(order, less, G2, H2);
    const next1 = f64x2.sub(x1, change1);
    const next2 = f64x2.sub(x2, change2);
    const moves1 = f64x2.gt(change1, f64x2.mul(f64x2.splat(LAST_STEP), f64x2.abs(x1)));
    const moves2 = f64x2.gt(change2, f64x2.mul(f64x2.splat(LAST_STEP), f64x2.abs(x2)));
    // The last one counts only where it goes down.
    x1 = v128.bitselect(next1, x1, v128.and(active1, v128.or(moves1, f64x2.lt(next1, x1))));
    x2 = v128.bitselect(next2, x2, v128.and(active2, v128.or(moves2, f64x2.lt(next2, x2))));
    active1 = v128.and(active1, moves1);
    active2 = v128.and(active2, moves2);
  }
  v128.store(one, x1, VALUE);
  v128.store(two, x2, VALUE);
}

/** n / (G + √((n − 1)(nH − G²))). */
function stepDown(order: v128, less: v128, G: v128, H: v128): v128 {
  const inner = f64x2.mul(less, f64x2.sub(f64x2.mul(order, H), f64x2.mul(G, G)));
  return f64x2.div(order, f64x2.add(G, f64x2.sqrt(f64x2.max(f64x2.splat(0), inner))));
}

/** Steps of each of two columns as `taken` has them, in the two low words; what stays of VECTOR is s where that is above 0. */
function judged(own: usize, n: i32, last: bool, twice: f64, safety: f64, least: f64, greatest: f64): v128 {
  const zero = f64x2.splat(0);
  const x = v128.load(own, VALUE);
  const square = eigenvector(own, n, x);
  const bottom: usize = own + (((n - 1) as usize) << 4);
  const norm = f64x2.sqrt(square);
  const residual = f64x2.mul(v128.load(bottom, BETA), f64x2.abs(f64x2.div(v128.load(bottom, VECTOR), norm)));
  let stops = v128.or(
    v128.not(v128.and(f64x2.gt(x, zero), f64x2.lt(x, f64x2.splat(Infinity)))),
    f64x2.le(residual, f64x2.mul(f64x2.splat(NO_RESIDUAL), x)),
  );
  if (twice > 0) {
    const wanted = f64x2.mul(f64x2.mul(f64x2.splat(twice), x), f64x2.splat(safety));
    stops = v128.or(stops, f64x2.le(residual, wanted));
    // Is the gap ρ²/`wanted` at least?
    const gap = f64x2.div(f64x2.mul(residual, residual), wanted);
    const single = f64x2.le(eigenvaluesAbove(own, n, f64x2.sub(x, gap)), f64x2.splat(1));
    stops = v128.or(stops, v128.and(f64x2.le(gap, x), single));
  }
  stops = v128.or(stops, v128.not(v128.load(own, RUNNING)));
  if (last) stops = i64x2.splat(-1);
  const most = v128.load(own, MOST);
  let fits = v128.and(f64x2.ge(most, f64x2.splat(least)), f64x2.le(most, f64x2.splat(greatest)));
  const infinite = f64x2.splat(Infinity);
  fits = v128.and(fits, v128.and(f64x2.lt(f64x2.abs(x), infinite), f64x2.lt(square, infinite)));
  const kept = v128.and(stops, fits);
  const length = v128.load(own, LENGTH);
  let index = zero;
  for (let at: usize = own; at <= bottom; at += 16) {
    const s = f64x2.div(v128.load(at, VECTOR), norm);
    v128.store(at, v128.and(s, v128.and(kept, f64x2.lt(index, length))), VECTOR);
    index = f64x2.add(index, f64x2.splat(1));
  }
  const signed = v128.bitselect(length, f64x2.neg(length), fits);
  return i32x4.trunc_sat_f64x2_s_zero(v128.and(signed, stops));
}

/** Eigenvalues above x: pivots of x − T below 0. */
function eigenvaluesAbove(own: usize, n: i32, x: v128): v128 {
  const zero = f64x2.splat(0);
  let above = zero;
  let d = f64x2.splat(1);
  let b = zero;
  for (let k = 0; k < n; k++) {
    d = f64x2.sub(f64x2.sub(x, v128.load(own)), f64x2.div(f64x2.mul(b, b), d));
    d = v128.bitselect(f64x2.splat(-5e-324), d, f64x2.eq(d, zero));
    above = f64x2.add(above, v128.and(f64x2.splat(1), f64x2.lt(d, zero)));
    b = v128.load(own, BETA);
    own += 16;
  }
  return above;
}

/** A pivot that may be divided by. */
function nonzero(d: v128): v128 {
  return v128.bitselect(f64x2.splat(3.054936363499605e-151), d, f64x2.eq(d, f64x2.splat(0)));
}

/** s of (x − T) s = γ e_k with |γ| as small as it can be and s_k = 1, as VECTOR; ‖s‖². */
function eigenvector(own: usize, n: i32, x: v128): v128 {
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  const bottom: usize = own + (((n - 1) as usize) << 4);
  let d = one;
  let b = zero;
  for (let at: usize = own; at <= bottom; at += 16) {
    d = nonzero(f64x2.sub(f64x2.sub(x, v128.load(at)), f64x2.div(f64x2.mul(b, b), d)));
    v128.store(at, d, FORWARD);
    b = v128.load(at, BETA);
  }
  d = one;
  let k = (n - 1) as f64;
  let twist = f64x2.splat(k);
  let least = f64x2.splat(Infinity);
  for (let at: usize = bottom; at >= own; at -= 16) {
    b = at == bottom ? zero : v128.load(at, BETA);
    const diagonal = f64x2.sub(x, v128.load(at));
    d = nonzero(f64x2.sub(diagonal, f64x2.div(f64x2.mul(b, b), d)));
    v128.store(at, d, BACKWARD);
    const gamma = f64x2.abs(f64x2.sub(f64x2.add(v128.load(at, FORWARD), d), diagonal));
    const smaller = f64x2.lt(gamma, least);
    least = v128.bitselect(gamma, least, smaller);
    twist = v128.bitselect(f64x2.splat(k), twist, smaller);
    k -= 1;
  }
  let square = one;
  let s = zero;
  k = (n - 1) as f64;
  for (let at: usize = bottom; at >= own; at -= 16) {
    const here = f64x2.splat(k);
    const ratio = f64x2.div(v128.load(at, BETA), v128.load(at, FORWARD));
    const below = v128.and(f64x2.mul(ratio, s), f64x2.lt(here, twist));
    s = v128.bitselect(one, below, f64x2.eq(here, twist));
    v128.store(at, s, VECTOR);
    square = f64x2.add(square, f64x2.mul(below, below));
    k -= 1;
  }
  s = zero;
  b = zero;
  k = 0;
  for (let at: usize = own; at <= bottom; at += 16) {
    const here = f64x2.splat(k);
    const ratio = f64x2.div(b, v128.load(at, BACKWARD));
    const behind = v128.and(f64x2.mul(ratio, s), f64x2.gt(here, twist));
    s = v128.bitselect(one, behind, f64x2.eq(here, twist));
    v128.store(at, v128.or(v128.load(at, VECTOR), behind), VECTOR);
    square = f64x2.add(square, f64x2.mul(behind, behind));
    b = v128.load(at, BETA);
    k += 1;
  }
  return square;
}
