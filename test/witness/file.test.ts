import { describe, expect, test } from "vitest";
import type { Head } from "../../src/network/heads.ts";
import { readWitness, witnessText } from "../../src/witness/file.ts";
import type { Witness } from "../../src/witness/witness.ts";
import { bitsOf, differences, parsed, PARTS, refusal, sha256 } from "./files.ts";
import { forged, network, witnessOf } from "./support.ts";

const RELU = network([5, 6, 4], "relu");

/** What decimals and JSON find hard: signed zeros, the ends of the range, subnormals, halfway cases, and what is not finite. */
const ODD = [
  ...[-0, 0, NaN, Infinity, -Infinity, 5e-324, -5e-324, 2 ** -1022, Number.MAX_VALUE, -Number.MAX_VALUE],
  ...[0.1, 1 / 3, 2 ** 53 + 2, 1e21, 1e-7, 9007199254740993e-16, Number.EPSILON, Math.fround(0.1)],
];

/** Every array of doubles below a value filled with odd numbers, no two arrays alike. */
function fillOdd(value: unknown, at = { next: 0 }): void {
  if (value instanceof Float64Array) value.forEach((_, i) => (value[i] = ODD[at.next++ % ODD.length] as number));
  else if (value !== null && typeof value === "object") Object.values(value).forEach((entry) => fillOdd(entry, at));
}

/** A witness whose every vector holds odd numbers, whatever that means. */
async function oddWitness(norm: "spectral" | "frobenius", head: Head): Promise<Witness> {
  const clean = structuredClone(await witnessOf(RELU, { norm, head, fault: "vjp-missing-mask" }));
  for (const part of [clean.stored, clean.measurements, clean.input, clean.head]) fillOdd(part);
  const first = clean.norms[0] ?? { spectral: { lower: 0, upper: 0 }, frobenius: { lower: 0, upper: 0 } };
  const norms = [{ spectral: { lower: -0, upper: Infinity }, frobenius: first.frobenius }, ...clean.norms.slice(1)];
  const odd = { ...clean, norms, stored: { ...clean.stored, value: -0 } };
  odd.measurements.topExponent.fill(-(2 ** 31));
  return forged(odd, { value: NaN, lhs: Infinity, rhs: -Infinity, ratio: -0, coefficient: 5e-324 });
}

const CASES: readonly (readonly [string, "spectral" | "frobenius", Head])[] = [
  ["spectral norm, linear head", "spectral", { kind: "linear", coefficients: new Float64Array(4) }],
  ["Frobenius norm, squared error", "frobenius", { kind: "squared-error", targets: new Float64Array(4), rows: 1 }],
  ["Frobenius norm, one logit", "frobenius", { kind: "logit", index: 3 }],
];

describe("a witness file reads back", () => {
  test.each(CASES)("to the same bits in every array, −0, NaN, infinities and the range's ends: %s", async (_, ...c) => {
    const witness = await oddWitness(...c);
    const text = await witnessText(witness);
    const back = await readWitness(text, "w.json");
    expect(differences(bitsOf(back), bitsOf(witness))).toEqual([]);
    expect([...bitsOf(witness).values()].filter((bits) => bits === "8000000000000000").length).toBeGreaterThan(4);
  });

  test("to the same bits in its network: a weight or bias of −0 too", async () => {
    const signed = structuredClone(network([2, 2], "relu"));
    signed.layers[0]?.weight.set([-0, 5e-324, 1 / 3, -1e21]);
    signed.layers[0]?.bias.set([-0, 0.1]);
    const witness = await witnessOf(signed);
    const back = await readWitness(await witnessText(witness), "w.json");
    expect(differences(bitsOf(back.network), bitsOf(signed))).toEqual([]);
  });

  test.each(CASES)("and, read and written again, says the same in as many letters: %s", async (_, ...c) => {
    const text = await witnessText(await oddWitness(...c));
    const again = await witnessText(await readWitness(text, "w.json"));
    expect(again.length).toBe(text.length);
    expect({ ...parsed(again), sha256: null }).toEqual({ ...parsed(text), sha256: null });
    expect(await witnessText(await readWitness(again, "w.json"))).toBe(again);
  });

  test("and is written again as the same text, with the same digests", async () => {
    const text = await witnessText(await witnessOf(RELU, { fault: "vjp-missing-mask" }));
    const again = await witnessText(await readWitness(text, "w.json"));
    expect(parsed(again)["sha256"]).toEqual(parsed(text)["sha256"]);
    expect(again).toBe(text);
  });

  test("is one line of JSON, ending in a line break, with the verdict, check and layer of its row", async () => {
    const witness = await witnessOf(RELU, { fault: "jacobian-norm-doubled" });
    const text = await witnessText(witness);
    expect(text.indexOf("\n")).toBe(text.length - 1);
    const first = witness.row.violations?.[0];
    expect(parsed(text)).toMatchObject({ verdict: "violated", check: first?.check, layer: first?.layer });
    const clean = parsed(await witnessText(await witnessOf(RELU)));
    expect(clean).toMatchObject({ verdict: "holds", check: null, layer: null });
  });
});

/** Digits changed in each part: every one of a short part, evenly many of a long one. */
const DIGITS = 300;

describe("a changed digit", () => {
  test.each(PARTS)("of %s is told by its SHA-256, with the file, the part and both digests named", async (part) => {
    const head: Head = { kind: "linear", coefficients: Float64Array.of(1.25, -0.5, 3, 1 / 3) };
    const text = await witnessText(await witnessOf(RELU, { head, fault: "vjp-missing-mask" }));
    const own = JSON.stringify(parsed(text)[part]);
    const expected = (await sha256(own)).slice(0, 12);
    expect((parsed(text)["sha256"] as Record<string, string>)[part]?.slice(0, 12)).toBe(expected);
    const places = Array.from(own.matchAll(/\d/g), (match) => match.index);
    const step = Math.max(1, Math.floor(places.length / DIGITS));
    let told = 0;
    for (const place of places.filter((_, i) => i % step === 0)) {
      const digit = Number(own[place]);
      const changed = `${own.slice(0, place)}${String(digit === 9 ? 8 : digit + 1)}${own.slice(place + 1)}`;
      const normal = JSON.stringify(JSON.parse(changed));
      // The last of 17 digits may name the same double.
      if (normal === own) continue;
      const found = await refusal(text.replace(own, () => changed));
      const where = `${own.slice(Math.max(0, place - 20), place)}[${String(digit)}]${own.slice(place + 1, place + 20)}`;
      // A flag that is neither 0 nor 1 is refused before any digest is made.
      if (found.startsWith("FormatError: w.json: measurements.finite.0: found 2, expected")) continue;
      const digest = (await sha256(normal)).slice(0, 12);
      const message = `w.json: ${part}: found SHA-256 ${digest}…, expected ${expected}…: the part was changed after it was written`;
      expect(found, where).toBe(`FormatError: ${message}`);
      told++;
    }
    expect(told).toBeGreaterThan(part === "head" ? 15 : 40);
  });

  test("of a digest itself is told in the same way", async () => {
    const text = await witnessText(await witnessOf(RELU));
    for (const part of PARTS) {
      const digest = (parsed(text)["sha256"] as Record<string, string>)[part] ?? "";
      const other = `${digest.startsWith("0") ? "1" : "0"}${digest.slice(1)}`;
      const found = await refusal(text.replace(digest, other));
      const [was, is] = [digest.slice(0, 12), other.slice(0, 12)];
      expect(found).toContain(`w.json: ${part}: found SHA-256 ${was}…, expected ${is}…`);
    }
  });
});
