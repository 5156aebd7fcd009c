/** The page's side of the door: starts the worker and holds its proxy, since a call hangs for ever if the proxy is collected meanwhile. */
import { proxy, wrap } from "comlink";
import type { Inspection } from "./inspect.ts";
import type { Examined, Offer, PageOutcome, PageRequest, Progress, Service } from "./messages.ts";
import type { DrawnSubject, FileSettings } from "./subject.ts";

export type { VerdictName } from "../records/kit.ts";
export type { Report } from "../records/report.ts";
export type { LayerRow, SampleRow } from "../records/sample.ts";
export type { IdentityEntry } from "../verification/audit/identities.ts";
export type { EngineReason } from "./engines.ts";
export type { Inspection } from "./inspect.ts";
export type { Examined, Interim, Offer, OfferedFault, PageOutcome, PageRequest, Progress } from "./messages.ts";
export type { Points } from "./points.ts";
export type { DrawnSubject, FileSettings, FileSubject, PageHead, Subject } from "./subject.ts";

export interface Client {
  describe(): Promise<Offer>;
  verify(request: PageRequest, onProgress: (progress: Progress) => void): Promise<PageOutcome>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  rows(): Promise<Blob | null>;
  examine(request: PageRequest, index: number): Promise<Examined>;
  inspect(file: File, settings: FileSettings): Promise<Inspection>;
  networkFile(subject: DrawnSubject): Promise<Blob>;
  terminate(): void;
}

export function startClient(): Client {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const remote = wrap<Service>(worker);
  const held = { worker, remote };
  return {
    describe: () => held.remote.describe(),
    verify: (request, onProgress) => held.remote.verify(request, proxy(onProgress)),
    pause: () => held.remote.pause(),
    resume: () => held.remote.resume(),
    stop: () => held.remote.stop(),
    rows: () => held.remote.rows(),
    examine: (request, index) => held.remote.examine(request, index),
    inspect: (file, settings) => held.remote.inspect(file, file.name, settings),
    networkFile: (subject) => held.remote.networkFile(subject),
    terminate: () => {
      held.worker.terminate();
    },
  };
}
