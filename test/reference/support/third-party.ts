/**
 * Every reported quantity of a sample against two that share nothing with the engines: jax-js's autodiff, and the dense oracle.
 *
 * Engine cpu runs with `--accuracy 1e-9`: on widths up to 6 its iteration spans the whole space, so ‖J_t‖ is exact but for rounding.
 * Tolerances: 1e-9 relative covers that and the few hundred roundings of u = 2⁻⁵³ behind each number, as none of the drawn cases comes
 * near a cancellation (‖∇ₓf‖ is asserted to be above 1e-6 of ‖∇_θf‖); 1e-5 where jax-js's erf is involved, which is off by 1.5e-7.
 */
import type { SampleRow } from "../../../src/records/sample.ts";
import { verify } from "../../../src/pipeline/verify.ts";
import { createCpuEngine } from "../../../src/engine/cpu/engine.ts";
import type { ActivationName } from "../../../src/network/activations.ts";
import { ACTIVATION_NAMES } from "../../../src/network/activations.ts";
import type { Network } from "../../../src/network/network.ts";
import { formatActivation } from "../../../src/network/parametric.ts";
import { norm } from "../../../src/reference/matrix.ts";
import type { Matrix } from "../../../src/reference/matrix.ts";
import { applyTransposed } from "../../../src/reference/matrix.ts";
import { examine, forward, weights } from "../../../src/reference/oracle.ts";
import { randomNetwork } from "../../../src/sampling/random-network.ts";
import { drawer, normals } from "../../support/stream.ts";
import { spectralNorm } from "../../support/svd.ts";
import type { JaxCase, JaxResult } from "../programs/jax.ts";
import type { HeadCase } from "./cases.ts";
import { headCases } from "./cases.ts";

export interface ThirdPartyCase {
  readonly name: string;
  readonly network: Network;
  readonly headCase: HeadCase;
  readonly x: readonly number[];
}

/** Case `index`: depth 1 … 4, widths 1 … 6, an activation a layer, the heads in turn; at a point away from every kink. */
export function drawThirdPartyCase(index: number): ThirdPartyCase {
  for (let attempt = 0; ; attempt++) {
    const draw = drawer(606, 1000 * attempt + index);
    const depth = 1 + draw(4);
    const widths = Array.from({ length: depth + 1 }, (_, i) => (i === depth ? 2 + draw(4) : 1 + draw(6)));
    const activations = Array.from(
      { length: depth },
      (): ActivationName => ACTIVATION_NAMES[draw(ACTIVATION_NAMES.length)] ?? "tanh",
    );
    const address = { seed: 606, index: 1000 * attempt + index, widths, activations };
    const network = randomNetwork({ ...address, initialiser: "lecun", biasScale: 0.3 });
    const heads = headCases(widths[depth] ?? 1);
    const headCase = heads[index % heads.length] as HeadCase;
    const x = normals(607, 1000 * attempt + index, widths[0] ?? 1);
    const { preactivation, hidden } = forward(network, x);
    const clear = preactivation.flat().every((v) => [0, 3, -3, 6].every((kink) => Math.abs(v - kink) > 1e-3));
    const outputs = [...(hidden.at(-1) ?? [])].sort((a, b) => a - b);
    const apart = outputs.every((v, i) => i === 0 || v - (outputs[i - 1] ?? v) > 1e-3);
    const found = examine(network, headCase.head, x, headCase.label, 0, "spectral", spectralNorm);
    const alive = found.inputGradientNorm > 1e-6 * found.parameterGradientNorm && found.inputGradientNorm > 0;
    if (clear && apart && alive) {
      return {
        name: `case ${String(index)} ${widths.join("-")} ${activations.join(",")} ${headCase.name}`,
        network,
        headCase,
        x,
      };
    }
  }
}

/** The case as the jax-js program reads it. */
export function jaxCase({ network, headCase: { head, label }, x }: ThirdPartyCase): JaxCase {
  const output = forward(network, x).hidden.at(-1) ?? [];
  const index = head.kind === "logit" ? head.index : label >= 0 ? label : output.indexOf(Math.max(...output));
  const others = output.map((v, k) => (k === index ? -Infinity : v));
  return {
    activations: network.layers.map((l) => formatActivation(l.activation)),
    head: head.kind,
    x,
    layers: network.layers.map((l, k) => ({ weight: weights(network)[k] ?? [], bias: Array.from(l.bias) })),
    coefficients: Array.from(head.kind === "linear" ? head.coefficients : output),
    targets: head.kind === "squared-error" ? Array.from(head.targets) : [],
    index,
    rival: others.indexOf(Math.max(...others)),
    sign: label > 0 ? 1 : -1,
  };
}

/** The sample's row on engine cpu, audited. */
export async function rowOf({ network, headCase, x }: ThirdPartyCase): Promise<SampleRow> {
  const engine = createCpuEngine({ threads: 0, runtime: "test" });
  const rows: SampleRow[] = [];
  const inputs = Float64Array.from(x);
  await verify({
    network,
    head: headCase.head,
    source: { samples: 1, width: x.length, read: () => ({ inputs, labels: Int32Array.of(headCase.label) }) },
    engine,
    host: engine,
    norm: "spectral",
    accuracy: 1e-9,
    audit: 1,
    seed: 1,
    onRow: (row) => rows.push(row),
  });
  return rows[0] as SampleRow;
}

/** What the row should say, by layer and in all, under the names that it uses. */
export interface Expected {
  readonly whole: Readonly<Record<string, number>>;
  readonly layers: readonly Readonly<Record<string, number>>[];
}

/** From jax-js's derivatives alone: norms, the two sides, κ_t and its parts. */
export function expectedFromJax(case_: ThirdPartyCase, jax: JaxResult): Expected {
  const { network, x } = case_;
  const matrices: readonly Matrix[] = weights(network);
  const gradient = norm(jax.inputGradient);
  const jacobianNorms = matrices.map((_, i) => (i === 0 ? 1 : spectralNorm(jax.jacobians[i - 1] as Matrix)));
  const hidden = forward(network, x).hidden;
  const layers = matrices.map((matrix, i) => {
    const weightNorm = spectralNorm(matrix);
    const jacobianNorm = jacobianNorms[i] as number;
    const delta = jax.biasGradients[i] as number[];
    const pulled = norm(applyTransposed(matrix, delta));
    const bias = norm(delta);
    return {
      hiddenNorm: norm(hidden[i] as number[]),
      weightNorm,
      jacobianNorm,
      weightGradientNorm: norm(jax.weightGradients[i] as number[]),
      biasGradientNorm: bias,
      tightness: gradient / (bias * weightNorm * jacobianNorm),
      alignmentWeight: pulled / (bias * weightNorm),
      alignmentJacobian: gradient / (pulled * jacobianNorm),
    };
  });
  const coefficient = layers.reduce(
    (sum, l) => sum + (1 + l.hiddenNorm ** 2) / (l.weightNorm ** 2 * l.jacobianNorm ** 2),
    0,
  );
  const rhs = layers.reduce((sum, l) => sum + l.weightGradientNorm ** 2 + l.biasGradientNorm ** 2, 0);
  const lhs = gradient ** 2 * coefficient;
  return { whole: { ...sides(lhs, rhs), coefficient, value: jax.value, inputGradientNorm: gradient }, layers };
}

/** From the oracle: the same, and directional tightness. */
export function expectedFromOracle({ network, headCase, x }: ThirdPartyCase): Expected {
  const found = examine(network, headCase.head, x, headCase.label, 0, "spectral", spectralNorm);
  const layers = found.layers.map((l) => ({
    hiddenNorm: l.hiddenNorm,
    weightNorm: l.weightNorm,
    jacobianNorm: l.jacobianNorm,
    weightGradientNorm: l.weightGradientNorm,
    biasGradientNorm: l.biasGradientNorm ?? NaN,
    tightness: l.tightness,
    directionalTightness: l.directionalTightness,
    alignmentWeight: l.alignmentWeight,
    alignmentJacobian: l.alignmentJacobian,
  }));
  const { lhs, rhs, value, inputGradientNorm } = found;
  return { whole: { ...sides(lhs, rhs), value, inputGradientNorm }, layers };
}

function sides(lhs: number, rhs: number): Record<string, number> {
  return { lhs, rhs, ratio: lhs / rhs, parameterGradientNorm: Math.sqrt(rhs) };
}

/** The names of the numbers that differ by more than the tolerance, or lie outside the proven interval. */
export function disagreements(row: SampleRow, expected: Expected, tolerance: number): string[] {
  const near = (where: string, found: unknown, right: number): string[] => {
    const v = typeof found === "number" ? found : NaN;
    // f itself may be near 0 while its gradient is not.
    const scale = where === "value" ? Math.max(1, Math.abs(right)) : Math.abs(right);
    return Math.abs(v - right) <= tolerance * scale ? [] : [`${where}: ${String(v)}, expected ${String(right)}`];
  };
  const whole = Object.entries(expected.whole).flatMap(([name, right]) =>
    near(name, row[name as keyof SampleRow], right),
  );
  const layers = expected.layers.flatMap((numbers, i) => {
    const layer = row.layers[i];
    if (layer === undefined) return [`layer ${String(i + 1)} is missing`];
    const each = Object.entries(numbers).flatMap(([name, right]) =>
      near(`${name} of layer ${String(i + 1)}`, layer[name as keyof typeof layer], right),
    );
    const inside = (name: string, right: number, lower: number | null, upper: number | null): string[] =>
      right * (1 + tolerance) >= (lower ?? NaN) && right * (1 - tolerance) <= (upper ?? NaN)
        ? []
        : [`${name} outside its interval`];
    return [
      ...each,
      ...inside("‖J‖", numbers["jacobianNorm"] ?? NaN, layer.jacobianNormLower, layer.jacobianNormUpper),
      ...inside("κ", numbers["tightness"] ?? NaN, layer.tightnessLower, layer.tightnessUpper),
    ];
  });
  return [...whole, ...layers];
}

/** 1e-9, or what jax-js's erf allows (see above). */
export function toleranceOf({ network }: ThirdPartyCase, jax: boolean): number {
  return jax && network.layers.some((l) => l.activation === "gelu") ? 1e-5 : 1e-9;
}
