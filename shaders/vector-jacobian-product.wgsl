// a = W′ᵀ y, and D ∘ a: one layer back, for adjoints and for pullbacks.
// Sizes: rows = n_t (of a), inner = n_{t+1} (of y), columns = N, several groups of `samples` columns side by side, so that column j
// belongs to sample j mod samples. Layout: rows × columns, row-major; an invocation makes 8 rows × 4 columns, each entry one sum in
// ascending i. Accuracy: γ_{n_{t+1}} |W′|ᵀ|y|, one rounding more where masked. A long sum takes several
// dispatches; between them a holds what has been summed.

struct Sizes {
  rows: u32,
  inner: u32,
  columns: u32,
  samples: u32,
  // This dispatch's part of the sum: terms begin ≤ i < end of `inner`.
  begin: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// W′_t, inner × rows, written by the host.
@group(0) @binding(1) var<storage, read> weight: array<f32>;
// y, inner × columns / 4 vectors.
@group(0) @binding(2) var<storage, read> operand: array<vec4<f32>>;
// D_{t−1}, rows × samples / 4 vectors; read where MASKED.
@group(0) @binding(3) var<storage, read> slopes: array<vec4<f32>>;
// a, rows × columns / 4 vectors.
@group(0) @binding(4) var<storage, read_write> result: array<vec4<f32>>;
// D ∘ a, the same shape; written where MASKED.
@group(0) @binding(5) var<storage, read_write> masked: array<vec4<f32>>;

override MASKED: bool = true;
// Whether the result itself is read by anybody.
override KEPT: bool = true;
// Multiplies the result: 1, but for a planted fault.
override FACTOR: f32 = 1.0;

fn store_row(row: u32, quad: u32, stride: u32, value: vec4<f32>) {
  if (row >= sizes.rows) {
    return;
  }
  let at = row * stride + quad;
  if (sizes.end < sizes.inner) {
    result[at] = value;
    return;
  }
  if (KEPT) {
    result[at] = FACTOR * value;
  }
  if (MASKED) {
    let group = sizes.samples / 4u;
    masked[at] = slopes[row * group + quad % group] * value;
  }
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
  let c1 = min(row + 1u, last);
  let c2 = min(row + 2u, last);
  let c3 = min(row + 3u, last);
  let c4 = min(row + 4u, last);
  let c5 = min(row + 5u, last);
  let c6 = min(row + 6u, last);
  let c7 = min(row + 7u, last);
  var s0 = vec4<f32>();
  var s1 = vec4<f32>();
  var s2 = vec4<f32>();
  var s3 = vec4<f32>();
  var s4 = vec4<f32>();
  var s5 = vec4<f32>();
  var s6 = vec4<f32>();
  var s7 = vec4<f32>();
  if (sizes.begin > 0u) {
    s0 = result[row * stride + quad];
    s1 = result[c1 * stride + quad];
    s2 = result[c2 * stride + quad];
    s3 = result[c3 * stride + quad];
    s4 = result[c4 * stride + quad];
    s5 = result[c5 * stride + quad];
    s6 = result[c6 * stride + quad];
    s7 = result[c7 * stride + quad];
  }
  let terms = sizes.end;
  for (var i = sizes.begin; i < terms; i++) {
    let y = operand[i * stride + quad];
    let base = i * sizes.rows;
    s0 += weight[base + row] * y;
    s1 += weight[base + c1] * y;
    s2 += weight[base + c2] * y;
    s3 += weight[base + c3] * y;
    s4 += weight[base + c4] * y;
    s5 += weight[base + c5] * y;
    s6 += weight[base + c6] * y;
    s7 += weight[base + c7] * y;
  }
  var sums = array<vec4<f32>, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  for (var i = 0u; i < 8u; i++) {
    store_row(row + i, quad, stride, sums[i]);
  }
}
