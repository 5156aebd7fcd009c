/**
 * What a sweep reports: architectures in the place of the model, and the cases at both ends.
 *
 * Everything in it but `timing` is a function of the grid, the settings and the engine alone: neither the order in which units were
 * finished, nor shards, nor interruptions change a bit. Quantiles come from a sketch (pipeline/sketch.ts) whose relative error is stated.
 */
import * as v from "valibot";
import { ACTIVATION_PATTERN } from "../network/activation-names.ts";
import { INITIALISERS } from "../network/initialisers.ts";
import { DISTRIBUTIONS } from "../sampling/inputs.ts";
import type { Of } from "./kit.ts";
import { address, count, fromOne, list, maybe, NORMS, note, positive, verdict, words } from "./kit.ts";
import { CLIMBED, COUNTED, ORIGIN, REPORTED_FAULT, TIMED } from "./report.ts";
import { quantiles, spread, verdicts } from "./shared.ts";

/** One point of the grid. */
const ARCHITECTURE = v.strictObject({
  architecture: note(count, "Its number in the grid, from 0."),
  depth: fromOne,
  widths: note(list(fromOne, 2), "n_1 … n_{l+1}"),
  activation: note(
    v.pipe(v.string(), v.metadata({ pattern: ACTIVATION_PATTERN })),
    "Of the hidden layers; the output layer is identity (with one layer it is that layer's).",
  ),
  initialiser: v.picklist(INITIALISERS),
  scale: note(positive, "Factor of the initialiser."),
  bias: note(
    v.union([v.pipe(v.number(), v.minValue(0)), v.literal(false)]),
    "Standard deviation of the biases, which are parameters at 0 too; false: there are none.",
  ),
  head: v.string(),
  norm: v.picklist(NORMS),
  distribution: v.picklist(DISTRIBUTIONS),
  inputScale: note(positive, "Of the inputs: σ, half-width or radius."),
});

/** A layer of one architecture, over its networks and samples. Norms in the network's own scale. */
const ARCHITECTURE_LAYER = v.strictObject({
  layer: fromOne,
  weightNorm: note(spread, "‖W_t‖ as reported in rows."),
  jacobianNorm: note(spread, "‖J_t‖ as reported in rows."),
  tightness: spread,
});

const REPORTED_ARCHITECTURE = v.strictObject({
  ...ARCHITECTURE.entries,
  networks: count,
  samples: fromOne,
  verdicts,
  ratio: quantiles,
  coefficient: quantiles,
  layers: list(ARCHITECTURE_LAYER, 1),
});

export const ADDRESSED_CASE = note(
  v.strictObject({
    address: note(
      address,
      "SEED:STREAM:INDEX, as gpv verify --address takes it: the sweep's seed, the network's number in the grid, the sample's number.",
    ),
    architecture: count,
    verdict,
    ratio: note(maybe, "lhs / rhs of the total; null where it is not defined."),
    reason: v.exactOptional(words),
  }),
  "One sample of a sweep.",
);

export const SWEEP_REPORT = v.strictObject({
  ...ORIGIN,
  architectures: note(
    list(REPORTED_ARCHITECTURE),
    "Every point of the grid of which a sample was examined, in the grid's order.",
  ),
  head: v.string(),
  norm: note(
    v.pipe(v.string(), v.regex(/^(spectral|frobenius|spectral,frobenius|frobenius,spectral)$/)),
    "Of W_t and J_t: those of the grid, joined by commas.",
  ),
  ...COUNTED,
  ...CLIMBED,
  faults: list(
    v.strictObject({
      ...REPORTED_FAULT.entries,
      address: v.exactOptional(note(address, "Of the example.")),
    }),
  ),
  tightest: note(list(ADDRESSED_CASE), "The largest ratios, largest first."),
  worst: note(
    list(ADDRESSED_CASE),
    "Violated, unresolved and invalid samples, in that order and then by address; the first of each.",
  ),
  quantileError: note(
    v.number(),
    "Bound of the relative error of the quantiles of ratio, coefficient and layers (extremes and means are exact).",
  ),
  ...TIMED,
});

export type Architecture = Of<typeof ARCHITECTURE>;
export type ArchitectureLayer = Of<typeof ARCHITECTURE_LAYER>;
export type ReportedArchitecture = Of<typeof REPORTED_ARCHITECTURE>;
export type AddressedCase = Of<typeof ADDRESSED_CASE>;
export type SweepReport = Of<typeof SWEEP_REPORT>;
