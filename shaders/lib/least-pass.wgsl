// For each column x: the bits of the least |x − k| over its entries and the places k = FIRST and SECOND (a kink of an activation; the same
// twice where there is one). At 0 entries are read as bits, so that no subnormal number is flushed. Sizes: rows × columns, row-major,
// columns a multiple of 4. NaN and infinities count as no distance.

struct Sizes {
  rows: u32,
  columns: u32,
  // Index of the first result in `sums`.
  offset: u32,
  // This dispatch's rows: begin ≤ i < end.
  begin: u32,
  end: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// x, rows × columns / 4 vectors.
@group(0) @binding(1) var<storage, read> operand: array<vec4<f32>>;
// (bits of the least distance, 0) for each column, from `offset` on.
@group(0) @binding(2) var<storage, read_write> sums: array<vec2<u32>>;

override FIRST: f32 = 0.0;
override SECOND: f32 = 0.0;

// Bits of |x − place|.
fn distance_bits(x: vec4<f32>, place: f32) -> vec4<u32> {
  let apart = select(bitcast<vec4<u32>>(x - vec4<f32>(place)), bitcast<vec4<u32>>(x), place == 0.0);
  return apart & vec4<u32>(0x7fffffffu);
}

// Over rows x to y in steps.
fn least_bits(quad: u32, x: u32, y: u32, step: u32) -> vec4<u32> {
  let stride = sizes.columns / 4u;
  var least = vec4<u32>(0x7f800000u);
  for (var i = x; i < y; i += step) {
    let entry = operand[i * stride + quad];
    least = min(least, min(distance_bits(entry, FIRST), distance_bits(entry, SECOND)));
  }
  return least;
}

// With what the dispatches before have found.
fn store(quad: u32, found: vec4<u32>) {
  for (var i = 0u; i < 4u; i++) {
    let at = sizes.offset + 4u * quad + i;
    let before = select(0x7f800000u, sums[at].x, sizes.begin > 0u);
    sums[at] = vec2<u32>(min(before, found[i]), 0u);
  }
}
