// A step of the iteration for ‖J_t‖ (lib/krylov-passes.wgsl); an invocation four columns (samples).
// Accuracy: no bound rests on α, β or q: the witness made of them is measured on its own.
// uses: lib/parts.wgsl lib/column-parts.wgsl lib/krylov-passes.wgsl

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = id.x;
  if (4u * quad >= sizes.columns) {
    return;
  }
  var state = begun(quad);
  state.alpha += alpha_of(quad, rows_of(0u));
  let rest = rows_of(1u);
  state.largest = max(state.largest, remainders(quad, rest.x, rest.y, 1u, state.alpha, last_beta(quad)));
  let factor = power_of_two(-exponent_of(state.largest));
  state.sum += sum_of_squares(quad, rows_of(2u), factor);
  let last = rows_of(3u);
  normalise(quad, last.x, last.y, 1u, factor, inverse_root(state.sum));
  hand_on(quad, state);
}

fn alpha_of(quad: u32, span: vec2<u32>) -> vec4<f32> {
  return in_pairs(array<vec4<f32>, 8>(
    products(quad, first_row(span.x, 0u), span.y, PARTS),
    products(quad, first_row(span.x, 1u), span.y, PARTS),
    products(quad, first_row(span.x, 2u), span.y, PARTS),
    products(quad, first_row(span.x, 3u), span.y, PARTS),
    products(quad, first_row(span.x, 4u), span.y, PARTS),
    products(quad, first_row(span.x, 5u), span.y, PARTS),
    products(quad, first_row(span.x, 6u), span.y, PARTS),
    products(quad, first_row(span.x, 7u), span.y, PARTS),
  ));
}

fn sum_of_squares(quad: u32, span: vec2<u32>, factor: vec4<f32>) -> vec4<f32> {
  return in_pairs(array<vec4<f32>, 8>(
    squares(quad, first_row(span.x, 0u), span.y, PARTS, factor),
    squares(quad, first_row(span.x, 1u), span.y, PARTS, factor),
    squares(quad, first_row(span.x, 2u), span.y, PARTS, factor),
    squares(quad, first_row(span.x, 3u), span.y, PARTS, factor),
    squares(quad, first_row(span.x, 4u), span.y, PARTS, factor),
    squares(quad, first_row(span.x, 5u), span.y, PARTS, factor),
    squares(quad, first_row(span.x, 6u), span.y, PARTS, factor),
    squares(quad, first_row(span.x, 7u), span.y, PARTS, factor),
  ));
}
