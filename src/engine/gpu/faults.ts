/** The planted faults of the kernels, each as textual changes of shaders; every `find` occurs exactly once in its shader. */
import type { FaultName } from "../faults.ts";
import type { Sizes } from "../program/kernels.ts";

export interface KernelEdit {
  readonly shader: string;
  readonly find: string;
  readonly replace: string;
}

const edits = (shader: string, ...changes: readonly (readonly [find: string, replace: string])[]): KernelEdit[] =>
  changes.map(([find, replace]) => ({ shader, find, replace }));
const forward = (...changes: Parameters<typeof edits>[1][]) => edits("forward.wgsl", ...changes);
const backwardWide = (...changes: Parameters<typeof edits>[1][]) => edits("vector-jacobian-product.wgsl", ...changes);
const backwardTall = (...changes: Parameters<typeof edits>[1][]) =>
  edits("vector-jacobian-product-tall.wgsl", ...changes);
const tangentWide = (...changes: Parameters<typeof edits>[1][]) => edits("jacobian-vector-product.wgsl", ...changes);
const tangentTall = (...changes: Parameters<typeof edits>[1][]) =>
  edits("jacobian-vector-product-tall.wgsl", ...changes);
/** In both layouts. */
const norm = (...changes: Parameters<typeof edits>[1][]) => [
  ...edits("column-norm.wgsl", ...changes),
  ...edits("column-norm-shared.wgsl", ...changes),
];
const dot = (...changes: Parameters<typeof edits>[1][]) => [
  ...edits("column-dot.wgsl", ...changes),
  ...edits("column-dot-shared.wgsl", ...changes),
];
const backward = (...changes: Parameters<typeof edits>[1][]) => [
  ...backwardWide(...changes),
  ...backwardTall(...changes),
];
const tangent = (...changes: Parameters<typeof edits>[1][]) => [...tangentWide(...changes), ...tangentTall(...changes)];

const MASK = "masked[at] = slopes[row * group + quad % group] * value;";
const NEIGHBOUR_MASK = "masked[at] = slopes[row * group + (quad + 1u) % group] * value;";
/** The same of layer 1, whose random tangents are shared. */
const SPREAD_MASK = "masked[at] = slopes[row * group + own] * value;";
const GUARD = "if (quad >= stride || row >= sizes.rows) {";
const RAGGED_TILE_GUARD = "if (quad >= stride || row >= sizes.rows || (row > 0u && row + 8u > sizes.rows)) {";
const TALL_GUARD = "if (quad >= half || row >= sizes.rows) {";
const RAGGED_TALL_GUARD = "if (quad >= half || row >= sizes.rows || (row > 0u && row + 16u > sizes.rows)) {";
const SECOND_WORKGROUP_GUARD = "if (quad >= stride || row >= sizes.rows || (quad >= 64u && quad < 128u)) {";
const PLACE = "let at = row * stride + quad;";
/** Column quad + 1, cyclically: four samples on. */
const NEXT_PLACE = "let at = row * stride + (quad + 1u) % stride;";

/** The loop of lib/dot-pass.wgsl, and what lib/norm-passes.wgsl takes of a row. */
const DOT_LOOP = "i < y; i += step) {\n    sum += (left";
const NORM_TERM = "i >= rows.x && i < rows.y);";

/** A vector's bits without the lowest 13 of each: 10 of the mantissa are left. */
const truncated = (value: string): string =>
  `bitcast<vec4<f32>>(bitcast<vec4<u32>>(${value}) & vec4<u32>(0xffffe000u))`;

/** A vector with every subnormal number made 0. */
const flushed = (value: string): string =>
  `select(${value}, vec4<f32>(), (bitcast<vec4<u32>>(${value}) & vec4<u32>(0x7f800000u)) == vec4<u32>(0u))`;

/** Four weights as they would stand in the transposed matrix: the first at number `at`, the others `step` apart. */
const transposed = (at: string, step: string): string => {
  const entry = (k: number): string => `weight[(at + ${String(k)}u * step) / 4u][(at + ${String(k)}u * step) % 4u]`;
  return `let at = ${at};\n  let step = ${step};\n  return vec4<f32>(${[0, 1, 2, 3].map(entry).join(", ")});`;
};

/** The rows of a tile. */
const TILE = [0, 1, 2, 3, 4, 5, 6, 7] as const;

export const KERNEL_FAULTS: Readonly<Partial<Record<FaultName, readonly KernelEdit[]>>> = {
  "forward-bias-dropped": forward(["sum + vec4<f32>(bias[row])", "sum + vec4<f32>(0.0 * bias[row])"]),
  "forward-term-skipped": forward(["k < sizes.end; k++", "k < sizes.end - 1u; k++"]),
  "forward-index-shifted": forward([
    "hidden[k * stride + quad]",
    "hidden[min(k + 1u, sizes.inner - 1u) * stride + quad]",
  ]),
  "forward-row-skipped": forward(["  if (row >= sizes.rows) {", "  if (row == 0u || row >= sizes.rows) {"]),
  "forward-tile-skipped": forward([GUARD, RAGGED_TILE_GUARD]),
  "forward-workgroup-skipped": forward([GUARD, SECOND_WORKGROUP_GUARD]),
  "forward-sample-shifted": forward([PLACE, NEXT_PLACE]),
  "hidden-truncated": forward(["next[at] = value;", `next[at] = ${truncated("value")};`]),
  "slopes-all-one": forward(["slopes[at] = slope;", "slopes[at] = 0.0 * slope + vec4<f32>(1.0);"]),
  "kink-slope-one": forward([
    "Activated(max(z, 0.0), select(0.0, 1.0, z > 0.0))",
    "Activated(max(z, 0.0), select(0.0, 1.0, z >= 0.0))",
  ]),
  "wrong-label": edits(
    "head.wgsl",
    ["own = state.best;", "own = (state.best + 1u) % sizes.width;"],
    ["return u32(labels[column]);", "return (u32(labels[column]) + 1u) % sizes.width;"],
    ["var own = u32(max(labels[column], 0));", "var own = (u32(max(labels[column], 0)) + 1u) % sizes.width;"],
  ),
  "top-gradient-doubled": edits("head.wgsl", [
    "let g = gradient[at(i, column)] * factor;",
    "let g = 2.0 * gradient[at(i, column)] * factor;",
  ]),
  "vjp-transposed": [
    ...backwardWide(
      ...TILE.map((r) => (r === 0 ? "row" : `c${String(r)}`)).map(
        (row) => [`weight[base + ${row}]`, `weight[${row} * sizes.inner + i]`] as const,
      ),
    ),
    ...backwardTall([
      "return weight[(i * sizes.rows + min(row, sizes.rows - 4u)) / 4u];",
      transposed("min(row, sizes.rows - 4u) * sizes.inner + i", "sizes.inner"),
    ]),
  ],
  "vjp-missing-mask": backward([MASK, "masked[at] = value;"]),
  "vjp-row-skipped": [
    ...backwardWide(["let terms = sizes.end;", "let terms = sizes.end - 1u;"]),
    ...backwardTall(["let terms = sizes.end;", "let terms = sizes.end - 4u;"]),
  ],
  "vjp-tile-skipped": [...backwardWide([GUARD, RAGGED_TILE_GUARD]), ...backwardTall([TALL_GUARD, RAGGED_TALL_GUARD])],
  "vjp-sample-shifted": backward([PLACE, NEXT_PLACE]),
  "adjoint-truncated": backward([
    MASK,
    `let product = slopes[row * group + quad % group] * value;\n    masked[at] = ${truncated("product")};`,
  ]),
  "jvp-transposed": [
    ...tangentWide(
      ...TILE.map(
        (r) => [`weight[r${String(r)} + k]`, `weight[k * sizes.rows + r${String(r)} / sizes.inner]`] as const,
      ),
    ),
    ...tangentTall([
      "return weight[base + k / 4u];",
      transposed("k * sizes.rows + 4u * base / sizes.inner", "sizes.rows"),
    ]),
  ],
  "jvp-missing-mask": [
    ...tangent([MASK, "masked[at] = value;"]),
    ...edits("spread.wgsl", [SPREAD_MASK, "masked[at] = value;"]),
  ],
  "jvp-row-skipped": [
    ...tangentWide(["let terms = sizes.end;", "let terms = sizes.end - 1u;"]),
    ...tangentTall(["let terms = sizes.end;", "let terms = sizes.end - 4u;"]),
  ],
  // Where it is masked it spreads ζ_1; τ_1, unmasked, stays: along one direction throughout any direction would do.
  "random-direction-shifted": edits("spread.wgsl", [
    "sizes.columns + (sizes.first + samples) / sizes.block,",
    "sizes.columns + ((sizes.first + samples) / sizes.block + u32(MASKED)) % sizes.blocks,",
  ]),
  "dot-row-skipped": dot([DOT_LOOP, DOT_LOOP.replace("i < y;", "i < min(y, sizes.rows - 1u);")]),
  "norm-row-skipped": norm([NORM_TERM, "i >= rows.x && i < rows.y && i > 0u);"]),
  "loop-cut-short": [
    ...forward(["k < sizes.end; k++", "k < min(sizes.end, sizes.begin + 8u); k++"]),
    ...backward(["let terms = sizes.end;", "let terms = min(sizes.end, sizes.begin + 8u);"]),
    ...tangent(["let terms = sizes.end;", "let terms = min(sizes.end, sizes.begin + 8u);"]),
    ...dot([DOT_LOOP, DOT_LOOP.replace("i < y;", "i < min(y, sizes.begin + 8u);")]),
    ...norm([NORM_TERM, "i >= rows.x && i < min(rows.y, 8u));"]),
  ],
  "last-tile-wrong-at-17": forward([
    "  let at = row * stride + quad;\n  if (sizes.end",
    "  if (sizes.rows % 16u == 1u && row + 1u == sizes.rows) {\n    return;\n  }\n  let at = row * stride + quad;\n  if (sizes.end",
  ]),
  "slopes-at-hidden": forward([
    "let g = activate(ACTIVATION, parameter[row], z[i]);",
    "var g = activate(ACTIVATION, parameter[row], z[i]);\n    g.slope = activate(ACTIVATION, parameter[row], g.value).slope;",
  ]),
  "slopes-of-neighbour": [
    ...backward([MASK, NEIGHBOUR_MASK]),
    ...tangent([MASK, NEIGHBOUR_MASK]),
    ...edits("spread.wgsl", [SPREAD_MASK, "masked[at] = slopes[row * group + (own + 1u) % group] * value;"]),
  ],
  "vjp-slopes-of-neighbour": backward([MASK, NEIGHBOUR_MASK]),
  "norm-lane-skipped": norm([NORM_TERM, "i >= rows.x && i < rows.y && i + 1u < sizes.rows);"]),
  "gelu-slope-without-density": forward([
    "Activated(z * p, p + z * normal_density(z))",
    "Activated(z * p, p + 0.0 * normal_density(z))",
  ]),
  "tanh-slope-linear": forward([
    "Activated(tanh_f32(z), sech_squared(z))",
    "Activated(tanh_f32(z), 1.0 - abs(tanh_f32(z)))",
  ]),
  "silu-slope-logistic": forward(["Activated(z * s, s * (1.0 + z * sigmoid_f32(-z)))", "Activated(z * s, s)"]),
  "leaky-slope-doubled": forward([
    "Activated(select(parameter * z, z, z > 0.0), select(parameter, 1.0, z > 0.0))",
    "Activated(select(2.0 * parameter * z, z, z > 0.0), select(2.0 * parameter, 1.0, z > 0.0))",
  ]),
  "cross-entropy-label-dropped": edits("head.wgsl", [
    "gradient[at(i, column)] = -state.others;",
    "gradient[at(i, column)] = -0.0 * state.others;",
  ]),
  "subnormals-flushed": [
    ...forward(
      ["next[at] = value;", `next[at] = ${flushed("value")};`],
      ["preactivation[at] = z;", `preactivation[at] = ${flushed("z")};`],
    ),
    ...backward(
      ["result[at] = FACTOR * value;", `result[at] = ${flushed("value")};`],
      [MASK, `let product = slopes[row * group + quad % group] * value;\n    masked[at] = ${flushed("product")};`],
    ),
    ...tangent(
      ["result[at] = value;", `result[at] = ${flushed("value")};`],
      [MASK, `let product = slopes[row * group + quad % group] * value;\n    masked[at] = ${flushed("product")};`],
    ),
    ...edits("spread.wgsl", [
      SPREAD_MASK,
      `let product = slopes[row * group + own] * value;\n    masked[at] = ${flushed("product")};`,
    ]),
  ],
};

/** A kernel's uniforms with the fault in them: every field has the value of the next. */
export function withSizesFault(kernel: string, sizes: Sizes, fault: FaultName | undefined): Sizes {
  if (fault !== "jvp-sizes-shifted" || !kernel.startsWith("jacobian-vector-product")) return sizes;
  const names = Object.keys(sizes);
  return Object.fromEntries(names.map((name, i) => [name, sizes[names[(i + 1) % names.length] as string] as number]));
}

/** The shader's text with the fault in it, where it is one of this shader's. */
export function withFault(path: string, code: string, fault: FaultName | undefined): string {
  const changes = (fault === undefined ? [] : (KERNEL_FAULTS[fault] ?? [])).filter((edit) => edit.shader === path);
  return changes.reduce((text, { find, replace }) => {
    if (text.split(find).length !== 2) {
      throw new RangeError(`fault ${String(fault)}: "${find}" is not there exactly once`);
    }
    return text.replace(find, replace);
  }, code);
}
