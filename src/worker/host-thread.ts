/** A thread of engine cpu in a browser: a worker that the page's worker starts. */
import type { HostRequest } from "../engine/cpu/host.ts";
import { serve } from "../engine/cpu/host.ts";
import { batchWork } from "../pipeline/thread.ts";

const answer = serve((reply, transfer) => {
  postMessage(reply, { transfer: [...transfer] });
}, batchWork());
addEventListener("message", ({ data }: MessageEvent<{ id: number; request: HostRequest }>) => {
  answer(data);
});
