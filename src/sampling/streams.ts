/** The stream numbers of addresses (seed, stream, index): what a random number is for. */
export const INPUT_STREAM = 1;
export const LABEL_STREAM = 2;
export const DIRECTION_STREAM = 3;
export const ARCHITECTURE_STREAM = 4;
/** Whether a sample is audited, and which entries of the identities the audit looks at. */
export const AUDIT_STREAM = 5;
export const AUDIT_ENTRY_STREAM = 6;
/** A sweep's networks: which seed each has. */
export const NETWORK_STREAM = 7;
/** The numbers of a drawn head: coefficients, targets. */
export const HEAD_STREAM = 8;
/** Where the iteration for a weight matrix's norm starts. */
export const NORM_START_STREAM = 9;
/** What a conformance case draws: its kernel, shape and kind of numbers; and the numbers themselves. */
export const CONFORMANCE_STREAM = 20;
export const CONFORMANCE_NUMBER_STREAM = 21;
/** The random steps of the search for the tightest case. */
export const PERTURBATION_STREAM = 11;
/** Of a training run: the order of an epoch's batches, what is held out, which labels change places, what a probe looks at. */
export const BATCH_ORDER_STREAM = 30;
export const SPLIT_STREAM = 31;
export const LABEL_SHUFFLE_STREAM = 32;
export const PROBE_SET_STREAM = 33;
/** Where the iteration for the Hessian's top eigenvalue starts. */
export const HESSIAN_START_STREAM = 34;
/** Which seeds an experiment's resample has. */
export const BOOTSTRAP_STREAM = 35;
/** Layer t's weights: WEIGHT_STREAM + t. */
export const WEIGHT_STREAM = 1000;
/** Layer t's biases: BIAS_STREAM + t. */
export const BIAS_STREAM = 2000;
