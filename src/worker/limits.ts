/** What a page may be asked to draw, by what the machine can hold: said at the fields, and checked before anything is drawn. */
export interface Limits {
  /** Weights and biases of a network. */
  readonly parameters: number;
  /** Samples of a run of a network of so many layers. */
  readonly samples: (layers: number) => number;
  /** Units of the smaller side of a layer that an orthogonal initialiser is drawn for: it takes the cube of them. */
  readonly orthogonal: number;
}

/** What a browser that does not say its memory is taken to have. */
const USUAL_GIB = 4;

/** A parameter's weights, copies and proofs (engine/footprint.ts), and the numbers that a run keeps of a sample: all, and of each layer. */
const PARAMETER_BYTES = 96;
const SAMPLE_BYTES = 400;
const SAMPLE_BYTES_A_LAYER = 200;

/** @param memoryGiB of the machine; undefined where the browser does not say. */
export function limitsOf(memoryGiB: number | undefined): Limits {
  // A quarter of the machine for either.
  const bytes = ((memoryGiB ?? USUAL_GIB) * 2 ** 30) / 4;
  return {
    parameters: rounded(bytes / PARAMETER_BYTES),
    samples: (layers) => rounded(bytes / (SAMPLE_BYTES + SAMPLE_BYTES_A_LAYER * layers)),
    orthogonal: 1000,
  };
}

/** Two digits are enough to be told. */
function rounded(x: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(x)) - 1);
  return Math.floor(x / unit) * unit;
}

/** Memory of the machine in GiB, where the browser says it: a page's or a worker's. */
export function ownMemory(): number | undefined {
  return (globalThis as { readonly navigator?: { readonly deviceMemory?: number } }).navigator?.deviceMemory;
}

/** Parameters of a chain of widths. */
export function parametersOf(widths: readonly number[]): number {
  return widths.slice(1).reduce((sum, outputs, i) => sum + outputs * ((widths[i] ?? 0) + 1), 0);
}
