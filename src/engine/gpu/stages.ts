/** A batch program on a device: a buffer for each of its matrices, made when it is first called for, and its stages as dispatches. */
import type { FaultName } from "../faults.ts";
import type { Plan } from "../plan.ts";
import type { Address } from "../program/address.ts";
import { addressed } from "../program/address.ts";
import { constantOf } from "../program/constants.ts";
import { KERNELS } from "../program/kernels.ts";
import { bytesOf } from "../program/memory.ts";
import type { Matrix, Stage } from "../program/stage.ts";
import type { OpenDevice } from "./device.ts";
import type { Dispatch, Workspace } from "./dispatch.ts";
import { variantOf } from "./variants.ts";

export interface DeviceStages {
  readonly bufferOf: (matrix: Matrix) => GPUBuffer;
  /** The stages as dispatches, in their order; those of the run's own sizes have none until `address` was called. */
  readonly prepare: (stages: readonly Stage[]) => Promise<Dispatch[]>;
  /** Writes the sizes that are the run's own, of every stage that has been prepared and has such. */
  readonly address: (address: Address) => void;
}

export function createDeviceStages(
  { device, adapter }: OpenDevice,
  workspace: Workspace,
  plan: Plan,
  fault: FaultName | undefined,
): DeviceStages {
  const buffers = new Map<Matrix, GPUBuffer>();
  const variable: { readonly stage: Stage; readonly write: (sizes: Stage["sizes"]) => void }[] = [];
  const bufferOf = (matrix: Matrix): GPUBuffer => {
    const known = buffers.get(matrix);
    if (known !== undefined) return known;
    const buffer = workspace.buffer(`${matrix.kind}.${String(matrix.layer)}`, bytesOf(matrix));
    const values = constantOf(plan, matrix, fault);
    if (values !== null) device.queue.writeBuffer(buffer, 0, Float32Array.from(values));
    buffers.set(matrix, buffer);
    return buffer;
  };
  const prepare = async (stage: Stage): Promise<Dispatch> => {
    const kernel = KERNELS[variantOf(stage.kernel, stage.sizes, adapter.hardware)];
    const operands = stage.operands.map(bufferOf);
    if (stage.by === undefined) return workspace.dispatch(kernel, stage.overrides, stage.sizes, operands, stage.name);
    const { dispatch, write } = await workspace.variable(kernel, stage.overrides, stage.sizes, operands, stage.name);
    variable.push({ stage, write });
    return dispatch;
  };
  return {
    bufferOf,
    async prepare(stages) {
      const dispatches: Dispatch[] = [];
      for (const stage of stages) dispatches.push(await prepare(stage));
      return dispatches;
    },
    address(address) {
      for (const { stage, write } of variable) write(addressed(stage, address));
    },
  };
}
