/**
 * The work units of a sweep: what is finished, recorded and counted as one. They follow from the grid and the number of inputs a network
 * alone, so that any division among machines, and any interruption, leaves the same units.
 *
 * A unit is meant to take about a second: several networks of small architectures, one network, or a part of a large one's samples. What
 * takes how long is a rough estimate (in multiplications); nothing but the units' size depends on it. Units are not listed but
 * computed, so that a sweep of 10^12 samples needs no more memory than its list of architectures.
 */
import type { Cell } from "./grid.ts";

/** Samples first … first + samples − 1 of one network. */
export interface Segment {
  readonly cell: Cell;
  /** The network's number in the grid. */
  readonly network: number;
  readonly first: number;
  readonly samples: number;
}

export interface Units {
  readonly count: number;
  /** Samples of all units. */
  readonly samples: number;
  /** What unit `number` consists of. */
  readonly at: (number: number) => readonly Segment[];
}

/** Consecutive units of one kind. */
interface Group {
  readonly firstUnit: number;
  readonly units: number;
  readonly at: (unit: number) => Segment[];
}

/** Multiplications that a unit is meant for: a third of a second on two cores, a second on a software adapter. */
const UNIT_WORK = 6e8;
/** What starting on a network costs beside its arithmetic (plan, pipelines, buffers): on a software adapter 0.1 s. */
const NETWORK_WORK = 1e8;
/** What one sample costs beside its arithmetic: 10 µs. */
const SAMPLE_WORK = 2e4;

export function unitsOf(cells: readonly Cell[], inputsPerNetwork: number): Units {
  const groups: Group[] = [];
  let count = 0;
  let samples = 0;
  const push = (units: number, at: Group["at"]): void => {
    groups.push({ firstUnit: count, units, at });
    count += units;
  };
  const whole = (cell: Cell, network: number): Segment => ({ cell, network, first: 0, samples: inputsPerNetwork });
  let pending: Cell[] = [];
  let pendingWork = 0;
  const flush = (): void => {
    const together = pending;
    if (together.length > 0)
      push(1, () => together.flatMap((cell) => networksOf(cell, 0, cell.networks).map((n) => whole(cell, n))));
    pending = [];
    pendingWork = 0;
  };
  for (const cell of cells) {
    samples += cell.networks * inputsPerNetwork;
    const each = networkWork(cell) + inputsPerNetwork * sampleWork(cell);
    const all = cell.networks * each;
    if (all <= UNIT_WORK) {
      if (pendingWork + all > UNIT_WORK) flush();
      pending.push(cell);
      pendingWork += all;
      continue;
    }
    flush();
    if (each <= UNIT_WORK) {
      const networks = Math.floor(UNIT_WORK / each);
      push(Math.ceil(cell.networks / networks), (unit) =>
        networksOf(cell, unit * networks, networks).map((n) => whole(cell, n)),
      );
      continue;
    }
    const part = Math.max(1, Math.floor((UNIT_WORK - networkWork(cell)) / sampleWork(cell)));
    const parts = Math.ceil(inputsPerNetwork / part);
    push(cell.networks * parts, (unit) => {
      const first = (unit % parts) * part;
      const network = cell.firstNetwork + Math.floor(unit / parts);
      return [{ cell, network, first, samples: Math.min(part, inputsPerNetwork - first) }];
    });
  }
  flush();
  return {
    count,
    samples,
    at: (number) => {
      const group = groupOf(groups, number);
      return group.at(number - group.firstUnit);
    },
  };
}

/** Numbers of the cell's networks from its k-th on, at most `count` of them. */
function networksOf(cell: Cell, k: number, count: number): number[] {
  const length = Math.min(count, cell.networks - k);
  return Array.from({ length }, (_, i) => cell.firstNetwork + k + i);
}

function groupOf(groups: readonly Group[], unit: number): Group {
  let [low, high] = [0, groups.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((groups[middle] as Group).firstUnit <= unit) low = middle;
    else high = middle - 1;
  }
  const group = groups[low];
  if (group === undefined || unit < 0 || unit >= group.firstUnit + group.units) {
    throw new RangeError(`unit ${String(unit)} of a sweep without it`);
  }
  return group;
}

/** Drawing the weights and proving their norms: the Gram matrix of each layer's smaller side, and its factorisations. */
function networkWork({ widths, depth }: Cell): number {
  let work = NETWORK_WORK;
  for (let i = 0; i < depth; i++) {
    const [m, n] = [widths[i + 1] ?? 0, widths[i] ?? 0];
    work += m * n * (Math.min(m, n) + 60);
  }
  return work;
}

/** Forward, backward, two tangents, and the iteration's passes through all layers below each; explicit Jacobians for Frobenius norms. */
function sampleWork({ widths, depth, norm }: Cell): number {
  let parameters = 0;
  for (let i = 0; i < depth; i++) parameters += (widths[i] ?? 0) * (widths[i + 1] ?? 0);
  const passes = norm === "frobenius" ? Math.max(0, ...widths.slice(1, -1)) : 12;
  return SAMPLE_WORK + parameters * (4 + passes * Math.max(0, depth - 1));
}
