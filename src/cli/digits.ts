/** The demo's model and its 1,000 held-out digits (examples/digits). */
import type { SampleSource } from "../pipeline/verify.ts";
import { readMatrix, readModel } from "../formats/read.ts";
import type { Network } from "../network/network.ts";
import { assetPath } from "./assets.ts";
import type { Reading } from "./files.ts";
import { readBytes } from "./files.ts";
import { baseName } from "./inputs.ts";

const MODEL = "examples/digits/digits.safetensors";
const INPUTS = "examples/digits/digits.idx3-ubyte.gz";
const LABELS = "examples/digits/digits-labels.idx1-ubyte";

/** The 1,000 digits as `gpv train` takes a set. */
export function digitFiles(): { readonly inputs: string; readonly labels: string; readonly std: number } {
  return { inputs: assetPath(INPUTS), labels: assetPath(LABELS), std: 255 };
}

export interface Digits {
  readonly network: Network;
  readonly source: SampleSource;
  readonly modelSource: string;
  readonly describe: string;
}

/** Pixels are bytes 0–255, given to the network as 0–1. */
export async function digits(own: Reading): Promise<Digits> {
  const [model, inputs] = [assetPath(MODEL), assetPath(INPUTS)];
  const network = await readModel(await readBytes(model, own), model, own);
  const { rows, columns, values } = await readMatrix(await readBytes(inputs, own), inputs, own);
  return {
    network,
    modelSource: baseName(model),
    describe: `${baseName(inputs)}, x/255`,
    source: {
      samples: rows,
      width: columns,
      read: (first, count) => ({
        inputs: Float64Array.from(values.subarray(first * columns, (first + count) * columns), (x) => x / 255),
        labels: null,
      }),
    },
  };
}
