/**
 * The work units of a sweep: what is finished, recorded and counted as one. They follow from the grid and the number of inputs a network
 * alone, so that any division among machines, and any interruption, leaves the same units.
 *
 * A unit is meant to take about a second: several networks of small architectures, one network, or a part of a large one's samples. What
 * takes how long is a rough estimate (in multiplications); nothing but the units' size depends on it. Neither units nor architectures are
 * listed but computed: a sweep of 10^12 samples takes 16 bytes a run of units.
 */
import type { Cell, Cells } from "./grid.ts";

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

/** Multiplications that a unit is meant for: a third of a second on two cores, a second on a software adapter. */
const UNIT_WORK = 6e8;
/** What starting on a network costs beside its arithmetic (plan, pipelines, buffers): on a software adapter 0.1 s. */
const NETWORK_WORK = 1e8;
/** What one sample costs beside its arithmetic: 10 µs. */
const SAMPLE_WORK = 2e4;

export function unitsOf(cells: Cells, inputsPerNetwork: number): Units {
  const groups = new Groups();
  let count = 0;
  let samples = 0;
  // Small cells in a row that have no unit yet.
  let pending = 0;
  let pendingWork = 0;
  const flush = (next: number): void => {
    if (pending > 0) groups.push(count++, next - pending);
    pending = 0;
    pendingWork = 0;
  };
  for (const cell of cells) {
    samples += cell.networks * inputsPerNetwork;
    const { each, all } = costs(cell, inputsPerNetwork);
    if (all <= UNIT_WORK) {
      if (pendingWork + all > UNIT_WORK) flush(cell.architecture);
      pending++;
      pendingWork += all;
      continue;
    }
    flush(cell.architecture);
    groups.push(count, cell.architecture);
    count +=
      each <= UNIT_WORK
        ? Math.ceil(cell.networks / networksAUnit(each))
        : cell.networks * Math.ceil(inputsPerNetwork / samplesAUnit(cell));
  }
  flush(cells.length);
  const cellAt = (architecture: number): Cell => cells.at(architecture) as Cell;
  return {
    count,
    samples,
    at: (number) => {
      if (!(number >= 0 && number < count)) throw new RangeError(`unit ${String(number)} of a sweep without it`);
      const group = groups.of(number);
      const first = cellAt(group.firstCell);
      const unit = number - group.firstUnit;
      const { each, all } = costs(first, inputsPerNetwork);
      const whole = (cell: Cell, network: number): Segment => ({ cell, network, first: 0, samples: inputsPerNetwork });
      if (all <= UNIT_WORK) {
        const together = Array.from({ length: (group.endCell ?? cells.length) - group.firstCell }, (_, i) =>
          cellAt(group.firstCell + i),
        );
        return together.flatMap((cell) => networksOf(cell, 0, cell.networks).map((n) => whole(cell, n)));
      }
      if (each <= UNIT_WORK) {
        const networks = networksAUnit(each);
        return networksOf(first, unit * networks, networks).map((n) => whole(first, n));
      }
      const part = samplesAUnit(first);
      const parts = Math.ceil(inputsPerNetwork / part);
      const from = (unit % parts) * part;
      const network = first.firstNetwork + Math.floor(unit / parts);
      return [{ cell: first, network, first: from, samples: Math.min(part, inputsPerNetwork - from) }];
    },
  };
}

/** Where each run of units begins, and with which cell: either small cells that make one unit together, or one large cell of many. */
class Groups {
  #length = 0;
  #units = new Float64Array(64);
  #cells = new Float64Array(64);

  push(firstUnit: number, firstCell: number): void {
    if (this.#length === this.#units.length) {
      this.#units = grown(this.#units);
      this.#cells = grown(this.#cells);
    }
    this.#units[this.#length] = firstUnit;
    this.#cells[this.#length++] = firstCell;
  }

  /** The group that this unit is of; `endCell` null: it goes on to the last cell. */
  of(unit: number): { firstUnit: number; firstCell: number; endCell: number | null } {
    let [low, high] = [0, this.#length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#units[middle] as number) <= unit) low = middle;
      else high = middle - 1;
    }
    return {
      firstUnit: this.#units[low] as number,
      firstCell: this.#cells[low] as number,
      endCell: low + 1 < this.#length ? (this.#cells[low + 1] as number) : null,
    };
  }
}

function grown(values: Float64Array): Float64Array<ArrayBuffer> {
  const result = new Float64Array(2 * values.length);
  result.set(values);
  return result;
}

/** Numbers of the cell's networks from its k-th on, at most `count` of them. */
function networksOf(cell: Cell, k: number, count: number): number[] {
  const length = Math.min(count, cell.networks - k);
  return Array.from({ length }, (_, i) => cell.firstNetwork + k + i);
}

/** Work of one network with its samples, and of all of the cell's. */
function costs(cell: Cell, inputsPerNetwork: number): { each: number; all: number } {
  const each = networkWork(cell) + inputsPerNetwork * sampleWork(cell);
  return { each, all: cell.networks * each };
}

function networksAUnit(each: number): number {
  return Math.floor(UNIT_WORK / each);
}

function samplesAUnit(cell: Cell): number {
  return Math.max(1, Math.floor((UNIT_WORK - networkWork(cell)) / sampleWork(cell)));
}

/** Sum over the layers of a function of each one's inputs and outputs: the hidden ones are alike. */
function overLayers({ shape: [inputs, hidden, outputs], depth }: Cell, of: (m: number, n: number) => number): number {
  if (depth === 1) return of(outputs, inputs);
  return of(hidden, inputs) + (depth - 2) * of(hidden, hidden) + of(outputs, hidden);
}

/** Drawing the weights and proving their norms: the Gram matrix of each layer's smaller side, and its factorisations. */
function networkWork(cell: Cell): number {
  return NETWORK_WORK + overLayers(cell, (m, n) => m * n * (Math.min(m, n) + 60));
}

/** Forward, backward, two tangents, and the iteration's passes through all layers below each; explicit Jacobians for Frobenius norms. */
function sampleWork(cell: Cell): number {
  const { shape, depth, norm } = cell;
  const parameters = overLayers(cell, (m, n) => m * n);
  const passes = norm === "frobenius" ? (depth > 1 ? shape[1] : 0) : 12;
  return SAMPLE_WORK + parameters * (4 + passes * (depth - 1));
}
