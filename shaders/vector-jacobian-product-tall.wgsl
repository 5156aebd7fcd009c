// a = W′ᵀ y, and D ∘ a, as vector-jacobian-product.wgsl makes them, to the same bits: for layers of 16 rows and more, rows and `inner` multiples of 4.
// Layout: an invocation makes 16 rows × 4 columns twice, half a row apart; it takes four terms at a time, the weights of four rows as one
// vector: a quarter of the loads of weights, and half of those of y.
// Accuracy: γ_{n_{t+1}} |W′|ᵀ|y|, one rounding more where masked.

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
// W′_t, inner × rows / 4 vectors, written by the host.
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;
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

// Term i's weights of rows row … row + 3.
fn weights(row: u32, i: u32) -> vec4<f32> {
  return weight[(i * sizes.rows + min(row, sizes.rows - 4u)) / 4u];
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
  let other = min(quad + half, stride - 1u);
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
  for (var i = sizes.begin; i < terms; i += 4u) {
    let x0 = operand[i * stride + quad];
    let x1 = operand[(i + 1u) * stride + quad];
    let x2 = operand[(i + 2u) * stride + quad];
    let x3 = operand[(i + 3u) * stride + quad];
    let y0 = operand[i * stride + other];
    let y1 = operand[(i + 1u) * stride + other];
    let y2 = operand[(i + 2u) * stride + other];
    let y3 = operand[(i + 3u) * stride + other];
    let w00 = weights(row + 0u, i);
    let w01 = weights(row + 0u, i + 1u);
    let w02 = weights(row + 0u, i + 2u);
    let w03 = weights(row + 0u, i + 3u);
    s0 = four(s0, vec4<f32>(w00.x, w01.x, w02.x, w03.x), x0, x1, x2, x3);
    t0 = four(t0, vec4<f32>(w00.x, w01.x, w02.x, w03.x), y0, y1, y2, y3);
    s1 = four(s1, vec4<f32>(w00.y, w01.y, w02.y, w03.y), x0, x1, x2, x3);
    t1 = four(t1, vec4<f32>(w00.y, w01.y, w02.y, w03.y), y0, y1, y2, y3);
    s2 = four(s2, vec4<f32>(w00.z, w01.z, w02.z, w03.z), x0, x1, x2, x3);
    t2 = four(t2, vec4<f32>(w00.z, w01.z, w02.z, w03.z), y0, y1, y2, y3);
    s3 = four(s3, vec4<f32>(w00.w, w01.w, w02.w, w03.w), x0, x1, x2, x3);
    t3 = four(t3, vec4<f32>(w00.w, w01.w, w02.w, w03.w), y0, y1, y2, y3);
    let w10 = weights(row + 4u, i);
    let w11 = weights(row + 4u, i + 1u);
    let w12 = weights(row + 4u, i + 2u);
    let w13 = weights(row + 4u, i + 3u);
    s4 = four(s4, vec4<f32>(w10.x, w11.x, w12.x, w13.x), x0, x1, x2, x3);
    t4 = four(t4, vec4<f32>(w10.x, w11.x, w12.x, w13.x), y0, y1, y2, y3);
    s5 = four(s5, vec4<f32>(w10.y, w11.y, w12.y, w13.y), x0, x1, x2, x3);
    t5 = four(t5, vec4<f32>(w10.y, w11.y, w12.y, w13.y), y0, y1, y2, y3);
    s6 = four(s6, vec4<f32>(w10.z, w11.z, w12.z, w13.z), x0, x1, x2, x3);
    t6 = four(t6, vec4<f32>(w10.z, w11.z, w12.z, w13.z), y0, y1, y2, y3);
    s7 = four(s7, vec4<f32>(w10.w, w11.w, w12.w, w13.w), x0, x1, x2, x3);
    t7 = four(t7, vec4<f32>(w10.w, w11.w, w12.w, w13.w), y0, y1, y2, y3);
    let w20 = weights(row + 8u, i);
    let w21 = weights(row + 8u, i + 1u);
    let w22 = weights(row + 8u, i + 2u);
    let w23 = weights(row + 8u, i + 3u);
    s8 = four(s8, vec4<f32>(w20.x, w21.x, w22.x, w23.x), x0, x1, x2, x3);
    t8 = four(t8, vec4<f32>(w20.x, w21.x, w22.x, w23.x), y0, y1, y2, y3);
    s9 = four(s9, vec4<f32>(w20.y, w21.y, w22.y, w23.y), x0, x1, x2, x3);
    t9 = four(t9, vec4<f32>(w20.y, w21.y, w22.y, w23.y), y0, y1, y2, y3);
    s10 = four(s10, vec4<f32>(w20.z, w21.z, w22.z, w23.z), x0, x1, x2, x3);
    t10 = four(t10, vec4<f32>(w20.z, w21.z, w22.z, w23.z), y0, y1, y2, y3);
    s11 = four(s11, vec4<f32>(w20.w, w21.w, w22.w, w23.w), x0, x1, x2, x3);
    t11 = four(t11, vec4<f32>(w20.w, w21.w, w22.w, w23.w), y0, y1, y2, y3);
    let w30 = weights(row + 12u, i);
    let w31 = weights(row + 12u, i + 1u);
    let w32 = weights(row + 12u, i + 2u);
    let w33 = weights(row + 12u, i + 3u);
    s12 = four(s12, vec4<f32>(w30.x, w31.x, w32.x, w33.x), x0, x1, x2, x3);
    t12 = four(t12, vec4<f32>(w30.x, w31.x, w32.x, w33.x), y0, y1, y2, y3);
    s13 = four(s13, vec4<f32>(w30.y, w31.y, w32.y, w33.y), x0, x1, x2, x3);
    t13 = four(t13, vec4<f32>(w30.y, w31.y, w32.y, w33.y), y0, y1, y2, y3);
    s14 = four(s14, vec4<f32>(w30.z, w31.z, w32.z, w33.z), x0, x1, x2, x3);
    t14 = four(t14, vec4<f32>(w30.z, w31.z, w32.z, w33.z), y0, y1, y2, y3);
    s15 = four(s15, vec4<f32>(w30.w, w31.w, w32.w, w33.w), x0, x1, x2, x3);
    t15 = four(t15, vec4<f32>(w30.w, w31.w, w32.w, w33.w), y0, y1, y2, y3);
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
