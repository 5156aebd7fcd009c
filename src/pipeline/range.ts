/**
 * What the end of a format's range does to samples. Beyond its largest number nothing is proven of them; zeros, and numbers so small that
 * flushes decide them, are looked at in what is stored: which zeros are certain, and which number is not to be believed.
 */
import type { StoredSample } from "../engine/engine.ts";
import { forwardUnderflow, markUnderflow } from "../verification/forward-underflow.ts";
import { overflowRisks } from "../verification/overflow.ts";
import { markSmall, uncertainZero, underflowRisk } from "../verification/underflow.ts";
import { certainZeros, markZeros } from "../verification/zeros.ts";
import type { Draft } from "./draft.ts";
import type { GivenBatch } from "./given.ts";

/** @param originals samples whose inputs the engine's precision cannot hold. */
export async function checkRange(draft: Draft, { originals }: GivenBatch): Promise<void> {
  const { bounds, measurements: m, block, isOut, inF64, risks, zeros, small, unsure } = draft;
  const { zero: withZeros, kink: nearKinks, small: smallMarks } = draft.rangeMarks;
  const { plan, layers, kinks, least } = bounds;
  for (const [at, risk] of overflowRisks(plan, layers, m)) {
    isOut[at] = 1;
    if (!originals.has(at)) risks.set(at, risk);
  }
  for (const at of originals.keys()) isOut[at] = 1;

  const { flush } = m.arithmetic;
  markZeros(m, withZeros);
  markUnderflow(kinks, m, nearKinks);
  markSmall(least, m, smallMarks);
  const places: number[] = [];
  for (let at = 0; at < m.samples; at++) {
    if (isOut[at] === 1) continue;
    if (withZeros[at] === 1 || nearKinks[at] === 1) places.push(at);
    else if (smallMarks[at] === 1) note(small, at, underflowRisk(least, m, at, null));
  }
  if (places.length === 0) return;
  const stored = await draft.fetch(places);
  places.forEach((at, k) => {
    const own = stored[k] as StoredSample;
    const certain = withZeros[at] === 1 ? certainZeros(plan, own, flush, block.first + at) : null;
    const lost = nearKinks[at] === 1 ? forwardUnderflow(plan, own, flush) : null;
    const zero = uncertainZero(m, at, certain);
    draft.stored.set(at, own);
    if (certain !== null) zeros.set(at, certain);
    note(unsure, at, zero);
    note(small, at, lost ?? underflowRisk(least, m, at, certain) ?? (inF64 ? null : zero));
  });
}

function note(words: Map<number, string>, at: number, word: string | null): void {
  if (word !== null) words.set(at, word);
}
