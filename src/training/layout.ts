/**
 * Where numbers stand in the kernels' memory (kernels.ts). Matrices have rows of whole cache lines; θ, its gradient and each moment are one
 * stretch each: W_1, b_1, W_2, …, every row filled up with zeros to whole lines.
 */
import type { Network } from "../network/network.ts";
import type { LayerParameters, ParameterVector } from "./parameters.ts";

export const LINE = 64;

/** Of a matrix, in bytes. */
export interface Place {
  readonly at: number;
  /** Bytes from a row to the next, and whole cache lines of it that hold its numbers. */
  readonly pitch: number;
  readonly extent: number;
}

/** Where a layer stands in a stretch. */
export interface StretchLayer {
  /** Byte offsets within the stretch. */
  readonly weight: number;
  readonly bias: number;
  /** Bytes of a row of W. */
  readonly pitch: number;
}

export interface Stretch {
  readonly places: readonly StretchLayer[];
  readonly bytes: number;
}

export function stretchOf(layers: Network["layers"], size: number): Stretch {
  let bytes = 0;
  const places = layers.map(({ inputs, outputs }) => {
    const { pitch } = row(inputs * size);
    const weight = bytes;
    const bias = weight + outputs * pitch;
    bytes = bias + whole(outputs * size);
    return { weight, bias, pitch };
  });
  return { places, bytes };
}

/** Each row of W_t and each b_t: its array, the part of it, and where it stands in the stretch. */
export function eachRow(
  layers: Network["layers"],
  { places }: Stretch,
  vector: ParameterVector,
  size: number,
  visit: (array: Float64Array, start: number, end: number, offset: number) => void,
): void {
  layers.forEach(({ inputs, outputs }, i) => {
    const { weight, bias } = vector[i] as LayerParameters;
    const own = places[i] as StretchLayer;
    for (let r = 0; r < outputs; r++) visit(weight, r * inputs, (r + 1) * inputs, own.weight + r * own.pitch);
    visit(bias, 0, outputs, own.bias);
  });
}

/** An odd number of lines a row: its columns are then spread over the sets of the cache. */
export function row(bytes: number): Pick<Place, "pitch" | "extent"> {
  const extent = whole(bytes);
  return { extent, pitch: (extent / LINE) % 2 === 1 ? extent : extent + LINE };
}

function whole(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}
