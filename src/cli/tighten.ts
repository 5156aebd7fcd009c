/**
 * `gpv tighten`: options → outputs → engines → samples, search, ends → exports → exit code.
 */
import { join } from "node:path";
import type { CaughtSample } from "../pipeline/catch.ts";
import { counted, significant } from "../report/numbers.ts";
import { reportJson } from "../report/json.ts";
import { tightenText } from "../report/tighten.ts";
import type { Progress, TightenRequest } from "../sweep/tighten/tighten.ts";
import { tighten } from "../sweep/tighten/tighten.ts";
import type { WitnessOrigin } from "../witness/witness.ts";
import { makeWitness } from "../witness/witness.ts";
import { witnessText } from "../witness/file.ts";
import { OutputError, UsageError } from "../network/errors.ts";
import type { Arguments } from "./arguments.ts";
import type { Engines } from "./engines.ts";
import { openEngines, recoveryOf } from "./engines.ts";
import { EXIT, exitCode } from "./exit.ts";
import type { Io } from "./io.ts";
import { closeAll, writeWhole } from "./outputs.ts";
import { progressLine } from "./progress.ts";
import { TOOL } from "./version.ts";
import { announce, checkOptions, makeRun, openOutputs } from "./verify.ts";
import { openWitnessFolder } from "./witnesses.ts";

/** Samples drawn where neither --inputs nor --random says what to start from. */
const DEFAULT_SAMPLES = 1000;

export async function tightenCommand(given: Arguments, io: Io): Promise<number> {
  const args = withDefaults(given);
  checkOptions(args);
  if (args.given.has("weightsWithin") && args.values.weights === null) {
    throw new UsageError("Found --weights-within without --weights: expected both");
  }
  const outputs = openOutputs(args);
  let finished = false;
  try {
    const engines = await openEngines({ ...args.values, plant: null }, recoveryOf(args.values, io));
    try {
      const run = await makeRun(args, io);
      if (run.head.kind === "each-logit") {
        throw new UsageError("--head each-logit: found a search, which has one f, expected logit:K or logit:argmax");
      }
      announce(args, engines, io);
      const origin = witnessOrigin(args, engines);
      const folder = args.values.witnesses === null ? null : openWitnessFolder(args.values.witnesses, () => origin);
      let witness: string | null = null;
      let unwritten: OutputError | null = null as OutputError | null;
      const { report, verdicts, failure } = await tighten({
        ...run,
        ...searchOptions(args),
        engine: engines.engine,
        host: engines.host,
        pause: () => new Promise((resolve) => setImmediate(resolve)),
        catch: folder === null ? null : folder.catch,
        onTightest: async (caught) => {
          if (folder === null) return;
          try {
            witness = await writeTightest(folder.folder, caught, origin);
          } catch (error) {
            if (!(error instanceof OutputError)) throw error;
            unwritten = error;
          }
        },
        onRow: (row) => outputs.samples?.write(row),
        onProgress: progress(io),
      });
      io.status?.("");
      if (failure !== null) {
        io.note(`gpv: ${failure.message}`);
        return EXIT.device;
      }
      if (report === null) {
        io.note("gpv: no sample to start from: every one is invalid, or none was examined before the interruption");
        return io.signal.aborted ? EXIT.interrupted : EXIT.undecided;
      }
      const json = reportJson(report);
      outputs.report?.write(json);
      const lost = closeAll([outputs.report, outputs.samples]) ?? unwritten ?? folder?.lost() ?? null;
      finished = true;
      await io.out(args.values.json === true ? json : tightenText(report, witness));
      for (const file of folder?.files ?? []) io.note(`gpv: a witness of what is violated or unresolved: ${file}`);
      if (lost !== null) throw lost;
      return exitCode({ ...report, verdicts }, args.values.failOn ?? []);
    } finally {
      engines.dispose();
    }
  } finally {
    if (!finished) for (const output of [outputs.report, outputs.samples]) output?.abandon();
  }
}

/** Samples are drawn where none are named, and every end is audited unless something else is asked for: they are few. */
function withDefaults(args: Arguments): Arguments {
  const { values, given } = args;
  const random = values.inputs === null && values.random === null ? DEFAULT_SAMPLES : values.random;
  return { ...args, values: { ...values, random, audit: given.has("audit") ? values.audit : 1 } };
}

type SearchOptions = Pick<TightenRequest, "centre" | "radius" | "box" | "weightRadius" | "starts" | "steps">;

function searchOptions({ values }: Arguments): SearchOptions {
  return {
    centre: values.inputs === null ? "origin" : "sample",
    radius: values.within,
    box: values.box,
    weightRadius: values.weights === null ? null : values.weightsWithin,
    starts: values.starts,
    steps: values.steps,
  };
}

function witnessOrigin({ values }: Arguments, engines: Engines): WitnessOrigin {
  const { norm, accuracy, normMethod, certify, seed } = values;
  return {
    tool: TOOL,
    engine: engines.engine.description,
    settings: { norm, accuracy, normMethod, certify, seed, plant: null },
    address: null,
  };
}

/** DIR/tightest.json; the file's path. */
async function writeTightest(folder: string, caught: CaughtSample, origin: WitnessOrigin): Promise<string> {
  const file = join(folder, "tightest.json");
  const text = await witnessText(makeWitness(caught, origin));
  writeWhole(file, text);
  return file;
}

const REFRESH_MS = 100;

/** The progress line of a terminal. */
function progress(io: Io): (progress: Progress) => void {
  const startedMs = io.now();
  let searchingMs = startedMs;
  let kind: Progress["kind"] = "sampling";
  let shownMs = Number.NEGATIVE_INFINITY;
  return (state) => {
    const nowMs = io.now();
    if (state.kind !== kind) [kind, searchingMs] = [state.kind, nowMs];
    if (nowMs - shownMs < REFRESH_MS) return;
    shownMs = nowMs;
    const { done, total } = state;
    io.status?.(
      state.kind === "sampling"
        ? progressLine(done, total, nowMs - startedMs)
        : `${counted(done, "start")} of ${String(total)} searched, ratio up to ${significant(state.best)} (${String(Math.round((nowMs - searchingMs) / 1000))} s)`,
    );
  };
}
