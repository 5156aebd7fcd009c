// Largest entries and scaled sums of squares of columns (lib/norm-passes.wgsl), as column-norm.wgsl makes them, to the same bits; eight
// invocations four columns. Accuracy: γ_{rows+1} of the sum.
// uses: lib/parts.wgsl lib/column-parts.wgsl lib/workgroup-parts.wgsl lib/norm-passes.wgsl

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let place = place_of(group.x, local, sizes.columns);
  var length = begun(place.quad);
  let all = own_rows(rows_of(0u), place);
  length.largest = max(length.largest, shared_largest(0u, local, largest_bits(place.quad, all.x, all.y, PARTS)));
  let exponent = exponent_of(length.largest);
  let rows = own_rows(rows_of(1u), place);
  var sum = vec4<f32>();
  for (var i = rows.x; i < rows.y; i += PARTS) {
    sum += square(place.quad, i, rows, exponent);
  }
  length.sum += shared_sum(1u, local, sum);
  if (speaks(place)) {
    store(place.quad, length);
  }
}
