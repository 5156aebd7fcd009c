// Least distances of columns' entries from kinks (lib/least-pass.wgsl); an invocation four columns. Accuracy: one subtraction.
// uses: lib/least-pass.wgsl

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = id.x;
  if (4u * quad >= sizes.columns) {
    return;
  }
  store(quad, least_bits(quad, sizes.begin, sizes.end, 1u));
}
