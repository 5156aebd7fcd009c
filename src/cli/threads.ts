/** Worker threads of engine cpu, under Node (dist/) and Deno. */
import { availableParallelism } from "node:os";
import process from "node:process";
import type { Transferable } from "node:worker_threads";
import { Worker } from "node:worker_threads";
import type { HostThread } from "../engine/cpu/engine.ts";

const inSource = import.meta.url.endsWith(".ts");

/** How many threads to start: one a core, so that this one hears an interruption; none where the runtime cannot start one from TypeScript (Node, unbuilt). */
export function threadCount(): number {
  const unbuilt = inSource && process.versions["deno"] === undefined;
  return unbuilt ? 0 : Math.min(availableParallelism(), MOST_THREADS);
}

/** More threads than this only cost memory: each has its own copy of the plan. */
const MOST_THREADS = 32;

/** Starts one thread (cpu-thread.ts, or its build beside this file's). */
export function spawnThread(): HostThread {
  const worker = new Worker(new URL(inSource ? "./cpu-thread.ts" : "./cpu-thread.js", import.meta.url), {
    // The process's own are about its program (--input-type, -e), and some of them keep a thread from starting.
    execArgv: [],
    // What a thread makes and forgets is small: its columns are used again. V8's own limit, 48 MB, only delays looking.
    resourceLimits: { maxYoungGenerationSizeMb: 12 },
  });
  return {
    post: (message, transfer) => {
      worker.postMessage(message, transfer as readonly Transferable[]);
    },
    onReply: (listener) => {
      worker.on("message", listener);
    },
    onFailure: (listener) => {
      worker.on("error", (error: unknown) => {
        listener(error instanceof Error ? error.message : String(error));
      });
      worker.on("exit", (code) => {
        listener(`exit code ${String(code)}`);
      });
    },
    terminate: () => {
      void worker.terminate();
    },
  };
}
