// ζ = W′ τ, and D ∘ ζ, as jacobian-vector-product.wgsl makes them, to the same bits: for layers of 16 rows and more with `inner` a multiple of 4.
// Layout: an invocation makes 16 rows × 4 columns twice, half a row apart; it takes four terms at a time, their weights as one vector: a
// quarter of the loads of weights, and half of those of τ.
// Accuracy: γ_{n_t} |W′||τ|, one rounding more where masked.

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
// W′_t, rows × inner / 4 vectors, written by the host.
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;
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

// Weights of the row that begins at vector `base`, terms k … k + 3.
fn weights(base: u32, k: u32) -> vec4<f32> {
  return weight[base + k / 4u];
}

// Four terms more of a sum, one after another.
fn four(sum: vec4<f32>, w: vec4<f32>, x0: vec4<f32>, x1: vec4<f32>, x2: vec4<f32>, x3: vec4<f32>) -> vec4<f32> {
  return sum + w.x * x0 + w.y * x1 + w.z * x2 + w.w * x3;
}

// What the dispatches before have summed.
fn begun(row: u32, quad: u32) -> vec4<f32> {
  return result[min(row, sizes.rows - 1u) * (sizes.columns / 4u) + quad];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = sizes.columns / 4u;
  let half = (stride + 1u) / 2u;
  let quad = id.x;
  let row = 16u * (id.y + groups.y * id.z);
  if (quad >= half || row >= sizes.rows) {
    return;
  }
  // The same sample's other tangent, where the two stand side by side.
  let other = min(quad + half, stride - 1u);
  let last = sizes.rows - 1u;
  let line = sizes.inner / 4u;
  let r0 = min(row + 0u, last) * line;
  let r1 = min(row + 1u, last) * line;
  let r2 = min(row + 2u, last) * line;
  let r3 = min(row + 3u, last) * line;
  let r4 = min(row + 4u, last) * line;
  let r5 = min(row + 5u, last) * line;
  let r6 = min(row + 6u, last) * line;
  let r7 = min(row + 7u, last) * line;
  let r8 = min(row + 8u, last) * line;
  let r9 = min(row + 9u, last) * line;
  let r10 = min(row + 10u, last) * line;
  let r11 = min(row + 11u, last) * line;
  let r12 = min(row + 12u, last) * line;
  let r13 = min(row + 13u, last) * line;
  let r14 = min(row + 14u, last) * line;
  let r15 = min(row + 15u, last) * line;
  var s0 = vec4<f32>();
  var t0 = vec4<f32>();
  var s1 = vec4<f32>();
  var t1 = vec4<f32>();
  var s2 = vec4<f32>();
  var t2 = vec4<f32>();
  var s3 = vec4<f32>();
  var t3 = vec4<f32>();
  var s4 = vec4<f32>();
  var t4 = vec4<f32>();
  var s5 = vec4<f32>();
  var t5 = vec4<f32>();
  var s6 = vec4<f32>();
  var t6 = vec4<f32>();
  var s7 = vec4<f32>();
  var t7 = vec4<f32>();
  var s8 = vec4<f32>();
  var t8 = vec4<f32>();
  var s9 = vec4<f32>();
  var t9 = vec4<f32>();
  var s10 = vec4<f32>();
  var t10 = vec4<f32>();
  var s11 = vec4<f32>();
  var t11 = vec4<f32>();
  var s12 = vec4<f32>();
  var t12 = vec4<f32>();
  var s13 = vec4<f32>();
  var t13 = vec4<f32>();
  var s14 = vec4<f32>();
  var t14 = vec4<f32>();
  var s15 = vec4<f32>();
  var t15 = vec4<f32>();
  if (sizes.begin > 0u) {
    s0 = begun(row + 0u, quad);
    t0 = begun(row + 0u, other);
    s1 = begun(row + 1u, quad);
    t1 = begun(row + 1u, other);
    s2 = begun(row + 2u, quad);
    t2 = begun(row + 2u, other);
    s3 = begun(row + 3u, quad);
    t3 = begun(row + 3u, other);
    s4 = begun(row + 4u, quad);
    t4 = begun(row + 4u, other);
    s5 = begun(row + 5u, quad);
    t5 = begun(row + 5u, other);
    s6 = begun(row + 6u, quad);
    t6 = begun(row + 6u, other);
    s7 = begun(row + 7u, quad);
    t7 = begun(row + 7u, other);
    s8 = begun(row + 8u, quad);
    t8 = begun(row + 8u, other);
    s9 = begun(row + 9u, quad);
    t9 = begun(row + 9u, other);
    s10 = begun(row + 10u, quad);
    t10 = begun(row + 10u, other);
    s11 = begun(row + 11u, quad);
    t11 = begun(row + 11u, other);
    s12 = begun(row + 12u, quad);
    t12 = begun(row + 12u, other);
    s13 = begun(row + 13u, quad);
    t13 = begun(row + 13u, other);
    s14 = begun(row + 14u, quad);
    t14 = begun(row + 14u, other);
    s15 = begun(row + 15u, quad);
    t15 = begun(row + 15u, other);
  }
  let terms = sizes.end;
  for (var k = sizes.begin; k < terms; k += 4u) {
    let x0 = operand[k * stride + quad];
    let x1 = operand[(k + 1u) * stride + quad];
    let x2 = operand[(k + 2u) * stride + quad];
    let x3 = operand[(k + 3u) * stride + quad];
    let y0 = operand[k * stride + other];
    let y1 = operand[(k + 1u) * stride + other];
    let y2 = operand[(k + 2u) * stride + other];
    let y3 = operand[(k + 3u) * stride + other];
    let w0 = weights(r0, k);
    s0 = four(s0, w0, x0, x1, x2, x3);
    t0 = four(t0, w0, y0, y1, y2, y3);
    let w1 = weights(r1, k);
    s1 = four(s1, w1, x0, x1, x2, x3);
    t1 = four(t1, w1, y0, y1, y2, y3);
    let w2 = weights(r2, k);
    s2 = four(s2, w2, x0, x1, x2, x3);
    t2 = four(t2, w2, y0, y1, y2, y3);
    let w3 = weights(r3, k);
    s3 = four(s3, w3, x0, x1, x2, x3);
    t3 = four(t3, w3, y0, y1, y2, y3);
    let w4 = weights(r4, k);
    s4 = four(s4, w4, x0, x1, x2, x3);
    t4 = four(t4, w4, y0, y1, y2, y3);
    let w5 = weights(r5, k);
    s5 = four(s5, w5, x0, x1, x2, x3);
    t5 = four(t5, w5, y0, y1, y2, y3);
    let w6 = weights(r6, k);
    s6 = four(s6, w6, x0, x1, x2, x3);
    t6 = four(t6, w6, y0, y1, y2, y3);
    let w7 = weights(r7, k);
    s7 = four(s7, w7, x0, x1, x2, x3);
    t7 = four(t7, w7, y0, y1, y2, y3);
    let w8 = weights(r8, k);
    s8 = four(s8, w8, x0, x1, x2, x3);
    t8 = four(t8, w8, y0, y1, y2, y3);
    let w9 = weights(r9, k);
    s9 = four(s9, w9, x0, x1, x2, x3);
    t9 = four(t9, w9, y0, y1, y2, y3);
    let w10 = weights(r10, k);
    s10 = four(s10, w10, x0, x1, x2, x3);
    t10 = four(t10, w10, y0, y1, y2, y3);
    let w11 = weights(r11, k);
    s11 = four(s11, w11, x0, x1, x2, x3);
    t11 = four(t11, w11, y0, y1, y2, y3);
    let w12 = weights(r12, k);
    s12 = four(s12, w12, x0, x1, x2, x3);
    t12 = four(t12, w12, y0, y1, y2, y3);
    let w13 = weights(r13, k);
    s13 = four(s13, w13, x0, x1, x2, x3);
    t13 = four(t13, w13, y0, y1, y2, y3);
    let w14 = weights(r14, k);
    s14 = four(s14, w14, x0, x1, x2, x3);
    t14 = four(t14, w14, y0, y1, y2, y3);
    let w15 = weights(r15, k);
    s15 = four(s15, w15, x0, x1, x2, x3);
    t15 = four(t15, w15, y0, y1, y2, y3);
  }
  var sums = array<vec4<f32>, 16>(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15);
  for (var i = 0u; i < 16u; i++) {
    store_row(row + i, quad, stride, sums[i]);
  }
  if (quad + half < stride) {
    sums = array<vec4<f32>, 16>(t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15);
    for (var i = 0u; i < 16u; i++) {
      store_row(row + i, other, stride, sums[i]);
    }
  }
}
