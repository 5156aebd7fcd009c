import { describe, expect, test } from "vitest";
import {
  alignment,
  change,
  follows,
  little,
  orderOf,
  overall,
  prefersLess,
  reason,
  response,
} from "../../src/training/experiments/decisions.ts";

const interval = (mean: number, lower: number, upper: number) => ({ mean, lower, upper, seeds: 10 });

describe("decisions, on both sides of each boundary", () => {
  const [two, ten] = [Math.log(2), Math.log(10)];
  const moved = [interval(ten + 1, ten + 0.1, ten + 2), interval(ten + 1, ten + 0.1, ten + 2)];

  test("little: all norms within 2 while both penalties move by 10", () => {
    expect(little([interval(0.5, 0.4, two - 1e-9)], moved)).toBe("holds");
    expect(little([interval(0.5, 0.4, two)], moved)).toBe("undecided");
    expect(little([interval(1, two + 1e-9, 2), interval(0.1, 0, 0.2)], moved)).toBe("does not hold");
    expect(little([interval(0.5, 0.4, 0.6)], [interval(1, 0, ten - 1e-9), interval(3, ten + 0.1, 4)])).toBe("no test");
  });

  test("follows: the ratio within 2 and differences that correlate above ½", () => {
    expect(follows(interval(0.3, 0.2, 0.4), interval(0.8, 0.51, 0.9))).toBe("holds");
    expect(follows(interval(0.3, 0.2, 0.4), interval(0.6, 0.5, 0.9))).toBe("undecided");
    expect(follows(interval(1, two + 1e-9, 2), interval(0.9, 0.8, 1))).toBe("does not hold");
    expect(follows(interval(0.3, 0.2, 0.4), interval(0.1, 0, 0.49))).toBe("does not hold");
  });

  test("lower, higher, equal: an effect of 5 % and an interval on its side", () => {
    expect(change(interval(-0.1, -0.2, -1e-9))).toBe("lower");
    expect(change(interval(-0.1, -0.2, 1e-9))).toBe("undecided");
    expect(change(interval(0.1, 1e-9, 0.2))).toBe("higher");
    expect(change(interval(-0.01, -0.02, -0.001))).toBe("equal");
    expect(change(interval(NaN, NaN, NaN))).toBe("undecided");
  });

  test("the rest of the words", () => {
    expect(prefersLess(["lower", "lower", "lower"])).toBe("holds");
    expect(prefersLess(["lower", "equal", "higher"])).toBe("holds where");
    expect(prefersLess(["undecided", "equal", "higher"])).toBe("does not hold");
    expect(orderOf(interval(-0.5, -0.8, -0.1))).toBe("as the account says");
    expect(orderOf(interval(0.5, 0.1, 0.8))).toBe("opposite");
    expect(orderOf(interval(0, -0.1, 0.8))).toBe("no order");
    expect(alignment(interval(0.7, 0.51, 0.8))).toBe("aligned");
    expect(alignment(interval(0.4, 0.1, 0.5))).toBe("weakly");
    expect(alignment(interval(0, -0.1, 0.5))).toBe("not");
    expect(response(interval(1, 0.8, 1.25))).toBe("as much");
    expect(response(interval(0.5, 0.4, 0.79))).toBe("less");
    expect(response(interval(2, 1.3, 3))).toBe("more");
    expect(response(interval(1, 0.5, 1.1))).toBe("undecided");
    expect(reason(interval(0.8, 0.6, 1))).toBe("C");
    expect(reason(interval(0.2, 0.1, 0.4))).toBe("ρ");
    expect(overall(["holds", "holds"])).toBe("holds");
    expect(overall(["holds", "does not hold"])).toBe("holds where");
    expect(overall(["undecided", "does not hold"])).toBe("does not hold");
  });
});
