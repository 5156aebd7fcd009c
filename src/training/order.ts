/** Orders by address: which samples a batch has, which are held out, whose labels change places. */
import { wordsAt } from "../sampling/philox.ts";

/** 0 … n − 1 in an order that is a function of the address alone (Fisher and Yates; a bias below n/2³²). */
export function permutation(seed: number, stream: number, index: number, n: number): Int32Array {
  const words = wordsAt(seed, stream, index, n);
  const order = inOrder(n);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(((words[i] as number) * (i + 1)) / 2 ** 32);
    const own = order[i] as number;
    order[i] = order[j] as number;
    order[j] = own;
  }
  return order;
}

/** 0 … n − 1. */
function inOrder(n: number): Int32Array {
  const order = new Int32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  return order;
}

/** The samples of each step's batch: every epoch in an order of its own, what does not fill a batch left out. */
export interface BatchOrder {
  readonly size: number;
  readonly perEpoch: number;
  /** Indices of the samples of step 0, 1, …. */
  readonly batch: (step: number) => Int32Array;
}

/** A batch of all samples has them in their own order. */
export function batchOrder(seed: number, stream: number, samples: number, batch: number | "full"): BatchOrder {
  const size = batch === "full" ? samples : Math.min(batch, samples);
  const perEpoch = Math.floor(samples / size);
  const all = inOrder(samples);
  let known: { readonly epoch: number; readonly order: Int32Array } = { epoch: -1, order: all };
  return {
    ...{ size, perEpoch },
    batch(step) {
      if (size === samples) return all;
      const epoch = Math.floor(step / perEpoch);
      if (known.epoch !== epoch) known = { epoch, order: permutation(seed, stream, epoch, samples) };
      const from = (step % perEpoch) * size;
      return known.order.subarray(from, from + size);
    },
  };
}
