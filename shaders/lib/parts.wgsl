// Long loops in several dispatches. A shader's passes over its rows are laid end to end, pass 0, 1, …, and a dispatch has the iterations
// begin ≤ i < end of all of them: Mesa's lavapipe (22.3) stops in silence after 65,535 iterations, which all loops of a shader share.

// The rows of pass `number` in this dispatch: from x on, below y.
fn part(number: u32, rows: u32, begin: u32, end: u32) -> vec2<u32> {
  let start = number * rows;
  return clamp(vec2<u32>(begin, end), vec2<u32>(start), vec2<u32>(start + rows)) - start;
}
