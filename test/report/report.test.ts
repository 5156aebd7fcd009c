import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { CONSOLE_WIDTH, consoleReport } from "../../src/report/console.ts";
import { reportJson, reportValue, withFiniteNumbers } from "../../src/report/json.ts";
import { rowLine } from "../../src/report/rows.ts";
import { CLEAN, FAULTY, ROW } from "./sample.ts";
import { columns } from "../../src/report/numbers.ts";

function validator(name: string): (value: unknown) => string {
  const schema: unknown = JSON.parse(
    readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), "utf8"),
  );
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  const validate = ajv.compile(schema as object);
  return (value) => (validate(value) ? "" : ajv.errorsText(validate.errors));
}

describe("the JSON report", () => {
  const errors = validator("report");

  test("validates against the shipped schema, clean or faulty", () => {
    expect(errors(reportValue(CLEAN))).toBe("");
    expect(errors(reportValue(FAULTY))).toBe("");
  });

  test("the schema refuses a report that lacks a key, and one with a key of another name", () => {
    const { ratio, ...without } = CLEAN;
    expect(errors(without)).toContain("ratio");
    expect(errors({ ...CLEAN, ratios: ratio })).not.toBe("");
  });

  test("a number that is not finite is null, with the reason beside it", () => {
    const report = { ...CLEAN, penalties: { input: Number.POSITIVE_INFINITY, parameter: Number.NaN } };
    const value = JSON.parse(reportJson(report)) as typeof CLEAN;
    expect(value.penalties).toEqual({ input: null, parameter: null, reason: "input is Infinity, parameter is NaN" });
    expect(errors(value)).toBe("");
  });

  test("a reason that is already given is kept", () => {
    expect(withFiniteNumbers({ ratio: Number.NaN, reason: "rhs = 0" })).toEqual({ ratio: null, reason: "rhs = 0" });
  });

  test("has the same bytes whatever the order of settings, bounds and faults", () => {
    const reordered = {
      ...FAULTY,
      bounds: Object.fromEntries(Object.entries(FAULTY.bounds).reverse()),
      run: { ...FAULTY.run, settings: Object.fromEntries(Object.entries(FAULTY.run.settings).reverse()) },
      faults: [...FAULTY.faults].reverse(),
    };
    expect(reportJson(reordered)).toBe(reportJson(FAULTY));
  });

  test("says how many proven intervals became as narrow as --certify asked", () => {
    const certified = { width: 1e-6, reached: 1990, missed: 10 };
    const value = JSON.parse(reportJson({ ...CLEAN, certified })) as typeof CLEAN;
    expect(value.certified).toEqual(certified);
    expect(errors(value)).toBe("");
  });

  test("lists its keys in the order of the contract", () => {
    expect(Object.keys(JSON.parse(reportJson(CLEAN)) as object).join(" ")).toBe(
      "schema tool engine run model head norm samples verdicts audited penalties ratio ratioLower ratioUpper kinks coefficient layers escalations bounds statistics faults timing",
    );
  });
});

describe("the rows", () => {
  const errors = validator("samples");

  test("validate against the shipped schema, one object a line", () => {
    const line = rowLine(ROW);
    expect(line.indexOf("\n")).toBe(line.length - 1);
    expect(errors(JSON.parse(line))).toBe("");
  });

  test("an invalid sample has nulls and its reason", () => {
    const row = { ...ROW, verdict: "invalid", value: Number.NaN, reason: "h_2 overflowed" } as const;
    const value = JSON.parse(rowLine(row)) as typeof ROW;
    expect(value.value).toBeNull();
    expect(value.reason).toBe("h_2 overflowed");
    expect(errors(value)).toBe("");
  });
});

describe("the console report", () => {
  test.each([
    ["clean", CLEAN],
    ["faulty", FAULTY],
    ["long names", { ...FAULTY, model: { ...FAULTY.model, source: "x".repeat(200) }, head: "y".repeat(99) }],
    ["large numbers", { ...CLEAN, samples: 123456789, ratio: { ...CLEAN.ratio, min: 1.23456e-300, max: 9.87e300 } }],
  ])("is at most 80 columns wide: %s", (_, report) => {
    for (const line of consoleReport(report).split("\n")) expect(columns(line)).toBeLessThanOrEqual(CONSOLE_WIDTH);
  });

  test("no line of a usual report is cut", () => {
    expect(consoleReport(CLEAN)).not.toContain("…");
    expect(consoleReport(FAULTY)).not.toContain("…");
  });

  test("a violation prints its counts, check, layer, both sides, the margin and the bound", () => {
    const text = consoleReport(FAULTY);
    expect(text).toContain("VIOLATED in 1,000 of 1,000 samples");
    expect(text).toContain("cut at layer 2: 990 samples");
    expect(text).toContain("sample 17: left   1.25");
    expect(text).toContain("right  1.5");
    expect(text).toContain("apart  0.2500; rounding explains 1.00e-5");
  });

  test("a planted fault is named", () => {
    expect(consoleReport(FAULTY)).toContain('PLANTED  the fault "vjp-missing-mask"');
  });

  test("an interrupted run says how far it came", () => {
    const timing = { ...CLEAN.timing, interrupted: true, requested: 5000 };
    expect(consoleReport({ ...CLEAN, timing })).toContain("STOPPED  after 1,000 of 5,000 samples");
  });

  test("names every verdict with its count", () => {
    const text = consoleReport(CLEAN);
    for (const name of ["holds", "tight", "violated", "unresolved", "invalid"])
      expect(text).toMatch(new RegExp(`^  ${name} +\\d`, "m"));
  });
});
