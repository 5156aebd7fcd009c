/**
 * The page's side of the door. It starts the worker and holds its proxy, since a call hangs for ever if the proxy is collected meanwhile; a
 * worker that never starts, fails or falls silent is given up, whoever waits for it hears so, and the next call starts another one.
 */
import type { Remote } from "comlink";
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
export { limitsOf, ownMemory } from "./limits.ts";
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

/** Why a worker is given up: it could not be started or failed outside of any call, or it does not answer. */
export type WorkerLoss = { readonly kind: "failed"; readonly message: string } | { readonly kind: "silent" };

/** A call that the worker will not answer any more. The next call starts another worker. */
export class WorkerLostError extends Error {
  override name = "WorkerLostError";
  readonly loss: WorkerLoss;
  constructor(loss: WorkerLoss) {
    super(loss.kind === "failed" ? `the worker failed: ${loss.message}` : "the worker does not answer");
    this.loss = loss;
  }
}

/** How often a worker that owes an answer is asked whether it is there, and how long it may take to say so. */
const PING_MS = 500;
const SILENT_MS = 3500;

interface Live {
  readonly worker: Worker;
  readonly remote: Remote<Service>;
  /** What ends the calls that wait for an answer. */
  readonly waiting: Set<(error: WorkerLostError) => void>;
}

export function startClient(): Client {
  let live: Live | null = null;
  const give = (own: Live, loss: WorkerLoss): void => {
    if (live === own) live = null;
    own.worker.terminate();
    for (const reject of own.waiting) reject(new WorkerLostError(loss));
    own.waiting.clear();
  };
  const start = (): Live => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const own: Live = { worker, remote: wrap<Service>(worker), waiting: new Set() };
    // A script that is not there says nothing of why.
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      give(own, { kind: "failed", message: event.message || "its script could not be loaded" });
    });
    worker.addEventListener("messageerror", () => {
      give(own, { kind: "failed", message: "an answer could not be read" });
    });
    return own;
  };
  /** Asks on, while anything is waited for. */
  const watch = async (own: Live): Promise<void> => {
    while (own.waiting.size > 0) {
      const answered = await Promise.race([own.remote.ping().then(() => true), after(SILENT_MS).then(() => false)]);
      // A page that was put to sleep has its answer lying there.
      if (!answered && !(await Promise.race([own.remote.ping().then(() => true), after(500).then(() => false)]))) {
        give(own, { kind: "silent" });
        return;
      }
      await after(PING_MS);
    }
  };
  const call = async <T>(work: (remote: Remote<Service>) => Promise<T>): Promise<T> => {
    const own = (live ??= start());
    let reject: (error: WorkerLostError) => void = () => undefined;
    const lost = new Promise<never>((_, refuse) => {
      reject = refuse;
    });
    own.waiting.add(reject);
    if (own.waiting.size === 1) void watch(own);
    try {
      return await Promise.race([work(own.remote), lost]);
    } finally {
      own.waiting.delete(reject);
    }
  };
  return {
    describe: () => call((remote) => remote.describe()),
    async verify(request, onProgress) {
      // The port to the worker outlives the run; what hears of it must not.
      const listener: { hear: typeof onProgress | null } = { hear: onProgress };
      try {
        return await call((remote) =>
          remote.verify(
            request,
            proxy((progress: Progress) => listener.hear?.(progress)),
          ),
        );
      } finally {
        listener.hear = null;
      }
    },
    pause: () => call((remote) => remote.pause()),
    resume: () => call((remote) => remote.resume()),
    stop: () => call((remote) => remote.stop()),
    rows: () => call((remote) => remote.rows()),
    examine: (request, index) => call((remote) => remote.examine(request, index)),
    inspect: (file, settings) => call((remote) => remote.inspect(file, file.name, settings)),
    networkFile: (subject) => call((remote) => remote.networkFile(subject)),
    terminate: () => {
      live?.worker.terminate();
    },
  };
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
