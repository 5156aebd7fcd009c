// For each pair of columns: Σ (x·2^−ex)(y·2^−ey), ex and ey the exponents of max|x| and max|y| (at most 126), which are returned too;
// the host multiplies back in f64. x has `samples` columns and y has `columns`, groups of samples side by side.
// Sizes: rows × columns, row-major; an invocation a column of y. Accuracy: γ_rows Σ|x||y|.

struct Sizes {
  rows: u32,
  columns: u32,
  samples: u32,
  // Index of the first result in `sums`.
  offset: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// x, rows × samples.
@group(0) @binding(1) var<storage, read> left: array<f32>;
// y, rows × columns.
@group(0) @binding(2) var<storage, read> right: array<f32>;
// (ex + ey as i32 bits, bits of the sum) for each column, from `offset` on.
@group(0) @binding(3) var<storage, read_write> sums: array<vec2<u32>>;

fn exponent_of(largest: u32) -> i32 {
  return clamp(i32(largest >> 23u) - 127, -126, 126);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= sizes.columns) {
    return;
  }
  let sample = column % sizes.samples;
  var largest_x = 0u;
  var largest_y = 0u;
  for (var i = 0u; i < sizes.rows; i++) {
    largest_x = max(largest_x, bitcast<u32>(left[i * sizes.samples + sample]) & 0x7fffffffu);
    largest_y = max(largest_y, bitcast<u32>(right[i * sizes.columns + column]) & 0x7fffffffu);
  }
  let ex = exponent_of(largest_x);
  let ey = exponent_of(largest_y);
  let fx = bitcast<f32>(u32(127 - ex) << 23u);
  let fy = bitcast<f32>(u32(127 - ey) << 23u);
  var sum = 0.0;
  for (var i = 0u; i < sizes.rows; i++) {
    sum += (left[i * sizes.samples + sample] * fx) * (right[i * sizes.columns + column] * fy);
  }
  sums[sizes.offset + column] = vec2<u32>(bitcast<u32>(ex + ey), bitcast<u32>(sum));
}
