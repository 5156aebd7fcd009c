/** Each step's live numbers, out of one examined sample: a table for each. Every number is one that the worker measured or audited. */
import type { Examined, IdentityEntry, LayerRow } from "../../src/worker/client.ts";
import type { Messages } from "../i18n/en.ts";
import { put } from "../i18n/language.ts";
import type { Cell } from "./grid.ts";
import { grid } from "./grid.ts";
import { words } from "./words.ts";

type Maybe = number | null;

/** Six digits: enough to be found again in the rows of `gpv verify --samples`. */
export function six(value: Maybe): string {
  return value === null || !Number.isFinite(value) ? "–" : value.toPrecision(6);
}

/** Step 1: each layer's size and norms. */
export function settingNumbers({ row, model, zeros }: Examined): HTMLElement {
  return grid(
    () => words().setting.caption,
    [
      () => words().columns.layer,
      () => words().columns.shape,
      { formula: "normH" },
      () => words().columns.zeros,
      { formula: "normW" },
      { formula: "normJ" },
      { formula: "normDelta" },
    ],
    row.layers.map((layer, i) => [
      String(layer.layer),
      `${String(model.layers[i]?.outputs)} × ${String(model.layers[i]?.inputs)}`,
      six(layer.hiddenNorm),
      `${String(zeros[i])} / ${String(model.layers[i]?.inputs)}`,
      six(layer.weightNorm),
      six(layer.jacobianNorm),
      six(layer.biasGradientNorm),
    ]),
  );
}

/** Step 2: one entry of the input gradient, made at each layer. */
export function chainNumbers(examined: Examined): HTMLElement {
  const [first] = examined.entries;
  const column = first?.column ?? 0;
  const entries = examined.entries.filter((entry) => entry.identity === "bias" && entry.column === column);
  return grid(
    () => words().chain.caption(column),
    [() => words().columns.layer, ...SIDES],
    entries.map((entry) => [String(entry.layer), ...sides(entry, examined)]),
  );
}

/** Step 3: the outer product's norm and its factors. */
export function outerNumbers({ row }: Examined, t: number): HTMLElement {
  const layer = layerOf(row.layers, t);
  return grid(
    () => words().outer.caption(t),
    [{ formula: "normG" }, { formula: "normDelta" }, { formula: "normH" }],
    [[six(layer?.weightGradientNorm ?? null), six(layer?.biasGradientNorm ?? null), six(layer?.hiddenNorm ?? null)]],
  );
}

/** Steps 4, 5 and 7: sampled entries of an identity at layer t. */
export function identityNumbers(
  examined: Examined,
  identity: IdentityEntry["identity"],
  t: number,
  caption: () => string,
): HTMLElement {
  const entries = examined.entries.filter((entry) => entry.identity === identity && entry.layer === t);
  const head: Cell[] = identity === "matrix" ? [() => words().columns.row] : [];
  return grid(
    caption,
    [...head, () => words().columns.column, ...SIDES],
    entries.map((entry) => [
      ...(entry.row === null ? [] : [String(entry.row)]),
      String(entry.column),
      ...sides(entry, examined),
    ]),
  );
}

/** Step 4: how many entries of h_t a division would fail at. */
export function zeroNumbers({ zeros, model }: Examined, t: number): HTMLElement {
  const found = zeros[t - 1] ?? 0;
  const entries = model.layers[t - 1]?.inputs ?? 0;
  return put(document.createElement("p"), () => words().identity.zeros(found, entries, t));
}

/** Step 6: the inequality's factors at layer t. */
export function normNumbers({ row }: Examined, t: number): HTMLElement {
  const layer = layerOf(row.layers, t);
  return grid(
    () => words().norms.caption(t),
    [
      { formula: "normGx" },
      { formula: "normH" },
      { formula: "normG" },
      { formula: "normW" },
      { formula: "normJ" },
      () => words().norms.interval,
    ],
    [
      [
        six(row.inputGradientNorm),
        six(layer?.hiddenNorm ?? null),
        six(layer?.weightGradientNorm ?? null),
        six(layer?.weightNorm ?? null),
        six(layer?.jacobianNorm ?? null),
        interval(layer?.jacobianNormLower ?? null, layer?.jacobianNormUpper ?? null),
      ],
    ],
  );
}

/** Step 8: the tightness of each layer and its parts. */
export function tightnessNumbers({ row }: Examined): HTMLElement {
  return grid(
    () => words().free.caption,
    [
      () => words().columns.layer,
      () => words().columns.verdict,
      { formula: "kappa" },
      () => words().columns.interval,
      { formula: "alpha" },
      { formula: "beta" },
      () => words().free.directional,
    ],
    row.layers.map((layer) => [
      String(layer.layer),
      (m: Messages) => m.verdict[layer.verdict],
      six(layer.tightness),
      interval(layer.tightnessLower, layer.tightnessUpper),
      six(layer.alignmentWeight),
      six(layer.alignmentJacobian),
      six(layer.directionalTightness),
    ]),
  );
}

/** Step 9: both sides of the sum. */
export function sumNumbers({ row }: Examined): HTMLElement {
  return grid(
    () => words().sum.caption,
    [
      { formula: "normGx" },
      { formula: "coefficient" },
      { formula: "left" },
      { formula: "right" },
      () => words().columns.ratio,
      () => words().columns.verdict,
    ],
    [
      [
        six(row.inputGradientNorm),
        six(row.coefficient),
        six(row.lhs),
        six(row.rhs),
        six(row.ratio),
        (m: Messages) => m.verdict[row.verdict],
      ],
    ],
  );
}

/** Step 9: where the rest is lost. */
export function lossNumbers({ row }: Examined): HTMLElement {
  const percent = (share: Maybe): string => (share === null ? "–" : `${(100 * share).toFixed(2)} %`);
  return grid(
    () => words().sum.losses,
    [() => words().columns.layer, () => words().columns.atW, () => words().columns.atJ],
    row.layers.map((layer) => [String(layer.layer), percent(layer.slackWeight), percent(layer.slackJacobian)]),
  );
}

const SIDES: readonly Cell[] = [
  () => words().columns.leftSide,
  () => words().columns.rightSide,
  () => words().columns.apart,
  () => words().columns.allowed,
];

/** Both sides to the digits that the engine's precision has, how far apart they are, and what rounding allows. */
function sides({ left, right, residual }: IdentityEntry, { engine }: Examined): string[] {
  const digits = engine.precision === "f64" ? 15 : 8;
  const number = (value: number): string => (value === 0 ? "0" : value.toPrecision(digits));
  return [number(left), number(right), small(residual.value), small(residual.bound)];
}

function small(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

function interval(lower: Maybe, upper: Maybe): string {
  return `${six(lower)} … ${six(upper)}`;
}

function layerOf(layers: readonly LayerRow[], t: number): LayerRow | undefined {
  return layers[t - 1];
}
