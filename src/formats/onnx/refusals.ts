/** Why an operator that this program does not take is outside of the inequality, or of the program. */

const SHARED = "uses its weights at several positions: shared weights, which the inequality does not cover";
const COUPLED = "couples the units of a layer: the inequality covers elementwise activations";
const AGAIN = "uses its weights again at every step: shared weights, which the inequality does not cover";
const NORM =
  "divides by a statistic of the sample's own units, which couples them: the inequality covers elementwise activations";
const POOL =
  "takes a maximum or a mean over several units: the inequality covers fully connected layers with elementwise activations";
const ROUNDED = "rounds to whole numbers, which has no derivative";
const CONTROL = "chooses what is computed when the graph runs: the inequality is derived for one chain of layers";
const LOOKUP = "looks up rows by number: its input has no gradient";

const REASONS: Readonly<Record<string, string>> = {
  Conv: SHARED,
  ConvTranspose: SHARED,
  ConvInteger: SHARED,
  Einsum: "sums products along axes of its own: expected MatMul or Gemm",
  RNN: AGAIN,
  LSTM: AGAIN,
  GRU: AGAIN,
  Scan: AGAIN,
  Loop: AGAIN,
  If: CONTROL,
  LayerNormalization: NORM,
  GroupNormalization: NORM,
  InstanceNormalization: NORM,
  RMSNormalization: NORM,
  LpNormalization: NORM,
  MeanVarianceNormalization: NORM,
  LRN: NORM,
  Hardmax: COUPLED,
  ReduceMean: COUPLED,
  ReduceSum: COUPLED,
  ReduceMax: COUPLED,
  ReduceL2: COUPLED,
  Attention: COUPLED,
  ArgMax: "gives a number of a class, which has no derivative: expected the logits as the output",
  TopK: "gives numbers of classes, which have no derivative: expected the logits as the output",
  MaxPool: POOL,
  AveragePool: POOL,
  GlobalMaxPool: POOL,
  GlobalAveragePool: POOL,
  LpPool: POOL,
  QuantizeLinear: ROUNDED,
  DequantizeLinear: "holds weights as whole numbers with scales: expected them as real numbers",
  QLinearMatMul: ROUNDED,
  QLinearConv: ROUNDED,
  MatMulInteger: ROUNDED,
  DynamicQuantizeLinear: ROUNDED,
  Round: ROUNDED,
  Floor: ROUNDED,
  Ceil: ROUNDED,
  Sign: ROUNDED,
  GatherElements: LOOKUP,
  GatherND: LOOKUP,
  Split: "takes a part of a sample's units: expected each layer to take all of them",
  Pad: "adds units that no layer computes",
};

const OTHERWISE =
  "is none of the operators that a chain of fully connected layers with elementwise activations is written with";

export function reasonAgainst(operator: string): string {
  return Object.hasOwn(REASONS, operator) ? (REASONS[operator] as string) : OTHERWISE;
}
