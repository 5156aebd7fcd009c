import { describe, expect, test } from "vitest";
import { junitXml } from "../../src/report/junit.ts";

const CASE = { name: "forward 8×8", classname: "gpv.kernels", timeMs: 12.3456 };

describe("JUnit XML", () => {
  test("is this text", () => {
    const failure = { message: "3 of 8 violated", text: "cut at layer 2:\n  0.5 < 1.5" };
    const suites = [
      { name: "kernels", cases: [CASE, { ...CASE, name: "forward 1×1", failure, output: "adapter: software" }] },
      { name: "empty", cases: [] },
    ];
    expect(junitXml(suites)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0" time="0.025">
  <testsuite name="kernels" tests="2" failures="1" errors="0" time="0.025" skipped="0">
    <testcase name="forward 8×8" classname="gpv.kernels" time="0.012"/>
    <testcase name="forward 1×1" classname="gpv.kernels" time="0.012">
      <failure message="3 of 8 violated" type="failure">cut at layer 2:
  0.5 &lt; 1.5</failure>
      <system-out>adapter: software</system-out>
    </testcase>
  </testsuite>
  <testsuite name="empty" tests="0" failures="0" errors="0" time="0.000" skipped="0">
  </testsuite>
</testsuites>
`);
  });

  test("foreign text cannot leave its place", () => {
    const hostile = `"/><x a='&amp;'>]]>\u202e`;
    const text = junitXml([
      {
        name: hostile,
        cases: [{ ...CASE, name: hostile, failure: { message: hostile, text: hostile }, output: hostile }],
      },
    ]);
    expect(text).not.toContain(hostile);
    expect(text).not.toContain("\u202e");
    expect(text.split("&quot;/&gt;&lt;x a=&apos;&amp;amp;&apos;&gt;]]&gt;")).toHaveLength(6);
  });

  test("what XML cannot hold becomes the replacement character", () => {
    const output = "bell \u0007, escape \u001b[2K, zero \0, half \ud800 a pair, \ufffe, whole \u{1f600}";
    expect(junitXml([{ name: "s", cases: [{ ...CASE, output }] }])).toContain(
      "<system-out>bell \ufffd, escape \ufffd[2K, zero \ufffd, half \ufffd a pair, \ufffd, whole \u{1f600}</system-out>",
    );
  });

  test("line breaks survive in attributes", () => {
    expect(junitXml([{ name: "two\r\nlines\tand a tab", cases: [] }])).toContain('name="two&#10;lines&#9;and a tab"');
  });

  test("times are decimals, whatever their size", () => {
    expect(junitXml([{ name: "s", cases: [{ ...CASE, timeMs: 1e-9 }] }])).toContain('time="0.000"/>');
    expect(junitXml([{ name: "s", cases: [{ ...CASE, timeMs: 864e5 }] }])).toContain('time="86400.000"/>');
  });
});
