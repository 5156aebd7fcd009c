/** `gpv probe --compare A B`: two series (JSON Lines) side by side. */
import * as v from "valibot";
import { FormatError, UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import type { SeriesRow } from "../records/training.ts";
import { SERIES_ROW } from "../records/training.ts";
import { comparisonConsole, pairRows } from "../report/training-compare.ts";
import type { Arguments } from "./arguments.ts";
import { EXIT } from "./exit.ts";
import { readText, reading } from "./files.ts";
import { baseName } from "./inputs.ts";
import type { Io } from "./io.ts";

export async function compareSeries(args: Arguments, first: string, io: Io): Promise<number> {
  const { values, operand: second } = args;
  if (second === null) throw new UsageError(`--compare ${first}: found one series, expected --compare A B`);
  const own = reading(io, values.maxMemory);
  const [a, b] = [parseSeries(await readText(first, own), first), parseSeries(await readText(second, own), second)];
  const pairs = pairRows(a, b);
  const names = [baseName(first), baseName(second)] as const;
  await io.out(
    values.json === true
      ? `${JSON.stringify({ a: first, b: second, rows: pairs }, null, 2)}\n`
      : comparisonConsole(pairs, names),
  );
  return EXIT.passed;
}

/** @throws FormatError naming the line. */
function parseSeries(text: string, file: string): SeriesRow[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) throw new FormatError(`${file}: found no line, expected those of --series`);
  return lines.map((line, i) => {
    const place = `${file}: line ${String(i + 1)}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw new FormatError(`${place}: found no JSON, expected a line of --series FILE.jsonl`, { cause });
    }
    const result = v.safeParse(SERIES_ROW, value);
    if (result.success) return result.output;
    const [issue] = result.issues;
    const path = v.getDotPath(issue) ?? "";
    throw new FormatError(
      `${place}: ${printable(path)}: ${printable(issue.message)}, expected a line of --series FILE.jsonl`,
    );
  });
}
