// ζ = W′ τ, and D ∘ ζ: one layer forward for tangents (and, with W′₁W′₁ᵀ for W′, the middle of J_tJ_tᵀ).
// Sizes: rows = n_{t+1} (of ζ), inner = n_t (of τ), columns = N, groups of `samples` columns side by side, column j being sample
// j mod samples. Layout: rows × columns, row-major; an invocation makes 8 rows × 4 columns twice, half a row apart, with the
// same weights; each entry one sum in ascending k.
// Accuracy: γ_{n_t} |W′||τ|, one rounding more where masked. A long sum takes several dispatches; between them ζ holds what has been summed.

struct Sizes {
  rows: u32,
  inner: u32,
  columns: u32,
  samples: u32,
  // This dispatch's part of the sum: terms begin ≤ k < end of `inner`.
  begin: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// W′_t, rows × inner, written by the host.
@group(0) @binding(1) var<storage, read> weight: array<f32>;
// τ, inner × columns / 4 vectors.
@group(0) @binding(2) var<storage, read> operand: array<vec4<f32>>;
// D_t, rows × samples / 4 vectors; read where MASKED.
@group(0) @binding(3) var<storage, read> slopes: array<vec4<f32>>;
// ζ, rows × columns / 4 vectors.
@group(0) @binding(4) var<storage, read_write> result: array<vec4<f32>>;
// D ∘ ζ, the same shape; written where MASKED.
@group(0) @binding(5) var<storage, read_write> masked: array<vec4<f32>>;

override MASKED: bool = true;
// Whether the result itself is read by anybody.
override KEPT: bool = true;

fn store_row(row: u32, quad: u32, stride: u32, value: vec4<f32>) {
  if (row >= sizes.rows) {
    return;
  }
  let at = row * stride + quad;
  let whole = sizes.end == sizes.inner;
  if (KEPT || !whole) {
    result[at] = value;
  }
  if (MASKED && whole) {
    let group = sizes.samples / 4u;
    masked[at] = slopes[row * group + quad % group] * value;
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = sizes.columns / 4u;
  let half = (stride + 1u) / 2u;
  let quad = id.x;
  let row = 8u * (id.y + groups.y * id.z);
  if (quad >= half || row >= sizes.rows) {
    return;
  }
  // The same sample's other tangent, where the two stand side by side.
  let other = min(quad + half, stride - 1u);
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
  var t0 = vec4<f32>();
  var t1 = vec4<f32>();
  var t2 = vec4<f32>();
  var t3 = vec4<f32>();
  var t4 = vec4<f32>();
  var t5 = vec4<f32>();
  var t6 = vec4<f32>();
  var t7 = vec4<f32>();
  if (sizes.begin > 0u) {
    let l0 = row * stride;
    s0 = result[l0 + quad];
    t0 = result[l0 + other];
    let l1 = min(row + 1u, last) * stride;
    s1 = result[l1 + quad];
    t1 = result[l1 + other];
    let l2 = min(row + 2u, last) * stride;
    s2 = result[l2 + quad];
    t2 = result[l2 + other];
    let l3 = min(row + 3u, last) * stride;
    s3 = result[l3 + quad];
    t3 = result[l3 + other];
    let l4 = min(row + 4u, last) * stride;
    s4 = result[l4 + quad];
    t4 = result[l4 + other];
    let l5 = min(row + 5u, last) * stride;
    s5 = result[l5 + quad];
    t5 = result[l5 + other];
    let l6 = min(row + 6u, last) * stride;
    s6 = result[l6 + quad];
    t6 = result[l6 + other];
    let l7 = min(row + 7u, last) * stride;
    s7 = result[l7 + quad];
    t7 = result[l7 + other];
  }
  let terms = sizes.end;
  for (var k = sizes.begin; k < terms; k++) {
    let x = operand[k * stride + quad];
    let y = operand[k * stride + other];
    let w0 = weight[r0 + k];
    s0 += w0 * x;
    t0 += w0 * y;
    let w1 = weight[r1 + k];
    s1 += w1 * x;
    t1 += w1 * y;
    let w2 = weight[r2 + k];
    s2 += w2 * x;
    t2 += w2 * y;
    let w3 = weight[r3 + k];
    s3 += w3 * x;
    t3 += w3 * y;
    let w4 = weight[r4 + k];
    s4 += w4 * x;
    t4 += w4 * y;
    let w5 = weight[r5 + k];
    s5 += w5 * x;
    t5 += w5 * y;
    let w6 = weight[r6 + k];
    s6 += w6 * x;
    t6 += w6 * y;
    let w7 = weight[r7 + k];
    s7 += w7 * x;
    t7 += w7 * y;
  }
  var sums = array<vec4<f32>, 8>(s0, s1, s2, s3, s4, s5, s6, s7);
  for (var i = 0u; i < 8u; i++) {
    store_row(row + i, quad, stride, sums[i]);
  }
  if (quad + half < stride) {
    sums = array<vec4<f32>, 8>(t0, t1, t2, t3, t4, t5, t6, t7);
    for (var i = 0u; i < 8u; i++) {
      store_row(row + i, other, stride, sums[i]);
    }
  }
}
