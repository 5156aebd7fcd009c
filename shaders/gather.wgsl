// Chosen columns of a matrix, side by side in one buffer for reading back. Bits go through unchanged.
// Sizes: the operand is rows × columns, row-major; `count` columns are taken, number chosen[j] + shift at place j; an invocation an entry.

struct Sizes {
  rows: u32,
  columns: u32,
  count: u32,
  // Added to every chosen column: the second of two blocks that stand side by side.
  shift: u32,
  // Where the result begins.
  offset: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// rows × columns words.
@group(0) @binding(1) var<storage, read> operand: array<u32>;
// count column numbers, written by the host.
@group(0) @binding(2) var<storage, read> chosen: array<u32>;
// rows × count words from `offset` on.
@group(0) @binding(3) var<storage, read_write> result: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  // Entries beyond one line of workgroups go on along y.
  let entry = id.x + 64u * groups.x * id.y;
  let row = entry / sizes.count;
  if (row >= sizes.rows) {
    return;
  }
  result[sizes.offset + entry] = operand[row * sizes.columns + chosen[entry % sizes.count] + sizes.shift];
}
