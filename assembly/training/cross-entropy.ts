/**
 * Cross-entropy for two samples at a time, in f64: the lanes of a register are samples, and each does what src/network/heads.ts does with
 * one, operation for operation. Of an odd number of samples the last one's neighbour is what fills the row up.
 */
import { exp2, expOfTwo, log1p } from "../elementary";
import { exponentOf } from "./exponent";

/** As `head` (head.ts) of this loss. @param scratch of two f64 an output. */
export function crossEntropy<T>(
  h: usize,
  slopes: usize,
  labels: usize,
  values: usize,
  adjoint: usize,
  factors: usize,
  scratch: usize,
  width: i32,
  samples: i32,
  pitch: usize,
): void {
  for (let j: usize = 0; j < (samples as usize); j += 2) {
    const column: usize = j * sizeof<T>();
    const label = i64x2.extend_low_i32x4_s(v128.load64_zero(labels + (j << 2)));
    const terms = outputsToTerms<T>(h + column, label, values + (j << 3), scratch, width, pitch);
    const largest = termsToGradient(terms, label, scratch, width);
    const first = exponentOf(f64x2.extract_lane(largest, 0));
    const second = exponentOf(f64x2.extract_lane(largest, 1));
    scaleGradient<T>(slopes + column, adjoint + column, scratch, first, second, width, pitch);
    store<T>(factors + column, exp2(1, first) as T);
    store<T>(factors + column + sizeof<T>(), exp2(1, second) as T);
  }
}

/** Two entries of a row, as f64. */
function pair<T>(at: usize): v128 {
  return sizeof<T>() == 8 ? v128.load(at) : f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/** e^(h_i − max h) into scratch, the losses at `values`. Returns Σ_i e^(h_i − max h). */
function outputsToTerms<T>(h: usize, label: v128, values: usize, scratch: usize, width: i32, pitch: usize): v128 {
  let above = pair<T>(h);
  let best = i64x2.splat(0);
  let own = above;
  let at: usize = h;
  for (let i = 1; i < width; i++) {
    at += pitch;
    const x = pair<T>(at);
    const index = i64x2.splat(i as i64);
    const isGreater = f64x2.gt(x, above);
    above = v128.bitselect(x, above, isGreater);
    best = v128.bitselect(index, best, isGreater);
    own = v128.bitselect(x, own, i64x2.eq(index, label));
  }
  let sum = f64x2.splat(0);
  let rest = f64x2.splat(0);
  at = h;
  for (let i = 0; i < width; i++) {
    const term = expOfTwo(f64x2.sub(pair<T>(at), above));
    v128.store(scratch + ((i as usize) << 4), term);
    sum = f64x2.add(sum, term);
    rest = f64x2.add(rest, v128.andnot(term, i64x2.eq(i64x2.splat(i as i64), best)));
    at += pitch;
  }
  const far = f64x2.sub(above, own);
  store<f64>(values, log1p(f64x2.extract_lane(rest, 0)) + f64x2.extract_lane(far, 0));
  store<f64>(values + 8, log1p(f64x2.extract_lane(rest, 1)) + f64x2.extract_lane(far, 1));
  return sum;
}

/** p_i = e_i/Σe in scratch, and −Σ_{i ≠ y} p_i for the label's. Returns the largest |entry|. */
function termsToGradient(sum: v128, label: v128, scratch: usize, width: i32): v128 {
  let others = f64x2.splat(0);
  let largest = others;
  for (let i = 0; i < width; i++) {
    const at: usize = scratch + ((i as usize) << 4);
    const p = f64x2.div(v128.load(at), sum);
    const isOwn = i64x2.eq(i64x2.splat(i as i64), label);
    const other = v128.andnot(p, isOwn);
    v128.store(at, p);
    others = f64x2.add(others, other);
    largest = f64x2.max(largest, other);
  }
  const own = f64x2.neg(others);
  for (let i = 0; i < width; i++) {
    const at: usize = scratch + ((i as usize) << 4);
    v128.store(at, v128.bitselect(own, v128.load(at), i64x2.eq(i64x2.splat(i as i64), label)));
  }
  return f64x2.max(largest, others);
}

/** δ = D ∘ 2^(−e) g, g scaled in two steps (`exp2`). */
function scaleGradient<T>(
  slopes: usize,
  adjoint: usize,
  scratch: usize,
  first: i32,
  second: i32,
  width: i32,
  pitch: usize,
): void {
  const half = powerPair(-first >> 1, -second >> 1);
  const rest = powerPair(-first - (-first >> 1), -second - (-second >> 1));
  for (let i = 0; i < width; i++) {
    const scaled = f64x2.mul(f64x2.mul(v128.load(scratch + ((i as usize) << 4)), half), rest);
    if (sizeof<T>() == 8) {
      v128.store(adjoint, f64x2.mul(v128.load(slopes), scaled));
    } else {
      v128.store64_lane(adjoint, f32x4.mul(v128.load64_zero(slopes), f32x4.demote_f64x2_zero(scaled)), 0);
    }
    slopes += pitch;
    adjoint += pitch;
  }
}

function powerPair(first: i32, second: i32): v128 {
  return f64x2.replace_lane(f64x2.splat(exp2(1, first)), 1, exp2(1, second));
}
