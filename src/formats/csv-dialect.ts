/**
 * How a table is written: what separates its cells, and whether decimals have a comma. A way of writing is taken where it alone makes every
 * line numbers; where several do and they differ, the doubt is named.
 */

export interface Dialect {
  /** "," ";" "|" or a tab; " ": any run of blanks. */
  readonly separator: string;
  readonly decimal: "." | ",";
  /** Whether every line ends in a separator, behind which there is no cell. */
  readonly isTrailing: boolean;
  /** A row as this dialect writes it, for messages. */
  readonly example: string;
}

const NAMES = new Map([
  [",", "commas"],
  [";", "semicolons"],
  ["\t", "tabs"],
  ["|", "bars"],
  [" ", "spaces"],
]);

/** @param said the separator that the file itself names, or null. @returns the doubt in words, where there is one. */
export function findDialect(lines: readonly string[], said: string | null): Dialect | string {
  if (said !== null && !NAMES.has(said))
    return `found the separator "${said}" named in line 1, expected , ; | a tab or a space`;
  const usual = dialect(said ?? mostLikely(lines), ".", false);
  const first = choose(lines, lines, said);
  // A header may hold anything.
  return first ?? (lines.length > 1 ? choose(lines, lines.slice(1), said) : null) ?? usual;
}

/** The dialect that makes the body numbers, in which the first line may be a header; the doubt; or null where there is none. */
function choose(lines: readonly string[], body: readonly string[], said: string | null): Dialect | string | null {
  const candidates = (said === null ? [",", ";", "\t", "|"] : [said])
    .filter((separator) => body.some((line) => line.includes(separator)))
    .flatMap((separator) =>
      separator === "," ? [dialect(",", ".", false)] : [dialect(separator, ".", false), dialect(separator, ",", false)],
    )
    .concat(
      said === null && body.some((line) => /\S[ \t]+\S/.test(line))
        ? [dialect(" ", ".", false), dialect(" ", ",", false)]
        : [],
    )
    .flatMap((one) => (one.separator === " " ? [one] : [one, { ...one, isTrailing: true }]))
    .filter((one) => !one.isTrailing || isTrailing(lines, one));
  const fitting = candidates.filter((one) => fits(body, one));
  const [first, ...others] = distinct(body, fitting);
  if (first === undefined) return null;
  if (others.length > 0) {
    return `found numbers that can be read with ${[first, ...others].map(describe).join(" or with ")}, expected one way only`;
  }
  if (first.decimal === "," && mayBeThousands(body, first)) {
    return `found numbers such as 1,234 between ${NAMES.get(first.separator) ?? ""}, which may be thousands or decimals; expected a decimal point`;
  }
  return first;
}

function dialect(separator: string, decimal: "." | ",", isTrailing: boolean): Dialect {
  const cells = decimal === "." ? ["1.5", '"2"', "3"] : ["1,5", '"2"', "3"];
  return { separator, decimal, isTrailing, example: `cells as ${cells.join(separator)}` };
}

/** Which separator a table is held to whose cells are numbers in no dialect, so that its cell can be named. */
function mostLikely(lines: readonly string[]): string {
  return (
    [",", ";", "\t", "|"].find((separator) => lines.some((line) => line.includes(separator))) ??
    (lines.some((line) => /\S\s+\S/.test(line)) ? " " : ",")
  );
}

/** Whether every line is numbers, and as many as the others. */
function fits(lines: readonly string[], one: Dialect): boolean {
  const first = cellsOf(lines[0] ?? "", one);
  return (
    first !== null &&
    lines.every((line) => {
      const cells = cellsOf(line, one);
      return cells !== null && cells.length === first.length && cells.every((cell) => numberOf(cell, one) !== null);
    })
  );
}

/** A header has a name for each cell, whether it ends in a separator itself or not. */
function isTrailing(lines: readonly string[], one: Dialect): boolean {
  const [header = "", row = header] = lines;
  const columns = cellsOf(row, one)?.length;
  return [one, { ...one, isTrailing: false }].some((way) => cellsOf(header, way)?.length === columns);
}

/** Dialects that read the lines as different numbers; of those that agree, the first. */
function distinct(lines: readonly string[], dialects: readonly Dialect[]): Dialect[] {
  const readings = dialects.map((one) =>
    JSON.stringify(lines.map((line) => cellsOf(line, one)?.map((cell) => String(numberOf(cell, one))))),
  );
  return dialects.filter((_, i) => readings.indexOf(readings[i] as string) === i);
}

/** Whether each comma stands where a thousands separator would. */
function mayBeThousands(lines: readonly string[], one: Dialect): boolean {
  const withComma = lines.flatMap((line) => cellsOf(line, one) ?? []).filter((cell) => cell.includes(","));
  return withComma.length > 0 && withComma.every((cell) => /^\s*[+-]?[1-9]\d{0,2}(,\d{3})+\s*$/.test(cell));
}

function describe({ separator, decimal }: Dialect): string {
  return `${NAMES.get(separator) ?? ""} between cells${decimal === "," ? " and decimal commas" : ""}`;
}

/** The cells of a line, quotes taken off; null where a quote is out of place, or the separator at the end that every line has is missing. */
export function cellsOf(line: string, { separator, isTrailing }: Dialect): string[] | null {
  const cells = !line.includes('"')
    ? separator === " "
      ? line.trim().split(/[ \t]+/)
      : line.split(separator)
    : quotedCells(separator === " " ? line.trim() : line, separator);
  if (!isTrailing || cells === null) return cells;
  return cells.length > 1 && cells.at(-1)?.trim() === "" ? cells.slice(0, -1) : null;
}

function quotedCells(line: string, separator: string): string[] | null {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    const end = line.indexOf(separator, at);
    const plain = end < 0 ? line.slice(at) : line.slice(at, end);
    const start = plain.trimStart();
    if (!start.startsWith('"')) {
      if (plain.includes('"')) return null;
      if (separator !== " " || plain !== "") cells.push(plain);
      if (end < 0) return cells;
      at = end + 1;
      continue;
    }
    let from = at + plain.length - start.length + 1;
    let text = "";
    for (;;) {
      const quote = line.indexOf('"', from);
      if (quote < 0) return null;
      text += line.slice(from, quote);
      from = quote + 1;
      if (line[from] !== '"') break;
      text += '"';
      from++;
    }
    cells.push(text);
    const next = line.indexOf(separator, from);
    if ((next < 0 ? line.slice(from) : line.slice(from, next)).trim() !== "") return null;
    if (next < 0) return cells;
    at = next + 1;
  }
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?$/;
/** As Python, R and C write them, and as Microsoft's C library did before 2015. */
const SPECIAL = new Map<string, number>([
  ["nan", NaN],
  ["inf", Infinity],
  ["infinity", Infinity],
  ["1.#qnan", NaN],
  ["1.#snan", NaN],
  ["1.#ind", NaN],
  ["1.#inf", Infinity],
]);

/** A cell as a number; null where it is none. Fortran's exponents (1.0D+00) are numbers. */
export function numberOf(cell: string, { decimal }: Pick<Dialect, "decimal">): number | null {
  const trimmed = cell.trim();
  const text = decimal === "." ? trimmed : withPoint(trimmed);
  if (NUMBER.test(text)) {
    const value = Number(text);
    return Number.isNaN(value) ? Number(text.replace(/d/i, "e")) : value;
  }
  const sign = /^[+-]/.exec(trimmed)?.[0] ?? "";
  const special = SPECIAL.get(trimmed.slice(sign.length).toLowerCase());
  return special === undefined ? null : sign === "-" ? -special : special;
}

/** 1,5 as 1.5; what has a point, or a comma without a digit behind it, becomes no number. */
function withPoint(text: string): string {
  return text.includes(".") || /,(?!\d)/.test(text) ? "" : text.replace(",", ".");
}
