/** What is checked of every sample beside its brackets, for the price of comparisons: its norms, the cut test, kinks; and its layers' weights. */
import type { CutRounding } from "../verification/cut.ts";
import { worstProducts, worstResiduals } from "../verification/cut.ts";
import { nearKinks } from "../verification/kinks.ts";
import { totalWeights } from "../verification/weights.ts";
import type { LayerColumns } from "./block.ts";
import type { Draft } from "./draft.ts";
import type { GivenBatch } from "./given.ts";

/** @param checksNorms whether every sample's norms are held against what they must be (verification/lengths.ts). */
export function checkSamples(draft: Draft, { batch, originals }: GivenBatch, checksNorms: boolean): void {
  const { bounds, block, measurements: m, isOut, risks, lengthFaults, weights, weightExponent } = draft;
  const { plan, cuts, kinks, lengths, scaleExponents } = bounds;
  if (checksNorms) {
    for (const [at, fault] of lengths(m, batch.inputs, risks)) if (!originals.has(at)) lengthFaults.set(at, fault);
  }
  cuts.forEach((rounding, i) => {
    const { cutResidual } = block.layers[i] as LayerColumns;
    const suspicion = bounds.suspicions[i] as number;
    if (worstResiduals(rounding, m, i, cutResidual, suspicion) === 0) return;
    for (let at = 0; at < m.samples; at++) {
      const residual = cutResidual[at] as number;
      if (residual <= suspicion || isOut[at] === 1) continue;
      if (residual > suspicion) draft.suspected[at] = 1;
      if (!(residual <= 1)) addCutFault(draft, rounding, i, at, residual);
    }
  });
  totalWeights(m.adjointNorm, m.hiddenNorm, scaleExponents, plan.network.layers, weights, weightExponent);
  nearKinks(kinks, m, block.kink, block.kinkLocal);
}

function addCutFault(
  { cutFaults, measurements }: Draft,
  rounding: CutRounding,
  i: number,
  at: number,
  residual: number,
) {
  const { left, right } = worstProducts(rounding, measurements, i, at, residual);
  const detail = `the cut test's difference is ${residual.toPrecision(3)} times what rounding explains`;
  const numbers = { found: left, right, bound: Math.abs(left - right) / residual };
  const fault = { kind: "violated", check: "cut", layer: i + 1, detail, numbers } as const;
  cutFaults.set(at, [...(cutFaults.get(at) ?? []), fault]);
}
