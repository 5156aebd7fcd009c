// Scaled products of pairs of columns (lib/dot-pass.wgsl), as column-dot.wgsl makes them, to the same bits; eight invocations four columns.
// Accuracy: γ_rows Σ|x||y|.
// uses: lib/column-parts.wgsl lib/workgroup-parts.wgsl lib/dot-pass.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let place = place_of(group.x, local, sizes.columns);
  let scale = exponents_of(place.quad);
  let rows = own_rows(vec2<u32>(sizes.begin, sizes.end), place);
  let found = shared_sum(0u, local, products(place.quad, rows.x, rows.y, PARTS, scale));
  if (speaks(place)) {
    store(place.quad, scale, found);
  }
}
