/** Files that are no witness, or whose parts do not fit together: each is refused in one line, however right its digests are. */
import { describe, expect, test } from "vitest";
import type { Head } from "../../src/network/heads.ts";
import { witnessText } from "../../src/witness/file.ts";
import type { Path } from "./files.ts";
import { arraysOf, parsed, refusal, resealed, valueAt } from "./files.ts";
import { network, witnessOf } from "./support.ts";

const RELU = network([5, 6, 4], "relu");
const LOGIT: Head = { kind: "logit", index: 1 };

const text = witnessText(await witnessOf(RELU, { head: LOGIT, fault: "weight-norm-high" }));
/** The Frobenius norm's: with explicit Jacobians. */
const explicit = witnessText(await witnessOf(RELU, { norm: "frobenius", fault: "vjp-missing-mask" }));

const changed = async (path: Path, change: (value: unknown) => unknown): Promise<string> =>
  refusal(await resealed(await text, path, change));

describe("what is no witness is refused in one line", () => {
  test("no JSON, another document, another schema's name", async () => {
    const none = "expected a gradient-penalty-witness/1";
    expect(await refusal("{")).toMatch(new RegExp(`^FormatError: w\\.json: found no JSON \\(.*\\), ${none}$`));
    expect(await refusal("")).toMatch(new RegExp(`^FormatError: w\\.json: found no JSON \\(.*\\), ${none}$`));
    expect(await refusal("null")).toMatch(/^FormatError: w\.json: the document: found null, expected /);
    expect(await refusal("[1, 2]")).toMatch(/^FormatError: w\.json: [^\n]*expected [^\n]+$/);
    expect(await refusal('{"name":"a package"}')).toBe(
      'FormatError: w.json: schema: found undefined, expected "gradient-penalty-witness/1"',
    );
    expect(await refusal('{"schema":"other/1"}')).toBe(
      'FormatError: w.json: schema: found "other/1", expected "gradient-penalty-witness/1"',
    );
  });

  test("a part that is not there, or is of another kind", async () => {
    const file = parsed(await text);
    for (const key of Object.keys(file).filter((name) => name !== "schema")) {
      const rest = Object.fromEntries(Object.entries(file).filter(([name]) => name !== key));
      expect(await refusal(JSON.stringify(rest)), key).toMatch(
        new RegExp(`^FormatError: w\\.json: ${key}: found undefined, expected [^\\n]+$`),
      );
      const odd = JSON.stringify({ ...file, [key]: [["no"]] });
      expect(await refusal(odd), key).toMatch(
        new RegExp(`^FormatError: w\\.json: ${key}[^ ]*: found [^\\n]+, expected [^\\n]+$`),
      );
    }
  });

  test("a word that is no number of this format", async () => {
    for (const word of ["Inf", "nan", "1.5", ""]) {
      expect(await changed(["stored", "value"], () => word)).toMatch(/^FormatError: w\.json: stored\.value: found /);
    }
  });

  test("a network that is none", async () => {
    const bias = await changed(["network", "layers", 0, "bias"], (b) => (b as number[]).slice(1));
    expect(bias).toBe("ModelError: w.json: network: layer 1: found 5 biases, expected 6, one for each output");
    const name = await changed(["network", "layers", 1, "activation"], () => "relux");
    expect(name).toMatch(/^FormatError: w\.json: network: layers\.1\.activation: found "relux", expected /);
    const other = await changed(["network", "schema"], () => "gradient-penalty-model/2");
    expect(other).toMatch(/^FormatError: w\.json: network\.schema: found "gradient-penalty-model\/2", expected /);
  });
});

describe("what does not fit the network is refused in one line", () => {
  test.each<readonly [string, Head, RegExp]>([
    ["an output that is not there", { kind: "logit", index: 4 }, /head logit:4: expected an output from 0 to 3$/],
    ["a negative output", { kind: "logit", index: -1 }, /head logit:-1: expected an output from 0 to 3$/],
    [
      "coefficients of another width",
      { kind: "linear", coefficients: [1, 2, 3] as unknown as Float64Array },
      /head linear: found 3 coefficients, expected 4, the network's outputs$/,
    ],
    [
      "targets of another width",
      { kind: "squared-error", targets: [1, 2, 3, 4, 5] as unknown as Float64Array, rows: 1 },
      /head squared-error: found 1 rows of targets, 5 numbers; expected 1 or 1 rows of 4$/,
    ],
  ])("a head with %s", async (_, head, message) => {
    const found = await changed(["head"], () => head);
    expect(found).toMatch(/^ModelError: [^\n]+$/);
    expect(found).toMatch(message);
  });

  test("and the message of a head that does not fit begins with the file", async () => {
    expect(await changed(["head", "index"], () => 9)).toMatch(/^ModelError: w\.json: head/);
  });

  test("a label that names no output, or none where the head needs one", async () => {
    expect(await changed(["label"], () => 4)).toMatch(/^\w+Error: w\.json: label: found 4, expected [^\n]+$/);
    const unlabelled = await changed(["head"], () => ({ kind: "cross-entropy" }));
    expect(unlabelled).toMatch(/^\w+Error: w\.json: label: found -1, expected [^\n]+$/);
  });

  test("an input of another width", async () => {
    const narrow = await changed(["input"], (input) => (input as number[]).slice(1));
    expect(narrow).toBe("FormatError: w.json: input: found 4 values, expected 5, the inputs of layer 1");
  });

  test("the length's own message names the vector and both lengths", async () => {
    const shorter = (list: unknown): unknown[] => (list as unknown[]).slice(1);
    const short = await changed(["stored", "hidden", 1], shorter);
    expect(short).toBe("FormatError: w.json: stored.hidden.1: found 5 values, expected 6");
    const wide = await changed(["measurements", "hiddenNorm"], (list) => [...(list as unknown[]), [1]]);
    expect(wide).toBe("FormatError: w.json: measurements.hiddenNorm: found 3 values, expected 2");
    const products = await changed(["measurements", "directions", 1, "products"], shorter);
    expect(products).toBe("FormatError: w.json: measurements.directions.1.products: found 2 values, expected 3");
  });

  test.each(["input", "stored", "measurements", "norms"])(
    "every vector of %s that is one value too short or too long",
    async (part) => {
      const accepted: string[] = [];
      for (const own of [await text, await explicit]) {
        for (const path of arraysOf(parsed(own)[part], [part])) {
          const list = valueAt(parsed(own), path) as unknown[];
          const changes = [...(list.length === 0 ? [] : [list.slice(1)]), [...list, list.at(-1) ?? 1]];
          for (const change of changes) {
            const found = await refusal(await resealed(own, path, () => change));
            const name = path.join(".");
            const place = `${name}: ${String(change.length)} values where ${String(list.length)} are right`;
            if (found === "accepted") accepted.push(place);
            else expect(found, place).toMatch(new RegExp(`^FormatError: w\\.json: ${name}[^ ]*: found [^\\n]+$`));
          }
        }
      }
      expect([...new Set(accepted)]).toEqual([]);
    },
  );

  test("a verdict, check or layer that is not its row's", async () => {
    expect(await changed(["verdict"], () => "holds")).not.toBe("accepted");
    expect(await changed(["check"], () => "cut")).not.toBe("accepted");
    expect(await changed(["layer"], () => 2)).not.toBe("accepted");
  });
});
