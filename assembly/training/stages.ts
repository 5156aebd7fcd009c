/** What stands between the products of a training step: activations, and the shares of a mean. */
import { decayOfFour, tanhOfFour, tanhWithSlope } from "../elementary";

/** z ← z + b, then h = g(z) and D = g′(z). @param kind 0 the identity, 1 relu, 2 tanh, 3 z alone: g is another's business. */
export function activate<T>(
  kind: i32,
  z: usize,
  bias: usize,
  h: usize,
  slopes: usize,
  rows: i32,
  pitch: usize,
  extent: usize,
): void {
  for (let i = 0; i < rows; i++) {
    const b = v128.load_splat<T>(bias + (i as usize) * sizeof<T>());
    for (let at: usize = 0; at < extent; at += 16) v128.store(z + at, v128.add<T>(v128.load(z + at), b));
    if (kind == 0) identity<T>(z, h, slopes, extent);
    else if (kind == 1) relu<T>(z, h, slopes, extent);
    else if (kind == 2) tanh<T>(z, h, slopes, extent);
    z += pitch;
    h += pitch;
    slopes += pitch;
  }
}

function identity<T>(z: usize, h: usize, slopes: usize, extent: usize): void {
  const one = v128.splat<T>(1 as T);
  for (let at: usize = 0; at < extent; at += 16) {
    const x = v128.load(z + at);
    v128.store(h + at, x);
    v128.store(slopes + at, v128.bitselect(one, x, v128.eq<T>(x, x)));
  }
}

/** NaN stays NaN, and −0 becomes 0. */
function relu<T>(z: usize, h: usize, slopes: usize, extent: usize): void {
  const zero = v128.splat<T>(0 as T);
  const one = v128.splat<T>(1 as T);
  for (let at: usize = 0; at < extent; at += 16) {
    const x = v128.load(z + at);
    const keeps = v128.gt<T>(x, zero);
    const isNumber = v128.eq<T>(x, x);
    v128.store(h + at, v128.bitselect(v128.and(x, keeps), x, isNumber));
    v128.store(slopes + at, v128.bitselect(v128.and(one, keeps), x, isNumber));
  }
}

/** In passes along a row (elementary.ts says why). */
function tanh<T>(z: usize, h: usize, slopes: usize, extent: usize): void {
  if (sizeof<T>() == 8) {
    tanhWithSlope(z, h, slopes, extent);
    return;
  }
  for (let at: usize = 0; at < extent; at += 16) v128.store(slopes + at, decayOfFour(v128.load(z + at)));
  for (let at: usize = 0; at < extent; at += 16) {
    tanhOfFour(v128.load(z + at), v128.load(slopes + at), h + at, slopes + at);
  }
}

/** δ_ij 2^(e_j)/B, and its sum over the samples for the bias. @param bias 0 where there is none. */
export function share<T>(
  delta: usize,
  factors: usize,
  out: usize,
  bias: usize,
  rows: i32,
  samples: i32,
  pitch: usize,
  extent: usize,
): void {
  const divides = (samples & (samples - 1)) != 0;
  // Of a power of two the inverse is exact.
  const count = v128.splat<T>(divides ? (samples as T) : (((1 as T) / (samples as T)) as T));
  const end: usize = out + (rows as usize) * pitch;
  for (let row: usize = out; row < end; row += pitch) {
    for (let at: usize = 0; at < extent; at += 16) {
      const sized = v128.mul<T>(v128.load(factors + at), v128.load(delta + at));
      v128.store(row + at, divides ? v128.div<T>(sized, count) : v128.mul<T>(sized, count));
    }
    delta += pitch;
  }
  if (bias != 0) rowSums<T>(out, bias, rows, (samples as usize) * sizeof<T>(), pitch);
}

/** Each row's sum from left to right; of four rows at a time, since each addition waits for the one before. */
function rowSums<T>(x: usize, sums: usize, rows: i32, bytes: usize, pitch: usize): void {
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const x1: usize = x + pitch;
    const x2: usize = x1 + pitch;
    const x3: usize = x2 + pitch;
    let s0: T = 0;
    let s1: T = 0;
    let s2: T = 0;
    let s3: T = 0;
    for (let at: usize = 0; at < bytes; at += sizeof<T>()) {
      s0 += load<T>(x + at);
      s1 += load<T>(x1 + at);
      s2 += load<T>(x2 + at);
      s3 += load<T>(x3 + at);
    }
    store<T>(sums, s0);
    store<T>(sums + sizeof<T>(), s1);
    store<T>(sums + 2 * sizeof<T>(), s2);
    store<T>(sums + 3 * sizeof<T>(), s3);
    sums += 4 * sizeof<T>();
    x = x3 + pitch;
  }
  for (; i < rows; i++) {
    let sum: T = 0;
    for (let at: usize = 0; at < bytes; at += sizeof<T>()) sum += load<T>(x + at);
    store<T>(sums, sum);
    sums += sizeof<T>();
    x += pitch;
  }
}
