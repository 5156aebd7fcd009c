/** A tensor of a model file, before anything is known of what it is for: what safetensors and PyTorch's state_dict have in common. */

export interface NamedTensor {
  /** As the file has it: "net.0.weight". */
  readonly name: string;
  /** As the file spells it: "F32", "torch.float32", "I8". */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Its numbers, row-major. Decoded at each call. @throws FormatError where the type is none that can be read. */
  read(): Float64Array;
}

const FLOATING = new Set([
  ...["f64", "f32", "f16", "bf16", "float64", "float32", "float16", "bfloat16", "double", "float", "half"],
]);

/** Whether a type holds real numbers as they are: not integers that a scale or a table still turns into weights, nor 8-bit floats. */
export function isFloating(dtype: string): boolean {
  return FLOATING.has(dtype.toLowerCase().replace(/^torch\./, ""));
}
