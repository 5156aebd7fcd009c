/** The losses of a training step and their gradients by the outputs, in f64 throughout. */
import { exp, exp2, log1p, sigmoid } from "../elementary";
import { crossEntropy } from "./cross-entropy";
import { exponentOf } from "./exponent";

/**
 * The loss of each sample, the gradient by its output scaled by 2^−e so that its largest entry lies in [1, 2), times the last layer's
 * slopes, and 2^e. In f64 throughout. @param kind 0 cross-entropy, 1 squared error, 2 logistic.
 * @param labels of i32. @param targets of f64, samples × width without gaps. @param scratch of two f64 an output.
 */
export function head<T>(
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
  if (kind == 0) {
    crossEntropy<T>(h, slopes, labels, values, adjoint, factors, scratch, width, samples, pitch);
    return;
  }
  const size: usize = sizeof<T>();
  for (let j: usize = 0; j < (samples as usize); j++) {
    const label = load<i32>(labels + (j << 2));
    const column: usize = h + j * size;
    const value =
      kind == 1
        ? squaredError<T>(column, targets + ((j * (width as usize)) << 3), scratch, width, pitch)
        : logistic<T>(column, label, scratch, width, pitch);
    let largest: f64 = 0;
    for (let i = 0; i < width; i++) largest = max<f64>(largest, abs<f64>(load<f64>(scratch + ((i as usize) << 3))));
    const e = exponentOf(largest);
    for (let i = 0; i < width; i++) {
      const at: usize = (i as usize) * pitch + j * size;
      const scaled = exp2(load<f64>(scratch + ((i as usize) << 3)), -e);
      store<T>(adjoint + at, (load<T>(slopes + at) * (scaled as T)) as T);
    }
    store<T>(factors + j * size, exp2(1, e) as T);
    store<f64>(values + (j << 3), value);
  }
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
