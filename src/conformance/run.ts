/**
 * Runs kernel calls on a device: alone, one after another in one pass, all in flight at once, or in flight on several devices. Each call
 * has buffers of its own, so what comes back must be the same words every time (ARCHITECTURE: one engine, adapter and runtime give the
 * same bits, whatever else is under way).
 */
import type { OpenDevice } from "../engine/gpu/device.ts";
import type { Dispatch, Workspace } from "../engine/gpu/dispatch.ts";
import { createWorkspace, guarded } from "../engine/gpu/dispatch.ts";
import { beginSubmission } from "../engine/gpu/submission.ts";
import type { KernelCall, Words } from "./call.ts";
import { kernelOf } from "./call.ts";

/** What each mode does with the calls of a group. */
export const MODES = {
  alone: "one call at a time",
  pass: "one pass of them all",
  flight: "all in flight at once",
  devices: "in flight on two devices at once",
} as const;

export type Mode = keyof typeof MODES;

export const MODE_NAMES = Object.keys(MODES) as readonly Mode[];

interface Prepared {
  readonly open: OpenDevice;
  readonly dispatch: Dispatch;
  readonly reads: readonly { buffer: GPUBuffer; bytes: number }[];
}

async function prepare(open: OpenDevice, workspace: Workspace, call: KernelCall): Promise<Prepared> {
  return guarded(open, call.kernel, async () => {
    const buffers = call.buffers.map((words, i) => {
      const buffer = workspace.buffer(`${call.kernel}.${String(i + 1)}`, 4 * words.length);
      open.device.queue.writeBuffer(buffer, 0, words.buffer, words.byteOffset, words.byteLength);
      return { buffer, bytes: words.byteLength };
    });
    const own = buffers.map((b) => b.buffer);
    const dispatch = await workspace.dispatch(kernelOf(call), call.overrides, call.sizes, own);
    const reads = call.read.map((i) => buffers[i] as (typeof buffers)[number]);
    return { open, dispatch, reads };
  });
}

/** One submission of these calls, in one pass; resolves to each call's words. */
async function submit(calls: readonly Prepared[]): Promise<Words[][]> {
  const [first] = calls;
  if (first === undefined) return [];
  const work = beginSubmission(first.open, "conformance");
  work.pass(
    "conformance",
    calls.map((c) => c.dispatch),
  );
  const read = await work.read(calls.flatMap((c) => c.reads));
  let next = 0;
  return calls.map((c) => c.reads.map(() => new Uint32Array(read[next++] as ArrayBuffer)));
}

/**
 * Each call's words, buffers in the order of `read`.
 * @param devices the first is used by every mode, all of them by `devices`.
 * @throws DeviceError
 */
export async function runCalls(
  devices: readonly OpenDevice[],
  mode: Mode,
  calls: readonly KernelCall[],
): Promise<Words[][]> {
  const [main] = devices as readonly [OpenDevice, ...OpenDevice[]];
  const workspaces = new Map(devices.map((open) => [open, createWorkspace(open)]));
  const prepareOn = (open: OpenDevice, call: KernelCall): Promise<Prepared> =>
    prepare(open, workspaces.get(open) as Workspace, call);
  try {
    const prepared: Prepared[] = [];
    for (const [i, call] of calls.entries()) {
      const open = mode === "devices" ? (devices[i % devices.length] as OpenDevice) : main;
      prepared.push(await prepareOn(open, call));
    }
    if (mode === "pass") return await submit(prepared);
    if (mode === "alone") {
      const answers: Words[][] = [];
      for (const one of prepared) answers.push(...(await submit([one])));
      return answers;
    }
    return (await Promise.all(prepared.map((one) => submit([one])))).flat();
  } finally {
    for (const workspace of workspaces.values()) workspace.destroy();
  }
}
