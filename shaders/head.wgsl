// f and ∂f/∂h of each sample (src/network/heads.ts has the formulas and conventions), the gradient scaled by 2^−e so that its largest
// entry lies in [1, 2), and δ_l = D_l ∘ (2^−e ∂f/∂h). Sizes: width = n_{l+1}, columns = B, row-major; an invocation a sample.
// Accuracy: the gradient is data for everything that follows (MATH.md §2); δ_l has one rounding.
// uses: lib/elementary.wgsl

struct Sizes {
  width: u32,
  columns: u32,
  // The output of logit:K.
  index: u32,
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

// sum 0, mean 1, logit 2, logit-argmax 3, linear 4, half-squared-norm 5, log-sum-exp 6, cross-entropy 7, squared-error 8, margin 9.
override HEAD: u32 = 0u;

fn at(row: u32, column: u32) -> u32 {
  return row * sizes.columns + column;
}

// The first largest output, leaving out row `except`.
fn argmax(column: u32, except: i32) -> u32 {
  var best = select(0u, 1u, except == 0);
  for (var i = 0u; i < sizes.width; i++) {
    if (i32(i) != except && output[at(i, column)] > output[at(best, column)]) {
      best = i;
    }
  }
  return best;
}

fn fill(column: u32, value: f32) {
  for (var i = 0u; i < sizes.width; i++) {
    gradient[at(i, column)] = value;
  }
}

// Writes the softmax as the gradient; returns max h and log Σ exp(h − max h), as log(1 + the others' sum): a confident sample keeps it.
fn softmax(column: u32) -> vec2<f32> {
  let best = argmax(column, -1);
  let top = output[at(best, column)];
  var sum = 0.0;
  var others = 0.0;
  for (var i = 0u; i < sizes.width; i++) {
    let e = exp_f32(output[at(i, column)] - top);
    gradient[at(i, column)] = e;
    sum += e;
    others += select(e, 0.0, i == best);
  }
  for (var i = 0u; i < sizes.width; i++) {
    gradient[at(i, column)] /= sum;
  }
  return vec2<f32>(top, select(log(1.0 + others), log1p_f32(min(others, 1.0)), others <= 1.0));
}

fn evaluate(column: u32) -> f32 {
  var value = 0.0;
  switch (HEAD) {
    case 0u, 1u: {
      for (var i = 0u; i < sizes.width; i++) {
        value += output[at(i, column)];
      }
      let share = select(1.0, 1.0 / f32(sizes.width), HEAD == 1u);
      fill(column, share);
      return value * share;
    }
    case 2u, 3u: {
      var row = sizes.index;
      if (HEAD == 3u) {
        row = argmax(column, -1);
      }
      fill(column, 0.0);
      gradient[at(row, column)] = 1.0;
      return output[at(row, column)];
    }
    case 4u: {
      for (var i = 0u; i < sizes.width; i++) {
        value += data[at(i, column)] * output[at(i, column)];
        gradient[at(i, column)] = data[at(i, column)];
      }
      return value;
    }
    case 5u, 8u: {
      for (var i = 0u; i < sizes.width; i++) {
        var d = output[at(i, column)];
        if (HEAD == 8u) {
          d -= data[at(i, column)];
        }
        gradient[at(i, column)] = d;
        value += 0.5 * d * d;
      }
      return value;
    }
    case 6u: {
      let s = softmax(column);
      return s.x + s.y;
    }
    case 7u: {
      let own = u32(labels[column]);
      let s = softmax(column);
      var others = 0.0;
      for (var i = 0u; i < sizes.width; i++) {
        if (i != own) {
          others += gradient[at(i, column)];
        }
      }
      gradient[at(own, column)] = -others;
      return s.y + (s.x - output[at(own, column)]);
    }
    default: {
      var own = u32(max(labels[column], 0));
      if (labels[column] < 0) {
        own = argmax(column, -1);
      }
      fill(column, 0.0);
      gradient[at(own, column)] = 1.0;
      if (sizes.width == 1u) {
        return output[at(own, column)];
      }
      let rival = argmax(column, i32(own));
      gradient[at(rival, column)] = -1.0;
      return output[at(own, column)] - output[at(rival, column)];
    }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= sizes.columns) {
    return;
  }
  let value = evaluate(column);
  var largest = 0u;
  for (var i = 0u; i < sizes.width; i++) {
    largest = max(largest, bitcast<u32>(gradient[at(i, column)]) & 0x7fffffffu);
  }
  let exponent = select(clamp(i32(largest >> 23u) - 127, -126, 126), 0, largest == 0u);
  let factor = bitcast<f32>(u32(127 - exponent) << 23u);
  for (var i = 0u; i < sizes.width; i++) {
    let g = gradient[at(i, column)] * factor;
    gradient[at(i, column)] = g;
    adjoint[at(i, column)] = slopes[at(i, column)] * g;
  }
  values[column] = vec2<u32>(bitcast<u32>(value), bitcast<u32>(exponent));
}
