// Least distances of columns' entries from kinks (lib/least-pass.wgsl), as column-least.wgsl finds them; eight invocations four columns.
// Accuracy: one subtraction.
// uses: lib/column-parts.wgsl lib/workgroup-parts.wgsl lib/least-pass.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let place = place_of(group.x, local, sizes.columns);
  let span = own_rows(vec2<u32>(sizes.begin, sizes.end), place);
  let apart = vec4<u32>(0x7f800000u) - least_bits(place.quad, span.x, span.y, PARTS);
  let found = vec4<u32>(0x7f800000u) - shared_largest(0u, local, apart);
  if (speaks(place)) {
    store(place.quad, found);
  }
}
