/** Scales and their marks. Positions of logarithmic scales are decimal logarithms. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Mark {
  readonly at: number;
  readonly text: string;
}

/** The smallest range of half decades that holds both. */
export function widened(range: Range | null, from: number, to: number): Range {
  const low = Math.floor(2 * from) / 2;
  const high = Math.max(Math.ceil(2 * to) / 2, low + 0.5);
  return range === null ? { from: low, to: high } : { from: Math.min(range.from, low), to: Math.max(range.to, high) };
}

/** Marks of a logarithmic scale: decades, every few of them where there are many, and 2 and 5 between where there are few. */
export function logMarks({ from, to }: Range, most = 8): Mark[] {
  const span = to - from;
  const mantissas = 3 * span <= most ? [1, 2, 5] : [1];
  const step = Math.max(1, Math.ceil(span / most));
  const marks: Mark[] = [];
  for (let decade = Math.ceil(from / step - 1) * step; decade <= to; decade += step) {
    for (const mantissa of mantissas) {
      const at = decade + Math.log10(mantissa);
      if (at >= from - 1e-9 && at <= to + 1e-9) marks.push({ at, text: power(mantissa, decade) });
    }
  }
  return marks;
}

function power(mantissa: number, decade: number): string {
  if (decade >= -3 && decade <= 4) return String(Number((mantissa * 10 ** decade).toPrecision(1)));
  const raised = Array.from(String(decade), (c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? "⁻").join("");
  return `${mantissa === 1 ? "" : `${String(mantissa)}·`}10${raised}`;
}
