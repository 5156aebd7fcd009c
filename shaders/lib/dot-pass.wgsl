// For each pair of columns: Σ (x·2^−ex)(y·2^−ey), ex and ey the exponents of max|x| and max|y| (at most 126) as column-norm found them
// before; ex + ey is returned too, and the host multiplies back in f64. x has `samples` columns and y has `columns`, groups of samples
// side by side.
// Sizes: rows × columns, row-major, samples and columns multiples of 4. Sums in the order of lib/column-parts.wgsl.

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

// Of four columns of x and of y.
struct Exponents {
  x: vec4<i32>,
  y: vec4<i32>,
}

fn exponents_of(quad: u32) -> Exponents {
  let sample = quad % (sizes.samples / 4u);
  return Exponents(exponents(sizes.left_norm + 4u * sample), exponents(sizes.right_norm + 4u * quad));
}

// Σ over rows x to y in steps.
fn products(quad: u32, x: u32, y: u32, step: u32, scale: Exponents) -> vec4<f32> {
  let stride = sizes.columns / 4u;
  let group = sizes.samples / 4u;
  let sample = quad % group;
  let fx = bitcast<vec4<f32>>(vec4<u32>(127 - scale.x) << vec4<u32>(23u));
  let fy = bitcast<vec4<f32>>(vec4<u32>(127 - scale.y) << vec4<u32>(23u));
  var sum = vec4<f32>();
  for (var i = x; i < y; i += step) {
    sum += (left[i * group + sample] * fx) * (right[i * stride + quad] * fy);
  }
  return sum;
}

// With what the dispatches before have summed.
fn store(quad: u32, scale: Exponents, found: vec4<f32>) {
  for (var i = 0u; i < 4u; i++) {
    let at = sizes.offset + 4u * quad + i;
    let before = select(0.0, bitcast<f32>(sums[at].y), sizes.begin > 0u);
    sums[at] = vec2<u32>(bitcast<u32>(scale.x[i] + scale.y[i]), bitcast<u32>(before + found[i]));
  }
}
