// v = x/‖x‖, or with SECOND the normalised sum of x/‖x‖ and ±y/‖y‖, the sign that of x·y, so that parallel vectors (a Jacobian of rank
// one makes every two of them parallel) do not cancel; a zero vector stays zero. Any v will do: what is proven of it is measured from v
// as stored. Sizes: rows × columns, row-major, y at column `shift` of a matrix `width` columns wide, x at 0; v at column 0 of a matrix
// `pitch` columns wide, all multiples of 4; an invocation four columns.
// uses: lib/parts.wgsl

struct Sizes {
  rows: u32,
  columns: u32,
  // Columns of the matrix that x and y stand in.
  width: u32,
  // First column of y.
  shift: u32,
  // Columns of the matrix that v stands in.
  pitch: u32,
  // This dispatch's part of the passes over the rows, laid end to end.
  begin: u32,
  end: u32,
}

// max|x| by its bits and Σ (x·2^−e)² of four columns.
struct Length {
  largest: vec4<u32>,
  sum: vec4<f32>,
}

// What the passes hand on.
struct State {
  x: Length,
  y: Length,
  // Of x/‖x‖ and y/‖y‖ where they are only scaled; Σ v² of their sum.
  dot: vec4<f32>,
  sum: vec4<f32>,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// x and y, rows × width / 4 vectors.
@group(0) @binding(1) var<storage, read> operand: array<vec4<f32>>;
// v, rows × pitch / 4 vectors.
@group(0) @binding(2) var<storage, read_write> result: array<vec4<f32>>;
// One for four columns, between the dispatches of long columns.
@group(0) @binding(3) var<storage, read_write> states: array<State>;

override SECOND: bool = false;

fn rows_of(number: u32) -> vec2<u32> {
  return part(number, sizes.rows, sizes.begin, sizes.end);
}

// 2^−e for the exponent e of the largest entry.
fn scale_of(largest: vec4<u32>) -> vec4<f32> {
  let exponent = clamp(vec4<i32>(largest >> vec4<u32>(23u)) - 127, vec4<i32>(-126), vec4<i32>(126));
  return bitcast<vec4<f32>>(vec4<u32>(127 - exponent) << vec4<u32>(23u));
}

// The length with what two passes from `number` on add to it.
fn measured(before: Length, quad: u32, number: u32) -> Length {
  let stride = sizes.width / 4u;
  var largest = before.largest;
  let all = rows_of(number);
  for (var i = all.x; i < all.y; i++) {
    largest = max(largest, bitcast<vec4<u32>>(operand[i * stride + quad]) & vec4<u32>(0x7fffffffu));
  }
  let scale = scale_of(largest);
  var sum = before.sum;
  let squares = rows_of(number + 1u);
  for (var i = squares.x; i < squares.y; i++) {
    let x = operand[i * stride + quad] * scale;
    sum += x * x;
  }
  return Length(largest, sum);
}

// 1/‖column‖ of four columns: x·scale·inverse has norm 1; both 0 for a zero or non-finite column.
struct Inverse {
  scale: vec4<f32>,
  inverse: vec4<f32>,
}

fn inverse_norms(length: Length) -> Inverse {
  let usable = (length.largest > vec4<u32>()) & (length.largest < vec4<u32>(0x7f800000u));
  let inverse = select(vec4<f32>(), inverseSqrt(length.sum), length.sum > vec4<f32>());
  return Inverse(
    select(vec4<f32>(), scale_of(length.largest), usable),
    select(vec4<f32>(), inverse, usable),
  );
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = id.x;
  if (4u * quad >= sizes.columns) {
    return;
  }
  let stride = sizes.width / 4u;
  let pitch = sizes.pitch / 4u;
  var state = State();
  if (sizes.begin > 0u) {
    state = states[quad];
  }
  state.x = measured(state.x, quad, 0u);
  let x = inverse_norms(state.x);
  if (!SECOND) {
    let span = rows_of(2u);
    for (var i = span.x; i < span.y; i++) {
      result[i * pitch + quad] = operand[i * stride + quad] * x.scale * x.inverse;
    }
    states[quad] = state;
    return;
  }
  let shift = sizes.shift / 4u;
  state.y = measured(state.y, quad + shift, 2u);
  let y = inverse_norms(state.y);
  var dot = state.dot;
  let products = rows_of(4u);
  for (var i = products.x; i < products.y; i++) {
    let at = i * stride + quad;
    dot += (operand[at] * x.scale) * (operand[at + shift] * y.scale);
  }
  let side = select(vec4<f32>(1.0), vec4<f32>(-1.0), dot < vec4<f32>());
  var sum = state.sum;
  let added = rows_of(5u);
  for (var i = added.x; i < added.y; i++) {
    let at = i * stride + quad;
    let v = operand[at] * x.scale * x.inverse + side * (operand[at + shift] * y.scale * y.inverse);
    result[i * pitch + quad] = v;
    sum += v * v;
  }
  let factor = select(vec4<f32>(), inverseSqrt(sum), sum > vec4<f32>());
  let scaled = rows_of(6u);
  for (var i = scaled.x; i < scaled.y; i++) {
    result[i * pitch + quad] *= factor;
  }
  state.dot = dot;
  state.sum = sum;
  states[quad] = state;
}
