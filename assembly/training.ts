/**
 * The stages of a training step, in f64 or f32 (T), on matrices of one memory: what src/training/machine.ts calls. In f64 each does what the
 * batch program's own kernel does on the host, operation for operation: the same bits.
 *
 * A matrix has rows `pitch` bytes apart, an odd number of cache lines (so that a column of it lies in many sets of the cache), of which
 * `extent` bytes, whole lines too, are computed; all offsets are in bytes and at whole lines. What a row holds beyond its columns is never
 * added to a column. Each sum runs in ascending order with a single accumulator, one product and one addition a term, each
 * rounded on its own: lanes are columns, so that an entry's bits depend on neither tile nor neighbours.
 */
import { exp, exp2, log1p, sigmoid, tanhAndSlope } from "./elementary";

/** Terms of a sum that are added in one go, and bytes of a row that go together: what of X stays in the cache while A passes by. */
const SLICE: i32 = 128;
const BLOCK: usize = 512;

/**
 * Y = A X, then M ∘ Y where there is an M: A rows × inner, its entries `rowStep` and `innerStep` bytes apart, so that a transpose needs no copy.
 * @param mask of M, as Y; 0 for none.
 */
function product<T>(
  a: usize,
  rowStep: usize,
  innerStep: usize,
  x: usize,
  y: usize,
  mask: usize,
  rows: i32,
  inner: i32,
  pitch: usize,
  extent: usize,
): void {
  for (let first = 0; first < inner; first += SLICE) {
    const depth = min(SLICE, inner - first);
    const from: usize = x + (first as usize) * pitch;
    const own: usize = a + (first as usize) * innerStep;
    const last = first + depth == inner && mask != 0;
    for (let block: usize = 0; block < extent; block += BLOCK) {
      const end: usize = min(extent, block + BLOCK);
      let row: usize = own;
      let i = 0;
      for (; i + 2 <= rows; i += 2) {
        const out: usize = (i as usize) * pitch;
        for (let at: usize = block; at < end; at += 64) {
          const slopes: usize = last ? mask + out + at : 0;
          twoRows<T>(row, rowStep, innerStep, from + at, y + out + at, slopes, pitch, depth, first == 0);
        }
        row += rowStep << 1;
      }
      if (i < rows) {
        const out: usize = (i as usize) * pitch;
        for (let at: usize = block; at < end; at += 64) {
          const slopes: usize = last ? mask + out + at : 0;
          oneRow<T>(row, innerStep, from + at, y + out + at, slopes, pitch, depth, first == 0);
        }
      }
    }
  }
}

/** Adds `depth` terms to 2 rows × 64 bytes of Y: eight accumulators, six loads a term. */
function twoRows<T>(
  a: usize,
  rowStep: usize,
  innerStep: usize,
  x: usize,
  y: usize,
  mask: usize,
  pitch: usize,
  depth: i32,
  begins: bool,
): void {
  let a1: usize = a + rowStep;
  const y1: usize = y + pitch;
  let s00 = v128.splat<T>(0 as T);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  if (!begins) {
    s00 = v128.load(y);
    s01 = v128.load(y, 16);
    s02 = v128.load(y, 32);
    s03 = v128.load(y, 48);
    s10 = v128.load(y1);
    s11 = v128.load(y1, 16);
    s12 = v128.load(y1, 32);
    s13 = v128.load(y1, 48);
  }
  for (let k = 0; k < depth; k++) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const x2 = v128.load(x, 32);
    const x3 = v128.load(x, 48);
    const w0 = v128.load_splat<T>(a);
    s00 = v128.add<T>(s00, v128.mul<T>(w0, x0));
    s01 = v128.add<T>(s01, v128.mul<T>(w0, x1));
    s02 = v128.add<T>(s02, v128.mul<T>(w0, x2));
    s03 = v128.add<T>(s03, v128.mul<T>(w0, x3));
    const w1 = v128.load_splat<T>(a1);
    s10 = v128.add<T>(s10, v128.mul<T>(w1, x0));
    s11 = v128.add<T>(s11, v128.mul<T>(w1, x1));
    s12 = v128.add<T>(s12, v128.mul<T>(w1, x2));
    s13 = v128.add<T>(s13, v128.mul<T>(w1, x3));
    a += innerStep;
    a1 += innerStep;
    x += pitch;
  }
  if (mask != 0) {
    const mask1: usize = mask + pitch;
    s00 = v128.mul<T>(s00, v128.load(mask));
    s01 = v128.mul<T>(s01, v128.load(mask, 16));
    s02 = v128.mul<T>(s02, v128.load(mask, 32));
    s03 = v128.mul<T>(s03, v128.load(mask, 48));
    s10 = v128.mul<T>(s10, v128.load(mask1));
    s11 = v128.mul<T>(s11, v128.load(mask1, 16));
    s12 = v128.mul<T>(s12, v128.load(mask1, 32));
    s13 = v128.mul<T>(s13, v128.load(mask1, 48));
  }
  v128.store(y, s00);
  v128.store(y, s01, 16);
  v128.store(y, s02, 32);
  v128.store(y, s03, 48);
  v128.store(y1, s10);
  v128.store(y1, s11, 16);
  v128.store(y1, s12, 32);
  v128.store(y1, s13, 48);
}

/** The same of a single row. */
function oneRow<T>(
  a: usize,
  innerStep: usize,
  x: usize,
  y: usize,
  mask: usize,
  pitch: usize,
  depth: i32,
  begins: bool,
): void {
  let s0 = v128.splat<T>(0 as T);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  if (!begins) {
    s0 = v128.load(y);
    s1 = v128.load(y, 16);
    s2 = v128.load(y, 32);
    s3 = v128.load(y, 48);
  }
  for (let k = 0; k < depth; k++) {
    const w = v128.load_splat<T>(a);
    s0 = v128.add<T>(s0, v128.mul<T>(w, v128.load(x)));
    s1 = v128.add<T>(s1, v128.mul<T>(w, v128.load(x, 16)));
    s2 = v128.add<T>(s2, v128.mul<T>(w, v128.load(x, 32)));
    s3 = v128.add<T>(s3, v128.mul<T>(w, v128.load(x, 48)));
    a += innerStep;
    x += pitch;
  }
  if (mask != 0) {
    s0 = v128.mul<T>(s0, v128.load(mask));
    s1 = v128.mul<T>(s1, v128.load(mask, 16));
    s2 = v128.mul<T>(s2, v128.load(mask, 32));
    s3 = v128.mul<T>(s3, v128.load(mask, 48));
  }
  v128.store(y, s0);
  v128.store(y, s1, 16);
  v128.store(y, s2, 32);
  v128.store(y, s3, 48);
}

/** z ← z + b, then h = g(z) and D = g′(z). @param kind 0 the identity, 1 relu, 2 tanh, 3 z alone: g is another's business. */
function activate<T>(
  kind: i32,
  z: usize,
  bias: usize,
  h: usize,
  slopes: usize,
  rows: i32,
  pitch: usize,
  extent: usize,
): void {
  const zero = v128.splat<T>(0 as T);
  const one = v128.splat<T>(1 as T);
  for (let i = 0; i < rows; i++) {
    const b = v128.load_splat<T>(bias + (i as usize) * sizeof<T>());
    for (let at: usize = 0; at < extent; at += 16) {
      const x = v128.add<T>(v128.load(z + at), b);
      v128.store(z + at, x);
      if (kind == 2) {
        tanhAndSlope<T>(x, h + at, slopes + at);
      } else if (kind == 1) {
        // NaN stays NaN, and −0 becomes 0.
        const keeps = v128.gt<T>(x, zero);
        const isNumber = v128.eq<T>(x, x);
        v128.store(h + at, v128.bitselect(v128.and(x, keeps), x, isNumber));
        v128.store(slopes + at, v128.bitselect(v128.and(one, keeps), x, isNumber));
      } else if (kind == 0) {
        v128.store(h + at, x);
        v128.store(slopes + at, v128.bitselect(one, x, v128.eq<T>(x, x)));
      }
    }
    z += pitch;
    h += pitch;
    slopes += pitch;
  }
}

/** Y = Xᵀ, X rows × columns, by tiles that a cache holds. */
function transpose<T>(x: usize, xPitch: usize, y: usize, yPitch: usize, rows: i32, columns: i32): void {
  const size: usize = sizeof<T>();
  for (let i0 = 0; i0 < rows; i0 += 8) {
    const rowEnd = min(rows, i0 + 8);
    for (let j = 0; j < columns; j++) {
      let from: usize = x + (i0 as usize) * xPitch + (j as usize) * size;
      let to: usize = y + (j as usize) * yPitch + (i0 as usize) * size;
      for (let i = i0; i < rowEnd; i++) {
        store<T>(to, load<T>(from));
        from += xPitch;
        to += size;
      }
    }
  }
}

/** δ_ij 2^(e_j)/B, and its sum over the samples for the bias. @param bias 0 where there is none. */
function share<T>(
  delta: usize,
  factors: usize,
  out: usize,
  bias: usize,
  rows: i32,
  samples: i32,
  pitch: usize,
  extent: usize,
): void {
  const size: usize = sizeof<T>();
  const divides = (samples & (samples - 1)) != 0;
  // Of a power of two the inverse is exact.
  const count = v128.splat<T>(divides ? (samples as T) : (((1 as T) / (samples as T)) as T));
  for (let i = 0; i < rows; i++) {
    for (let at: usize = 0; at < extent; at += 16) {
      const sized = v128.mul<T>(v128.load(factors + at), v128.load(delta + at));
      v128.store(out + at, divides ? v128.div<T>(sized, count) : v128.mul<T>(sized, count));
    }
    if (bias != 0) {
      let sum: T = 0;
      for (let at: usize = 0; at < (samples as usize) * size; at += size) sum += load<T>(out + at);
      store<T>(bias + (i as usize) * size, sum);
    }
    delta += pitch;
    out += pitch;
  }
}

/**
 * The loss of each sample, the gradient by its output scaled by 2^−e so that its largest entry lies in [1, 2), times the last layer's
 * slopes, and 2^e. In f64 throughout. @param kind 0 cross-entropy, 1 squared error, 2 logistic.
 * @param labels of i32. @param targets of f64, samples × width without gaps.
 */
function head<T>(
  kind: i32,
  h: usize,
  slopes: usize,
  labels: usize,
  targets: usize,
  values: usize,
  adjoint: usize,
  factors: usize,
  scratch: usize,
  width: i32,
  samples: i32,
  pitch: usize,
): void {
  const size: usize = sizeof<T>();
  for (let j: usize = 0; j < (samples as usize); j++) {
    const label = load<i32>(labels + (j << 2));
    const column: usize = h + j * size;
    let value: f64 = 0;
    if (kind == 0) value = crossEntropy<T>(column, label, scratch, width, pitch);
    else if (kind == 1) value = squaredError<T>(column, targets + ((j * (width as usize)) << 3), scratch, width, pitch);
    else value = logistic<T>(column, label, scratch, width, pitch);
    let largest: f64 = 0;
    for (let i = 0; i < width; i++) largest = max<f64>(largest, abs<f64>(load<f64>(scratch + ((i as usize) << 3))));
    const e = largest > 0 && largest < Infinity ? exponentOf(largest) : 0;
    for (let i = 0; i < width; i++) {
      const at: usize = (i as usize) * pitch + j * size;
      const scaled = exp2(load<f64>(scratch + ((i as usize) << 3)), -e);
      store<T>(adjoint + at, (load<T>(slopes + at) * (scaled as T)) as T);
    }
    store<T>(factors + j * size, exp2(1, e) as T);
    store<f64>(values + (j << 3), value);
  }
}

function exponentOf(x: f64): i32 {
  const biased = ((reinterpret<i64>(x) >> 52) & 0x7ff) as i32;
  if (biased != 0) return biased - 1023;
  return (((reinterpret<i64>(x * 18014398509481984.0) >> 52) & 0x7ff) as i32) - 1077;
}

function crossEntropy<T>(h: usize, label: i32, gradient: usize, width: i32, pitch: usize): f64 {
  let best = 0;
  for (let i = 1; i < width; i++) {
    if (load<T>(h + (i as usize) * pitch) > load<T>(h + (best as usize) * pitch)) best = i;
  }
  const above = load<T>(h + (best as usize) * pitch) as f64;
  let sum: f64 = 0;
  let rest: f64 = 0;
  for (let i = 0; i < width; i++) {
    const term = exp((load<T>(h + (i as usize) * pitch) as f64) - above);
    store<f64>(gradient + ((i as usize) << 3), term);
    sum += term;
    if (i != best) rest += term;
  }
  let others: f64 = 0;
  for (let i = 0; i < width; i++) {
    const p = load<f64>(gradient + ((i as usize) << 3)) / sum;
    store<f64>(gradient + ((i as usize) << 3), p);
    if (i != label) others += p;
  }
  store<f64>(gradient + ((label as usize) << 3), -others);
  return log1p(rest) + (above - (load<T>(h + (label as usize) * pitch) as f64));
}

function squaredError<T>(h: usize, targets: usize, gradient: usize, width: i32, pitch: usize): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < width; i++) {
    const d = (load<T>(h + (i as usize) * pitch) as f64) - load<f64>(targets + ((i as usize) << 3));
    store<f64>(gradient + ((i as usize) << 3), d);
    sum += d * d;
  }
  return 0.5 * sum;
}

function logistic<T>(h: usize, label: i32, gradient: usize, width: i32, pitch: usize): f64 {
  const y: f64 = label > 0 ? 1 : -1;
  let value: f64 = 0;
  for (let i = 0; i < width; i++) {
    const s = y * (load<T>(h + (i as usize) * pitch) as f64);
    value += max<f64>(-s, 0) + log1p(exp(-abs<f64>(s)));
    store<f64>(gradient + ((i as usize) << 3), -y * sigmoid(-s));
  }
  return value;
}

/** v ← (g + w θ) + μ v, θ ← θ − η v, from one room into another. Returns 0, or NaN where the new θ is not finite. */
function sgd<T>(
  theta: usize,
  gradient: usize,
  velocity: usize,
  nextTheta: usize,
  nextVelocity: usize,
  bytes: usize,
  decay: f64,
  momentum: f64,
  rate: f64,
): f64 {
  const w = v128.splat<T>(decay as T);
  const mu = v128.splat<T>(momentum as T);
  const eta = v128.splat<T>(rate as T);
  const zero = v128.splat<T>(0 as T);
  let seen = zero;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(theta + at);
    const g = v128.add<T>(v128.load(gradient + at), v128.mul<T>(w, x));
    const v = v128.add<T>(g, v128.mul<T>(mu, v128.load(velocity + at)));
    v128.store(nextVelocity + at, v);
    const next = v128.sub<T>(x, v128.mul<T>(eta, v));
    v128.store(nextTheta + at, next);
    seen = v128.add<T>(seen, v128.mul<T>(zero, next));
  }
  return total<T>(seen);
}

/** m ← β₁m + (1 − β₁)g, s ← β₂s + (1 − β₂)g², θ ← θ − η (m c₁)/(√(s c₂) + ε), g with its w θ. As `sgd`. */
function adam<T>(
  theta: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  nextTheta: usize,
  nextMean: usize,
  nextSquare: usize,
  bytes: usize,
  decay: f64,
  first: f64,
  second: f64,
  firstCorrection: f64,
  secondCorrection: f64,
  epsilon: f64,
  rate: f64,
): f64 {
  const w = v128.splat<T>(decay as T);
  const b1 = v128.splat<T>(first as T);
  const r1 = v128.splat<T>((1 - first) as T);
  const b2 = v128.splat<T>(second as T);
  const r2 = v128.splat<T>((1 - second) as T);
  const c1 = v128.splat<T>(firstCorrection as T);
  const c2 = v128.splat<T>(secondCorrection as T);
  const eps = v128.splat<T>(epsilon as T);
  const eta = v128.splat<T>(rate as T);
  const zero = v128.splat<T>(0 as T);
  let seen = zero;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = v128.load(theta + at);
    const g = v128.add<T>(v128.load(gradient + at), v128.mul<T>(w, x));
    const m = v128.add<T>(v128.mul<T>(b1, v128.load(mean + at)), v128.mul<T>(r1, g));
    const s = v128.add<T>(v128.mul<T>(b2, v128.load(square + at)), v128.mul<T>(r2, v128.mul<T>(g, g)));
    v128.store(nextMean + at, m);
    v128.store(nextSquare + at, s);
    const root = v128.add<T>(v128.sqrt<T>(v128.mul<T>(s, c2)), eps);
    const next = v128.sub<T>(x, v128.mul<T>(eta, v128.div<T>(v128.mul<T>(m, c1), root)));
    v128.store(nextTheta + at, next);
    seen = v128.add<T>(seen, v128.mul<T>(zero, next));
  }
  return total<T>(seen);
}

function total<T>(seen: v128): f64 {
  if (sizeof<T>() == 8) return f64x2.extract_lane(seen, 0) + f64x2.extract_lane(seen, 1);
  return (
    ((f32x4.extract_lane(seen, 0) + f32x4.extract_lane(seen, 1)) as f64) +
    ((f32x4.extract_lane(seen, 2) + f32x4.extract_lane(seen, 3)) as f64)
  );
}

// What is exported: each in f64 and in f32.
export function product64(
  a: usize,
  rowStep: usize,
  innerStep: usize,
  x: usize,
  y: usize,
  mask: usize,
  rows: i32,
  inner: i32,
  pitch: usize,
  extent: usize,
): void {
  product<f64>(a, rowStep, innerStep, x, y, mask, rows, inner, pitch, extent);
}
export function product32(
  a: usize,
  rowStep: usize,
  innerStep: usize,
  x: usize,
  y: usize,
  mask: usize,
  rows: i32,
  inner: i32,
  pitch: usize,
  extent: usize,
): void {
  product<f32>(a, rowStep, innerStep, x, y, mask, rows, inner, pitch, extent);
}
export function activate64(
  kind: i32,
  z: usize,
  bias: usize,
  h: usize,
  slopes: usize,
  rows: i32,
  pitch: usize,
  extent: usize,
): void {
  activate<f64>(kind, z, bias, h, slopes, rows, pitch, extent);
}
export function activate32(
  kind: i32,
  z: usize,
  bias: usize,
  h: usize,
  slopes: usize,
  rows: i32,
  pitch: usize,
  extent: usize,
): void {
  activate<f32>(kind, z, bias, h, slopes, rows, pitch, extent);
}
export function transpose64(x: usize, xPitch: usize, y: usize, yPitch: usize, rows: i32, columns: i32): void {
  transpose<f64>(x, xPitch, y, yPitch, rows, columns);
}
export function transpose32(x: usize, xPitch: usize, y: usize, yPitch: usize, rows: i32, columns: i32): void {
  transpose<f32>(x, xPitch, y, yPitch, rows, columns);
}
export function share64(
  delta: usize,
  factors: usize,
  out: usize,
  bias: usize,
  rows: i32,
  samples: i32,
  pitch: usize,
  extent: usize,
): void {
  share<f64>(delta, factors, out, bias, rows, samples, pitch, extent);
}
export function share32(
  delta: usize,
  factors: usize,
  out: usize,
  bias: usize,
  rows: i32,
  samples: i32,
  pitch: usize,
  extent: usize,
): void {
  share<f32>(delta, factors, out, bias, rows, samples, pitch, extent);
}
export function head64(
  kind: i32,
  h: usize,
  slopes: usize,
  labels: usize,
  targets: usize,
  values: usize,
  adjoint: usize,
  factors: usize,
  scratch: usize,
  width: i32,
  samples: i32,
  pitch: usize,
): void {
  head<f64>(kind, h, slopes, labels, targets, values, adjoint, factors, scratch, width, samples, pitch);
}
export function head32(
  kind: i32,
  h: usize,
  slopes: usize,
  labels: usize,
  targets: usize,
  values: usize,
  adjoint: usize,
  factors: usize,
  scratch: usize,
  width: i32,
  samples: i32,
  pitch: usize,
): void {
  head<f32>(kind, h, slopes, labels, targets, values, adjoint, factors, scratch, width, samples, pitch);
}
export function sgd64(
  theta: usize,
  gradient: usize,
  velocity: usize,
  nextTheta: usize,
  nextVelocity: usize,
  bytes: usize,
  decay: f64,
  momentum: f64,
  rate: f64,
): f64 {
  return sgd<f64>(theta, gradient, velocity, nextTheta, nextVelocity, bytes, decay, momentum, rate);
}
export function sgd32(
  theta: usize,
  gradient: usize,
  velocity: usize,
  nextTheta: usize,
  nextVelocity: usize,
  bytes: usize,
  decay: f64,
  momentum: f64,
  rate: f64,
): f64 {
  return sgd<f32>(theta, gradient, velocity, nextTheta, nextVelocity, bytes, decay, momentum, rate);
}
export function adam64(
  theta: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  nextTheta: usize,
  nextMean: usize,
  nextSquare: usize,
  bytes: usize,
  decay: f64,
  first: f64,
  second: f64,
  firstCorrection: f64,
  secondCorrection: f64,
  epsilon: f64,
  rate: f64,
): f64 {
  return adam<f64>(
    theta,
    gradient,
    mean,
    square,
    nextTheta,
    nextMean,
    nextSquare,
    bytes,
    decay,
    first,
    second,
    firstCorrection,
    secondCorrection,
    epsilon,
    rate,
  );
}
export function adam32(
  theta: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  nextTheta: usize,
  nextMean: usize,
  nextSquare: usize,
  bytes: usize,
  decay: f64,
  first: f64,
  second: f64,
  firstCorrection: f64,
  secondCorrection: f64,
  epsilon: f64,
  rate: f64,
): f64 {
  return adam<f32>(
    theta,
    gradient,
    mean,
    square,
    nextTheta,
    nextMean,
    nextSquare,
    bytes,
    decay,
    first,
    second,
    firstCorrection,
    secondCorrection,
    epsilon,
    rate,
  );
}
