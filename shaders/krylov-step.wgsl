// One step of the iteration for ‖J_t‖ on A = J_tJ_tᵀ: power iteration with Lanczos' three-term orthogonalisation, and the
// normalisation of what is left (Parlett, The Symmetric Eigenvalue Problem, ch. 13):
//   α = qᵀ(Aq),  r = Aq − α q − β₋ q₋,  β = ‖r‖,  q₊ = r/β.
// Sizes: rows = n_t, columns = B; the basis holds q_1, q_2, … as blocks of rows × columns; an invocation a column (a sample).
// No bound rests on α, β or q: the witness made of them is measured on its own.
// uses: lib/parts.wgsl

struct Sizes {
  rows: u32,
  columns: u32,
  // j, counted from 0, of q_{j+1} within this basis buffer.
  block: u32,
  // 1 in the very first step of all, where there is no q₋.
  first: u32,
  // Where α and β of this step stand in `coefficients`, and where β₋ does.
  at: u32,
  // This dispatch's part of the passes over the rows, laid end to end.
  begin: u32,
  end: u32,
}

// What the passes hand on.
struct State {
  alpha: f32,
  // Bits of max|r|.
  largest: u32,
  // Σ (r·2^−e)².
  sum: f32,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// Aq, rows × columns.
@group(0) @binding(1) var<storage, read> image: array<f32>;
// q₋ of the first step in this buffer, then q_1, q_2, …: block b holds q_b, block 0 the one before; rows × columns each.
@group(0) @binding(2) var<storage, read_write> basis: array<f32>;
// q for the next product, rows × columns.
@group(0) @binding(3) var<storage, read_write> next: array<f32>;
// (α, β) of each step and column, steps × columns.
@group(0) @binding(4) var<storage, read_write> coefficients: array<vec2<f32>>;
// One a column, between the dispatches of a long column.
@group(0) @binding(5) var<storage, read_write> states: array<State>;

fn rows_of(number: u32) -> vec2<u32> {
  return part(number, sizes.rows, sizes.begin, sizes.end);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  if (column >= sizes.columns) {
    return;
  }
  let size = sizes.rows * sizes.columns;
  let own = (sizes.block + 1u) * size;
  var state = State(0.0, 0u, 0.0);
  if (sizes.begin > 0u) {
    state = states[column];
  }
  var alpha = state.alpha;
  let products = rows_of(0u);
  for (var i = products.x; i < products.y; i++) {
    let at = i * sizes.columns + column;
    let q = next[at];
    basis[own + at] = q;
    alpha += q * image[at];
  }
  var beta_before = 0.0;
  if (sizes.first == 0u) {
    beta_before = coefficients[(sizes.at - 1u) * sizes.columns + column].y;
  }
  var largest = state.largest;
  let remainders = rows_of(1u);
  for (var i = remainders.x; i < remainders.y; i++) {
    let at = i * sizes.columns + column;
    let before = select(basis[own - size + at], 0.0, sizes.first == 1u);
    let r = image[at] - alpha * next[at] - beta_before * before;
    next[at] = r;
    largest = max(largest, bitcast<u32>(r) & 0x7fffffffu);
  }
  // The squares of a small r would underflow: r is scaled by the power of two of its largest entry.
  let exponent = clamp(i32(largest >> 23u) - 127, -126, 126);
  let factor = bitcast<f32>(u32(127 - exponent) << 23u);
  var sum = state.sum;
  let squares = rows_of(2u);
  for (var i = squares.x; i < squares.y; i++) {
    let r = next[i * sizes.columns + column] * factor;
    next[i * sizes.columns + column] = r;
    sum += r * r;
  }
  let inverse = select(0.0, inverseSqrt(sum), sum > 0.0);
  let scaled = rows_of(3u);
  for (var i = scaled.x; i < scaled.y; i++) {
    next[i * sizes.columns + column] *= inverse;
  }
  if (sizes.end < 4u * sizes.rows) {
    states[column] = State(alpha, largest, sum);
    return;
  }
  let beta = (sum * inverse) * bitcast<f32>(u32(127 + exponent) << 23u);
  coefficients[sizes.at * sizes.columns + column] = vec2<f32>(alpha, beta);
}
