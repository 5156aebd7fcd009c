/** Explicit Jacobians on the device: the block pullback of the n_t unit vectors, for the Frobenius norm (MATH.md §3). */
import type { ExplicitMeasurement } from "../engine.ts";
import type { BasePass } from "./base-pass.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch, Workspace } from "./dispatch.ts";
import { encodePass, submitAndRead } from "./dispatch.ts";
import { createLinearMaps } from "./linear-maps.ts";
import type { Operands } from "./operands.ts";
import type { SumBuffer } from "./sums.ts";
import { createSums } from "./sums.ts";

export interface ExplicitPass {
  /** For layers 2 … l, the first `samples` columns of the base pass that was just run. */
  readonly run: (samples: number) => Promise<ExplicitMeasurement[]>;
}

export async function createExplicitPass(
  open: OpenDevice,
  workspace: Workspace,
  operands: Operands,
  base: BasePass,
): Promise<ExplicitPass> {
  const { columns } = base;
  const layers: { t: number; rows: number; dispatches: Dispatch[]; sums: SumBuffer }[] = [];
  for (let t = 2; t <= operands.depth; t++) {
    const rows = operands.width(t);
    const wide = rows * columns;
    const units = workspace.matrix(`units.${String(t)}`, rows, wide);
    const values = new Float32Array(rows * wide);
    for (let i = 0; i < rows; i++) values.fill(1, i * wide + i * columns, i * wide + (i + 1) * columns);
    open.device.queue.writeBuffer(units.buffer, 0, values);
    const maps = createLinearMaps(workspace, operands, base.slopes, wide, columns);
    const back = await maps.pullback(t, units);
    const sums = await createSums(
      workspace,
      `explicit.sums.${String(t)}`,
      [back.result, ...back.stages].map((of) => ({ kind: "norm", of })),
    );
    layers.push({ t, rows, dispatches: [...back.dispatches, ...sums.dispatches], sums });
  }
  return {
    async run(samples) {
      if (layers.length === 0) return [];
      const encoder = open.device.createCommandEncoder({ label: "explicit" });
      for (const { t, dispatches } of layers) encodePass(encoder, `explicit.${String(t)}`, dispatches);
      const results = await submitAndRead(
        open,
        encoder,
        layers.map(({ sums }) => ({ buffer: sums.buffer, bytes: sums.bytes })),
      );
      return layers.map(({ t, rows, sums }, i) => {
        const words = new Uint32Array(results[i] as ArrayBuffer);
        const frobenius = (request: number): Float64Array => {
          const { norm } = sums.norms(words, request);
          return Float64Array.from({ length: samples }, (_, j) => {
            let sum = 0;
            for (let unit = 0; unit < rows; unit++) sum += (norm[unit * columns + j] as number) ** 2;
            return Math.sqrt(sum);
          });
        };
        return {
          frobenius: frobenius(0),
          spectralUpper: new Float64Array(samples).fill(Infinity),
          stageNorm: Array.from({ length: t - 1 }, (_, s) => frobenius(1 + s)),
        };
      });
    },
  };
}
