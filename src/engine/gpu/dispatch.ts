/** Buffers and dispatches of one device. */
import { DeviceError } from "../../network/errors.ts";
import type { OpenDevice } from "./device.ts";
import { firstLine } from "./device.ts";
import { withSizesFault } from "./faults.ts";
import type { Kernel, Sizes } from "../program/kernels.ts";
import { dispatchSizes, workgroupsOf } from "../program/kernels.ts";
import { packUniform } from "./reflection.ts";
import { USAGE } from "./usage.ts";

/** One kernel call, ready to be encoded again and again. */
export interface Dispatch {
  /** What of the batch program it is. */
  readonly stage: string;
  readonly kernel: string;
  readonly pipeline: GPUComputePipeline;
  /** One dispatch each, in this order: a long loop is cut into several. */
  readonly groups: readonly GPUBindGroup[];
  readonly workgroups: readonly [number, number, number];
}

/** Everything a program allocates, freed together. */
export interface Workspace {
  /** @param bytes a multiple of 4. */
  readonly buffer: (label: string, bytes: number) => GPUBuffer;
  readonly dispatch: (
    kernel: Kernel,
    overrides: Readonly<Record<string, number>>,
    sizes: Sizes,
    buffers: readonly GPUBuffer[],
    stage?: string,
  ) => Promise<Dispatch>;
  /** A dispatch of a kernel without long loops whose sizes are written anew before each run. */
  readonly variable: (
    kernel: Kernel,
    overrides: Readonly<Record<string, number>>,
    sizes: Sizes,
    buffers: readonly GPUBuffer[],
    stage?: string,
  ) => Promise<{ dispatch: Dispatch; write: (sizes: Sizes) => void }>;
  readonly destroy: () => void;
}

export function createWorkspace(open: OpenDevice): Workspace {
  const { device } = open;
  const owned: GPUBuffer[] = [];
  const uniforms = new Map<string, GPUBuffer>();
  const keep = (buffer: GPUBuffer): GPUBuffer => {
    owned.push(buffer);
    return buffer;
  };
  const uniform = (label: string, bytes: ArrayBuffer): GPUBuffer => {
    const key = new Uint32Array(bytes).join(" ");
    let buffer = uniforms.get(key);
    if (buffer === undefined) {
      buffer = keep(device.createBuffer({ label, size: bytes.byteLength, usage: USAGE.UNIFORM | USAGE.COPY_DST }));
      device.queue.writeBuffer(buffer, 0, bytes);
      uniforms.set(key, buffer);
    }
    return buffer;
  };
  const build = async (
    kernel: Kernel,
    overrides: Readonly<Record<string, number>>,
    sizes: Sizes,
    buffers: readonly GPUBuffer[],
    own: GPUBuffer | null,
    stage: string,
  ): Promise<Dispatch> => {
    const { pipeline, layout, reflection } = await open.pipeline(kernel, overrides);
    const uniforms =
      own === null
        ? dispatchSizes(kernel, withSizesFault(kernel.name, sizes, open.fault), overrides).map((part) =>
            uniform(`${kernel.name}.sizes`, packUniform(reflection, part)),
          )
        : [own];
    const groups = uniforms.map((first) =>
      device.createBindGroup({
        label: kernel.name,
        layout,
        entries: [first, ...buffers].map((buffer, binding) => ({ binding, resource: { buffer } })),
      }),
    );
    return {
      stage,
      kernel: kernel.name,
      pipeline,
      groups,
      workgroups: workgroupsOf(kernel, sizes, reflection.workgroupSize),
    };
  };
  return {
    buffer: (label, bytes) => {
      const usage = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;
      return keep(device.createBuffer({ label, size: Math.max(16, bytes), usage }));
    },
    dispatch: (kernel, overrides, sizes, buffers, stage = kernel.name) =>
      build(kernel, overrides, sizes, buffers, null, stage),
    variable: async (kernel, overrides, sizes, buffers, stage = kernel.name) => {
      const { reflection } = await open.pipeline(kernel, overrides);
      const own = keep(
        device.createBuffer({
          label: `${kernel.name}.sizes`,
          size: reflection.uniformBytes,
          usage: USAGE.UNIFORM | USAGE.COPY_DST,
        }),
      );
      return {
        dispatch: await build(kernel, overrides, sizes, buffers, own, stage),
        write: (values) => {
          device.queue.writeBuffer(own, 0, packUniform(reflection, values));
        },
      };
    },
    destroy: () => {
      for (const buffer of owned) buffer.destroy();
    },
  };
}

/**
 * Runs `make` and turns an allocation or validation error of it into a DeviceError. Error scopes are one stack a device, so one
 * caller at a time has them.
 */
export function guarded<T>(open: OpenDevice, what: string, make: () => Promise<T>): Promise<T> {
  return open.exclusive(async () => {
    const { device } = open;
    open.check();
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const made = await make().then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    const validation = await device.popErrorScope();
    const memory = await device.popErrorScope();
    // What `make` says of its own accord (a shader that does not compile) is more than what the scope heard of it.
    if ("error" in made && made.error instanceof DeviceError) throw made.error;
    const error = memory ?? validation;
    if (error !== null) {
      const kind = memory === null ? "refused a call" : "is out of memory";
      throw new DeviceError(`webgpu: ${open.adapter.name} ${kind} for ${what}: ${firstLine(error.message)}`);
    }
    if ("error" in made) throw made.error;
    return made.result;
  });
}
