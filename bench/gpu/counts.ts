/** Counts what goes through the WebGPU objects of this process. */

export interface Counts {
  dispatches: number;
  submits: number;
  maps: number;
  /** Read back, and written by the queue. */
  bytes: number;
  uploads: number;
  pipelines: number;
}

/** To be called once, after WebGPU was opened. */
export function countCalls(): Counts {
  const counts: Counts = { dispatches: 0, submits: 0, maps: 0, bytes: 0, uploads: 0, pipelines: 0 };
  type Method = (this: unknown, ...words: never[]) => unknown;
  const around = (
    type: { prototype: object },
    name: string,
    note: (words: readonly unknown[], self: unknown) => void,
  ): void => {
    const methods = type.prototype as Record<string, Method>;
    const own = methods[name] as Method;
    methods[name] = function (...words) {
      note(words, this);
      return own.apply(this, words);
    };
  };
  around(GPUComputePassEncoder, "dispatchWorkgroups", () => counts.dispatches++);
  around(GPUQueue, "submit", () => counts.submits++);
  around(GPUQueue, "writeBuffer", (words) => {
    const [, , data, offset, length] = words as [unknown, unknown, ArrayBufferView | ArrayBuffer, number?, number?];
    counts.uploads += length === undefined ? data.byteLength - (offset ?? 0) : length;
  });
  around(GPUDevice, "createComputePipelineAsync", () => counts.pipelines++);
  around(GPUBuffer, "mapAsync", (_, self) => {
    counts.maps++;
    counts.bytes += (self as GPUBuffer).size;
  });
  return counts;
}
