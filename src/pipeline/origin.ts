/**
 * From what a run was given to what its engine gets: every weight and bias of the plan against the network's, and the inputs and labels of
 * audited samples, and of each batch's first and last, read once more, by themselves; where they are drawn, by the audit's own means.
 */
import type { Plan } from "../engine/plan.ts";
import type { Layer, Network } from "../network/network.ts";
import type { FaultExample, Report, ReportedFault } from "../records/report.ts";
import type { Misread } from "./block.ts";
import { drawnPlaces } from "./drawn.ts";
import type { SampleSource } from "./source.ts";

export interface OriginCheck {
  /** Rows first … first + count − 1 of the source, as they were read for a batch. */
  readonly look: (first: number, count: number, read: ReturnType<SampleSource["read"]>) => void;
  /** What a thread found of the inputs that it drew. */
  readonly add: (misread: readonly Misread[]) => void;
  /** The report, with a fault of the check "plan" or "input" for each place where something else was found. */
  readonly held: (report: Report) => Report;
}

interface Found {
  readonly check: "plan" | "input";
  readonly layer: number;
  count: number;
  readonly example: FaultExample;
}

const READ_AGAIN = "where it is read again by itself";
const DRAWN_AGAIN = "where it is drawn again by the audit";

/** @param share of audited samples; null: the default. @param firstIndex of the source's first sample in the run. */
export function createOriginCheck(
  network: Network,
  plan: Plan,
  source: SampleSource,
  share: number | null,
  firstIndex: number,
): OriginCheck {
  const found: Found[] = network.layers.flatMap((layer, i) => planned(layer, plan, i));
  let input: Found | null = null;
  const note = (index: number, left: number, right: number, what: string, where = READ_AGAIN): void => {
    if (input !== null) {
      input.count++;
      return;
    }
    const reason = `${what} of sample ${String(index)} is ${String(left)} in the batch, and ${String(right)} ${where}`;
    const example = {
      index,
      left: finite(left),
      right: finite(right),
      margin: finite(Math.abs(left - right)),
      bound: 0,
      reason,
    };
    input = { check: "input", layer: 0, count: 1, example };
    found.push(input);
  };
  const lookAt = (first: number, at: number, { inputs, labels }: ReturnType<SampleSource["read"]>): void => {
    const drawnAgain = source.drawnAgain ?? null;
    if (drawnAgain !== null) {
      const row = inputs.subarray(at * source.width, (at + 1) * source.width);
      const other = drawnAgain(first + at, row, labels?.[at] ?? null);
      if (other !== null) note(firstIndex + first + at, other.left, other.right, other.what, DRAWN_AGAIN);
      if (labels === null) return;
    }
    const again = source.again?.(first + at) ?? source.read(first + at, 1);
    const width = source.width;
    // A source of few samples may give all of them whatever is asked for.
    const own = again.inputs.length === width ? 0 : first + at;
    for (let k = 0; k < width; k++) {
      const [left, right] = [inputs[at * width + k] as number, again.inputs[own * width + k] as number];
      if (left === right || (Number.isNaN(left) && Number.isNaN(right))) continue;
      note(firstIndex + first + at, left, right, `input ${String(k)}`);
      return;
    }
    if (labels === null || again.labels === null || labels[at] === again.labels[own]) return;
    note(firstIndex + first + at, labels[at] as number, again.labels[own] as number, "the label");
  };
  return {
    look(first, count, read) {
      if (share === 0 || count === 0) return;
      const drawn = drawnPlaces(plan.seed, firstIndex + first, count, share);
      const places = [0, ...drawn.filter((at) => at > 0 && at < count - 1), ...(count > 1 ? [count - 1] : [])];
      for (const at of places) lookAt(first, at, read);
    },
    add(misread) {
      for (const { index, left, right, what } of misread) note(index, left, right, what, DRAWN_AGAIN);
    },
    held: (report) =>
      found.length === 0 ? report : { ...report, faults: [...report.faults, ...found.map(asReported)] },
  };
}

function asReported({ check, layer, count, example }: Found): ReportedFault {
  return { check, layer, count, example };
}

/** The first weight or bias of layer i + 1 that is not the network's, in the plan's precision. */
function planned(layer: Layer, plan: Plan, i: number): Found[] {
  const own = plan.network.layers[i] as Layer;
  const round = plan.precision === "f32" ? Math.fround : (x: number): number => x;
  for (const what of ["weight", "bias"] as const) {
    for (let k = 0; k < layer[what].length; k++) {
      const [left, right] = [own[what][k] as number, round(layer[what][k] as number)];
      if (left === right) continue;
      const reason = `${what} ${String(k)} of layer ${String(i + 1)} is ${String(left)} in the plan, and ${String(right)} in the network`;
      const example = {
        index: 0,
        left: finite(left),
        right: finite(right),
        margin: finite(Math.abs(left - right)),
        bound: 0,
        reason,
      };
      return [{ check: "plan", layer: i + 1, count: 1, example }];
    }
  }
  return [];
}

function finite(x: number): number | null {
  return Number.isFinite(x) ? x : null;
}
