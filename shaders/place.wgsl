// Copies x, rows × columns, into the first columns of a matrix `width` columns wide. Sizes: row-major; an invocation an entry. Exact.

struct Sizes {
  rows: u32,
  columns: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// x, rows × columns.
@group(0) @binding(1) var<storage, read> operand: array<f32>;
// rows × width.
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= sizes.columns || id.y >= sizes.rows) {
    return;
  }
  result[id.y * sizes.width + id.x] = operand[id.y * sizes.columns + id.x];
}
