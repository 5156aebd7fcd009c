import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { FLAGS } from "../../src/cli/flags.ts";
import type { FlagKey } from "../../src/cli/flags.ts";
import { commandHelp, flagTable } from "../../src/cli/help.ts";
import { nearest } from "../../src/cli/nearest.ts";
import { progressLine } from "../../src/cli/progress.ts";
import { UsageError } from "../../src/network/errors.ts";
import { columns } from "../../src/report/numbers.ts";

const ALL = Object.keys(FLAGS) as FlagKey[];

function message(...words: string[]): string {
  try {
    parseArguments("verify", ALL, words);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "accepted";
}

describe("values", () => {
  test("--name value and --name=value mean the same", () => {
    for (const words of [["--random", "12"], ["--random=12"], ["--random", "12e0"]]) {
      expect(parseArguments("verify", ALL, words).values.random).toBe(12);
    }
  });

  test("defaults stand where nothing is given, and are told apart from what is given", () => {
    const { values, given } = parseArguments("verify", ALL, ["--norm", "spectral"]);
    expect(values.norm).toBe("spectral");
    expect(values.accuracy).toBe(1e-3);
    expect(values.model).toBeNull();
    expect([...given]).toEqual(["norm"]);
  });

  test("a negative number is a value, not an option", () => {
    expect(parseArguments("verify", ALL, ["--mean", "-1.5"]).values.mean).toBe(-1.5);
  });

  test("--stress stands alone for a minute, or takes its minutes in either spelling", () => {
    const minutes = (...words: string[]): number | null => parseArguments("doctor", ALL, words).values.stress;
    expect(minutes()).toBeNull();
    expect(minutes("--stress")).toBe(1);
    expect(minutes("--stress", "--seed", "3")).toBe(1);
    expect(minutes("--stress", "5")).toBe(5);
    expect(minutes("--stress=0.5", "--seed", "3")).toBe(0.5);
    expect(parseArguments("doctor", ALL, ["--case", "network:12"]).values.case).toEqual({ part: "network", index: 12 });
  });

  test("lists are split at commas", () => {
    expect(parseArguments("verify", ALL, ["--activation", "relu,tanh"]).values.activation).toEqual(["relu", "tanh"]);
    expect(parseArguments("verify", ALL, ["--fail-on=invalid,unresolved"]).values.failOn).toEqual([
      "invalid",
      "unresolved",
    ]);
  });
});

describe("errors name the place, what was found and what was expected", () => {
  test.each([
    [["--random=-3"], 'Invalid value "-3" in "--random=-3": expected an integer ≥ 1'],
    [["--random", "1.5"], 'Invalid value "1.5" in "--random 1.5": expected an integer ≥ 1'],
    [["--stress", "0"], 'Invalid value "0" in "--stress 0": expected a number of minutes > 0'],
    [["--case", "9"], 'Invalid value "9" in "--case 9": expected kernel:N or network:N, N counting from 0'],
    [["--std", "0"], 'Invalid value "0" in "--std 0": expected a number > 0'],
    [["--mean", "NaN"], 'Invalid value "NaN" in "--mean NaN": expected a finite number'],
    [
      ["--norm", "spectrl"],
      'Invalid value "spectrl" in "--norm spectrl": expected one of spectral, frobenius; did you mean "spectral"?',
    ],
    [["--modle", "x"], 'Unknown option "--modle" of gpv verify: did you mean "--model"? (gpv verify --help)'],
    [["--zzzzzzzz"], 'Unknown option "--zzzzzzzz" of gpv verify: gpv verify --help lists the options'],
    [["--model"], '"--model" has no value: expected --model FILE'],
    [["--model", "--json"], '"--model" has no value: expected --model FILE'],
    [["--seed", "1", "--seed", "2"], '"--seed" is given twice: expected once'],
    [["--json=yes"], 'Invalid "--json=yes": "--json" takes no value'],
    [["model.json"], 'Unexpected argument "model.json": gpv verify takes options only (gpv verify --help lists them)'],
    [
      ["--head", "logit:-1"],
      'Invalid value "logit:-1" in "--head logit:-1": expected logit:K with K an integer ≥ 0, or logit:argmax',
    ],
    [["--accuracy", "2"], 'Invalid value "2" in "--accuracy 2": expected a number between 0 and 1, or "verdict"'],
  ])("%j", (words, expected) => {
    expect(message(...words)).toBe(expected);
  });

  test("shares and widths outside their range say what the range is", () => {
    expect(message("--audit", "2")).toContain("expected a number from 0 to 1");
    expect(message("--certify", "0")).toContain("expected a number between 0 and 1");
  });

  test("options of later versions say that they are not available", () => {
    for (const words of [["--precision", "f32"]]) {
      expect(message(...words)).toMatch(/not available in this version/);
    }
  });

  test("no argument makes anything but values or a UsageError of one line", () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(...ALL.map((key) => `--${FLAGS[key].name}`)),
      fc.constantFrom("1", "relu", "--x="),
    );
    fc.assert(
      fc.property(fc.array(word.filter((w) => !w.includes("\n"))), (words) => {
        expect(message(...words)).not.toContain("\n");
      }),
    );
  });
});

describe("help", () => {
  test("names every option and is at most 80 columns wide", () => {
    const help = commandHelp({ name: "verify", summary: "one model", flags: ALL });
    for (const key of ALL) expect(help).toContain(`--${FLAGS[key].name}`);
    const wide = help.split("\n").filter((line) => !line.startsWith("  --") && columns(line) > 80);
    expect(wide).toEqual([]);
  });

  test("the README's table has a row for each option", () => {
    expect(flagTable(ALL).trim().split("\n")).toHaveLength(ALL.length + 2);
  });
});

test("the nearest name is found for a slip, and none for another word", () => {
  expect(nearest("inptus", ["inputs", "model"])).toBe("inputs");
  expect(nearest("banana", ["inputs", "model"])).toBeNull();
});

test("the progress line fits a terminal of 80 columns", () => {
  expect(progressLine(0, 1000, 0)).toBe("[░░░░░░░░░░░░░░░░░░░░░░░░] 0/1,000");
  expect(progressLine(500_000, 1_000_000, 600_000)).toBe(
    "[████████████░░░░░░░░░░░░] 500,000/1,000,000, 833.3 a second, 10 min 00 s left",
  );
  expect(columns(progressLine(500_000, 1_000_000, 600_000))).toBeLessThanOrEqual(80);
});
