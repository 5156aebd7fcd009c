/** One line of `--samples`: what was found for one sample (schemas/samples.schema.json, docs/rows.md, report/parquet.ts). */
import * as v from "valibot";
import type { Of } from "./kit.ts";
import { address, count, fromOne, list, maybe, norm, note, reason, verdict, words } from "./kit.ts";

export const LAYER_ROW = v.strictObject({
  layer: note(fromOne, "t, from 1"),
  verdict: note(verdict, "as of the sample, of this layer alone"),
  reason,
  hiddenNorm: note(norm, "‖h_t‖ (layer 1: ‖x‖)"),
  weightNorm: note(norm, "‖W_t‖"),
  jacobianNorm: note(norm, "‖J_t‖ by its stored witness, ‖ĉ‖/‖û‖; lhs uses it"),
  jacobianNormError: note(
    norm,
    "the share that jacobianNorm may lack, as its iteration estimates it; 0: it is explicit, null: nothing was iterated",
  ),
  jacobianNormLower: note(norm, "lower end of ‖J_t‖, proven for the stored slopes"),
  jacobianNormUpper: note(norm, "upper end of ‖J_t‖, proven for the stored slopes"),
  weightGradientNorm: note(norm, "norm of the gradient of f by W_t"),
  biasGradientNorm: note(norm, "norm of the gradient of f by b_t; null too for a layer without a bias"),
  tightness: note(norm, "κ_t = ‖∇ₓf‖ / (‖δ_t‖ ‖W_t‖ ‖J_t‖)"),
  tightnessLower: note(norm, "lower end of κ_t, proven for the stored slopes and δ_t"),
  tightnessUpper: note(norm, "upper end of κ_t, proven for the stored slopes and δ_t"),
  directionalTightness: note(norm, "κ_t with ‖J_t v₀‖, v₀ = ∇ₓf/‖∇ₓf‖, for ‖J_t‖"),
  alignmentWeight: note(norm, "α_t of κ_t = α_t β_t: what is lost at W_t"),
  alignmentJacobian: note(norm, "β_t of κ_t = α_t β_t: what is lost at J_t"),
  slackWeight: note(
    norm,
    "share of the right side that the layer loses at W_t, w_t(1 − α_t²)/Σw; both shares of all layers add up to 1 − ratio",
  ),
  slackJacobian: note(norm, "share of the right side that the layer loses at J_t, w_t α_t²(1 − β_t²)/Σw"),
  cutResidual: note(
    norm,
    "the larger of the two directions' |S_{t−1} − S_t| in the cut test, over its bound: above 1 is a proven fault",
  ),
});

/** What a sample can fail (verification/). */
export const CHECKS = [
  "inequality",
  "zero-factor",
  "cut",
  "local",
  "norms",
  "identity",
  "iteration",
  "replay",
] as const;

export type Check = (typeof CHECKS)[number];

const VIOLATION = v.strictObject({
  check: note(v.picklist(CHECKS), "the check that failed"),
  layer: note(count, "its layer; 0: the whole network"),
  detail: note(words, "the finding in words"),
});

const AUDIT_RESIDUAL = v.strictObject({
  value: note(maybe, "the audited number"),
  bound: note(norm, "what rounding can explain"),
  reason,
});

export const SAMPLE_ROW = v.strictObject({
  index: note(count, "the sample, counted from 0; of the head each-logit, sample and output together"),
  sample: v.exactOptional(note(count, "of the head each-logit: the sample, counted from 0")),
  output: v.exactOptional(note(count, "and its output, from 0: f = h_output")),
  verdict: note(verdict, "what was proven (docs/verdicts.md)"),
  reason: v.exactOptional(
    note(words, "why, where that needs saying: the failed check, the open interval, which number is not finite"),
  ),
  value: note(maybe, "f(x)"),
  inputGradientNorm: note(norm, "‖∇ₓf‖"),
  parameterGradientNorm: note(norm, "norm of the gradient of f by all parameters"),
  lhs: note(norm, "left side of the total inequality"),
  rhs: note(norm, "its right side"),
  ratio: note(norm, "lhs / rhs; null where rhs = 0"),
  ratioLower: note(norm, "proven lower end of the ratio, for the stored slopes; null where rhs = 0"),
  ratioUpper: note(norm, "proven upper end; null where rhs = 0 or nothing bounds it"),
  coefficient: note(norm, "Σ_t (1 + ‖h_t‖²) / (‖W_t‖² ‖J_t‖²)"),
  kink: v.exactOptional(
    note(
      fromOne,
      "the first layer with a unit at a kink of its activation, within its forward error: there the network's own slope may be the other side's",
    ),
  ),
  kinkBound: v.exactOptional(
    note(
      v.picklist(["cumulative", "local"]),
      "that forward error: of the whole pass, or of the layer's own sums where the former is too wide to mean anything",
    ),
  ),
  layers: note(list(LAYER_ROW, 1), "one for each layer, in order; below"),
  violations: v.exactOptional(note(list(VIOLATION, 1), "every check that failed, where one did: check, layer, detail")),
  audit: v.exactOptional(
    note(
      v.strictObject({
        identityResidual: AUDIT_RESIDUAL,
        contractedResidual: AUDIT_RESIDUAL,
        biasIdentityResidual: AUDIT_RESIDUAL,
      }),
      "where the sample was audited: identityResidual, contractedResidual, biasIdentityResidual, each value ≤ bound (bias: null where no layer has one)",
    ),
  ),
});

/** A row of a sweep: where the sample comes from, besides. */
export const ADDRESSED_ROW = v.strictObject({
  address: note(address, "SEED:STREAM:INDEX, as gpv verify --address takes it"),
  architecture: note(count, "number of the architecture in the grid"),
  ...SAMPLE_ROW.entries,
});

export type LayerRow = Of<typeof LAYER_ROW>;
export type AuditResidual = Of<typeof AUDIT_RESIDUAL>;
export type SampleRow = Of<typeof SAMPLE_ROW>;
export type AddressedRow = Of<typeof ADDRESSED_ROW>;

/** What the audit holds each number of a row against: a field added above has its place there too. */
export type LayerNumbers = Omit<LayerRow, "verdict" | "reason">;
/** What an audit recomputes of a row; sample and output follow from the index. */
export type SampleNumbers = Omit<
  SampleRow,
  "sample" | "output" | "verdict" | "reason" | "kinkBound" | "layers" | "violations" | "audit"
> & {
  readonly layers: readonly LayerNumbers[];
};
