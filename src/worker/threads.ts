/**
 * Threads of engine cpu in a browser: workers of the page's worker, each started when it is first needed. Nothing is shared between them,
 * so that no special headers are needed.
 */
import type { HostThread } from "../engine/cpu/engine.ts";

/** One core is left to the page and to the worker that judges. */
export function threadCount(): number {
  const canStart = typeof Worker === "function";
  return canStart ? Math.min(MOST_THREADS, Math.max(1, navigator.hardwareConcurrency - 1)) : 0;
}

/** Each has its own copy of the plan. */
const MOST_THREADS = 16;

/** A thread that starts with its first message. */
export function spawnThread(): HostThread {
  let worker: Worker | null = null;
  const listeners: { reply: Parameters<HostThread["onReply"]>[0]; failure: (reason: string) => void } = {
    reply: () => undefined,
    failure: () => undefined,
  };
  const start = (): Worker => {
    const started = new Worker(new URL("./host-thread.ts", import.meta.url), { type: "module" });
    started.addEventListener("message", ({ data }: MessageEvent<Parameters<typeof listeners.reply>[0]>) => {
      listeners.reply(data);
    });
    started.addEventListener("error", (event) => {
      listeners.failure(event.message || "it could not be started");
    });
    return started;
  };
  return {
    post: (message, transfer) => {
      worker ??= start();
      worker.postMessage(message, [...transfer]);
    },
    onReply: (listener) => {
      listeners.reply = listener;
    },
    onFailure: (listener) => {
      listeners.failure = listener;
    },
    terminate: () => {
      worker?.terminate();
    },
  };
}
