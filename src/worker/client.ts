/** The page's side of the door: starts the worker and holds its proxy, since a call hangs for ever if the proxy is collected meanwhile. */
import { proxy, wrap } from "comlink";
import type { Examined, Offer, PageOutcome, PageRequest, Progress, Service } from "./service.ts";

export type { LayerRow, Report, SampleRow } from "../escalation/results.ts";
export type { DrawnSubject, FileSubject, PageHead, Subject } from "./subject.ts";
export type {
  EngineReason,
  Examined,
  Offer,
  OfferedFault,
  PageOutcome,
  PageRequest,
  Point,
  Progress,
} from "./service.ts";

export interface Client {
  describe(): Promise<Offer>;
  verify(request: PageRequest, onProgress: (progress: Progress) => void): Promise<PageOutcome>;
  stop(): Promise<void>;
  examine(request: PageRequest, index: number): Promise<Examined>;
  terminate(): void;
}

export function startClient(): Client {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const remote = wrap<Service>(worker);
  const held = { worker, remote };
  return {
    describe: () => held.remote.describe(),
    verify: (request, onProgress) => held.remote.verify(request, proxy(onProgress)),
    stop: () => held.remote.stop(),
    examine: (request, index) => held.remote.examine(request, index),
    terminate: () => {
      held.worker.terminate();
    },
  };
}
