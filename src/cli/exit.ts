/** Exit codes and which outcome has which. */
import { DeviceError, FormatError, ModelError, OutputError, UsageError } from "../network/errors.ts";
import type { VerdictName } from "../records/kit.ts";
import type { VerdictCounts } from "../records/shared.ts";

export const EXIT = {
  /** Finished, nothing violated. */
  passed: 0,
  /** Finished, at least one violated (or what --fail-on names). */
  failed: 1,
  /** Bad usage, bad file, unsupported model. */
  refused: 2,
  /** No usable engine, or the device failed beyond recovery. */
  device: 3,
  /** Nothing violated, but not one sample could be decided. */
  undecided: 4,
  /** A result could not be handed over (stdout, stderr, a file), or a defect of the program. */
  broken: 70,
  /** Interrupted (128 + SIGINT). */
  interrupted: 130,
} as const;

/** Findings that are no sample's: what the run was given is not what its engine got, or its report is not its rows'. */
const OF_THE_RUN: ReadonlySet<string> = new Set(["plan", "input", "report"]);

/** An interrupted run says so first; then violated, a wrong report and what --fail-on names; then "nothing was decided". */
export function exitCode(
  report: {
    readonly verdicts: VerdictCounts;
    readonly timing: { readonly interrupted: boolean };
    readonly faults?: readonly { readonly check: string }[];
  },
  failOn: readonly VerdictName[],
): number {
  const { verdicts, faults = [] } = report;
  if (report.timing.interrupted) return EXIT.interrupted;
  if (
    verdicts.violated > 0 ||
    faults.some(({ check }) => OF_THE_RUN.has(check)) ||
    failOn.some((name) => verdicts[name] > 0)
  )
    return EXIT.failed;
  return verdicts.holds + verdicts.tight === 0 ? EXIT.undecided : EXIT.passed;
}

/** The code of an error of the program's family; null for anything else, which is a defect of the program. */
export function errorExitCode(error: unknown): number | null {
  if (error instanceof DeviceError) return EXIT.device;
  if (error instanceof OutputError) return EXIT.broken;
  const refused = error instanceof UsageError || error instanceof FormatError || error instanceof ModelError;
  return refused ? EXIT.refused : null;
}
