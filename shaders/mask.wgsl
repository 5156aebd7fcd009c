// D ∘ x: the first stage of a pullback. Sizes: rows × columns, columns in groups of `samples`, column j being sample j mod samples.
// Layout: row-major, an invocation makes one vector of 4 columns. Accuracy: one rounding.

struct Sizes {
  rows: u32,
  columns: u32,
  samples: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// x, rows × columns / 4 vectors.
@group(0) @binding(1) var<storage, read> operand: array<vec4<f32>>;
// D, rows × samples / 4 vectors.
@group(0) @binding(2) var<storage, read> slopes: array<vec4<f32>>;
// D ∘ x, the shape of x.
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = sizes.columns / 4u;
  let quad = id.x;
  let row = id.y + groups.y * id.z;
  if (quad >= stride || row >= sizes.rows) {
    return;
  }
  let group = sizes.samples / 4u;
  let at = row * stride + quad;
  result[at] = slopes[row * group + quad % group] * operand[at];
}
