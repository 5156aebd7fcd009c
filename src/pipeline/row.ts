/** The row of one sample (schemas/samples.schema.json), from its block's columns. */
import { findingAt } from "../verification/findings.ts";
import { CODE, verdictOf } from "../verification/verdict.ts";
import type { Verdict } from "../verification/verdict.ts";
import type { LayerColumns, SettledBlock } from "./block.ts";
import type { LayerRow, SampleRow } from "../records/sample.ts";

/** @param at the sample's place in the block. */
export function sampleRow(block: SettledBlock, at: number): SampleRow {
  const { numbers, findings, model } = block;
  const told = block.told.get(at);
  const number = (name: keyof typeof numbers): number => numbers[name][at] as number;
  return {
    index: block.first + at,
    ...verdictFields(verdictAt(block, at)),
    value: number("value"),
    inputGradientNorm: number("inputGradientNorm"),
    parameterGradientNorm: number("parameterGradientNorm"),
    lhs: number("lhs"),
    rhs: number("rhs"),
    ratio: number("ratio"),
    ratioLower: number("ratioLower"),
    ratioUpper: number("ratioUpper"),
    coefficient: number("coefficient"),
    ...kinkFields(block, at),
    layers: block.layers.map((layer, i): LayerRow => {
      const found = (name: keyof LayerColumns): number => layer[name][at] as number;
      const { verdict: judged, tightness } = findingAt(findings, i, at);
      return {
        layer: i + 1,
        ...verdictFields(judged),
        hiddenNorm: found("hiddenNorm"),
        weightNorm: (model[i] as (typeof model)[number]).weightNorm,
        jacobianNorm: found("jacobianNorm"),
        jacobianNormError: orNull(found("jacobianNormError")),
        jacobianNormLower: found("jacobianNormLower"),
        jacobianNormUpper: found("jacobianNormUpper"),
        weightGradientNorm: found("weightGradientNorm"),
        biasGradientNorm: model[i]?.biased === true ? found("biasGradientNorm") : null,
        tightness: found("tightness"),
        tightnessLower: tightness.lower,
        tightnessUpper: tightness.upper,
        directionalTightness: found("directionalTightness"),
        alignmentWeight: found("alignmentWeight"),
        alignmentJacobian: found("alignmentJacobian"),
        slackWeight: found("slackWeight"),
        slackJacobian: found("slackJacobian"),
        cutResidual: found("cutResidual"),
      };
    }),
    ...(told === undefined || told.violations.length === 0
      ? {}
      : { violations: told.violations.map(({ check, layer, detail }) => ({ check, layer: layer ?? 0, detail })) }),
    ...(told?.audit === undefined ? {} : { audit: told.audit }),
  };
}

/** Null is what a number says that was not made. */
function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function kinkFields({ kink, kinkLocal }: SettledBlock, at: number): Pick<SampleRow, "kink" | "kinkBound"> {
  const layer = kink[at] as number;
  return layer === 0 ? {} : { kink: layer, kinkBound: kinkLocal[at] === 1 ? "local" : "cumulative" };
}

/** The sample's verdict (MATH.md §2, "Sample verdict"): a layer's that is open, else the total's, where nothing else is told. */
export function verdictAt(block: SettledBlock, at: number): Verdict {
  const { verdict, numbers, findings, told } = block;
  const own = told.get(at);
  if (own !== undefined) return own.verdict;
  const code = verdict[at] as number;
  const open = code === CODE.unresolved ? findings.verdict.findIndex((codes) => codes[at] === code) : -1;
  if (open >= 0) return findingAt(findings, open, at).verdict;
  return verdictOf(code, { lower: numbers.totalLower[at] as number, upper: numbers.totalUpper[at] as number }, null);
}

export function verdictFields(verdict: Verdict): Pick<SampleRow, "verdict" | "reason"> {
  switch (verdict.kind) {
    case "holds":
      return verdict.trivial ? { verdict: "holds", reason: "trivial: a factor is zero" } : { verdict: "holds" };
    case "tight":
      return { verdict: "tight", reason: `equality cannot be told apart: 1 − κ ≤ ${verdict.gap.toExponential(2)}` };
    case "violated":
      return { verdict: "violated", reason: `${verdict.check}: ${verdict.detail}` };
    case "unresolved":
    case "invalid":
      return { verdict: verdict.kind, reason: verdict.reason };
  }
}
