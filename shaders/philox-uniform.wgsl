// Uniform numbers k·2⁻²³ − 1 on [−1, 1), k the upper 24 bits of a word of Philox-4×32-10: exact, the same bits as
// src/sampling/philox.ts. Counter (block, index low, index high, stream), key (seed low, seed high); entry i of sample `first + j` is
// word i mod 4 of block ⌊i/4⌋. Sizes: rows × columns written at column `shift` of a matrix `width` columns wide; an invocation makes
// 4 rows of a column.

struct Sizes {
  rows: u32,
  columns: u32,
  width: u32,
  shift: u32,
  seed_low: u32,
  seed_high: u32,
  first_low: u32,
  first_high: u32,
  stream: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// rows × width.
@group(0) @binding(1) var<storage, read_write> result: array<f32>;

// (high, low) of a 32 × 32 bit product, by 16-bit halves.
fn multiply(a: u32, b: u32) -> vec2<u32> {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let carry = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return vec2<u32>((a >> 16u) * (b >> 16u) + (middle >> 16u) + (carry >> 16u), a * b);
}

fn philox(counter: vec4<u32>, seed: vec2<u32>) -> vec4<u32> {
  var c = counter;
  var k = seed;
  for (var i = 0u; i < 10u; i++) {
    let p = multiply(0xd2511f53u, c.x);
    let q = multiply(0xcd9e8d57u, c.z);
    c = vec4<u32>(q.x ^ c.y ^ k.x, q.y, p.x ^ c.w ^ k.y, p.y);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let column = id.x;
  let quad = id.y + groups.y * id.z;
  if (column >= sizes.columns || 4u * quad >= sizes.rows) {
    return;
  }
  let low = sizes.first_low + column;
  let high = sizes.first_high + select(0u, 1u, sizes.first_low > low);
  let words = philox(vec4<u32>(quad, low, high, sizes.stream), vec2<u32>(sizes.seed_low, sizes.seed_high));
  for (var i = 0u; i < 4u; i++) {
    let row = 4u * quad + i;
    if (row < sizes.rows) {
      result[row * sizes.width + sizes.shift + column] = f32(words[i] >> 8u) * 1.1920928955078125e-7 - 1.0;
    }
  }
}
