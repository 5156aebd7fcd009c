// The optimiser: θ, its gradient and its moments → the next θ and moments (src/training/optimiser.ts has the formulas).
// Sizes: count numbers; the others are bits of f32. An invocation a number. Accuracy: a rounding each operation, two and a half units each
// division, the root inherited from 1/inverseSqrt.

struct Sizes {
  count: u32,
  // Numbers along one row of the grid.
  line: u32,
  decay: u32,
  // μ of sgd; β₁ and β₂ of adam.
  first: u32,
  second: u32,
  // 1/(1 − βᵏ).
  first_correction: u32,
  second_correction: u32,
  epsilon: u32,
  rate: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> theta: array<f32>;
@group(0) @binding(2) var<storage, read> gradient: array<f32>;
// v of sgd, m of adam; s of adam.
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> square: array<f32>;
@group(0) @binding(5) var<storage, read_write> next_theta: array<f32>;
@group(0) @binding(6) var<storage, read_write> next_mean: array<f32>;
@group(0) @binding(7) var<storage, read_write> next_square: array<f32>;
// Not 0 where a number of the next θ is not finite.
@group(0) @binding(8) var<storage, read_write> seen: array<atomic<u32>>;

override ADAM: bool = false;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = id.x + sizes.line * id.y;
  if (id.x >= sizes.line || at >= sizes.count) {
    return;
  }
  let first = bitcast<f32>(sizes.first);
  let x = theta[at];
  let g = gradient[at] + bitcast<f32>(sizes.decay) * x;
  var change = 0.0;
  if (ADAM) {
    let second = bitcast<f32>(sizes.second);
    let m = first * mean[at] + (1.0 - first) * g;
    let s = second * square[at] + (1.0 - second) * (g * g);
    next_mean[at] = m;
    next_square[at] = s;
    let root = sqrt(s * bitcast<f32>(sizes.second_correction));
    change = (m * bitcast<f32>(sizes.first_correction)) / (root + bitcast<f32>(sizes.epsilon));
  } else {
    change = g + first * mean[at];
    next_mean[at] = change;
  }
  let next = x - bitcast<f32>(sizes.rate) * change;
  next_theta[at] = next;
  if ((bitcast<u32>(next) & 0x7fffffffu) >= 0x7f800000u) {
    atomicOr(&seen[0], 1u);
  }
}
