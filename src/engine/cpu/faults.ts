/** The planted faults of engine cpu: what each does to a matrix of a block as it is made. */
import { activated } from "../../network/parametric.ts";
import type { FaultName } from "../faults.ts";
import { truncated } from "../faults.ts";
import type { Plan } from "../plan.ts";
import type { MatrixKind } from "../program/stage.ts";

/** Called with every matrix of the program's base pass as it is made (n × B, samples contiguous); what it gives back is stored and used. */
export type Tamper = (kind: MatrixKind, t: number, values: Float64Array, columns: number) => Float64Array;

const clean: Tamper = (_kind, _t, values) => values;

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
      return (kind, t, values) => (kind === "hidden" && t > 1 ? values.map(truncated) : values);
    case "slopes-all-one":
      return on("slopes", (d) => d.map(() => 1));
    case "kink-slope-one":
      return kinkSlopes(plan);
    case "wrong-label":
      return on("top-gradient", (g, _, columns) => nextRow(g, columns));
    case "top-gradient-doubled":
      return on("top-gradient", (g) => g.map((v) => 2 * v));
    case "vjp-sample-shifted":
      return on("pullback", (a, _, columns) => shifted(a, columns));
    case "last-tile-wrong-at-17":
      return on("preactivation", (z, _, columns) => {
        const rows = z.length / columns;
        return rows % 16 === 1 ? perRow(z, columns, (v, i) => (i === rows - 1 ? 0 : v)) : z;
      });
    case "slopes-at-hidden":
    case "gelu-slope-without-density":
    case "tanh-slope-linear":
    case "silu-slope-logistic":
      return wrongSlopes(plan, fault);
    case "leaky-slope-doubled":
      return doubledLeaks(plan);
    case "cross-entropy-label-dropped":
      // The label's entry is the one that is negative.
      return on("top-gradient", (g) => (plan.head.kind === "cross-entropy" ? g.map((v) => Math.max(v, 0)) : g));
    case "adjoint-truncated":
      return on("adjoint", (d) => d.map(truncated));
    default:
      return clean;
  }
}

function on(what: MatrixKind, change: (values: Float64Array, t: number, columns: number) => Float64Array): Tamper {
  return (kind, t, values, columns) => (kind === what ? change(values, t, columns) : values);
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
export function shifted(x: Float64Array, columns: number): Float64Array {
  const by = columns > 4 ? 4 : 1;
  return x.map((_, at) => {
    const column = at % columns;
    return x[at - column + ((column + columns - by) % columns)] as number;
  });
}

/** Each block gets the inputs of the block before it; the first, and samples past the end of a shorter block before, their own. */
function staleInputs(): Tamper {
  let before: { readonly x: Float64Array; readonly columns: number } | null = null;
  return on("hidden", (x, t, columns) => {
    if (t > 1) return x;
    const last = before;
    // A copy: the memory of a block is that of the next one.
    before = { x: x.slice(), columns };
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
  return (kind, t, values, columns) => {
    if (kind === "hidden") hidden = values;
    if (kind !== "preactivation" || hidden === null) return values;
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

/** Slopes by another formula, from z and h = g(z). */
function wrongSlopes(plan: Plan, fault: FaultName): Tamper {
  let z: Float64Array | null = null;
  let h: Float64Array | null = null;
  return (kind, t, values, columns) => {
    if (kind === "preactivation") z = values;
    if (kind === "hidden") h = values;
    const activation = plan.network.layers[t - 1]?.activation;
    if (kind !== "slopes" || activation === undefined || z === null || h === null) return values;
    const name = typeof activation === "string" ? activation : activation.name;
    const [from, to] = [z, h];
    const quotient = (at: number): number =>
      (from[at] as number) === 0 ? 0.5 : (to[at] as number) / (from[at] as number);
    if (fault === "slopes-at-hidden") return activated(activation, to, columns).slope;
    // gelu is zΦ(z), silu z times the logistic function.
    if (fault === "gelu-slope-without-density" && name === "gelu") return values.map((_, at) => quotient(at));
    if (fault === "silu-slope-logistic" && name === "silu") return values.map((_, at) => quotient(at));
    if (fault === "tanh-slope-linear" && name === "tanh") return to.map((v) => 1 - Math.abs(v));
    return values;
  };
}

function doubledLeaks(plan: Plan): Tamper {
  const isLeaky = (t: number): boolean => plan.network.layers[t - 1]?.activation === "leaky-relu";
  return (kind, t, values) => {
    if (kind === "hidden" && t > 1 && isLeaky(t - 1)) return values.map((v) => (v < 0 ? 2 * v : v));
    return kind === "slopes" && isLeaky(t) ? values.map((d) => (d === 1 ? d : 2 * d)) : values;
  };
}

function kinkSlopes(plan: Plan): Tamper {
  let z: Float64Array | null = null;
  return (kind, t, values) => {
    if (kind === "preactivation") z = values;
    if (kind !== "slopes" || plan.network.layers[t - 1]?.activation !== "relu") return values;
    return values.map((d, at) => (z?.[at] === 0 ? 1 : d));
  };
}
