import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { readWitness, witnessText } from "../../src/witness/file.ts";
import type { Witness } from "../../src/witness/witness.ts";
import { network, witnessOf } from "./support.ts";

const RELU = network([5, 6, 4], "relu");

async function sha256(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(bytes).toString("hex");
}

/** The file with one part changed and its digest made anew, so that what is wrong in it is not the digest. */
async function withPart(text: string, part: string, change: (value: Record<string, unknown>) => void): Promise<string> {
  const file = JSON.parse(text) as Record<string, Record<string, unknown>>;
  change(file[part] as Record<string, unknown>);
  (file["sha256"] as Record<string, unknown>)[part] = await sha256(JSON.stringify(file[part]));
  return JSON.stringify(file);
}

const refusal = (text: string): Promise<string> =>
  readWitness(text, "w.json").then(
    () => "accepted",
    (error: unknown) => (error as Error).message,
  );

describe("a witness file", () => {
  test("reads back to the same bits: −0, NaN and infinities too", async () => {
    const witness = await witnessOf(RELU);
    const odd: Witness = { ...witness, stored: { ...witness.stored, value: NaN } };
    odd.stored.hidden[1]?.set([-0, Infinity, -Infinity, NaN, 5e-324, 0.1]);
    const text = await witnessText(odd);
    const back = await readWitness(text, "w.json");
    expect(back).toEqual(odd);
    expect(Object.is(back.stored.hidden[1]?.[0], -0)).toBe(true);
    const numbers = (file: string): object => ({ ...(JSON.parse(file) as object), sha256: null });
    expect(numbers(await witnessText(back))).toEqual(numbers(text));
  });

  test.each(["network", "head", "input", "measured", "stored", "measurements"])(
    "tells by its digest that %s was changed",
    async (part) => {
      const text = await witnessText(await witnessOf(RELU, { head: { kind: "logit", index: 1 } }));
      const file = JSON.parse(text) as Record<string, unknown>;
      const own = JSON.stringify(file[part]);
      // The first decimal, where there are any.
      const digit = Math.max(own.search(/(?<=\.\d*)[1-8]/), own.includes(".") ? 0 : own.search(/[1-8]/));
      file[part] = JSON.parse(`${own.slice(0, digit)}${String(Number(own[digit]) + 1)}${own.slice(digit + 1)}`);
      const found = (await sha256(JSON.stringify(file[part]))).slice(0, 12);
      const expected = ((JSON.parse(text) as Record<string, Record<string, string>>)["sha256"]?.[part] ?? "").slice(
        0,
        12,
      );
      expect(await refusal(JSON.stringify(file))).toBe(
        `w.json: ${part}: found SHA-256 ${found}…, expected ${expected}…: the part was changed after it was written`,
      );
    },
  );

  test("that is none, or does not fit its network, is refused in one line", async () => {
    const text = await witnessText(await witnessOf(RELU, { head: { kind: "logit", index: 1 } }));
    expect(await refusal("{")).toMatch(/^w\.json: found no JSON \(.*\), expected a gradient-penalty-witness\/1$/);
    expect(await refusal('{"schema":"other/1"}')).toMatch(/^w\.json: schema: found "other\/1", expected/);
    const short = await withPart(text, "stored", (stored) => (stored["hidden"] as number[][])[1]?.pop());
    expect(await refusal(short)).toBe("w.json: stored.hidden.1: found 5 values, expected 6");
    const wide = await withPart(text, "measurements", (m) => (m["hiddenNorm"] as number[][]).push([1]));
    expect(await refusal(wide)).toBe("w.json: measurements.hiddenNorm: found 3 values, expected 2");
    const misheaded = await withPart(text, "head", (head) => (head["index"] = 9));
    expect(await refusal(misheaded)).toContain("head logit:9: expected an output from 0 to 3");
    const narrow = await withPart(text, "input", (input) => (input as unknown as number[]).pop());
    expect(await refusal(narrow)).toBe("w.json: input: found 4 values, expected 5, the inputs of layer 1");
  });

  test("is what its JSON Schema says", async () => {
    const schema = JSON.parse(readFileSync("schemas/witness.schema.json", "utf8")) as object;
    const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
    const validate = ajv.compile(schema);
    const witnesses = [
      await witnessOf(RELU),
      await witnessOf(RELU, { fault: "jacobian-norm-doubled" }),
      await witnessOf(RELU, { norm: "frobenius", head: { kind: "half-squared-norm" } }),
      await witnessOf(network([3, 1], "relu")),
    ];
    expect(witnesses.map((w) => w.row.verdict)).toEqual(["holds", "violated", "holds", "tight"]);
    for (const witness of witnesses) {
      const file = JSON.parse(await witnessText(witness)) as Record<string, unknown>;
      expect(validate(file) ? "" : ajv.errorsText(validate.errors)).toBe("");
      delete file["stored"];
      expect(validate(file)).toBe(false);
    }
  });
});
