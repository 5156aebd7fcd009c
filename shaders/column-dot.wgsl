// For each pair of columns: Σ (x·2^−ex)(y·2^−ey), ex and ey the exponents of max|x| and max|y| (at most 126), which are returned too;
// the host multiplies back in f64. x has `samples` columns and y has `columns`, groups of samples side by side.
// Sizes: rows × columns, row-major, samples and columns multiples of 4; an invocation four columns of y. Accuracy: γ_rows Σ|x||y|.

struct Sizes {
  rows: u32,
  columns: u32,
  samples: u32,
  // Index of the first result in `sums`.
  offset: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// x, rows × samples / 4 vectors.
@group(0) @binding(1) var<storage, read> left: array<vec4<f32>>;
// y, rows × columns / 4 vectors.
@group(0) @binding(2) var<storage, read> right: array<vec4<f32>>;
// (ex + ey as i32 bits, bits of the sum) for each column, from `offset` on.
@group(0) @binding(3) var<storage, read_write> sums: array<vec2<u32>>;

fn exponent_of(largest: vec4<u32>) -> vec4<i32> {
  return clamp(vec4<i32>(largest >> vec4<u32>(23u)) - 127, vec4<i32>(-126), vec4<i32>(126));
}

fn magnitude(x: vec4<f32>) -> vec4<u32> {
  return bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let stride = sizes.columns / 4u;
  let group = sizes.samples / 4u;
  let quad = id.x;
  if (quad >= stride) {
    return;
  }
  let sample = quad % group;
  var largest_x = vec4<u32>();
  var largest_y = vec4<u32>();
  for (var i = 0u; i < sizes.rows; i++) {
    largest_x = max(largest_x, magnitude(left[i * group + sample]));
    largest_y = max(largest_y, magnitude(right[i * stride + quad]));
  }
  let ex = exponent_of(largest_x);
  let ey = exponent_of(largest_y);
  let fx = bitcast<vec4<f32>>(vec4<u32>(127 - ex) << vec4<u32>(23u));
  let fy = bitcast<vec4<f32>>(vec4<u32>(127 - ey) << vec4<u32>(23u));
  var sum = vec4<f32>();
  for (var i = 0u; i < sizes.rows; i++) {
    sum += (left[i * group + sample] * fx) * (right[i * stride + quad] * fy);
  }
  for (var i = 0u; i < 4u; i++) {
    sums[sizes.offset + 4u * quad + i] = vec2<u32>(bitcast<u32>(ex[i] + ey[i]), bitcast<u32>(sum[i]));
  }
}
