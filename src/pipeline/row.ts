/** The row of one sample (schemas/samples.schema.json), from its block's columns. */
import { findingAt } from "../verification/findings.ts";
import { CODE, verdictOf } from "../verification/verdict.ts";
import type { Verdict } from "../verification/verdict.ts";
import type { LayerColumns, SettledBlock } from "./block.ts";
import type { RowBlock } from "../records/row-block.ts";
import { ROW_NUMBERS } from "../records/row-block.ts";
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

/** The same rows as columns; they are the block's own, to be read before its memory is used again. */
export function rowBlock(block: SettledBlock): RowBlock {
  const { first, samples, numbers, findings, model } = block;
  const layers = block.layers.map((layer, i) => {
    const { weightNorm, biased } = model[i] as (typeof model)[number];
    return {
      ...layer,
      weightNorm,
      biasGradientNorm: biased ? layer.biasGradientNorm : null,
      tightnessLower: findings.tightnessLower[i] as Float64Array,
      tightnessUpper: findings.tightnessUpper[i] as Float64Array,
    };
  });
  return { first, samples, plain: plainSamples(block, layers), numbers, layers, row: (at) => sampleRow(block, at) };
}

/** Which samples the columns say all of (`RowBlock.plain`). */
function plainSamples(
  { samples, verdict, numbers, findings, kink, told }: SettledBlock,
  layers: RowBlock["layers"],
): Uint8Array {
  const plain = new Uint8Array(samples).fill(1);
  for (const codes of [verdict, ...findings.verdict]) keepEqual(plain, codes, CODE.holds);
  keepEqual(plain, kink, 0);
  for (const name of ROW_NUMBERS) keepFinite(plain, numbers[name]);
  for (const layer of layers) {
    for (const [name, column] of Object.entries(layer)) {
      if (column === null || name === "jacobianNormError") continue;
      if (typeof column !== "number") keepFinite(plain, column);
      else if (!Number.isFinite(column)) plain.fill(0);
    }
  }
  for (const at of told.keys()) plain[at] = 0;
  for (const place of findings.special.keys()) plain[Math.floor(place / findings.depth)] = 0;
  return plain;
}

function keepEqual(plain: Uint8Array, codes: Uint8Array | Uint16Array, kept: number): void {
  for (let at = 0; at < plain.length; at++) if (codes[at] !== kept) plain[at] = 0;
}

function keepFinite(plain: Uint8Array, column: Float64Array): void {
  for (let at = 0; at < plain.length; at++) if (!Number.isFinite(column[at])) plain[at] = 0;
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
