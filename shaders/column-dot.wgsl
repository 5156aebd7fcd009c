// Scaled products of pairs of columns (lib/dot-pass.wgsl); an invocation four columns. Accuracy: γ_rows Σ|x||y|.
// uses: lib/column-parts.wgsl lib/dot-pass.wgsl

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = id.x;
  if (4u * quad >= sizes.columns) {
    return;
  }
  let scale = exponents_of(quad);
  store(quad, scale, in_pairs(array<vec4<f32>, 8>(
    products(quad, first_row(sizes.begin, 0u), sizes.end, PARTS, scale),
    products(quad, first_row(sizes.begin, 1u), sizes.end, PARTS, scale),
    products(quad, first_row(sizes.begin, 2u), sizes.end, PARTS, scale),
    products(quad, first_row(sizes.begin, 3u), sizes.end, PARTS, scale),
    products(quad, first_row(sizes.begin, 4u), sizes.end, PARTS, scale),
    products(quad, first_row(sizes.begin, 5u), sizes.end, PARTS, scale),
    products(quad, first_row(sizes.begin, 6u), sizes.end, PARTS, scale),
    products(quad, first_row(sizes.begin, 7u), sizes.end, PARTS, scale),
  )));
}
