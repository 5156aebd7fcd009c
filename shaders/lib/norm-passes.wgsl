// For each column x: max|x| by its bits, and Σ (x·2^−e)², e the exponent of max|x| (within ±126). The host makes the norm of them in
// f64; between the dispatches of a long column it holds what has been found so far. Nothing over- or underflows: entries are read as bits,
// and where the column comes near 2⁻¹²⁶ a subnormal entry, which f32 arithmetic may take for 0, is scaled as the integer that it is. NaN
// and infinities show as bits ≥ 0x7f800000, whatever the implementation assumes of them.
// Sizes: rows × columns, row-major, columns a multiple of 4. Sums in the order of lib/column-parts.wgsl.

struct Sizes {
  rows: u32,
  columns: u32,
  // Index of the first result in `sums`.
  offset: u32,
  // This dispatch's part of the passes over the rows, laid end to end.
  begin: u32,
  end: u32,
}

// Of four columns.
struct Length {
  largest: vec4<u32>,
  sum: vec4<f32>,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// Bits of x, rows × columns / 4 vectors.
@group(0) @binding(1) var<storage, read> operand: array<vec4<u32>>;
// (bits of max|x|, bits of the sum) for each column, from `offset` on.
@group(0) @binding(2) var<storage, read_write> sums: array<vec2<u32>>;

fn begun(quad: u32) -> Length {
  var length = Length();
  if (sizes.begin > 0u) {
    for (var i = 0u; i < 4u; i++) {
      let before = sums[sizes.offset + 4u * quad + i];
      length.largest[i] = before.x;
      length.sum[i] = bitcast<f32>(before.y);
    }
  }
  return length;
}

fn largest_bits(quad: u32, x: u32, y: u32, step: u32) -> vec4<u32> {
  let stride = sizes.columns / 4u;
  var largest = vec4<u32>();
  for (var i = x; i < y; i += step) {
    largest = max(largest, operand[i * stride + quad] & vec4<u32>(0x7fffffffu));
  }
  return largest;
}

fn exponent_of(largest: vec4<u32>) -> vec4<i32> {
  return clamp(vec4<i32>(largest >> vec4<u32>(23u)) - 127, vec4<i32>(-126), vec4<i32>(126));
}

// |x|·2^−e from the bits of |x|; a subnormal x is its bits times 2⁻¹⁴⁹.
fn scaled(bits: vec4<u32>, exponent: vec4<i32>) -> vec4<f32> {
  let factor = bitcast<vec4<f32>>(vec4<u32>(127 - exponent) << vec4<u32>(23u));
  let raised = bitcast<vec4<f32>>(vec4<u32>(clamp(127 - 149 - exponent, vec4<i32>(1), vec4<i32>(254))) << vec4<u32>(23u));
  let tiny = (exponent < vec4<i32>(-100)) & (bits < vec4<u32>(0x00800000u));
  return select(bitcast<vec4<f32>>(bits) * factor, vec4<f32>(bits) * raised, tiny);
}

// (x·2^−e)² of row i, 0 of one that is not among `rows`.
fn square(quad: u32, i: u32, rows: vec2<u32>, exponent: vec4<i32>) -> vec4<f32> {
  let bits = operand[min(i, sizes.rows - 1u) * (sizes.columns / 4u) + quad] & vec4<u32>(0x7fffffffu);
  let entry = scaled(bits, exponent);
  return select(vec4<f32>(), entry * entry, i >= rows.x && i < rows.y);
}

fn store(quad: u32, length: Length) {
  // A column that is not finite has no sum: its largest entry says so.
  let bits = select(vec4<u32>(), bitcast<vec4<u32>>(length.sum), length.largest < vec4<u32>(0x7f800000u));
  for (var i = 0u; i < 4u; i++) {
    sums[sizes.offset + 4u * quad + i] = vec2<u32>(length.largest[i], bits[i]);
  }
}

fn rows_of(number: u32) -> vec2<u32> {
  return part(number, sizes.rows, sizes.begin, sizes.end);
}
