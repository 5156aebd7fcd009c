// For each column x: max|x| by its bits, and Σ (x·2^−e)², e the exponent of max|x| (within ±126). The host makes the norm of them in
// f64; between the dispatches of a long column it holds what has been found so far. Nothing over- or underflows: entries are read as bits, and where the column comes near 2⁻¹²⁶ a subnormal entry, which f32
// arithmetic may take for 0, is scaled as the integer that it is. NaN and infinities show as bits ≥ 0x7f800000, whatever the
// implementation assumes of them. Sizes: rows × columns, row-major, columns a multiple of 4; an invocation four columns. Accuracy: γ_{rows+1} of the sum.
// uses: lib/parts.wgsl

struct Sizes {
  rows: u32,
  columns: u32,
  // Index of the first result in `sums`.
  offset: u32,
  // This dispatch's part of the passes over the rows, laid end to end.
  begin: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// Bits of x, rows × columns / 4 vectors.
@group(0) @binding(1) var<storage, read> operand: array<vec4<u32>>;
// (bits of max|x|, bits of the sum) for each column, from `offset` on.
@group(0) @binding(2) var<storage, read_write> sums: array<vec2<u32>>;

// |x|·2^−e from the bits of |x|; a subnormal x is its bits times 2⁻¹⁴⁹.
fn scaled(bits: vec4<u32>, exponent: vec4<i32>, factor: vec4<f32>) -> vec4<f32> {
  let raised = bitcast<vec4<f32>>(vec4<u32>(clamp(127 - 149 - exponent, vec4<i32>(1), vec4<i32>(254))) << vec4<u32>(23u));
  let tiny = (exponent < vec4<i32>(-100)) & (bits < vec4<u32>(0x00800000u));
  return select(bitcast<vec4<f32>>(bits) * factor, vec4<f32>(bits) * raised, tiny);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let stride = sizes.columns / 4u;
  let quad = id.x;
  if (quad >= stride) {
    return;
  }
  var largest = vec4<u32>();
  var sum = vec4<f32>();
  if (sizes.begin > 0u) {
    for (var i = 0u; i < 4u; i++) {
      let before = sums[sizes.offset + 4u * quad + i];
      largest[i] = before.x;
      sum[i] = bitcast<f32>(before.y);
    }
  }
  let span = part(0u, sizes.rows, sizes.begin, sizes.end);
  for (var i = span.x; i < span.y; i++) {
    largest = max(largest, operand[i * stride + quad] & vec4<u32>(0x7fffffffu));
  }
  let exponent = clamp(vec4<i32>(largest >> vec4<u32>(23u)) - 127, vec4<i32>(-126), vec4<i32>(126));
  let factor = bitcast<vec4<f32>>(vec4<u32>(127 - exponent) << vec4<u32>(23u));
  let squares = part(1u, sizes.rows, sizes.begin, sizes.end);
  for (var i = squares.x; i < squares.y; i++) {
    let x = scaled(operand[i * stride + quad] & vec4<u32>(0x7fffffffu), exponent, factor);
    sum += x * x;
  }
  // A column that is not finite has no sum: its largest entry says so.
  let bits = select(vec4<u32>(), bitcast<vec4<u32>>(sum), largest < vec4<u32>(0x7f800000u));
  for (var i = 0u; i < 4u; i++) {
    sums[sizes.offset + 4u * quad + i] = vec2<u32>(largest[i], bits[i]);
  }
}
