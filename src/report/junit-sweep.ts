/**
 * A sweep's report → JUnit suites: one case an architecture, failed where a sample is violated. Unresolved and invalid samples are no
 * failures and stand in the case's output. The whole time stands at the suite's first case, since architectures are computed side by side.
 */
import type { SweepReport } from "../records/sweep.ts";
import { architectureName, wentWrong } from "./architecture.ts";
import type { JunitCase, JunitSuite } from "./junit.ts";
import { counted, significant } from "./numbers.ts";

/** @param grid how the command line names the grid: "--preset smoke", "--grid FILE". */
export function sweepSuites(report: SweepReport, grid: string): JunitSuite[] {
  const cases = report.architectures.map((architecture, i): JunitCase => {
    const { samples, verdicts, ratio } = architecture;
    const wrong = wentWrong(architecture);
    const shown = report.worst
      .filter((worst) => worst.architecture === architecture.architecture)
      .map(({ address, verdict, reason }) =>
        [`${verdict}${reason === undefined ? "" : `: ${reason}`}`, `  gpv verify --address ${address} ${grid}`].join(
          "\n",
        ),
      );
    const output = [
      `${counted(samples, "sample")}; left/right at most ${significant(ratio.max)}`,
      ...(wrong === "" ? [] : [wrong, ...shown]),
    ].join("\n");
    return {
      name: architectureName(architecture),
      classname: `gpv.sweep.${architecture.activation}.${architecture.initialiser}`,
      timeMs: i === 0 ? report.timing.elapsedMs : 0,
      ...(verdicts.violated > 0 ? { failure: { message: wrong, text: [wrong, ...shown].join("\n") } } : {}),
      output,
    };
  });
  return [{ name: "gpv sweep", cases }];
}
