/**
 * The base pass: forward, head, backward, and the two tangents of the cut test (tangents.ts).
 *
 *     z = W h + b,  h′ = g(z),  D = g′(z)          a_t = W′_tᵀ δ_t,  δ_{t−1} = D_{t−1} ∘ a_t,  ĝ_x = a_1
 *     S_0 = ĝ_x·τ_1,  S_t = δ_t·ζ_t
 *
 * Sizes: B columns, one a sample; the two tangents stand side by side, 2B columns.
 */
import { kinksOf } from "../../network/kinks.ts";
import type { Measurements, TracedSample } from "../engine.ts";
import { inputGradientFactor } from "../faults.ts";
import { activationNumber, HEAD_NUMBERS } from "./constants.ts";
import { HEAD_STATE } from "./kernels.ts";
import type { ProgramNetwork } from "./network.ts";
import type { Packed } from "./packed.ts";
import { packed } from "./packed.ts";
import type { Matrix, Measure, Place, Call, Tree } from "./stage.ts";
import { listOf, matrix } from "./stage.ts";
import type { Sums } from "./sums.ts";
import { sumsOf } from "./sums.ts";
import { tangentStages } from "./tangents.ts";

/** What a batch's vectors are measured by, its witnesses and explicit Jacobians apart. */
export type BaseMeasurements = Pick<
  Measurements,
  "hiddenNorm" | "slopeMax" | "kinkDistance" | "adjointNorm" | "pullbackNorm" | "directions"
>;

/** What is read back of a sample, its two numbers and its witnesses apart. */
export type BaseVectors = Omit<TracedSample, "value" | "topExponent" | "witnesses">;

export interface BasePass {
  /** All of them: `forward`, which knows nothing of f, then `backward`, which begins with the head. */
  readonly stages: readonly Call[];
  readonly forward: readonly Call[];
  readonly backward: readonly Call[];
  /** Inputs of the batch, n_1 × B; labels, 1 × B; the head's constants. */
  readonly inputs: Matrix;
  readonly labels: Matrix;
  readonly headData: Matrix;
  /** (f, e) of each sample. */
  readonly values: Matrix;
  readonly slopes: readonly Matrix[];
  /** τ_t of both directions. */
  readonly tangents: readonly Matrix[];
  readonly measured: Tree<BaseMeasurements, Measure>;
  readonly sums: Sums;
  /** What is read back of them. */
  readonly packed: Packed;
  /** A sample of which one of these is not finite has no measurements. */
  readonly finite: readonly Matrix[];
  readonly vectors: Tree<BaseVectors, Place>;
}

export function basePass(network: ProgramNetwork, columns: number): BasePass {
  const { depth, layers, width, unused, fault } = network;
  const at = (list: readonly Matrix[], t: number): Matrix => list[t - 1] as Matrix;
  const above = (t: number): number => width(t + 1);
  const hidden = [...layers, depth + 1].map((t) => matrix("hidden", t, width(t), columns));
  const preactivation = layers.map((t) => matrix("preactivation", t, above(t), columns));
  const slopes = layers.map((t) => matrix("slopes", t, above(t), columns));
  const adjoints = layers.map((t) => matrix("adjoint", t, above(t), columns));
  const pullbacks = layers.map((t) => matrix("pullback", t, width(t), columns));
  const topGradient = matrix("top-gradient", depth, above(depth), columns);
  const values = matrix("values", 0, 1, columns, 2);
  const labels = matrix("labels", 0, 1, columns);
  const headData = matrix("head-data", 0, above(depth), columns);
  const inputGradient = at(pullbacks, 1);

  const forward = layers.map((t): Call => ({
    name: `the forward pass of layer ${String(t)}`,
    kernel: "forward",
    overrides: { ACTIVATION: activationNumber(network.activation(t)) },
    sizes: { rows: above(t), inner: width(t), columns },
    operands: [
      ...[network.weight(t), network.bias(t), network.parameter(t), at(hidden, t)],
      ...[at(preactivation, t), at(hidden, t + 1), at(slopes, t)],
    ],
  }));
  const { head } = network.plan;
  const headStage: Call = {
    name: "the head",
    kernel: "head",
    overrides: { HEAD: HEAD_NUMBERS[head.kind] },
    sizes: { width: above(depth), columns, index: head.kind === "logit" ? head.index : 0 },
    operands: [
      ...[at(hidden, depth + 1), headData, labels, at(slopes, depth)],
      ...[values, topGradient, at(adjoints, depth), matrix("states", 0, 1, columns, HEAD_STATE)],
    ],
  };
  const pullback = [...layers].reverse().map((t): Call => {
    const below = t > 1 ? [at(slopes, t - 1), at(adjoints, t - 1)] : unused;
    return {
      name: `the backward pass of layer ${String(t)}`,
      kernel: "vectorJacobianProduct",
      overrides: { MASKED: t > 1 ? 1 : 0, FACTOR: t === 1 ? inputGradientFactor(fault) : 1 },
      sizes: { rows: width(t), inner: above(t), columns, samples: columns },
      operands: [network.scaled(t), at(adjoints, t), below[0] as Matrix, at(pullbacks, t), below[1] as Matrix],
    };
  });
  const cut = tangentStages(network, inputGradient, slopes);
  const { tangents, pushed } = cut;

  const place = (of: Matrix): Place => ({ of, column: 0 });
  const direction = (column: number): BasePass["vectors"]["directions"][number] => ({
    tangents: tangents.map((of) => ({ of, column })),
    pushed: pushed.map((of) => ({ of, column })),
  });
  const each = (what: string, list: readonly Matrix[], kind: "norm" | "largest" = "norm", column = 0): Measure[] =>
    list.map((of, i) => ({ name: `${what} of layer ${String(i + 1)}`, kind, of, column }));
  const along = (column: number): BasePass["measured"]["directions"][number] => ({
    tangentNorm: each("‖τ‖", tangents, "norm", column),
    products: [at(tangents, 1), ...pushed].map((of, t) => ({
      ...{ name: `S of layer ${String(t)}`, kind: "dot", of, column },
      with: t === 0 ? inputGradient : at(adjoints, t),
    })),
  });
  const measured: BasePass["measured"] = {
    hiddenNorm: each("‖h‖", hidden.slice(0, depth)),
    slopeMax: each("max|D|", slopes, "largest"),
    kinkDistance: preactivation.map((of, i) => {
      const places = kinksOf(network.activation(i + 1)).map((kink) => kink.at);
      return { name: `the kink distance of layer ${String(i + 1)}`, kind: "least", of, places, column: 0 };
    }),
    adjointNorm: each("‖δ‖", adjoints),
    pullbackNorm: each("‖Wᵀδ‖", pullbacks),
    directions: [along(0), along(columns)],
  };
  const finite = [
    ...[...hidden, ...preactivation, ...slopes, ...adjoints, ...pullbacks, topGradient],
    ...[...tangents, ...pushed],
  ];
  const backward = [headStage, ...pullback, ...cut.stages];
  const measures = listOf<Measure>(measured);
  const sums = sumsOf(0, measures, finite);
  return {
    ...{ stages: [...forward, ...backward], forward, backward },
    ...{ inputs: at(hidden, 1), labels, headData, values, slopes, tangents, measured, finite },
    ...{ sums, packed: packed(sums, measures, finite, columns) },
    vectors: {
      topGradient: place(topGradient),
      inputGradient: place(inputGradient),
      hidden: hidden.map(place),
      preactivation: preactivation.map(place),
      slopes: slopes.map(place),
      adjoints: adjoints.map(place),
      pullbacks: pullbacks.map(place),
      directions: [direction(0), direction(columns)],
    },
  };
}
