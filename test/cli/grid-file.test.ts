/** Grid files as text, and words of a command to repeat: what is slow to read is capped before it is parsed, and nothing leaves its quotes. */
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { shellWord } from "../../src/cli/shell.ts";
import { gridsFromText } from "../../src/cli/sweep-options.ts";
import { FormatError } from "../../src/network/errors.ts";

describe("a grid file that is slow to parse", () => {
  test.each([
    ["a long flow list", "g.yaml", `depth: [${"1,".repeat(40_000)}1]\nwidth: [2]\n`],
    ["nested flow lists", "g.yaml", `depth: ${"[".repeat(40_000)}`],
    ["nested block lists", "g.yaml", `depth:\n  ${"- ".repeat(30_000)}1\n`],
    ["nested keys", "g.yaml", "? ".repeat(30_000)],
    [
      "aliases of aliases",
      "g.yaml",
      `a: &a [1,1]\n${Array.from({ length: 30 }, (_, i) => `b${String(i)}: &b${String(i)} [${`*${i === 0 ? "a" : `b${String(i - 1)}`},`.repeat(9)}1]`).join("\n")}\n`,
    ],
    ["nested JSON", "g.json", "[".repeat(200_000)],
  ])("%s: refused in one line within a second", (_, name, text) => {
    const startedMs = performance.now();
    expect(() => gridsFromText(text, name)).toThrow(FormatError);
    expect(() => gridsFromText(text, name)).toThrow(/^g\.(yaml|json): [^\n]+$/);
    // Twice, on a machine under tests.
    expect(performance.now() - startedMs).toBeLessThan(4000);
  });

  test("a long grid is read as JSON", () => {
    const depth = Array.from({ length: 40_000 }, () => 1);
    expect(gridsFromText(JSON.stringify({ depth, width: [2] }), "g.json")[0]?.depth).toHaveLength(40_000);
  });
});

test.each(["plain.json", "with space", "it's", "$(touch x)", "a;b`c`", "-rf", "*", "网络"])(
  "a shell reads %s as one word",
  (word) => {
    expect(execFileSync("sh", ["-c", `printf %s ${shellWord(word)}`], { encoding: "utf8" })).toBe(word);
  },
);
