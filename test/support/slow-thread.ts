/** A thread as Node's and the browser's are, copying what it is told, but in this one: every other answer comes late. */
import type { HostThread } from "../../src/engine/cpu/engine.ts";
import type { HostReply } from "../../src/engine/cpu/host.ts";
import { serve } from "../../src/engine/cpu/host.ts";
import { batchWork } from "../../src/pipeline/thread.ts";

export function slowThread(): HostThread {
  let reply: (reply: HostReply) => void = () => undefined;
  let calls = 0;
  const answer = serve((found, transfer) => {
    const copy = structuredClone(found, { transfer: [...transfer] });
    if (calls++ % 2 === 0)
      setTimeout(() => {
        reply(copy);
      }, 2);
    else
      queueMicrotask(() => {
        reply(copy);
      });
  }, batchWork());
  return {
    post: (message, transfer) => {
      const copy = structuredClone(message, { transfer: [...transfer] });
      queueMicrotask(() => {
        answer(copy);
      });
    },
    onReply: (listener) => {
      reply = listener;
    },
    onFailure: () => undefined,
    terminate: () => undefined,
  };
}
