// What a batch's sums say of its samples, in fewer words: whether all is finite, one word a measure, and an exponent in half a word. Bits go
// through unchanged. Sizes: `sums` holds groups of `columns` pairs; the result is (1 + words + ⌈exponents/2⌉) × columns, row-major; an
// invocation a word.

struct Sizes {
  columns: u32,
  // How many groups must be finite, words, and exponents: so many entries of `table` each, one list behind the other.
  finite: u32,
  words: u32,
  exponents: u32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// (max|x|, Σ), (distance, 0) or (exponent, Σ), as column-norm, column-least and column-dot leave them.
@group(0) @binding(1) var<storage, read> sums: array<vec2<u32>>;
// Of what must be finite its group; of a word 2·group, and 1 more for the second of the pair; of an exponent 2·group, and 1 more where it
// stands there by itself, a norm's being that of max|x|. Written by the host.
@group(0) @binding(2) var<storage, read> table: array<u32>;
// The largest of all max|x|, by its bits; the words; two exponents a word, the first below the second, 128 for what is not finite.
@group(0) @binding(3) var<storage, read_write> result: array<u32>;

fn pair(group: u32, column: u32) -> vec2<u32> {
  return sums[group * sizes.columns + column];
}

fn exponent(number: u32, column: u32) -> u32 {
  if (number >= sizes.exponents) {
    return 0u;
  }
  let entry = table[sizes.finite + sizes.words + number];
  let first = pair(entry / 2u, column).x;
  let of_norm = max(i32(first >> 23u) - 127, -126);
  let clamped = select(min(of_norm, 126), 128, first >= 0x7f800000u);
  return bitcast<u32>(select(clamped, bitcast<i32>(first), entry % 2u == 1u)) & 0xffffu;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let column = id.x;
  let row = id.y + groups.y * id.z;
  if (column >= sizes.columns || row > sizes.words + (sizes.exponents + 1u) / 2u) {
    return;
  }
  var word = 0u;
  if (row == 0u) {
    for (var i = 0u; i < sizes.finite; i++) {
      word = max(word, pair(table[i], column).x);
    }
  } else if (row <= sizes.words) {
    let entry = table[sizes.finite + row - 1u];
    let both = pair(entry / 2u, column);
    word = select(both.x, both.y, entry % 2u == 1u);
  } else {
    let number = 2u * (row - 1u - sizes.words);
    word = exponent(number, column) | (exponent(number + 1u, column) << 16u);
  }
  result[row * sizes.columns + column] = word;
}
