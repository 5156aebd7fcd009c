/**
 * The stages of a training step, in f64 or f32 (T), on matrices of one memory: what src/training/machine.ts calls. In f64 each does what the
 * batch program's own kernel does on the host, operation for operation: the same bits.
 *
 * A matrix has rows `pitch` bytes apart, an odd number of cache lines (so that a column of it lies in many sets of the cache), of which
 * `extent` bytes, whole lines too, are computed; all offsets are in bytes and at whole lines. What a row holds beyond its columns is never
 * added to a column. Each sum runs in ascending order with a single accumulator, one product and one addition a term, each
 * rounded on its own: lanes are columns, so that an entry's bits depend on neither tile nor neighbours.
 */
import { head } from "./training/head";
import { adam, sgd } from "./training/optimiser";
import { product } from "./training/product";
import { activate, share } from "./training/stages";
import { transpose } from "./training/transpose";

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
