/** What crosses between a page and its worker. Plain data, so that it can be cloned. */
import type { FaultName } from "../engine/faults.ts";
import type { Report } from "../records/report.ts";
import type { SampleRow } from "../records/sample.ts";
import type { VerdictCounts } from "../records/shared.ts";
import type { InitialiserName } from "../network/initialisers.ts";
import type { Distribution } from "../sampling/inputs.ts";
import type { IdentityEntry } from "../verification/audit/identities.ts";
import type { EngineReason, EngineWish } from "./engines.ts";
import type { Inspection } from "./inspect.ts";
import type { Points } from "./points.ts";
import type { DrawnSubject, FileSettings, PageHead, Subject } from "./subject.ts";

export interface PageRequest extends EngineWish {
  readonly subject: Subject;
  readonly head: PageHead;
  /** Relative error wanted of each Jacobian-norm estimate, or "verdict": only what a verdict needs. */
  readonly accuracy: number | "verdict";
  readonly norm: "spectral" | "frobenius";
  readonly seed: number;
  /** Samples a batch; null: the engine's own choice. Changes no number. */
  readonly batchSize: number | null;
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly verdicts: VerdictCounts;
  /** Milliseconds of work, pauses left out. */
  readonly elapsedMs: number;
  /** How often a lost device was replaced. */
  readonly recoveries: number;
  readonly paused: boolean;
  /** The samples since the last progress, valid ones alone. */
  readonly points: Points;
  /** Now and then, and when the run pauses. */
  readonly interim: Interim | null;
}

/** What the samples so far amount to. */
export interface Interim {
  readonly report: Report;
  /** The report as a file. */
  readonly json: string;
  /** Which engine computes, and why. */
  readonly why: EngineReason;
  /** Samples whose reported numbers the inequality alone passes: left ≤ right. */
  readonly passing: number;
  readonly recoveries: number;
  /** The samples nearest to equality, and the least settled ones (shortlist.ts). */
  readonly tightest: readonly SampleRow[];
  readonly leastSettled: readonly SampleRow[];
}

export interface PageOutcome extends Interim {
  /** Why the report covers fewer samples than asked for, or null. */
  readonly failure: string | null;
}

/** One sample looked at closely. */
export interface Examined {
  readonly row: SampleRow;
  /** x, as the engine took it. */
  readonly input: Float64Array;
  readonly model: Report["model"];
  readonly engine: Report["engine"];
  /** The source's samples. */
  readonly samples: number;
  /** How many entries of h_t are exactly 0, t = 1…l+1. */
  readonly zeros: readonly number[];
  /** The entries of the identities that the audit looked at. */
  readonly entries: readonly IdentityEntry[];
  /** The same network and input wholly in f64, and what replaying the stored values finds. */
  readonly right: SampleRow;
  readonly finding: string;
  /** A gradient-penalty-witness/1, for `gpv replay`. */
  readonly witness: string;
}

/** A fault that can be planted. */
export interface OfferedFault {
  readonly name: FaultName;
  readonly changes: string;
  readonly engines: readonly ("webgpu" | "cpu")[];
}

/** What this browser offers, before anything is computed. */
export interface Offer {
  readonly faults: readonly OfferedFault[];
  /** What a network can be drawn with; a few of the activations with a parameter among them. */
  readonly activations: readonly string[];
  readonly initialisers: readonly InitialiserName[];
  readonly distributions: readonly Distribution[];
  readonly heads: readonly PageHead[];
  /** The adapter that WebGPU gives, or null where there is none. */
  readonly webgpu: { readonly adapter: string; readonly hardware: boolean } | null;
}

export interface Service {
  /** Answers as soon as the worker takes a turn. */
  ping(): void;
  describe(): Promise<Offer>;
  /** @throws FormatError, ModelError, UsageError; DeviceError where `webgpu` was asked for and is not usable. */
  verify(request: PageRequest, onProgress: (progress: Progress) => void): Promise<PageOutcome>;
  /** Holds the run under way after the batches in flight; undone by `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the run under way after the batches in flight; its report covers what is finished. */
  stop(): void;
  /** The rows of the last run as JSON Lines; null where they are more than are kept (row-store.ts). */
  rows(): Blob | null;
  /** Sample `index` of the same request again, with everything that its verdict is made of. @throws as verify, UsageError. */
  examine(request: PageRequest, index: number): Promise<Examined>;
  /** What a file can be; never throws for what is in it. */
  inspect(file: Blob, name: string, settings: FileSettings): Promise<Inspection>;
  /** The network of a drawn subject as .safetensors, for the command line. @throws UsageError */
  networkFile(subject: DrawnSubject): Blob;
}
