/** A random network by address: the same weights bit for bit on every runtime. */
import type { InitialiserName } from "../network/initialisers.ts";
import { initialWeights } from "../network/initialisers.ts";
import type { Network } from "../network/network.ts";
import type { Activation } from "../network/parametric.ts";
import { normalGenerator, normalsAt } from "./normal.ts";
import { BIAS_STREAM, WEIGHT_STREAM } from "./streams.ts";

export interface NetworkAddress {
  readonly seed: number;
  /** Number of the network within the seed. */
  readonly index: number;
  /** n_1 … n_{l+1}. */
  readonly widths: readonly number[];
  /** One a layer. */
  readonly activations: readonly Activation[];
  readonly initialiser: InitialiserName;
  /** Factor of the initialiser (normal: σ). */
  readonly scale?: number;
  /** Standard deviation of the biases; 0 where left out, which leaves them parameters; false: no biases. */
  readonly biasScale?: number | false;
}

export function randomNetwork(address: NetworkAddress): Network {
  const { seed, index, widths, activations, initialiser, scale = 1, biasScale = 0 } = address;
  return {
    layers: activations.map((activation, i) => {
      const t = i + 1;
      const inputs = widths[i] as number;
      const outputs = widths[i + 1] as number;
      const normal = normalGenerator(seed, WEIGHT_STREAM + t, index);
      const bias = normalsAt(seed, BIAS_STREAM + t, index, outputs).map((v) =>
        biasScale === false || biasScale === 0 ? 0 : biasScale * v,
      );
      const biased = biasScale === false ? { biased: false as const } : {};
      return {
        inputs,
        outputs,
        weight: initialWeights(initialiser, outputs, inputs, normal, scale),
        bias,
        ...biased,
        activation,
      };
    }),
  };
}
