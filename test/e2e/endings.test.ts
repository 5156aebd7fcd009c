/** How commands end: exit codes that do not lie when a stream fails, nothing written over, interrupts of every kind. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Runtime } from "../support/command-line.ts";
import { gpv, smallModel, start, temporaryFolder } from "../support/command-line.ts";

const hasFull = existsSync("/dev/full");
const run = (model: string): string[] => [
  "verify",
  "--model",
  model,
  "--random",
  "20",
  "--head",
  "sum",
  "--engine",
  "cpu",
];

describe.skipIf(!hasFull)("a full disk behind a stream", () => {
  const full = (): number => openSync("/dev/full", "w");

  test.each<[Runtime, string[]]>([
    ["node", []],
    ["node", ["--json"]],
    ["deno", []],
  ])("stdout of %s %j: exit 70, said on stderr in one line, and the files are kept", async (runtime, words) => {
    const model = smallModel();
    const report = join(dirname(model), "report.json");
    const { ended } = start([...run(model), ...words, "--report", report], runtime, ["ignore", full(), "pipe"]);
    const { code, stderr } = await ended;
    expect(code).toBe(70);
    expect(stderr).toMatch(/^gpv: engine .*\ngpv: stdout: cannot be written \(no space left\)\n$/);
    expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({ samples: 20 });
  });

  test("stderr: exit 70, the result whole on stdout", async () => {
    const { ended } = start(run(smallModel()), "node", ["ignore", "pipe", full()]);
    const { code, stdout } = await ended;
    expect(code).toBe(70);
    expect(stdout).toContain("Verdicts (samples)");
  });

  test("an output in place: the result is printed all the same, then exit 70", async () => {
    const { code, stdout, stderr } = await gpv(...run(smallModel()), "--samples", "/dev/full", "--report", "/dev/full");
    expect(code).toBe(70);
    expect(stdout).toContain("Verdicts (samples)");
    expect(stderr).toMatch(/gpv: --report \/dev\/full: cannot be written \(no space left\)\n$/);
  });
});

test("a reader that goes away is no error", () => {
  const model = smallModel();
  const command = `"${process.execPath}" bin/gpv.js ${run(model).join(" ")} 2>"${model}.err" | true; echo "\${PIPESTATUS[0]}"`;
  expect(execFileSync("bash", ["-c", command], { encoding: "utf8" })).toBe("0\n");
  expect(readFileSync(`${model}.err`, "utf8")).not.toMatch(/internal|EPIPE/);
});

/** A model, a hard link to it, and a folder reached by two names. */
function twoNames() {
  const place = temporaryFolder();
  const model = smallModel(place);
  linkSync(model, join(place, "hard.json"));
  mkdirSync(join(place, "folder"));
  symlinkSync("folder", join(place, "link"));
  symlinkSync("nowhere", join(place, "dangling"));
  return { place, model };
}

describe("one file under two names is refused before any work", () => {
  const cases: [string, string[]][] = [
    ["the same name", ["--report", "a", "--html", "a"]],
    ["a folder behind a link", ["--report", "folder/r", "--html", "link/r"]],
    ["a file that is not there behind a link", ["--report", "dangling", "--html", "nowhere"]],
    ["a hard link to the model", ["--report", "hard.json"]],
    ["the model itself", ["--samples", "model.json"]],
    ["a file among the witnesses", ["--witnesses", "link", "--report", "folder/violated-0.json"]],
  ];
  test.each(cases)("%s", async (_, words) => {
    const { place, model } = twoNames();
    const before = readFileSync(model, "utf8");
    const listed = readdirSync(place, { recursive: true });
    const placed = words.map((word) => (word.startsWith("--") ? word : join(place, word)));
    const { code, stdout, stderr } = await gpv(...run(model), ...placed);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(
      /^gpv: --\w+ \S+: is (the file of --\w+ too|one of the files that --witnesses \S+ may write), .*\n$/,
    );
    expect(readFileSync(model, "utf8")).toBe(before);
    expect(readdirSync(place, { recursive: true })).toEqual(listed);
  });

  test("the files beside a ledger, and those of a sweep's folders", async () => {
    const place = temporaryFolder();
    const sweep = ["sweep", "--preset", "smoke", "--ledger", join(place, "l.sqlite")];
    for (const words of [
      ["--report", join(place, "l.sqlite-wal")],
      ["--samples", join(place, "u"), "--report", join(place, "u", "unit-00000003.parquet")],
    ]) {
      const { code, stderr } = await gpv(...sweep, ...words);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^gpv: --report .*: is .*\n$/);
    }
    expect(existsSync(join(place, "l.sqlite"))).toBe(false);
  });

  test("stdout that goes into the file of an option", async () => {
    const model = smallModel();
    const file = join(dirname(model), "out");
    const { ended } = start([...run(model), "--report", file], "node", ["ignore", openSync(file, "w"), "pipe"]);
    expect(await ended).toMatchObject({
      code: 2,
      stderr: `gpv: --report ${file}: is the file of stdout too, expected another\n`,
    });
  });
});

test.skipIf(!existsSync("/proc/self"))("a folder that can never be made is refused, and ends", async () => {
  const ledger = ["--ledger", join(temporaryFolder(), "l.sqlite")];
  const commands = [
    [...run(smallModel()), "--witnesses", "/proc/x/y"],
    [...run(smallModel()), "--report", "/proc/x"],
    ["sweep", "--preset", "smoke", ...ledger, "--samples", "/proc/x/y"],
  ];
  for (const words of commands) {
    const { code, stderr } = await gpv(...words);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^gpv: --\w+ \/proc\/x\S*: cannot be written.*\n$/);
  }
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s ends a run in order: exit 130, rows kept, no file beside",
  async (name) => {
    const model = smallModel();
    const place = join(dirname(model), "out");
    mkdirSync(place);
    const rows = join(place, "rows.jsonl");
    const words = [...run(model), "--random", "100000000"].filter((_, i) => i !== 3 && i !== 4);
    const { child, ended } = start([...words, "--samples", rows]);
    // The first block of rows is there by then.
    child.stderr?.once("data", () => setTimeout(() => child.kill(name), 2500));
    expect((await ended).code).toBe(130);
    expect(readdirSync(place)).toEqual(["rows.jsonl"]);
    expect(JSON.parse(readFileSync(rows, "utf8").split("\n")[0] ?? "")).toMatchObject({ index: 0 });
  },
);

test("two first commands at once in a checkout both find the program whole", async () => {
  const place = temporaryFolder();
  for (const name of ["bin", "scripts", "src", "package.json", "tsconfig.json", "shaders"]) {
    execFileSync("cp", ["-r", name, join(place, name)]);
  }
  symlinkSync(join(process.cwd(), "node_modules"), join(place, "node_modules"));
  const command = [join(place, "bin/gpv.js"), ...run(smallModel(place))];
  const codes = await Promise.all(
    Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, command, { stdio: "ignore" });
      return new Promise((resolve) => child.on("close", resolve));
    }),
  );
  expect(codes).toEqual([0, 0, 0, 0]);
  expect(readdirSync(join(place, "dist")).filter((name) => name.startsWith("."))).toEqual([]);
});
