// One step of the iteration for ‖J_t‖ on A = J_tJ_tᵀ: power iteration with Lanczos' three-term orthogonalisation, and the
// normalisation of what is left (Parlett, The Symmetric Eigenvalue Problem, ch. 13):
//   α = qᵀ(Aq),  r = Aq − α q − β₋ q₋,  β = ‖r‖,  q₊ = r/β,
// and D_{t−1} ∘ q₊, where the next product begins.
// Sizes: rows = n_t, columns = B, a multiple of 4; the basis holds q_1, q_2, … as blocks of rows × columns. Its four passes over the rows, each
// from row x to row y in steps; sums in the order of lib/column-parts.wgsl.

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

// What the passes hand on, of four columns.
struct State {
  alpha: vec4<f32>,
  // Bits of max|r|.
  largest: vec4<u32>,
  // Σ (r·2^−e)².
  sum: vec4<f32>,
}

@group(0) @binding(0) var<uniform> sizes: Sizes;
// Aq, rows × columns / 4 vectors.
@group(0) @binding(1) var<storage, read> image: array<vec4<f32>>;
// D_{t−1}, rows × columns / 4 vectors; read where MASKED.
@group(0) @binding(2) var<storage, read> slopes: array<vec4<f32>>;
// q₋ of the first step in this buffer, then q_1, q_2, …: block b holds q_b, block 0 the one before; rows × columns / 4 vectors each.
@group(0) @binding(3) var<storage, read_write> basis: array<vec4<f32>>;
// q for the next product, rows × columns / 4 vectors.
@group(0) @binding(4) var<storage, read_write> next: array<vec4<f32>>;
// D_{t−1} ∘ q₊, rows × columns / 4 vectors; written where MASKED.
@group(0) @binding(5) var<storage, read_write> masked: array<vec4<f32>>;
// (α, β) of each step and column, steps × columns.
@group(0) @binding(6) var<storage, read_write> coefficients: array<vec2<f32>>;
// One for four columns, between the dispatches of long columns.
@group(0) @binding(7) var<storage, read_write> states: array<State>;

override MASKED: bool = true;

fn begun(quad: u32) -> State {
  if (sizes.begin == 0u) {
    return State();
  }
  return states[quad];
}

// Σ qᵀ(Aq); q is stored in the basis.
fn products(quad: u32, x: u32, y: u32, step: u32) -> vec4<f32> {
  let stride = sizes.columns / 4u;
  let own = (sizes.block + 1u) * sizes.rows * stride + quad;
  var sum = vec4<f32>();
  for (var i = x; i < y; i += step) {
    let q = next[i * stride + quad];
    basis[own + i * stride] = q;
    sum += q * image[i * stride + quad];
  }
  return sum;
}

fn last_beta(quad: u32) -> vec4<f32> {
  var beta = vec4<f32>();
  if (sizes.first == 0u) {
    let at = (sizes.at - 1u) * sizes.columns + 4u * quad;
    beta = vec4<f32>(coefficients[at].y, coefficients[at + 1u].y, coefficients[at + 2u].y, coefficients[at + 3u].y);
  }
  return beta;
}

// r in the place of q; bits of max|r|.
fn remainders(quad: u32, x: u32, y: u32, step: u32, alpha: vec4<f32>, beta: vec4<f32>) -> vec4<u32> {
  let stride = sizes.columns / 4u;
  let before = sizes.block * sizes.rows * stride + quad;
  var largest = vec4<u32>();
  for (var i = x; i < y; i += step) {
    let at = i * stride + quad;
    let r = image[at] - alpha * next[at] - beta * select(basis[before + i * stride], vec4<f32>(), sizes.first == 1u);
    next[at] = r;
    largest = max(largest, bitcast<vec4<u32>>(r) & vec4<u32>(0x7fffffffu));
  }
  return largest;
}

// The squares of a small r would underflow: r is scaled by the power of two of its largest entry.
fn exponent_of(largest: vec4<u32>) -> vec4<i32> {
  return clamp(vec4<i32>(largest >> vec4<u32>(23u)) - 127, vec4<i32>(-126), vec4<i32>(126));
}

fn power_of_two(exponent: vec4<i32>) -> vec4<f32> {
  return bitcast<vec4<f32>>(vec4<u32>(127 + exponent) << vec4<u32>(23u));
}

// Σ (r·2^−e)².
fn squares(quad: u32, x: u32, y: u32, step: u32, factor: vec4<f32>) -> vec4<f32> {
  let stride = sizes.columns / 4u;
  var sum = vec4<f32>();
  for (var i = x; i < y; i += step) {
    let r = next[i * stride + quad] * factor;
    sum += r * r;
  }
  return sum;
}

fn inverse_root(sum: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(), inverseSqrt(sum), sum > vec4<f32>());
}

// q₊ in the place of r, and its mask.
fn normalise(quad: u32, x: u32, y: u32, step: u32, factor: vec4<f32>, inverse: vec4<f32>) {
  let stride = sizes.columns / 4u;
  for (var i = x; i < y; i += step) {
    let at = i * stride + quad;
    let q = (next[at] * factor) * inverse;
    next[at] = q;
    if (MASKED) {
      masked[at] = slopes[at] * q;
    }
  }
}

// α and β once all passes are done, else what they have found so far.
fn hand_on(quad: u32, state: State) {
  if (sizes.end < 4u * sizes.rows) {
    states[quad] = state;
    return;
  }
  let beta = (state.sum * inverse_root(state.sum)) * power_of_two(exponent_of(state.largest));
  for (var i = 0u; i < 4u; i++) {
    coefficients[sizes.at * sizes.columns + 4u * quad + i] = vec2<f32>(state.alpha[i], beta[i]);
  }
}

fn rows_of(number: u32) -> vec2<u32> {
  return part(number, sizes.rows, sizes.begin, sizes.end);
}
