// [own | shared] to [own | what each sample shares], and D ∘ of it: sample j of the second group takes shared column
// ⌊(first + j)/block⌋. Sizes: the operand is rows × (columns + blocks), the result rows × 2·columns, row-major; an invocation makes
// 8 rows × 4 columns. Accuracy: values go through unchanged; one rounding where masked.

struct Sizes {
  rows: u32,
  // Samples, a multiple of 4.
  columns: u32,
  // Shared columns of the operand, one a block of samples.
  blocks: u32,
  // Samples that share a column, and the place of sample 0 among those of the first.
  block: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// rows × (columns + blocks).
@group(0) @binding(1) var<storage, read> operand: array<f32>;
// D, rows × columns / 4 vectors; read where MASKED.
@group(0) @binding(2) var<storage, read> slopes: array<vec4<f32>>;
// rows × 2·columns / 4 vectors.
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;
// D ∘ the result, the same shape; written where MASKED.
@group(0) @binding(4) var<storage, read_write> masked: array<vec4<f32>>;

override MASKED: bool = true;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let begin = 8u * (id.y + groups.y * id.z);
  let group = sizes.columns / 4u;
  let quad = id.x;
  if (quad >= 2u * group || begin >= sizes.rows) {
    return;
  }
  let own = quad % group;
  let samples = vec4<u32>(0u, 1u, 2u, 3u) + 4u * own;
  let source = select(samples, sizes.columns + (sizes.first + samples) / sizes.block, quad >= group);
  let end = min(begin + 8u, sizes.rows);
  for (var row = begin; row < end; row++) {
    let line = row * (sizes.columns + sizes.blocks);
    let value = vec4<f32>(
      operand[line + source.x],
      operand[line + source.y],
      operand[line + source.z],
      operand[line + source.w],
    );
    let at = row * 2u * group + quad;
    result[at] = value;
    if (MASKED) {
      masked[at] = slopes[row * group + own] * value;
    }
  }
}
