/** A worker thread of engine cpu, under Node and Deno. */
import { parentPort } from "node:worker_threads";
import type { HostRequest } from "../engine/cpu/host.ts";
import { serve } from "../engine/cpu/host.ts";
import { batchWork } from "../pipeline/thread.ts";

if (parentPort === null) throw new Error("cpu-thread is started as a worker thread only");
const port = parentPort;
const answer = serve((reply, transfer) => {
  port.postMessage(reply, transfer);
}, batchWork());
port.on("message", (message: { id: number; request: HostRequest }) => {
  answer(message);
});
