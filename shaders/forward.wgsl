// z = W h + b,  h′ = g(z),  D = g′(z): one layer forward for a batch.
// Sizes: rows = n_{t+1}, inner = n_t, columns = B, a multiple of 4. All matrices rows × columns, row-major, samples contiguous.
// Layout: an invocation makes 8 rows × 4 columns, each entry one sum in ascending k. Accuracy: γ_{n_t+1} (|W||h| + |b|) for z,
// lib/elementary.wgsl's bounds for g and g′. A long sum takes several dispatches; between them z holds what has been summed. Slopes below 2⁻¹²⁶ are stored as 0; NaN goes through unchanged.
// uses: lib/elementary.wgsl lib/activations.wgsl

struct Sizes {
  rows: u32,
  inner: u32,
  columns: u32,
  // This dispatch's part of the sum: terms begin ≤ k < end of `inner`.
  begin: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// W_t, rows × inner, written by the host.
@group(0) @binding(1) var<storage, read> weight: array<f32>;
// b_t, rows, written by the host.
@group(0) @binding(2) var<storage, read> bias: array<f32>;
// The activation's parameter (leaky-relu's slope, elu's α, softplus's β; 0 for the others), rows, written by the host.
@group(0) @binding(3) var<storage, read> parameter: array<f32>;
// h_t, inner × columns / 4 vectors.
@group(0) @binding(4) var<storage, read> hidden: array<vec4<f32>>;
// z_{t+1}, h_{t+1} and D_t, rows × columns / 4 vectors each.
@group(0) @binding(5) var<storage, read_write> preactivation: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> next: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> slopes: array<vec4<f32>>;

override ACTIVATION: u32 = 0u;

fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) < 0x7f800000u;
}

fn store_row(row: u32, quad: u32, stride: u32, sum: vec4<f32>) {
  if (row >= sizes.rows) {
    return;
  }
  let at = row * stride + quad;
  if (sizes.end < sizes.inner) {
    preactivation[at] = sum;
    return;
  }
  let z = sum + vec4<f32>(bias[row]);
  var value = vec4<f32>();
  var slope = vec4<f32>();
  for (var i = 0u; i < 4u; i++) {
    let g = activate(ACTIVATION, parameter[row], z[i]);
    let finite = is_finite(z[i]);
    value[i] = select(z[i], g.value, finite);
    slope[i] = select(z[i], select(g.slope, 0.0, abs(g.slope) < 1.17549435e-38), finite);
  }
  preactivation[at] = z;
  next[at] = value;
  slopes[at] = slope;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = sizes.columns / 4u;
  let quad = id.x;
  let row = 8u * (id.y + groups.y * id.z);
  if (quad >= stride || row >= sizes.rows) {
    return;
  }
  let last = sizes.rows - 1u;
  let r0 = row * sizes.inner;
  let r1 = min(row + 1u, last) * sizes.inner;
  let r2 = min(row + 2u, last) * sizes.inner;
  let r3 = min(row + 3u, last) * sizes.inner;
  let r4 = min(row + 4u, last) * sizes.inner;
  let r5 = min(row + 5u, last) * sizes.inner;
  let r6 = min(row + 6u, last) * sizes.inner;
  let r7 = min(row + 7u, last) * sizes.inner;
  var s0 = vec4<f32>();
  var s1 = vec4<f32>();
  var s2 = vec4<f32>();
  var s3 = vec4<f32>();
  var s4 = vec4<f32>();
  var s5 = vec4<f32>();
  var s6 = vec4<f32>();
  var s7 = vec4<f32>();
  if (sizes.begin > 0u) {
    s0 = preactivation[row * stride + quad];
    s1 = preactivation[min(row + 1u, last) * stride + quad];
    s2 = preactivation[min(row + 2u, last) * stride + quad];
    s3 = preactivation[min(row + 3u, last) * stride + quad];
    s4 = preactivation[min(row + 4u, last) * stride + quad];
    s5 = preactivation[min(row + 5u, last) * stride + quad];
    s6 = preactivation[min(row + 6u, last) * stride + quad];
    s7 = preactivation[min(row + 7u, last) * stride + quad];
  }
  for (var k = sizes.begin; k < sizes.end; k++) {
    let h = hidden[k * stride + quad];
    s0 += weight[r0 + k] * h;
    s1 += weight[r1 + k] * h;
    s2 += weight[r2 + k] * h;
    s3 += weight[r3 + k] * h;
    s4 += weight[r4 + k] * h;
    s5 += weight[r5 + k] * h;
    s6 += weight[r6 + k] * h;
    s7 += weight[r7 + k] * h;
  }
  var sums = array<vec4<f32>, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  for (var i = 0u; i < 8u; i++) {
    store_row(row + i, quad, stride, sums[i]);
  }
}
