// A step of the iteration for ‖J_t‖ (lib/krylov-passes.wgsl), as krylov-step.wgsl makes it, to the same bits; eight invocations four columns.
// Accuracy: no bound rests on α, β or q: the witness made of them is measured on its own.
// uses: lib/parts.wgsl lib/column-parts.wgsl lib/workgroup-parts.wgsl lib/krylov-passes.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let place = place_of(group.x, local, sizes.columns);
  let quad = place.quad;
  var state = begun(quad);
  let first = own_rows(rows_of(0u), place);
  state.alpha += shared_sum(0u, local, products(quad, first.x, first.y, PARTS));
  let rest = own_rows(rows_of(1u), place);
  let largest = remainders(quad, rest.x, rest.y, PARTS, state.alpha, last_beta(quad));
  state.largest = max(state.largest, shared_largest(1u, local, largest));
  let factor = power_of_two(-exponent_of(state.largest));
  let third = own_rows(rows_of(2u), place);
  state.sum += shared_sum(2u, local, squares(quad, third.x, third.y, PARTS, factor));
  let last = own_rows(rows_of(3u), place);
  normalise(quad, last.x, last.y, PARTS, factor, inverse_root(state.sum));
  if (speaks(place)) {
    hand_on(quad, state);
  }
}
