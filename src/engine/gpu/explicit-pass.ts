/**
 * Explicit Jacobians on the device: the block pullback of the n_t unit vectors, for the Frobenius norm (MATH.md §3). The unit
 * vectors go through in blocks of bounded memory; each column's norm comes back, and the host adds the squares in f64.
 */
import type { ExplicitMeasurement } from "../engine.ts";
import type { BasePass } from "./base-pass.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch, Workspace } from "./dispatch.ts";
import { encodePass, submitAndRead } from "./dispatch.ts";
import type { Sizes } from "./kernels.ts";
import { KERNELS } from "./kernels.ts";
import { createLinearMaps } from "./linear-maps.ts";
import type { Operands } from "./operands.ts";
import type { SumBuffer } from "./sums.ts";
import { createSums } from "./sums.ts";

export interface ExplicitPass {
  /** For layers 2 … l, the first `samples` columns of the base pass that was just run. */
  readonly run: (samples: number) => Promise<ExplicitMeasurement[]>;
}

/** What one block's matrices may take together, unless a single unit vector of every sample takes more. */
const BLOCK_BYTES = 2 ** 27;

/** Bytes of one column of a block, from the widths n_1 … n_{l+1}: what linear-maps.ts and the units take. */
export function bytesPerColumn(widths: readonly number[]): number {
  return 4 * (2 * widths.reduce((a, b) => a + b, 0) + 3 * Math.max(...widths));
}

interface LayerBlock {
  readonly t: number;
  readonly rows: number;
  /** Sets the number of the block's first unit vector. */
  readonly begin: (first: number) => void;
  readonly dispatches: readonly Dispatch[];
  readonly sums: SumBuffer;
}

export async function createExplicitPass(
  open: OpenDevice,
  workspace: Workspace,
  operands: Operands,
  base: BasePass,
): Promise<ExplicitPass> {
  const samples = base.columns;
  const widths = Array.from({ length: operands.depth + 1 }, (_, i) => operands.width(i + 1));
  const most = Math.max(...widths.slice(1, -1));
  const units = Math.max(1, Math.min(most, Math.floor(BLOCK_BYTES / (bytesPerColumn(widths) * samples))));
  const columns = units * samples;
  const maps = createLinearMaps(workspace, operands, base.slopes, columns, samples);
  const shared = workspace.matrix("units", most, columns);
  const layers: LayerBlock[] = [];
  for (let t = 2; t <= operands.depth; t++) {
    const rows = operands.width(t);
    const sizes = (first: number): Sizes => ({ rows, columns, samples, first });
    const start = await workspace.variable(KERNELS.unitVectors, {}, sizes(0), [shared.buffer]);
    const back = await maps.pullback(t, { ...shared, rows }, false);
    const sums = await createSums(
      workspace,
      `explicit.sums.${String(t)}`,
      [back.result, ...back.stages].map((of) => ({ kind: "norm", of })),
    );
    layers.push({
      t,
      rows,
      begin: (first) => {
        start.write(sizes(first));
      },
      dispatches: [start.dispatch, ...back.dispatches, ...sums.dispatches],
      sums,
    });
  }

  const runLayer = async (
    { t, rows, begin, dispatches, sums }: LayerBlock,
    wanted: number,
  ): Promise<ExplicitMeasurement> => {
    // ‖Â‖_F², then the stages'.
    const squares = Array.from({ length: t }, () => new Float64Array(wanted));
    for (let first = 0; first < rows; first += units) {
      begin(first);
      const encoder = open.device.createCommandEncoder({ label: "explicit" });
      encodePass(encoder, `explicit.${String(t)}`, dispatches);
      const [read] = await submitAndRead(open, encoder, [{ buffer: sums.buffer, bytes: sums.bytes }]);
      const words = new Uint32Array(read as ArrayBuffer);
      squares.forEach((sum, request) => {
        const { norm } = sums.norms(words, request);
        for (let unit = 0; unit < Math.min(units, rows - first); unit++) {
          for (let j = 0; j < wanted; j++) sum[j] = (sum[j] as number) + (norm[unit * samples + j] as number) ** 2;
        }
      });
    }
    const [frobenius, ...stageNorm] = squares.map((sum) => sum.map(Math.sqrt));
    return {
      frobenius: frobenius as Float64Array,
      spectralLower: new Float64Array(wanted),
      spectralUpper: new Float64Array(wanted).fill(Infinity),
      stageNorm,
    };
  };
  return {
    async run(wanted) {
      const results: ExplicitMeasurement[] = [];
      for (const layer of layers) results.push(await runLayer(layer, wanted));
      return results;
    },
  };
}
