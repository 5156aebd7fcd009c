/** A conformance run as text: one page, 80 columns, kernel by kernel, the exact cases to repeat, the verdict. Pure functions. */
import type {
  ConformanceFailure,
  ConformanceReport,
  EngineConformance,
  KernelConformance,
} from "../records/conformance.ts";
import { VERDICT_NAMES } from "../records/kit.ts";
import type { JunitSuite } from "./junit.ts";
import { columns, counted, duration, grouped, significant } from "./numbers.ts";

const WIDTH = 80;

/** Failures that are printed; the report has more. */
const MOST_FAILURES = 5;

export function conformanceText(report: ConformanceReport): string {
  const { kernels, engine, run, timing, adapter } = report;
  const failures = [...kernels, engine].flatMap((part) => part.failures.slice(0, 1));
  const kind = adapter.hardware ? "hardware" : "software";
  const drawn = `seed ${String(run.seed)}${run.case === null ? "" : `, ${run.case} alone`}`;
  return `${[
    ...wrapped(`Conformance of ${adapter.adapter} (${kind}): webgpu f32, ${adapter.runtime}`, ""),
    `  ${drawn}, ${counted(run.devices, "device")}, ${duration(timing.elapsedMs)}`,
    ...(run.plant === null ? [] : wrapped(`PLANTED  the fault "${run.plant}" was switched on for this run`, "  ")),
    ...(timing.interrupted ? ["  STOPPED  before the time was up"] : []),
    ...(report.deviceFailure === null ? [] : wrapped(`DEVICE   ${report.deviceFailure}`, "  ")),
    "",
    tableLine("kernel", "cases", "numbers", "of bound", "at", "failed"),
    ...kernels.filter((k) => k.cases > 0).map(kernelLine),
    ...(engine.networks > 0 ? ["", ...engineLines(engine)] : []),
    ...(failures.length > 0 ? ["", "Not within its bound"] : []),
    ...failures.slice(0, MOST_FAILURES).flatMap((failure, i) => failureLines(failure, i, report)),
    ...(failures.length > MOST_FAILURES
      ? [`  and ${String(failures.length - MOST_FAILURES)} more: --report has them`]
      : []),
    "",
    ...wrapped(verdictText(report), ""),
  ].join("\n")}\n`;
}

function kernelLine({ kernel, cases, compared, worst, worstCase, failed }: KernelConformance): string {
  const at = worstCase?.replace("kernel:", "") ?? "";
  return tableLine(kernel, grouped(cases), grouped(compared), share(worst), at, grouped(failed));
}

/** Columns for a name and for the numbers of a soak: 80 together. */
function tableLine(name: string, ...cells: readonly [string, string, string, string, string]): string {
  const widths = [10, 16, 10, 7, 7];
  return `  ${name.padEnd(28)}${cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("")}`;
}

/** An error over its bound: not finite where a number was not. */
function share(worst: number | null): string {
  return worst === null ? "not finite" : significant(worst);
}

function engineLines({ networks, samples, verdicts, worst, failed }: EngineConformance): string[] {
  const said = VERDICT_NAMES.filter((name) => verdicts[name] > 0).map((name) => `${grouped(verdicts[name])} ${name}`);
  const bad = failed === 0 ? "none violated" : `${counted(failed, "network")} VIOLATED`;
  return wrapped(
    `The whole engine, audited, intervals again in f64: ${counted(networks, "network")}, ${counted(samples, "sample")} (${said.join(", ")}); cut test at most ${share(worst)} of its bound; ${bad}`,
    "  ",
  );
}

/** The command that repeats one case. */
export function repeatCommand(own: string, { run }: Pick<ConformanceReport, "run">): string {
  const plant = run.plant === null ? "" : ` --plant ${run.plant}`;
  return `gpv doctor --stress --seed ${String(run.seed)} --case ${own}${plant}`;
}

function failureLines(failure: ConformanceFailure, i: number, report: ConformanceReport): string[] {
  return [
    ...wrapped(`${String(i + 1)}) ${failure.case}: ${failure.name}; ${failure.mode}`, "  ", "     "),
    ...wrapped(failure.detail, "     ", "     "),
    ...wrapped(`repeat: ${repeatCommand(failure.case, report)}`, "     ", "       "),
  ];
}

function verdictText({ verdict, kernels, engine, run }: ConformanceReport): string {
  const failed = kernels.filter((k) => k.failed > 0).map((k) => k.kernel);
  if (engine.failed > 0) failed.push("the whole engine");
  const blame =
    run.plant === null ? "this adapter, its driver or this program is at fault" : "as the planted fault should";
  switch (verdict) {
    case "conforms":
      return run.case === null
        ? "CONFORMS: every number is within its bound, and the same alone, in one pass, in flight and on two devices."
        : "CONFORMS in this case: every number is within its bound.";
    case "fails":
      return `FAILS in ${failed.join(", ")}: numbers beyond what rounding explains, or that change with what else runs; ${blame}.`;
    case "unfinished":
      return "UNFINISHED: nothing wrong in what was run, but not every systematic case was.";
  }
}

function wrapped(text: string, indent: string, rest = `${indent}  `): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && columns(`${line} ${word}`) > WIDTH) {
      lines.push(line);
      line = rest;
    }
    line = line.trim() === "" ? `${line}${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The report's text, indented, with a final newline. */
export function conformanceJson(report: ConformanceReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** A JUnit test case a kernel, one for the engine, and one for the run itself: a device that failed has no wrong number to show. */
export function conformanceSuite(report: ConformanceReport): JunitSuite {
  const part = (name: string, own: KernelConformance | EngineConformance, output: string) => ({
    name,
    classname: `conformance.${name}`,
    timeMs: own.elapsedMs,
    ...(own.failed === 0
      ? {}
      : {
          failure: {
            message: `${String(own.failed)} failed: ${own.failures[0]?.detail ?? ""}`,
            text: own.failures
              .map((f) => `${f.case}: ${f.name}; ${f.mode}\n${f.detail}\n${repeatCommand(f.case, report)}`)
              .join("\n\n"),
          },
        }),
    output,
  });
  return {
    name: `conformance of ${report.adapter.adapter}`,
    cases: [
      ...report.kernels
        .filter((k) => k.cases > 0)
        .map((k) =>
          part(
            k.kernel,
            k,
            `${counted(k.cases, "case")}, ${counted(k.compared, "number")}, worst ${share(k.worst)} of its bound`,
          ),
        ),
      ...(report.engine.networks === 0 ? [] : [part("engine", report.engine, engineLines(report.engine).join("\n"))]),
      {
        name: "run",
        classname: "conformance.run",
        timeMs: report.timing.elapsedMs,
        ...(report.verdict === "unfinished" || report.deviceFailure !== null
          ? { failure: { message: "not every systematic case was run", text: report.deviceFailure ?? "interrupted" } }
          : {}),
        output: verdictText(report),
      },
    ],
  };
}
