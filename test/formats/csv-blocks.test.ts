/** A table that is read in blocks says what it says when it is read whole, whatever its lines end in and however its bytes come in. */
import { describe, expect, test } from "vitest";
import { tableBlocks } from "../../src/formats/csv-blocks.ts";
import { readCsv } from "../../src/formats/csv.ts";

/** Rows of three numbers with a header, comments and empty lines between them; more than one block. */
function table(ends: readonly string[], last: string): Uint8Array {
  const lines = ["\ufeffsep=;", "a;b;c"];
  for (let i = 0; i < 50_000; i++) {
    if (i % 7000 === 3000) lines.push("# a comment; of no meaning", "");
    lines.push(`${String(i)};"${String(-i / 8)}";1.25e${String(i % 300)} `);
  }
  return new TextEncoder().encode(lines.map((line, i) => line + (ends[i % ends.length] as string)).join("") + last);
}

type Rows = Pick<Awaited<ReturnType<typeof readCsv>>, "shape" | "decode">;

/** @param size of the pieces that the bytes come in. */
async function inBlocks(bytes: Uint8Array, size: number, notes: string[] = []): Promise<Rows | null> {
  const own = { note: (line: string) => notes.push(line), pause: () => Promise.resolve() };
  const blocks = tableBlocks(bytes.subarray(0, 10_000), "t.csv", own);
  if (blocks === null) return null;
  for (let from = 0; from < bytes.length; from += size) await blocks.add(bytes.slice(from, from + size));
  return blocks.finish((offset, count) => bytes.subarray(offset, offset + count));
}

describe("a table in blocks", () => {
  test.each([
    ["LF", ["\n"], "", 1 << 24],
    ["CR LF, the last line without an end", ["\r\n"], "1;2;3", 99_991],
    ["CR", ["\r"], "", 99_991],
    ["each of the three", ["\n", "\r\n", "\r"], "1;2;3\r", 99_991],
  ] as const)("is the table as a whole, its lines ended in %s", async (_, ends, last, size) => {
    const bytes = table(ends, last);
    const notes: string[] = [];
    const blocks = (await inBlocks(bytes, size, notes)) as Rows;
    const whole = await readCsv(bytes, "t.csv", { note: (line) => notes.push(line) });
    expect(notes).toEqual([notes[1], "t.csv: line 2 is taken as the header: a, b, c"]);
    expect(blocks.shape).toEqual(whole.shape);
    const [rows = 0] = whole.shape;
    for (const [first, count] of [
      [0, rows],
      [rows - 2, 2],
      [12_345, 20_000],
      [12_344, 3],
    ] as const) {
      const [found, right] = [blocks, whole].map(({ decode }) =>
        Buffer.from(decode(3 * first, 3 * count).slice().buffer),
      );
      expect(found?.equals(right as Buffer), `rows from ${String(first)} on`).toBe(true);
    }
  });

  test.each([
    [40_000, "1;two;3"],
    [49_003, "1;2"],
    [30_000, '1;"2;3'],
  ] as const)("is refused at line %i as it is as a whole: %s", async (at, wrong) => {
    const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(table(["\n"], "")).split("\n");
    lines[at] = wrong;
    const bytes = new TextEncoder().encode(lines.join("\n"));
    const message = (found: unknown): string => (found instanceof Error ? found.message : "");
    const blocks = await inBlocks(bytes, 99_991).catch(message);
    expect(blocks).toMatch(new RegExp(`^t.csv: line ${String(at + 1)}[,:]`));
    expect(blocks).toBe(await readCsv(bytes, "t.csv").catch(message));
  });

  test("is left to be read whole in UTF-16, and where its first bytes do not show a hundred rows", async () => {
    expect(await inBlocks(Buffer.from(`\ufeff${"1,2\n".repeat(5000)}`, "utf16le"), 4096)).toBeNull();
    expect(await inBlocks(new TextEncoder().encode(`${"1,".repeat(1000)}1\n`.repeat(200)), 4096)).toBeNull();
  });
});
