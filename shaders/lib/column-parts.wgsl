// The order in which a column is summed: part p has the rows i ≡ p mod 8, ascending, and the eight sums are added in pairs. One invocation
// goes through all parts, or eight through one each (lib/workgroup-parts.wgsl), to the same bits.

const PARTS = 8u;

// The first row from `begin` on that is of this part.
fn first_row(begin: u32, own: u32) -> u32 {
  return begin + ((own - begin) & (PARTS - 1u));
}

// The row of part 0 at or before `begin`.
fn first_block(begin: u32) -> u32 {
  return begin & ~(PARTS - 1u);
}

fn in_pairs(sums: array<vec4<f32>, 8>) -> vec4<f32> {
  let low = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  let high = (sums[4] + sums[5]) + (sums[6] + sums[7]);
  return low + high;
}
