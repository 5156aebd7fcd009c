import fc from "fast-check";
import { expect, test } from "vitest";
import { FormatError, ModelError, UsageError } from "../../src/network/errors.ts";
import { printable } from "../../src/network/printable.ts";

test("what a terminal obeys or hides is written as its code point", () => {
  expect(printable("\u001b[31mred\u0007\r\n")).toBe("\\u{1b}[31mred\\u{7}\\u{d}\\u{a}");
  expect(printable("a\u202eb\u2028c\u0085d\u007fe\ud800f\ufeffg")).toBe(
    "a\\u{202e}b\\u{2028}c\\u{85}d\\u{7f}e\\u{d800}f\\u{feff}g",
  );
  expect(printable("W₁ 权重 🙂")).toBe("W₁ 权重 🙂");
});

test("long text is cut between characters, at 80 of them", () => {
  expect(printable("x".repeat(80))).toBe("x".repeat(80));
  expect(printable("x".repeat(81))).toBe(`${"x".repeat(79)}…`);
  expect(printable("🙂".repeat(1e6))).toBe(`${"🙂".repeat(79)}…`);
});

test("no error of the family holds a control character, whatever its message was made of", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      for (const Kind of [UsageError, FormatError, ModelError]) {
        const error = new Kind(text, { cause: 1 });
        expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(error.cause).toBe(1);
      }
    }),
  );
});
