/**
 * What a network takes of memory while it is verified, estimated from its shape alone, so that one that cannot fit is refused at once.
 *
 * Two parts outgrow all others. Layers: the witness of ‖J_t‖ keeps a vector for each layer below, l²/2 of them a sample, each an array of
 * its own; what the audit reads of one sample was measured (Node 20, engine cpu, 500 and 1000 layers 4 wide) to take 3 to 4 KiB for
 * each of them, from the engine's thread to the verdict and the collector. Parameters: weights, their scaled copies and the Gram matrices of the
 * proofs, 96 bytes each (measured at 2048 × 2048).
 */

import type { Network } from "../network/network.ts";

/** An array of the stored witness, beside its numbers. */
const STAGE_BYTES = 4096;
const STAGE_BYTES_A_NUMBER = 24;
const PARAMETER_BYTES = 96;

/** What the traces of the batches in flight may take together. */
const TRACE_BYTES = 2 ** 29;

/** Batches that a run has in flight. */
const IN_FLIGHT = 2;

/** Bytes that everything of one sample takes, from the engine to its verdict. */
function traceBytes({ layers }: Pick<Network, "layers">): number {
  // Layer s is below l − s others.
  return layers.reduce((sum, { inputs }, s) => sum + (layers.length - 1 - s) * stageBytes(inputs), 0);
}

function stageBytes(width: number): number {
  return STAGE_BYTES + STAGE_BYTES_A_NUMBER * width;
}

/** The largest batch, at least 1, whose traces leave room for another. @param size what the engine would take otherwise. */
export function batchWithin(size: number, network: Network): number {
  return Math.max(1, Math.min(size, Math.floor(TRACE_BYTES / (IN_FLIGHT * traceBytes(network)))));
}

/** The shape of a network whose hidden layers are alike. */
export interface Shape {
  readonly depth: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
}

/** The least that a run of this network holds at once, in bytes: what grows with the square of its layers. */
export function leastBytes(network: Network): number {
  return IN_FLIGHT * traceBytes(network);
}

/** Bytes that such a network takes while it is verified. */
export function footprint({ depth, inputs, hidden, outputs }: Shape): number {
  const stages = (depth * (depth - 1)) / 2;
  const parameters =
    depth === 1 ? inputs * outputs : inputs * hidden + (depth - 2) * hidden * hidden + hidden * outputs;
  return IN_FLIGHT * stages * stageBytes(hidden) + PARAMETER_BYTES * parameters;
}
