/** The planted faults of engine cpu: what each does to a quantity of a block as it is made. */
import type { FaultName } from "../faults.ts";
import { inputGradientFactor, truncated } from "../faults.ts";
import type { Plan } from "../plan.ts";

export type Quantity = "input" | "preactivation" | "hidden" | "slopes" | "topGradient" | "adjoint" | "pullback";

/** Called with every quantity as it is made (n × B, samples contiguous); what it gives back is stored and used. */
export type Tamper = (quantity: Quantity, t: number, values: Float64Array, columns: number) => Float64Array;

const clean: Tamper = (_quantity, _t, values) => values;

export function createTamper(plan: Plan, fault: FaultName | undefined): Tamper {
  const layer = (t: number): Plan["network"]["layers"][number] =>
    plan.network.layers[t - 1] as Plan["network"]["layers"][number];
  switch (fault) {
    case "inputs-stale":
      return staleInputs();
    case "forward-bias-dropped":
      return on("preactivation", (z, t, columns) => perRow(z, columns, (v, i) => v - (layer(t).bias[i] as number)));
    case "forward-term-skipped":
    case "forward-index-shifted":
      return wrongProduct(plan, fault === "forward-term-skipped");
    case "forward-row-skipped":
      return on("preactivation", (z, _, columns) => perRow(z, columns, (v, i) => (i === 0 ? 0 : v)));
    case "forward-sample-shifted":
      return on("preactivation", (z, _, columns) => shifted(z, columns));
    case "hidden-truncated":
      return (quantity, t, values) => (quantity === "hidden" && t > 1 ? values.map(truncated) : values);
    case "slopes-all-one":
      return on("slopes", (d) => d.map(() => 1));
    case "kink-slope-one":
      return kinkSlopes(plan);
    case "wrong-label":
      return on("topGradient", (g, _, columns) => nextRow(g, columns));
    case "top-gradient-doubled":
      return on("topGradient", (g) => g.map((v) => 2 * v));
    case "vjp-sample-shifted":
      return on("pullback", (a, _, columns) => shifted(a, columns));
    case "adjoint-truncated":
      return on("adjoint", (d) => d.map(truncated));
    default: {
      const factor = inputGradientFactor(fault);
      if (factor === 1) return clean;
      return (quantity, t, values) => (quantity === "pullback" && t === 1 ? values.map((v) => v * factor) : values);
    }
  }
}

function on(what: Quantity, change: (values: Float64Array, t: number, columns: number) => Float64Array): Tamper {
  return (quantity, t, values, columns) => (quantity === what ? change(values, t, columns) : values);
}

/** Every entry by its row. */
function perRow(x: Float64Array, columns: number, change: (v: number, row: number) => number): Float64Array {
  return x.map((v, at) => change(v, Math.floor(at / columns)));
}

/** Row i + 1 in the place of row i, cyclically. */
function nextRow(x: Float64Array, columns: number): Float64Array {
  return x.map((_, at) => x[(at + columns) % x.length] as number);
}

/** Sample j's column at sample j + 4, cyclically; in a block of up to 4 samples at sample j + 1. */
function shifted(x: Float64Array, columns: number): Float64Array {
  const by = columns > 4 ? 4 : 1;
  return x.map((_, at) => {
    const column = at % columns;
    return x[at - column + ((column + columns - by) % columns)] as number;
  });
}

/** Each block gets the inputs of the block before it; the first, and samples past the end of a shorter block before, their own. */
function staleInputs(): Tamper {
  let before: { readonly x: Float64Array; readonly columns: number } | null = null;
  return on("input", (x, _, columns) => {
    const last = before;
    before = { x, columns };
    if (last === null) return x;
    return x.map((own, at) => {
      const column = at % columns;
      return column < last.columns ? (last.x[((at - column) / columns) * last.columns + column] as number) : own;
    });
  });
}

/** z with the last term of its sum left out, or with h read one entry further on. */
function wrongProduct(plan: Plan, skips: boolean): Tamper {
  let hidden: Float64Array | null = null;
  return (quantity, t, values, columns) => {
    if (quantity === "input" || quantity === "hidden") hidden = values;
    if (quantity !== "preactivation" || hidden === null) return values;
    const { weight, inputs } = plan.network.layers[t - 1] as Plan["network"]["layers"][number];
    const h = hidden;
    return values.map((z, at) => {
      const row = Math.floor(at / columns);
      const column = at % columns;
      const own = (k: number): number => h[k * columns + column] as number;
      const w = (k: number): number => weight[row * inputs + k] as number;
      if (skips) return z - w(inputs - 1) * own(inputs - 1);
      let sum = z;
      for (let k = 0; k < inputs; k++) sum += w(k) * (own(Math.min(k + 1, inputs - 1)) - own(k));
      return sum;
    });
  };
}

function kinkSlopes(plan: Plan): Tamper {
  let z: Float64Array | null = null;
  return (quantity, t, values) => {
    if (quantity === "preactivation") z = values;
    if (quantity !== "slopes" || plan.network.layers[t - 1]?.activation !== "relu") return values;
    return values.map((d, at) => (z?.[at] === 0 ? 1 : d));
  };
}
