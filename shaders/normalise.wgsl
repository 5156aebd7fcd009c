// v = x/‖x‖, or with SECOND the normalised sum of x/‖x‖ and ±y/‖y‖, the sign that of x·y, so that parallel vectors (a Jacobian of rank
// one makes every two of them parallel) do not cancel; a zero vector stays zero. Any v will do: what is proven of it is measured from v
// as stored. Sizes: rows × columns, row-major, y at column `shift` of a matrix `width` columns wide, x at 0; v at column 0 of a matrix
// `pitch` columns wide, all multiples of 4; an invocation four columns.

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
// x and y, rows × width / 4 vectors.
@group(0) @binding(1) var<storage, read> operand: array<vec4<f32>>;
// v, rows × pitch / 4 vectors.
@group(0) @binding(2) var<storage, read_write> result: array<vec4<f32>>;

override SECOND: bool = false;

// 1/‖column‖ of four columns: x·scale·inverse has norm 1; both 0 for a zero or non-finite column.
struct Inverse {
  scale: vec4<f32>,
  inverse: vec4<f32>,
}

fn inverse_norms(quad: u32) -> Inverse {
  let stride = sizes.width / 4u;
  var largest = vec4<u32>();
  for (var i = 0u; i < sizes.rows; i++) {
    largest = max(largest, bitcast<vec4<u32>>(operand[i * stride + quad]) & vec4<u32>(0x7fffffffu));
  }
  let usable = (largest > vec4<u32>()) & (largest < vec4<u32>(0x7f800000u));
  let exponent = clamp(vec4<i32>(largest >> vec4<u32>(23u)) - 127, vec4<i32>(-126), vec4<i32>(126));
  let scale = bitcast<vec4<f32>>(vec4<u32>(127 - exponent) << vec4<u32>(23u));
  var sum = vec4<f32>();
  for (var i = 0u; i < sizes.rows; i++) {
    let x = operand[i * stride + quad] * scale;
    sum += x * x;
  }
  let inverse = select(vec4<f32>(), inverseSqrt(sum), sum > vec4<f32>());
  return Inverse(select(vec4<f32>(), scale, usable), select(vec4<f32>(), inverse, usable));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = id.x;
  if (4u * quad >= sizes.columns) {
    return;
  }
  let stride = sizes.width / 4u;
  let pitch = sizes.pitch / 4u;
  let x = inverse_norms(quad);
  if (!SECOND) {
    for (var i = 0u; i < sizes.rows; i++) {
      result[i * pitch + quad] = operand[i * stride + quad] * x.scale * x.inverse;
    }
    return;
  }
  let shift = sizes.shift / 4u;
  let y = inverse_norms(quad + shift);
  var dot = vec4<f32>();
  for (var i = 0u; i < sizes.rows; i++) {
    let at = i * stride + quad;
    dot += (operand[at] * x.scale) * (operand[at + shift] * y.scale);
  }
  let side = select(vec4<f32>(1.0), vec4<f32>(-1.0), dot < vec4<f32>());
  var sum = vec4<f32>();
  for (var i = 0u; i < sizes.rows; i++) {
    let at = i * stride + quad;
    let v = operand[at] * x.scale * x.inverse + side * (operand[at + shift] * y.scale * y.inverse);
    result[i * pitch + quad] = v;
    sum += v * v;
  }
  let factor = select(vec4<f32>(), inverseSqrt(sum), sum > vec4<f32>());
  for (var i = 0u; i < sizes.rows; i++) {
    result[i * pitch + quad] *= factor;
  }
}
