// For each column x: max|x| by its bits, and Σ (x·2^−e)², e the exponent of max|x| (at most 126). The host makes the norm of them in
// f64. Nothing over- or underflows; NaN and infinities show as bits ≥ 0x7f800000, whatever the implementation assumes of them.
// Sizes: rows × columns, row-major; an invocation a column. Accuracy: γ_{rows+1} of the sum.

struct Sizes {
  rows: u32,
  columns: u32,
  // Index of the first result in `sums`.
  offset: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// x, rows × columns.
@group(0) @binding(1) var<storage, read> operand: array<f32>;
// (bits of max|x|, bits of the sum) for each column, from `offset` on.
@group(0) @binding(2) var<storage, read_write> sums: array<vec2<u32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= sizes.columns) {
    return;
  }
  var largest = 0u;
  for (var i = 0u; i < sizes.rows; i++) {
    largest = max(largest, bitcast<u32>(operand[i * sizes.columns + column]) & 0x7fffffffu);
  }
  let exponent = clamp(i32(largest >> 23u) - 127, -126, 126);
  let factor = bitcast<f32>(u32(127 - exponent) << 23u);
  var sum = 0.0;
  if (largest < 0x7f800000u) {
    for (var i = 0u; i < sizes.rows; i++) {
      let x = operand[i * sizes.columns + column] * factor;
      sum += x * x;
    }
  }
  sums[sizes.offset + column] = vec2<u32>(largest, bitcast<u32>(sum));
}
