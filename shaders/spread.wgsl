// [own | shared] to [own | what each sample shares], and D ∘ of it: sample j of the second group takes shared column
// ⌊(first + j)/block⌋. Sizes: the operand is rows × (columns + blocks), the result rows × 2·columns, row-major; an invocation one
// entry. Accuracy: bits go through unchanged; one rounding where masked.

struct Sizes {
  rows: u32,
  // Samples.
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
// D, rows × columns; read where MASKED.
@group(0) @binding(2) var<storage, read> slopes: array<f32>;
// rows × 2·columns.
@group(0) @binding(3) var<storage, read_write> result: array<f32>;
// D ∘ the result, the same shape; written where MASKED.
@group(0) @binding(4) var<storage, read_write> masked: array<f32>;

override MASKED: bool = true;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.y;
  if (id.x >= 2u * sizes.columns || row >= sizes.rows) {
    return;
  }
  let second = id.x >= sizes.columns;
  let sample = id.x - select(0u, sizes.columns, second);
  let source = select(sample, sizes.columns + (sizes.first + sample) / sizes.block, second);
  let value = operand[row * (sizes.columns + sizes.blocks) + source];
  let at = row * 2u * sizes.columns + id.x;
  result[at] = value;
  if (MASKED) {
    masked[at] = slopes[row * sizes.columns + sample] * value;
  }
}
