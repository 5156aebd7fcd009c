// Columns summed by a workgroup of 64: eight vectors of four columns side by side, eight invocations to each, one a part (lib/column-parts.wgsl).

// Bits of what the invocations hand to each other, 64 a slot; a shader uses each slot once, so that one barrier a sum is enough.
var<workgroup> handed: array<vec4<u32>, 192>;

// An invocation's place: which vector of columns, and which part of its rows. One that is past the last column goes along with none, for the
// barriers' sake.
struct Place {
  quad: u32,
  part: u32,
  idle: bool,
}

fn place_of(group: u32, local: u32, columns: u32) -> Place {
  let quad = 8u * group + local % 8u;
  let idle = 4u * quad >= columns;
  return Place(select(quad, 0u, idle), local / 8u, idle);
}

// The rows of these that are its own: from the first, in steps of PARTS, below the last.
fn own_rows(span: vec2<u32>, place: Place) -> vec2<u32> {
  return select(vec2<u32>(first_row(span.x, place.part), span.y), vec2<u32>(), place.idle);
}

// Whether it is the one that stores what all eight have found.
fn speaks(place: Place) -> bool {
  return !place.idle && place.part == 0u;
}

fn of_part(slot: u32, local: u32, own: u32) -> vec4<u32> {
  return handed[64u * slot + 8u * own + local % 8u];
}

fn sum_of_part(slot: u32, local: u32, own: u32) -> vec4<f32> {
  return bitcast<vec4<f32>>(of_part(slot, local, own));
}

// The sum of all parts, to each of them.
fn shared_sum(slot: u32, local: u32, own: vec4<f32>) -> vec4<f32> {
  handed[64u * slot + local] = bitcast<vec4<u32>>(own);
  workgroupBarrier();
  return in_pairs(array<vec4<f32>, 8>(
    sum_of_part(slot, local, 0u),
    sum_of_part(slot, local, 1u),
    sum_of_part(slot, local, 2u),
    sum_of_part(slot, local, 3u),
    sum_of_part(slot, local, 4u),
    sum_of_part(slot, local, 5u),
    sum_of_part(slot, local, 6u),
    sum_of_part(slot, local, 7u),
  ));
}

// The largest of all parts, to each of them.
fn shared_largest(slot: u32, local: u32, own: vec4<u32>) -> vec4<u32> {
  handed[64u * slot + local] = own;
  workgroupBarrier();
  var most = of_part(slot, local, 0u);
  for (var p = 1u; p < PARTS; p++) {
    most = max(most, of_part(slot, local, p));
  }
  return most;
}
