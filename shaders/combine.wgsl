// û += Σ_j s_j q_j over the blocks of one basis buffer: the witness from the host's Ritz coefficients.
// Sizes: rows = n_t, the basis `columns` wide and û `width`, column j of the one being column origin[j] of the other, none where that is
// past its last; `blocks` vectors of this buffer, whose first is number `begin` of all; an invocation an entry.

struct Sizes {
  rows: u32,
  columns: u32,
  blocks: u32,
  begin: u32,
  // 1 where û starts at zero.
  first: u32,
  // Columns of û.
  width: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// Block 0 is not part of the sum (krylov-step.wgsl); blocks 1 … are rows × columns each.
@group(0) @binding(1) var<storage, read> basis: array<f32>;
// s, steps × columns; 0 past a sample's own steps.
@group(0) @binding(2) var<storage, read> weights: array<f32>;
// The column of û, for each of the basis.
@group(0) @binding(3) var<storage, read> origin: array<u32>;
// û, rows × width.
@group(0) @binding(4) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let column = id.x;
  let row = id.y + groups.y * id.z;
  if (column >= sizes.columns || row >= sizes.rows) {
    return;
  }
  let at = row * sizes.columns + column;
  let own = origin[column];
  if (own >= sizes.width) {
    return;
  }
  let to = row * sizes.width + own;
  let size = sizes.rows * sizes.columns;
  var sum = 0.0;
  if (sizes.first == 0u) {
    sum = result[to];
  }
  for (var j = 0u; j < sizes.blocks; j++) {
    sum += weights[(sizes.begin + j) * sizes.columns + column] * basis[(j + 1u) * size + at];
  }
  result[to] = sum;
}
