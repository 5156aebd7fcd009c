// v = x/‖x‖, or with SECOND the normalised sum of x/‖x‖ and ±y/‖y‖, the sign that of x·y, so that parallel vectors (a Jacobian of rank
// one makes every two of them parallel) do not cancel; a zero vector stays zero. Any v will do: what is proven of it is measured from v
// as stored. Sizes: rows × columns, row-major, y at column `shift` of a matrix `width` columns wide, x at 0; v at column 0 of a matrix
// `pitch` columns wide; an invocation a column.

struct Sizes {
  rows: u32,
  columns: u32,
  // Columns of the matrix that x and y stand in.
  width: u32,
  // First column of y.
  shift: u32,
  // Columns of the matrix that v stands in.
  pitch: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// x and y, rows × width.
@group(0) @binding(1) var<storage, read> operand: array<f32>;
// v, rows × pitch.
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

override SECOND: bool = false;

// 1/‖column‖ as (scale, inverse): x·scale·inverse has norm 1; both 0 for a zero or non-finite column.
fn inverse_norm(column: u32) -> vec2<f32> {
  var largest = 0u;
  for (var i = 0u; i < sizes.rows; i++) {
    largest = max(largest, bitcast<u32>(operand[i * sizes.width + column]) & 0x7fffffffu);
  }
  if (largest == 0u || largest >= 0x7f800000u) {
    return vec2<f32>();
  }
  let scale = bitcast<f32>(u32(127 - clamp(i32(largest >> 23u) - 127, -126, 126)) << 23u);
  var sum = 0.0;
  for (var i = 0u; i < sizes.rows; i++) {
    let x = operand[i * sizes.width + column] * scale;
    sum += x * x;
  }
  return vec2<f32>(scale, select(0.0, inverseSqrt(sum), sum > 0.0));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= sizes.columns) {
    return;
  }
  let x = inverse_norm(column);
  if (!SECOND) {
    for (var i = 0u; i < sizes.rows; i++) {
      result[i * sizes.pitch + column] = operand[i * sizes.width + column] * x.x * x.y;
    }
    return;
  }
  let y = inverse_norm(column + sizes.shift);
  var dot = 0.0;
  for (var i = 0u; i < sizes.rows; i++) {
    let at = i * sizes.width + column;
    dot += (operand[at] * x.x) * (operand[at + sizes.shift] * y.x);
  }
  let side = select(1.0, -1.0, dot < 0.0);
  var sum = 0.0;
  for (var i = 0u; i < sizes.rows; i++) {
    let at = i * sizes.width + column;
    let v = operand[at] * x.x * x.y + side * (operand[at + sizes.shift] * y.x * y.y);
    result[i * sizes.pitch + column] = v;
    sum += v * v;
  }
  let factor = select(0.0, inverseSqrt(sum), sum > 0.0);
  for (var i = 0u; i < sizes.rows; i++) {
    result[i * sizes.pitch + column] *= factor;
  }
}
