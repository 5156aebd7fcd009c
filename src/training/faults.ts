/** Wrong updates that can be switched on, so that tests show which check finds each. */
export const TRAINING_FAULTS = ["update-sign", "stale-batch", "momentum-forgotten", "penalty-term-dropped"] as const;

export type TrainingFault = (typeof TRAINING_FAULTS)[number];
