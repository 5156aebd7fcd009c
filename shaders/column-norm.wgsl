// Largest entries and scaled sums of squares of columns (lib/norm-passes.wgsl); an invocation four columns. Accuracy: γ_{rows+1} of the sum.
// uses: lib/parts.wgsl lib/column-parts.wgsl lib/norm-passes.wgsl

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = id.x;
  if (4u * quad >= sizes.columns) {
    return;
  }
  var length = begun(quad);
  let all = rows_of(0u);
  length.largest = max(length.largest, largest_bits(quad, all.x, all.y, 1u));
  length.sum += sum_of_squares(quad, rows_of(1u), exponent_of(length.largest));
  store(quad, length);
}

fn sum_of_squares(quad: u32, rows: vec2<u32>, exponent: vec4<i32>) -> vec4<f32> {
  var s0 = vec4<f32>();
  var s1 = vec4<f32>();
  var s2 = vec4<f32>();
  var s3 = vec4<f32>();
  var s4 = vec4<f32>();
  var s5 = vec4<f32>();
  var s6 = vec4<f32>();
  var s7 = vec4<f32>();
  for (var i = first_block(rows.x); i < rows.y; i += PARTS) {
    s0 += square(quad, i, rows, exponent);
    s1 += square(quad, i + 1u, rows, exponent);
    s2 += square(quad, i + 2u, rows, exponent);
    s3 += square(quad, i + 3u, rows, exponent);
    s4 += square(quad, i + 4u, rows, exponent);
    s5 += square(quad, i + 5u, rows, exponent);
    s6 += square(quad, i + 6u, rows, exponent);
    s7 += square(quad, i + 7u, rows, exponent);
  }
  return in_pairs(array<vec4<f32>, 8>(s0, s1, s2, s3, s4, s5, s6, s7));
}
