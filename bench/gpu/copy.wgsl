// What an adapter's memory can do: one vector read and one written an invocation. Sizes: `vectors` of 16 bytes.

struct Sizes {
  vectors: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// vectors × 4.
@group(0) @binding(1) var<storage, read> operand: array<vec4<f32>>;
// The same shape.
@group(0) @binding(2) var<storage, read_write> result: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let at = id.x + 64u * groups.x * id.y;
  if (at >= sizes.vectors) {
    return;
  }
  result[at] = operand[at];
}
