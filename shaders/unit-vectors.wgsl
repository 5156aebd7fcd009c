// A block of unit vectors: column j is the unit vector number first + ⌊j / samples⌋ (zero past the last), so that `samples` columns
// side by side share one. What an explicit Jacobian is the pullback of. Sizes: rows × columns, row-major; an invocation an entry. Exact.

struct Sizes {
  rows: u32,
  columns: u32,
  samples: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// rows × columns.
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = id.y + groups.y * id.z;
  if (id.x >= sizes.columns || row >= sizes.rows) {
    return;
  }
  result[row * sizes.columns + id.x] = select(0.0, 1.0, row == sizes.first + id.x / sizes.samples);
}
