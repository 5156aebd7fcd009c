import { describe, expect, test } from "vitest";
import { sweepSuites } from "../../src/report/junit-sweep.ts";
import { junitXml } from "../../src/report/junit.ts";
import { sweepOf } from "./sweep-sample.ts";

describe("a sweep in JUnit XML", () => {
  test("has one case an architecture, failed where a sample is violated, with the command that repeats it", () => {
    const [suite] = sweepSuites(sweepOf(30, 2), "--preset smoke");
    expect(suite?.cases).toHaveLength(30);
    expect(suite?.cases.filter(({ failure }) => failure !== undefined)).toHaveLength(2);
    expect(suite?.cases[1]).toEqual({
      name: "#1 4-4-10 relu, glorot × 1, f logit:argmax, frobenius norm, normal inputs of scale 1",
      classname: "gpv.sweep.relu.glorot",
      timeMs: 0,
      failure: {
        message: "47 violated, 2 unresolved, 1 invalid",
        text: "47 violated, 2 unresolved, 1 invalid\nviolated: cut: the two sides differ\n  gpv verify --address 7:2:3 --preset smoke",
      },
      output:
        "200 samples; left/right at most 0.4750\n47 violated, 2 unresolved, 1 invalid\nviolated: cut: the two sides differ\n  gpv verify --address 7:2:3 --preset smoke",
    });
  });

  test("unresolved and invalid samples alone fail nothing", () => {
    const report = sweepOf(1, 1);
    const architectures = report.architectures.map((a) => ({ ...a, verdicts: { ...a.verdicts, violated: 0 } }));
    const [suite] = sweepSuites({ ...report, architectures, worst: [] }, "--grid g.json");
    expect(suite?.cases[0]?.failure).toBeUndefined();
    expect(suite?.cases[0]?.output).toContain("2 unresolved, 1 invalid");
    expect(junitXml(suite === undefined ? [] : [suite])).toContain('tests="1" failures="0"');
  });
});
