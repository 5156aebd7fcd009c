import { chmodSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCode } from "../../src/cli/exit.ts";
import { openOutput } from "../../src/cli/outputs.ts";
import { checkDistinct } from "../../src/cli/same-file.ts";
import { main } from "../../src/cli/main.ts";
import { TOOL } from "../../src/cli/version.ts";
import type { VerdictName } from "../../src/records/kit.ts";
import { CLEAN } from "../report/sample.ts";
import { fakeIo } from "./fake-io.ts";
import { columns } from "../../src/report/numbers.ts";

async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = fakeIo();
  const code = await main(words, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), "gpv-test-"));
}

describe("commands", () => {
  test("the version is the package's", async () => {
    const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as typeof TOOL;
    expect(TOOL).toEqual({ name: manifest.name, version: manifest.version });
    expect(await run("--version")).toEqual({ code: 0, stdout: `${manifest.name} ${manifest.version}\n`, stderr: "" });
  });

  test("help goes to stdout, at most 80 columns wide", async () => {
    for (const words of [["--help"], ["help"]]) {
      const { code, stdout, stderr } = await run(...words);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("verify");
      expect(stdout.split("\n").filter((line) => columns(line) > 80)).toEqual([]);
    }
  });

  test("gpv COMMAND --help lists the command's options, whatever else is written", async () => {
    for (const words of [
      ["verify", "--help"],
      ["help", "verify"],
      ["verify", "--nonsense", "-h"],
    ]) {
      const { code, stdout } = await run(...words);
      expect(code).toBe(0);
      expect(stdout).toContain("--accuracy R|verdict");
    }
    expect((await run("doctor", "--help")).stdout).toContain("--stress [MINUTES]");
  });

  test.each([["worker"]])("%s exits 2, saying that it joins later and which commands exist", async (name) => {
    expect(await run(name, "--report", "x")).toEqual({
      code: 2,
      stdout: "",
      stderr: `gpv: Command "${name}" joins with a later version: expected one of demo, verify, sweep, merge, tighten, replay, shrink, train, probe, bench, doctor\n`,
    });
  });

  test.each([
    [
      ["verfy"],
      'gpv: Unknown command "verfy": expected one of demo, verify, sweep, merge, tighten, replay, shrink, train, probe, bench, doctor; did you mean "verify"?\n',
    ],
    [
      ["--model", "m"],
      'gpv: Found option "--model" where a command was expected: gpv verify --model …, or one of demo, verify, sweep, merge, tighten, replay, shrink, train, probe, bench, doctor\n',
    ],
    [["verify"], "gpv: Found no --model: expected --model FILE\n"],
    [["verify", "--model", "m"], "gpv: Found neither --inputs nor --random: expected --inputs FILE or --random N\n"],
    [
      ["verify", "--model", "m", "--inputs", "x", "--random", "3"],
      "gpv: Found both --inputs and --random: expected one of them\n",
    ],
    [
      ["verify", "--model", "m", "--inputs", "x", "--scale", "3"],
      "gpv: Found --scale without --random: expected both\n",
    ],
    [
      ["verify", "--model", "m", "--random", "1", "--array", "x"],
      "gpv: Found --array without --inputs: expected both\n",
    ],
    [
      ["verify", "--model", "m", "--random", "1", "--head", "cross-entropy"],
      "gpv: --head cross-entropy: found no --labels, expected --labels argmax|random|FILE\n",
    ],
    [
      ["verify", "--model", "m", "--random", "1", "--report", "a", "--samples", "a"],
      "gpv: --samples a: is the file of --report too, expected another\n",
    ],
    ...["--seed", "--case", "--plant", "--report", "--junit"].map((name): [string[], string] => [
      [
        "doctor",
        name,
        name === "--seed" ? "1" : name === "--case" ? "kernel:1" : name === "--plant" ? "vjp-transposed" : "f",
      ],
      `gpv: Found ${name} without --stress: expected both\n`,
    ]),
    [
      ["verify", "--model", "/nowhere/m.json", "--random", "1"],
      "gpv: /nowhere/m.json: cannot be read (no such file or folder)\n",
    ],
    [
      ["verify", "--model", "m", "--random", "1", "--report", "/nowhere/r.json"],
      "gpv: --report /nowhere/r.json: cannot be written (no such file or folder)\n",
    ],
  ])("%j exits 2 with one line", async (words, stderr) => {
    expect(await run(...words)).toEqual({ code: 2, stdout: "", stderr });
  });
});

describe("outputs", () => {
  test("a file is left as it was until the first text, and removed where the run made it in vain", () => {
    const place = folder();
    const [kept, fresh] = [join(place, "kept"), join(place, "fresh")];
    writeFileSync(kept, "before");
    openOutput("report", kept).abandon();
    openOutput("report", fresh).abandon();
    expect(readFileSync(kept, "utf8")).toBe("before");
    expect(existsSync(fresh)).toBe(false);
  });

  test("rows written before an end without a report are kept", () => {
    const file = join(folder(), "rows");
    const output = openOutput("samples", file);
    const line = `${"x".repeat(99)}\n`;
    for (let i = 0; i < 1000; i++) output.write(line);
    output.abandon();
    expect(readFileSync(file, "utf8")).toBe(line.repeat(1000));
  });

  test("a folder in the place of a file is refused before any work", () => {
    const place = folder();
    expect(() => openOutput("report", place)).toThrow(`--report ${place}: cannot be written (it is a folder)`);
  });

  test.skipIf(process.getuid?.() === 0)("a folder without permission is refused before any work", () => {
    const place = folder();
    chmodSync(place, 0o500);
    expect(() => openOutput("report", join(place, "r"))).toThrow("permission denied");
  });

  test("an output that is an input by another name is refused", () => {
    const place = folder();
    const [model, link] = [join(place, "model.json"), join(place, "link.json")];
    writeFileSync(model, "{}");
    symlinkSync(model, link);
    expect(() => {
      checkDistinct([
        { option: "model", file: model, output: false },
        { option: "report", file: link, output: true },
      ]);
    }).toThrow(`--report ${link}: is the file of --model too`);
  });
});

describe("exit codes", () => {
  const counts = { holds: 0, tight: 0, violated: 0, unresolved: 0, invalid: 0 };
  const code = (
    verdicts: Partial<Record<VerdictName, number>>,
    failOn: VerdictName[] = [],
    interrupted = false,
  ): number =>
    exitCode({ ...CLEAN, verdicts: { ...counts, ...verdicts }, timing: { ...CLEAN.timing, interrupted } }, failOn);

  test.each([
    ["holds and tight", code({ holds: 1, tight: 1 }), 0],
    ["one violated", code({ holds: 9, violated: 1 }), 1],
    ["some invalid", code({ holds: 1, invalid: 1 }), 0],
    ["some invalid, --fail-on invalid", code({ holds: 1, invalid: 1 }, ["invalid"]), 1],
    ["some unresolved, --fail-on invalid", code({ holds: 1, unresolved: 1 }, ["invalid"]), 0],
    ["all invalid", code({ invalid: 3 }), 4],
    ["all invalid or unresolved", code({ invalid: 3, unresolved: 2 }), 4],
    ["all invalid, --fail-on invalid", code({ invalid: 3 }, ["invalid"]), 1],
    ["interrupted", code({ holds: 1 }, [], true), 130],
  ])("%s", (_, found, expected) => {
    expect(found).toBe(expected);
  });
});
