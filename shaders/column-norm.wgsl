// For each column x: max|x| by its bits, and Σ (x·2^−e)², e the exponent of max|x| (within ±126). The host makes the norm of them in
// f64. Nothing over- or underflows: entries are read as bits, and where the column comes near 2⁻¹²⁶ a subnormal entry, which f32
// arithmetic may take for 0, is scaled as the integer that it is. NaN and infinities show as bits ≥ 0x7f800000, whatever the
// implementation assumes of them. Sizes: rows × columns, row-major; an invocation a column. Accuracy: γ_{rows+1} of the sum.

struct Sizes {
  rows: u32,
  columns: u32,
  // Index of the first result in `sums`.
  offset: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// Bits of x, rows × columns.
@group(0) @binding(1) var<storage, read> operand: array<u32>;
// (bits of max|x|, bits of the sum) for each column, from `offset` on.
@group(0) @binding(2) var<storage, read_write> sums: array<vec2<u32>>;

// |x|·2^−e from the bits of |x|; a subnormal x is its bits times 2⁻¹⁴⁹.
fn scaled(bits: u32, exponent: i32, factor: f32) -> f32 {
  if (exponent < -100 && bits < 0x00800000u) {
    return f32(bits) * bitcast<f32>(u32(127 - 149 - exponent) << 23u);
  }
  return bitcast<f32>(bits) * factor;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= sizes.columns) {
    return;
  }
  var largest = 0u;
  for (var i = 0u; i < sizes.rows; i++) {
    largest = max(largest, operand[i * sizes.columns + column] & 0x7fffffffu);
  }
  let exponent = clamp(i32(largest >> 23u) - 127, -126, 126);
  let factor = bitcast<f32>(u32(127 - exponent) << 23u);
  var sum = 0.0;
  if (largest < 0x7f800000u) {
    for (var i = 0u; i < sizes.rows; i++) {
      let x = scaled(operand[i * sizes.columns + column] & 0x7fffffffu, exponent, factor);
      sum += x * x;
    }
  }
  sums[sizes.offset + column] = vec2<u32>(largest, bitcast<u32>(sum));
}
