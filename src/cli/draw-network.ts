/** The demo's random networks: network `index` of a seed, architecture and weights alike a function of that address. */
import { ACTIVATION_NAMES } from "../network/activations.ts";
import type { Network } from "../network/network.ts";
import { wordsAt } from "../sampling/philox.ts";
import { randomNetwork } from "../sampling/random-network.ts";
import { ARCHITECTURE_STREAM } from "../sampling/streams.ts";

export const MOST_LAYERS = 6;
export const WIDEST = 32;

/** Initialisers that suit every shape (hadamard's needs squares). */
const INITIALISERS = ["orthogonal", "glorot", "he", "lecun"] as const;

/** Depth and widths are drawn; activations and initialisers take turns, so that each occurs. */
export function drawNetwork(seed: number, index: number): Network {
  const words = wordsAt(seed, ARCHITECTURE_STREAM, index, MOST_LAYERS + 2);
  const drawn = (k: number, most: number): number => 1 + Math.floor(((words[k] ?? 0) * most) / 2 ** 32);
  const depth = drawn(0, MOST_LAYERS);
  return randomNetwork({
    seed,
    index,
    widths: Array.from({ length: depth + 1 }, (_, t) => drawn(t + 1, WIDEST)),
    activations: Array.from({ length: depth }, (_, t) => turn(ACTIVATION_NAMES, index + t)),
    initialiser: turn(INITIALISERS, index),
    biasScale: 0.1,
  });
}

function turn<T>(list: readonly [T, ...T[]], k: number): T {
  return list[k % list.length] ?? list[0];
}
