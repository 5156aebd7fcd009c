/** The plots of one run. */
import type { Interim, Points } from "../../src/worker/client.ts";
import { significant } from "../../src/report/numbers.ts";
import { createHistogram } from "./histogram.ts";
import { createLosses, createTightness } from "./layers.ts";
import { createScatter } from "./scatter.ts";

export interface Plots {
  readonly figures: readonly HTMLElement[];
  readonly add: (points: Points) => void;
  readonly show: (interim: Interim) => void;
}

/** @param over is aborted when another run's plots take their place. */
export function createPlots(over: AbortSignal): Plots {
  const scatter = createScatter(over);
  const ratio = createHistogram("ratio", 1);
  const coefficient = createHistogram("coefficient", null);
  const [tightness, losses] = [createTightness(), createLosses()];
  return {
    figures: [scatter, tightness, losses, ratio, coefficient].map((plot) => plot.figure),
    add(points) {
      scatter.add(points);
      ratio.add(points.lhs.map((lhs, i) => lhs / (points.rhs[i] ?? 0)));
      coefficient.add(points.coefficient);
    },
    show({ report }) {
      const { min, median, max } = report.ratio;
      ratio.note((m) => m.histogram.ratioNote(significant(min), significant(median), significant(max)));
      const { input, parameter } = report.penalties;
      const middle = significant(report.coefficient.median);
      coefficient.note((m) => m.histogram.coefficientNote(significant(input), significant(parameter), middle));
      tightness.show(report);
      losses.show(report);
    },
  };
}
