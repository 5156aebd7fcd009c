// For each pair of columns: Σ (x·2^−ex)(y·2^−ey), ex and ey the exponents of max|x| and max|y| (at most 126) as column-norm found them
// before; ex + ey is returned too, and the host multiplies back in f64. x has `samples` columns and y has `columns`, groups of samples
// side by side.
// Sizes: rows × columns, row-major, samples and columns multiples of 4; an invocation four columns of y. Accuracy: γ_rows Σ|x||y|.

struct Sizes {
  rows: u32,
  columns: u32,
  samples: u32,
  // Indices in `sums` of column-norm's results for x and for y, and of the first result.
  left_norm: u32,
  right_norm: u32,
  offset: u32,
  // This dispatch's rows: begin ≤ i < end.
  begin: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// x, rows × samples / 4 vectors.
@group(0) @binding(1) var<storage, read> left: array<vec4<f32>>;
// y, rows × columns / 4 vectors.
@group(0) @binding(2) var<storage, read> right: array<vec4<f32>>;
// (bits of max|x|, …) and (bits of max|y|, …) are read; (ex + ey as i32 bits, bits of the sum) is written for each column, from `offset` on.
@group(0) @binding(3) var<storage, read_write> sums: array<vec2<u32>>;

// The exponents of four columns' largest entries.
fn exponents(first: u32) -> vec4<i32> {
  let largest = vec4<u32>(sums[first].x, sums[first + 1u].x, sums[first + 2u].x, sums[first + 3u].x);
  return clamp(vec4<i32>(largest >> vec4<u32>(23u)) - 127, vec4<i32>(-126), vec4<i32>(126));
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
  let ex = exponents(sizes.left_norm + 4u * sample);
  let ey = exponents(sizes.right_norm + 4u * quad);
  let fx = bitcast<vec4<f32>>(vec4<u32>(127 - ex) << vec4<u32>(23u));
  let fy = bitcast<vec4<f32>>(vec4<u32>(127 - ey) << vec4<u32>(23u));
  var sum = vec4<f32>();
  if (sizes.begin > 0u) {
    for (var i = 0u; i < 4u; i++) {
      sum[i] = bitcast<f32>(sums[sizes.offset + 4u * quad + i].y);
    }
  }
  for (var i = sizes.begin; i < sizes.end; i++) {
    sum += (left[i * group + sample] * fx) * (right[i * stride + quad] * fy);
  }
  for (var i = 0u; i < 4u; i++) {
    sums[sizes.offset + 4u * quad + i] = vec2<u32>(bitcast<u32>(ex[i] + ey[i]), bitcast<u32>(sum[i]));
  }
}
