/** Which samples of a run are audited: a function of the seed, a sample's index and the share alone. */
import { philox } from "../sampling/philox.ts";
import { AUDIT_STREAM } from "../sampling/streams.ts";
import { machine } from "../verification/audit/machine.ts";

/** The share that is audited where none is asked for, by the index in the run alone: 1 % of the first 100,000 samples, 0.1 % beyond. */
export const DEFAULT_AUDIT = { first: 0.01, until: 100_000, beyond: 0.001 } as const;

/** @param share as it was asked for; null: the default. */
export function shareAt(share: number | null, index: number): number {
  if (share !== null) return share;
  return index < DEFAULT_AUDIT.until ? DEFAULT_AUDIT.first : DEFAULT_AUDIT.beyond;
}

/** Whether a sample is audited; what a share audits a larger one does too. */
export function isAudited(seed: number, index: number, share: number | null): boolean {
  return (auditWord(seed, index) + 0.5) * 2 ** -32 < shareAt(share, index);
}

/** The word that decides it. */
function auditWord(seed: number, index: number): number {
  KEY[0] = seed % 2 ** 32;
  KEY[1] = Math.floor(seed / 2 ** 32);
  COUNTER[1] = index % 2 ** 32;
  COUNTER[2] = Math.floor(index / 2 ** 32);
  philox(COUNTER, KEY, WORDS);
  return WORDS[0] as number;
}

/** Of one call. */
const [COUNTER, KEY, WORDS] = [Uint32Array.of(0, 0, 0, AUDIT_STREAM), new Uint32Array(2), new Uint32Array(4)];

/** Samples that the kernel asks about in one call: the bits of its answer. */
const AT_ONCE = 32;

/** The places of those of `samples` samples from index `first` on: there is a word for every sample of a run, audited or not. */
export function drawnPlaces(seed: number, first: number, samples: number, share: number | null): number[] {
  const places: number[] = [];
  const kernel = machine();
  if (kernel === null) {
    for (let at = 0; at < samples; at++) if (isAudited(seed, first + at, share)) places.push(at);
    return places;
  }
  const [key0, key1] = [seed % 2 ** 32, Math.floor(seed / 2 ** 32)];
  for (let at = 0; at < samples;) {
    const index = first + at;
    // The share changes at one index.
    const left = index < DEFAULT_AUDIT.until ? DEFAULT_AUDIT.until - index : AT_ONCE;
    const count = Math.min(AT_ONCE, samples - at, left);
    const [low, high] = [index % 2 ** 32, Math.floor(index / 2 ** 32)];
    let found = kernel.drawn(low, high, AUDIT_STREAM, key0, key1, count, shareAt(share, index));
    for (; found !== 0; found &= found - 1) places.push(at + 31 - Math.clz32(found & -found));
    at += count;
  }
  return places;
}
