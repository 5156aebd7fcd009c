// ∇W = s hᵀ and ∇b = s 1: sums over the samples of s, their shares of the mean (mean-share.wgsl), with h.
// Sizes: rows = n_{t+1}, width = n_t, columns = B, a multiple of 4; row-major, samples contiguous in s and h. An invocation makes one
// column of four rows of ∇W, the last along x ∇b: four interleaved sums in ascending order, then their sum. Accuracy: γ_{B/4+3} |s||h|ᵀ.

struct Sizes {
  rows: u32,
  width: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// s, rows × columns / 4 vectors.
@group(0) @binding(1) var<storage, read> share: array<vec4<f32>>;
// h_t, width × columns / 4 vectors.
@group(0) @binding(2) var<storage, read> hidden: array<vec4<f32>>;
// ∇W_t, rows × width, and ∇b_t, rows.
@group(0) @binding(3) var<storage, read_write> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> bias: array<f32>;

fn store(row: u32, k: u32, sum: vec4<f32>) {
  if (row >= sizes.rows) {
    return;
  }
  let total = (sum.x + sum.y) + (sum.z + sum.w);
  if (k < sizes.width) {
    weight[row * sizes.width + k] = total;
  } else {
    bias[row] = total;
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = sizes.columns / 4u;
  let k = id.x;
  let row = 4u * (id.y + groups.y * id.z);
  if (k > sizes.width || row >= sizes.rows) {
    return;
  }
  let last = sizes.rows - 1u;
  let r0 = row * stride;
  let r1 = min(row + 1u, last) * stride;
  let r2 = min(row + 2u, last) * stride;
  let r3 = min(row + 3u, last) * stride;
  var s0 = vec4<f32>();
  var s1 = vec4<f32>();
  var s2 = vec4<f32>();
  var s3 = vec4<f32>();
  for (var quad = 0u; quad < stride; quad++) {
    var h = vec4<f32>(1.0);
    if (k < sizes.width) {
      h = hidden[k * stride + quad];
    }
    s0 += share[r0 + quad] * h;
    s1 += share[r1 + quad] * h;
    s2 += share[r2 + quad] * h;
    s3 += share[r3 + quad] * h;
  }
  store(row, k, s0);
  store(row + 1u, k, s1);
  store(row + 2u, k, s2);
  store(row + 3u, k, s3);
}
