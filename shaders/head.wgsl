// f and ∂f/∂h of each sample (src/network/heads.ts has the formulas and conventions), the gradient scaled by 2^−e so that its largest
// entry lies in [1, 2), and δ_l = D_l ∘ (2^−e ∂f/∂h). Sizes: width = n_{l+1}, columns = B, row-major; an invocation a sample.
// Accuracy: the gradient is data for everything that follows (MATH.md §2); δ_l has one rounding.
// uses: lib/elementary.wgsl lib/parts.wgsl

struct Sizes {
  width: u32,
  columns: u32,
  // The output of logit:K.
  index: u32,
  // This dispatch's part of the passes over the outputs, laid end to end.
  begin: u32,
  end: u32,
}

// What the passes hand on.
struct State {
  // Rows of the first largest output, and of the first largest besides the sample's own.
  best: u32,
  rival: u32,
  // f, or of a softmax Σ exp(h − max h) without the largest; that sum with it; those shares of the softmax that are not the label's.
  value: f32,
  sum: f32,
  others: f32,
  // Bits of the gradient's largest entry.
  largest: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// h_{l+1}, width × columns.
@group(0) @binding(1) var<storage, read> output: array<f32>;
// linear: coefficients, width × columns, the same in every column; squared-error: targets, width × columns; else one unused number.
@group(0) @binding(2) var<storage, read> data: array<f32>;
// Labels, −1 for none.
@group(0) @binding(3) var<storage, read> labels: array<i32>;
// D_l, width × columns.
@group(0) @binding(4) var<storage, read> slopes: array<f32>;
// (f, e as i32 bits) for each sample.
@group(0) @binding(5) var<storage, read_write> values: array<vec2<u32>>;
// 2^−e ∂f/∂h and δ_l, width × columns each.
@group(0) @binding(6) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(7) var<storage, read_write> adjoint: array<f32>;
// One a sample, between the dispatches of a wide output.
@group(0) @binding(8) var<storage, read_write> states: array<State>;

// sum 0, mean 1, logit 2, logit-argmax 3, linear 4, half-squared-norm 5, log-sum-exp 6, cross-entropy 7, squared-error 8, margin 9, logistic 10, each-logit 11.
override HEAD: u32 = 0u;

fn at(row: u32, column: u32) -> u32 {
  return row * sizes.columns + column;
}

fn rows_of(number: u32) -> vec2<u32> {
  return part(number, sizes.width, sizes.begin, sizes.end);
}

// The first largest output, leaving out row `except`; pass `number`, which goes on from `before`.
fn argmax(column: u32, except: i32, before: u32, number: u32) -> u32 {
  var best = before;
  let span = rows_of(number);
  for (var i = span.x; i < span.y; i++) {
    if (i32(i) != except && output[at(i, column)] > output[at(best, column)]) {
      best = i;
    }
  }
  return best;
}

// The row of the sample's label; of the largest output where it has none.
fn own_row(column: u32, best: u32) -> u32 {
  if (HEAD == 7u || HEAD == 11u) {
    return u32(labels[column]);
  }
  var own = u32(max(labels[column], 0));
  if (labels[column] < 0) {
    own = best;
  }
  return own;
}

// Pass 1: sums over the outputs, and the gradient as far as it follows from one output.
fn accumulate(column: u32, own: u32, before: State) -> State {
  var state = before;
  let span = rows_of(1u);
  let top = output[at(state.best, column)];
  let share = select(1.0, 1.0 / f32(sizes.width), HEAD == 1u);
  for (var i = span.x; i < span.y; i++) {
    let h = output[at(i, column)];
    var slope = 0.0;
    switch (HEAD) {
      case 0u, 1u: {
        state.value += h;
        slope = share;
      }
      case 4u: {
        slope = data[at(i, column)];
        state.value += slope * h;
      }
      case 5u, 8u: {
        slope = h;
        if (HEAD == 8u) {
          slope -= data[at(i, column)];
        }
        state.value += 0.5 * slope * slope;
      }
      case 6u, 7u: {
        slope = exp_f32(h - top);
        state.sum += slope;
        state.value += select(slope, 0.0, i == state.best);
      }
      case 10u: {
        let y = select(-1.0, 1.0, labels[column] > 0);
        let e = exp_f32(-abs(h));
        state.value += max(-y * h, 0.0) + log1p_f32(e);
        slope = -y * (select(1.0, e, y * h > 0.0) / (1.0 + e));
      }
      default: {
        slope = select(0.0, 1.0, i == own);
      }
    }
    gradient[at(i, column)] = slope;
  }
  return state;
}

// log(1 + s), s the terms of a softmax besides the largest: a confident sample's loss is all in s.
fn log_of_one_and(s: f32) -> f32 {
  return select(log(1.0 + s), log1p_f32(min(s, 1.0)), s <= 1.0);
}

// f from what the passes have summed.
fn value_of(column: u32, own: u32, state: State) -> f32 {
  switch (HEAD) {
    case 0u, 1u: {
      return state.value * select(1.0, 1.0 / f32(sizes.width), HEAD == 1u);
    }
    case 4u, 5u, 8u, 10u: {
      return state.value;
    }
    case 6u: {
      return output[at(state.best, column)] + log_of_one_and(state.value);
    }
    case 7u: {
      return log_of_one_and(state.value) + (output[at(state.best, column)] - output[at(own, column)]);
    }
    case 2u, 3u, 11u: {
      return output[at(own, column)];
    }
    default: {
      if (sizes.width == 1u) {
        return output[at(own, column)];
      }
      return output[at(own, column)] - output[at(state.rival, column)];
    }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= sizes.columns) {
    return;
  }
  let softmax = HEAD == 6u || HEAD == 7u;
  let rivals = HEAD == 9u && sizes.width > 1u;
  var state = State();
  if (sizes.begin > 0u) {
    state = states[column];
  }
  if (HEAD == 3u || softmax || (HEAD == 9u && labels[column] < 0)) {
    state.best = argmax(column, -1, state.best, 0u);
  }
  var own = sizes.index;
  if (HEAD == 3u) {
    own = state.best;
  }
  if (HEAD == 7u || HEAD == 9u || HEAD == 11u) {
    own = own_row(column, state.best);
  }
  state = accumulate(column, own, state);
  let second = rows_of(2u);
  if (second.x == 0u && second.y > 0u) {
    state.rival = select(0u, 1u, own == 0u && rivals);
  }
  if (rivals) {
    state.rival = argmax(column, i32(own), state.rival, 2u);
  }
  if (softmax) {
    for (var i = second.x; i < second.y; i++) {
      gradient[at(i, column)] /= state.sum;
    }
  }
  let third = rows_of(3u);
  if (HEAD == 7u) {
    for (var i = third.x; i < third.y; i++) {
      if (i != own) {
        state.others += gradient[at(i, column)];
      }
    }
  }
  let fourth = rows_of(4u);
  for (var i = fourth.x; i < fourth.y; i++) {
    // The two entries that no one output gives.
    if (HEAD == 7u && i == own) {
      gradient[at(i, column)] = -state.others;
    }
    if (rivals && i == state.rival) {
      gradient[at(i, column)] = -1.0;
    }
    state.largest = max(state.largest, bitcast<u32>(gradient[at(i, column)]) & 0x7fffffffu);
  }
  let exponent = select(clamp(i32(state.largest >> 23u) - 127, -126, 126), 0, state.largest == 0u);
  let factor = bitcast<f32>(u32(127 - exponent) << 23u);
  let fifth = rows_of(5u);
  for (var i = fifth.x; i < fifth.y; i++) {
    let g = gradient[at(i, column)] * factor;
    gradient[at(i, column)] = g;
    adjoint[at(i, column)] = slopes[at(i, column)] * g;
  }
  if (sizes.end < 6u * sizes.width) {
    states[column] = state;
    return;
  }
  values[column] = vec2<u32>(bitcast<u32>(value_of(column, own, state)), bitcast<u32>(exponent));
}
