import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dyadic } from "../../src/exact/dyadic.ts";
import * as dyadics from "../../src/exact/dyadic.ts";
import * as rationals from "../../src/exact/rational.ts";

const { dyadic, fromNumber, toDecimal, toNumber } = dyadics;

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const someDyadic = fc
  .record({ m: fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }), e: fc.integer({ min: -150, max: 150 }) })
  .map(({ m, e }) => dyadic(m, e));

/** The same number as a plain fraction of BigInts over 2^200: another representation, for comparison. */
function overPower({ m, e }: Dyadic): bigint {
  return m * 2n ** BigInt(e + 200);
}

describe("dyadic rationals", () => {
  test("a double goes in and out unchanged, subnormals and the extremes included", () => {
    const extremes = [0, 5e-324, -5e-324, 2 ** -1022, Number.MAX_VALUE, -Number.MAX_VALUE, 1, 0.1, 1 / 3];
    for (const x of extremes) expect(toNumber(fromNumber(x))).toBe(x);
    fc.assert(fc.property(finite, (x) => toNumber(fromNumber(x)) === x || x === 0));
  });

  test("a double is m·2^e with m odd", () => {
    expect(fromNumber(0.75)).toEqual({ m: 3n, e: -2 });
    expect(fromNumber(-6)).toEqual({ m: -3n, e: 1 });
    expect(fromNumber(-0)).toEqual({ m: 0n, e: 0 });
    expect(fromNumber(2 ** -1074)).toEqual({ m: 1n, e: -1074 });
  });

  test("what is not finite is refused", () => {
    for (const x of [NaN, Infinity, -Infinity]) {
      expect(() => fromNumber(x)).toThrow(new RangeError(`found ${String(x)}, expected a finite number`));
    }
  });

  test("sum, difference, product and order are those of fractions of BigInts, and results are in lowest terms", () => {
    fc.assert(
      fc.property(someDyadic, someDyadic, (a, b) => {
        const [x, y] = [overPower(a), overPower(b)];
        const [sum, difference, product] = [dyadics.add(a, b), dyadics.subtract(a, b), dyadics.multiply(a, b)];
        expect(overPower(sum)).toBe(x + y);
        expect(overPower(difference)).toBe(x - y);
        expect(product.m * 2n ** BigInt(product.e + 400)).toBe(x * y);
        expect(dyadics.compare(a, b)).toBe(x < y ? -1 : x > y ? 1 : 0);
        for (const r of [sum, difference, product]) expect(r).toEqual(dyadic(r.m, r.e));
      }),
    );
  });

  test("bit lengths and top exponents bracket the number", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }), (m) => {
        fc.pre(m !== 0n);
        const magnitude = m < 0n ? -m : m;
        const bits = BigInt(dyadics.bitLength(m));
        return 2n ** (bits - 1n) <= magnitude && magnitude < 2n ** bits;
      }),
    );
    expect(dyadics.topExponent(fromNumber(0.75))).toBe(0);
    expect(dyadics.topExponent(fromNumber(1))).toBe(1);
  });
});

describe("rounding to doubles", () => {
  test("a tie goes to the even neighbour, anything beside it to the nearer one", () => {
    const tie = dyadic(2n ** 53n + 1n);
    expect(toNumber(tie)).toBe(2 ** 53);
    expect(toNumber(dyadic(2n ** 53n + 3n))).toBe(2 ** 53 + 4);
    expect(toNumber(dyadics.add(tie, dyadic(1n, -900)))).toBe(2 ** 53 + 2);
    expect(toNumber(dyadic(2n ** 54n - 1n))).toBe(2 ** 54);
  });

  test("the bottom of the range rounds to subnormals, the top to infinity", () => {
    expect(toNumber(dyadic(3n, -1075))).toBe(2 ** -1073);
    expect(toNumber(dyadic(1n, -1075))).toBe(0);
    expect(toNumber(dyadic(1n, -1075), "up")).toBe(5e-324);
    expect(toNumber(dyadic(1n, -5000), "up")).toBe(5e-324);
    expect(toNumber(dyadic(-1n, -5000), "up")).toBe(-0);
    expect(toNumber(dyadic(2n ** 54n - 1n, 970))).toBe(Infinity);
    expect(toNumber(dyadic(7n ** 900n, 0))).toBe(Infinity);
    expect(toNumber(dyadic(7n ** 900n, 0), "down")).toBe(Number.MAX_VALUE);
    expect(toNumber(dyadic(-(7n ** 900n), 0), "up")).toBe(-Number.MAX_VALUE);
  });

  test("down and up are neighbours that enclose the number, and the nearest is one of them", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 140n), max: 2n ** 140n }), fc.integer({ min: -1200, max: 100 }), (m, e) => {
        const a = dyadic(m, e);
        const [low, high] = [toNumber(a, "down"), toNumber(a, "up")];
        expect(dyadics.compare(fromNumber(low), a)).toBeLessThanOrEqual(0);
        expect(dyadics.compare(fromNumber(high), a)).toBeGreaterThanOrEqual(0);
        expect([low, high]).toContain(toNumber(a) === 0 ? [low, high].find((v) => v === 0) : toNumber(a));
        const between = dyadics.multiply(dyadic(1n, -1), dyadics.add(fromNumber(low), fromNumber(high)));
        if (low !== high) expect([low, high]).toContain(toNumber(between));
      }),
    );
  });

  test("roundToBits stays on its side within one unit", () => {
    fc.assert(
      fc.property(someDyadic, fc.integer({ min: 1, max: 80 }), (a, bits) => {
        fc.pre(a.m !== 0n);
        const [low, high] = [dyadics.roundToBits(a, bits, "down"), dyadics.roundToBits(a, bits, "up")];
        expect(dyadics.bitLength(low.m)).toBeLessThanOrEqual(bits);
        expect(dyadics.compare(low, a)).toBeLessThanOrEqual(0);
        expect(dyadics.compare(high, a)).toBeGreaterThanOrEqual(0);
        const unit = dyadic(1n, dyadics.topExponent(a) - bits);
        expect(dyadics.compare(dyadics.subtract(high, low), unit)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe("decimal text", () => {
  test("short numbers are written exactly, long ones to the digits asked for", () => {
    expect(toDecimal(fromNumber(0))).toBe("0");
    expect(toDecimal(fromNumber(0.0625))).toBe("0.0625");
    expect(toDecimal(fromNumber(-1250))).toBe("-1250");
    expect(toDecimal(fromNumber(3.5))).toBe("3.5");
    expect(toDecimal(fromNumber(0.1), 30)).toBe("0.100000000000000005551115123126");
    expect(toDecimal(fromNumber(0.1), 3)).toBe("0.1");
    expect(toDecimal(fromNumber(9.996), 3)).toBe("10");
    expect(toDecimal(dyadic(1n, -1074), 4)).toBe("4.941e-324");
    expect(toDecimal(dyadic(1n, 2000), 3)).toBe("1.15e+602");
    expect(toDecimal(dyadic(1n, -4000), 3)).toBe("7.59e-1205");
  });

  test("17 digits read back as the double", () => {
    fc.assert(fc.property(finite, (x) => Number(toDecimal(fromNumber(x))) === x));
  });
});

describe("rationals", () => {
  const positive = someDyadic.filter((d) => d.m > 0n);
  const someRational = fc.tuple(someDyadic, positive).map(([n, d]) => rationals.rational(n, d));

  test("the arithmetic is that of fractions", () => {
    fc.assert(
      fc.property(someRational, someRational, (a, b) => {
        const sum = rationals.add(a, b);
        expect(rationals.compare(rationals.subtract(sum, b), a)).toBe(0);
        if (rationals.sign(b) > 0) expect(rationals.compare(rationals.divide(rationals.multiply(a, b), b), a)).toBe(0);
        expect(rationals.compare(a, b)).toBe(rationals.sign(rationals.subtract(a, b)));
      }),
    );
  });

  test("⅓ and √2 are enclosed by neighbouring doubles", () => {
    const third = rationals.rational(dyadic(1n), dyadic(3n));
    expect(rationals.toNumber(third)).toBe(1 / 3);
    expect(rationals.toNumber(third, "down")).toBe(1 / 3);
    expect(rationals.toNumber(third, "up")).toBe(1 / 3 + 2 ** -54);
    const two = rationals.rational(dyadic(2n));
    expect(rationals.rootToNumber(two)).toBe(Math.SQRT2);
    expect(rationals.rootToNumber(two, "up")).toBe(Math.SQRT2);
    expect(rationals.rootToNumber(two, "down")).toBe(Math.SQRT2 - 2 ** -52);
  });

  test("a distance of 2^-300 is not lost when rounding outward", () => {
    const [one, more, less] = [0n, 1n, -1n].map((m) =>
      rationals.rational(dyadics.add(dyadics.ONE, dyadic(m, -300))),
    ) as [rationals.Rational, rationals.Rational, rationals.Rational];
    // 1 + 2^-300/3, which is not dyadic.
    const beside = rationals.rational(dyadic(3n * 2n ** 300n + 1n, -300), dyadic(3n));
    for (const round of [rationals.toNumber, rationals.rootToNumber]) {
      expect([round(one, "down"), round(one, "up")]).toEqual([1, 1]);
      expect([round(more, "down"), round(more, "up")]).toEqual([1, 1 + 2 ** -52]);
      expect([round(less, "down"), round(less, "up")]).toEqual([1 - 2 ** -53, 1]);
      expect([round(beside, "down"), round(beside, "up")]).toEqual([1, 1 + 2 ** -52]);
    }
  });

  test("roots of squares are exact, and others enclosed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 26 }), fc.integer({ min: -600, max: 400 }), (m, e) => {
        const square = rationals.rational(dyadic(BigInt(m) ** 2n, 2 * e));
        for (const rounding of ["down", "nearest", "up"] as const) {
          expect(rationals.rootToNumber(square, rounding)).toBe(m * 2 ** e);
        }
      }),
    );
    fc.assert(
      fc.property(someRational, (a) => {
        fc.pre(rationals.sign(a) > 0);
        const squared = (x: number): rationals.Rational =>
          rationals.rational(dyadic(fromNumber(x).m ** 2n, 2 * fromNumber(x).e));
        expect(rationals.compare(squared(rationals.rootToNumber(a, "down")), a)).toBeLessThanOrEqual(0);
        expect(rationals.compare(squared(rationals.rootToNumber(a, "up")), a)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("a denominator that is not positive is refused", () => {
    expect(() => rationals.rational(dyadic(1n), dyadics.ZERO)).toThrow(RangeError);
  });
});
