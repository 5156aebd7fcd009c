/**
 * The planted faults: each changes one thing in an engine's arithmetic, and no check can read which one is on.
 * They exist to measure which check catches what; `--plant NAME` switches one on.
 */
export const FAULTS = {
  "vjp-missing-mask": "the backward pass forgets the slopes D_t",
  "vjp-row-skipped": "the backward product leaves out the last term of its sum",
  "jvp-missing-mask": "the tangent pass forgets the slopes D_t",
  "jvp-row-skipped": "the tangent product leaves out the last term of its sum",
  "input-gradient-scaled": "the input gradient is multiplied by 1.01",
  "jacobian-norm-halved": "every witness of a Jacobian norm comes out half as long",
} as const;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];
