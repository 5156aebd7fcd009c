/** The page's side of the door: starts the worker and holds its proxy, since a call hangs for ever if the proxy is collected meanwhile. */
import { proxy, wrap } from "comlink";
import type { PageOutcome, Progress, Service, VerifyFiles } from "./service.ts";

export type { Report } from "../escalation/results.ts";
export type { PageOutcome, Progress, VerifyFiles } from "./service.ts";

export interface Client {
  run(files: VerifyFiles, onProgress: (progress: Progress) => void): Promise<PageOutcome>;
  terminate(): void;
}

export function startClient(): Client {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const remote = wrap<Service>(worker);
  const held = { worker, remote };
  return {
    run: (files, onProgress) => held.remote.run(files, proxy(onProgress)),
    terminate: () => {
      held.worker.terminate();
    },
  };
}
