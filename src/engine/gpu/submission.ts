/** What goes to the device at once: passes and copies in their order, then what is read back of them. */
import { DeviceError } from "../../network/errors.ts";
import type { OpenDevice } from "./device.ts";
import { message } from "./device.ts";
import type { Dispatch } from "./dispatch.ts";
import type { StageClock, TimedSubmission } from "./profile.ts";
import { USAGE } from "./usage.ts";

const MAP_MODE_READ = 1;

/** Bytes of a buffer, from `at` on (0). */
export interface Read {
  readonly buffer: GPUBuffer;
  readonly at?: number;
  readonly bytes: number;
}

/** Of `bytes` from one buffer to the beginning of another. */
export interface Copy {
  readonly from: GPUBuffer;
  readonly at: number;
  readonly to: GPUBuffer;
  readonly bytes: number;
}

export interface Submission {
  /** Each dispatch sees what those before it wrote. */
  readonly pass: (label: string, dispatches: readonly Dispatch[]) => void;
  readonly copy: (copy: Copy) => void;
  /** Submits all of it and resolves to what these buffers hold then, in their order. */
  readonly read: (reads: readonly Read[]) => Promise<ArrayBuffer[]>;
}

interface Pass {
  readonly label: string;
  readonly dispatches: readonly Dispatch[];
}

type Step = Pass | Copy;

const isPass = (step: Step): step is Pass => "dispatches" in step;

export function beginSubmission(open: OpenDevice, label: string): Submission {
  const steps: Step[] = [];
  return {
    pass: (pass, dispatches) => steps.push({ label: pass, dispatches }),
    copy: (copy) => steps.push(copy),
    async read(reads) {
      const { device, clock } = open;
      if (clock?.alone === true) await timeAlone(device, clock, steps.splice(0));
      const encoder = device.createCommandEncoder({ label });
      const timed = clock?.begin(steps.flatMap((step) => (isPass(step) ? step.dispatches : []))) ?? null;
      for (const step of steps) encode(encoder, step, timed);
      const words = await submitAndRead(open, encoder, timed === null ? reads : [...reads, timed.resolve(encoder)]);
      timed?.take(words.pop() as ArrayBuffer);
      return words;
    },
  };
}

function encode(encoder: GPUCommandEncoder, step: Step, timed: TimedSubmission | null): void {
  if (!isPass(step)) {
    encoder.copyBufferToBuffer(step.from, step.at, step.to, 0, step.bytes);
  } else if (timed === null) {
    encodePass(encoder, { label: step.label }, step.dispatches);
  } else {
    for (const dispatch of step.dispatches) {
      const timestampWrites = timed.next();
      encodePass(encoder, { label: step.label, ...(timestampWrites && { timestampWrites }) }, [dispatch]);
    }
  }
}

function encodePass(
  encoder: GPUCommandEncoder,
  descriptor: GPUComputePassDescriptor,
  dispatches: readonly Dispatch[],
): void {
  const pass = encoder.beginComputePass(descriptor);
  for (const { pipeline, groups, workgroups } of dispatches) {
    pass.setPipeline(pipeline);
    for (const group of groups) {
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...workgroups);
    }
  }
  pass.end();
}

/** Each dispatch as a submission of its own, timed by the clock. */
async function timeAlone(device: GPUDevice, clock: StageClock, steps: readonly Step[]): Promise<void> {
  const alone = steps.flatMap((step): Step[] =>
    isPass(step) ? step.dispatches.map((own) => ({ label: step.label, dispatches: [own] })) : [step],
  );
  for (const step of alone) {
    const encoder = device.createCommandEncoder();
    encode(encoder, step, null);
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    if (isPass(step)) clock.add(step.dispatches[0] as Dispatch, (performance.now() - start) / 1000);
  }
}

/** Submits what is encoded, with copies of these buffers, and reads the copies back. */
async function submitAndRead(
  open: OpenDevice,
  encoder: GPUCommandEncoder,
  reads: readonly Read[],
): Promise<ArrayBuffer[]> {
  const { device } = open;
  const total = reads.reduce((sum, r) => sum + r.bytes, 0);
  const staging = device.createBuffer({
    label: "readback",
    size: Math.max(16, total),
    usage: USAGE.MAP_READ | USAGE.COPY_DST,
  });
  let to = 0;
  for (const { buffer, at = 0, bytes } of reads) {
    encoder.copyBufferToBuffer(buffer, at, staging, to, bytes);
    to += bytes;
  }
  device.queue.submit([encoder.finish()]);
  try {
    await staging.mapAsync(MAP_MODE_READ);
  } catch (cause) {
    open.check();
    throw new DeviceError(`webgpu: reading back from ${open.adapter.name} failed: ${message(cause)}`, { cause });
  }
  open.check();
  const mapped = staging.getMappedRange();
  let from = 0;
  const results = reads.map(({ bytes }) => {
    const part = mapped.slice(from, from + bytes);
    from += bytes;
    return part;
  });
  staging.unmap();
  staging.destroy();
  return results;
}
