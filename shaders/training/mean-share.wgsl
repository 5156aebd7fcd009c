// δ_ij 2^(e_j)/B: each sample's share of the mean gradient, at its true size; 0 past the batch's end.
// Sizes: rows, columns, a multiple of 4, of which the first `samples` are the batch; row-major, samples contiguous; an invocation four columns.
// Accuracy: one rounding, the division's; what falls below 2⁻¹²⁶ may become 0.

struct Sizes {
  rows: u32,
  columns: u32,
  samples: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// δ, rows × columns / 4 vectors.
@group(0) @binding(1) var<storage, read> adjoint: array<vec4<f32>>;
// (f, e as i32 bits) for each sample.
@group(0) @binding(2) var<storage, read> values: array<vec2<u32>>;
// rows × columns / 4 vectors.
@group(0) @binding(3) var<storage, read_write> result: array<vec4<f32>>;

fn power_of_two(e: i32) -> f32 {
  return bitcast<f32>(u32(clamp(e, -126, 127) + 127) << 23u);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let stride = sizes.columns / 4u;
  let quad = id.x;
  let row = id.y + groups.y * id.z;
  if (quad >= stride || row >= sizes.rows) {
    return;
  }
  var factors = vec4<f32>();
  for (var i = 0u; i < 4u; i++) {
    let sample = 4u * quad + i;
    if (sample < sizes.samples) {
      factors[i] = power_of_two(bitcast<i32>(values[sample].y));
    }
  }
  // The head's columns past the end are of no sample, and may hold anything.
  let sized = select(vec4<f32>(), factors * adjoint[row * stride + quad], factors > vec4<f32>());
  result[row * stride + quad] = sized / f32(sizes.samples);
}
