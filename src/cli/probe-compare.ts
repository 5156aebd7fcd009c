/** `gpv probe --compare A B`: two series (JSON Lines) side by side. */
import * as v from "valibot";
import { FormatError, UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import type { SeriesRow } from "../records/training.ts";
import { SERIES_ROW } from "../records/training.ts";
import { comparisonConsole, comparisonPage, pairRows } from "../report/training-compare.ts";
import type { Arguments } from "./arguments.ts";
import { EXIT } from "./exit.ts";
import { readText, reading } from "./files.ts";
import { FLAGS } from "./flags.ts";
import { baseName } from "./inputs.ts";
import type { Io } from "./io.ts";
import { closeAll, openOutput } from "./outputs.ts";
import { checkDistinct } from "./same-file.ts";

export async function compareSeries(args: Arguments, first: string, io: Io): Promise<number> {
  const { values, operand: second } = args;
  if (second === null) throw new UsageError(`--compare ${first}: found one series, expected --compare A B`);
  for (const key of ["checkpoints", "inputs", "labels", "series", "probeRows", "report"] as const) {
    if (values[key] !== null) {
      throw new UsageError(`Found --${FLAGS[key].name} with --compare: expected two series, --html or --json alone`);
    }
  }
  checkDistinct([
    { option: "compare", file: first, output: false },
    { option: "", file: second, output: false },
    { option: "html", file: values.html, output: true },
  ]);
  const own = reading(io, values.maxMemory);
  const [a, b] = [parseSeries(await readText(first, own), first), parseSeries(await readText(second, own), second)];
  const pairs = pairRows(a, b);
  const names = [baseName(first), baseName(second)] as const;
  const output = values.html === null ? null : openOutput("html", values.html);
  output?.write(comparisonPage(pairs, names));
  const lost = closeAll([output]);
  await io.out(
    values.json === true
      ? `${JSON.stringify({ a: first, b: second, rows: pairs }, null, 2)}\n`
      : comparisonConsole(pairs, names),
  );
  if (lost !== null) throw lost;
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
