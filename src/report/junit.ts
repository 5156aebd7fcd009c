/**
 * Test suites → JUnit XML, the dialect that CI servers read (Jenkins' junit-10.xsd).
 *
 * A pure function: the same suites give the same bytes. Everything that does not belong in XML 1.0 (control characters, half a
 * surrogate pair) becomes U+FFFD, so that a driver's garbled message cannot spoil the file. `output` is for what is worth reading
 * and no failure.
 */
import { withoutSteering } from "../network/printable.ts";

export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

export interface JunitCase {
  readonly name: string;
  /** What the servers group cases by: words joined by dots. */
  readonly classname: string;
  readonly timeMs: number;
  readonly failure?: { readonly message: string; readonly text: string };
  readonly output?: string;
}

/** The file's text, with a final newline. */
export function junitXml(suites: readonly JunitSuite[]): string {
  const cases = suites.flatMap((suite) => suite.cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals(cases)}>`,
    ...suites.flatMap(suiteLines),
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteLines({ name, cases }: JunitSuite): string[] {
  return [
    `  <testsuite name=${quoted(name)} ${totals(cases)} skipped="0">`,
    ...cases.flatMap(caseLines),
    "  </testsuite>",
  ];
}

function totals(cases: readonly JunitCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const timeMs = cases.reduce((sum, item) => sum + item.timeMs, 0);
  return `tests="${String(cases.length)}" failures="${String(failures)}" errors="0" time="${seconds(timeMs)}"`;
}

function caseLines({ name, classname, timeMs, failure, output }: JunitCase): string[] {
  const start = `    <testcase name=${quoted(name)} classname=${quoted(classname)} time="${seconds(timeMs)}"`;
  if (failure === undefined && output === undefined) return [`${start}/>`];
  return [
    `${start}>`,
    ...(failure === undefined
      ? []
      : [`      <failure message=${quoted(failure.message)} type="failure">${escaped(failure.text)}</failure>`]),
    ...(output === undefined ? [] : [`      <system-out>${escaped(output)}</system-out>`]),
    "    </testcase>",
  ];
}

/** Seconds with milliseconds, never in exponents: xs:decimal. */
function seconds(timeMs: number): string {
  return (Math.max(0, timeMs) / 1000).toFixed(3);
}

/** An attribute's value with its quotes; line breaks and tabs survive as references. */
function quoted(text: string): string {
  return `"${escaped(text).replace(/[\t\n]/g, (c) => `&#${String(c.charCodeAt(0))};`)}"`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function escaped(text: string): string {
  return withoutSteering(
    text.replace(/\r\n?/g, "\n").replace(/[^\t\n\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD"),
  ).replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
}
