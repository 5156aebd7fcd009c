/** Archives: one array of several, gzip on anything, and what is refused by name. */
import { execFileSync } from "node:child_process";
import { deflateRawSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../src/formats/crc32.ts";
import { gunzip } from "../../src/formats/gzip.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { openRows, readMatrix, readModel } from "../../src/formats/read.ts";
import { writeSafetensors } from "../../src/formats/safetensors.ts";
import { crc32 as bitwise, zip } from "../support/zip.ts";

const X = writeNpy([2, 3], [1, 2, 3, 4, 5, 6], "f64");
const Y = writeNpy([2], [0, 1], "i32");
const text = (s: string): Uint8Array => new TextEncoder().encode(s);

async function refusal(bytes: Uint8Array, name: string, array?: string): Promise<string> {
  const error = await readMatrix(bytes, name, array === undefined ? {} : { array }).then(
    () => "read",
    (cause: unknown) => cause,
  );
  return error instanceof Error ? error.message : String(error);
}

describe("an .npz", () => {
  const strings = text("\u0093NUMPY, of strings");
  const beside = [
    { name: "x.npy", content: X, method: 8 },
    { name: "names.npy", content: strings, method: 12 },
  ];

  test("gives the array that is asked for, whatever stands beside it; nothing else is decoded", async () => {
    expect(await readMatrix(zip(beside), "a.npz", { array: "x" })).toMatchObject({ rows: 2, columns: 3 });
    expect(await refusal(zip(beside), "a.npz")).toBe(
      "a.npz: found 2 arrays (x, names), expected --array NAME or FILE#NAME",
    );
    expect(await refusal(zip(beside), "a.npz", "z")).toBe("--array z: found x, names in a.npz, expected one of them");
  });

  test.each([{}, { comment: "PK\u0005\u0006 as a comment" }, { is64: true }, { is64: true, comment: "x" }])(
    "with %j is read",
    async (options) => {
      for (const method of [0, 8]) {
        const { values } = await readMatrix(zip([{ name: "x.npy", content: X, method }], options), "a.npz");
        expect(Array.from(values)).toEqual([1, 2, 3, 4, 5, 6]);
      }
    },
  );

  test("of another packing, encrypted, sparse, damaged or not of arrays is refused for what it is", async () => {
    expect(await refusal(zip([{ name: "x.npy", content: X, method: 12 }]), "a.npz")).toContain(
      "a.npz: x.npy: found it packed by bzip2",
    );
    expect(await refusal(zip([{ name: "x.npy", content: X, flags: 1 }]), "a.npz")).toContain(
      "x.npy: found it encrypted",
    );
    const sparse = ["data", "indices", "indptr", "format", "shape"].map((name) => ({
      name: `${name}.npy`,
      content: Y,
    }));
    expect(await refusal(zip(sparse), "a.npz")).toContain("a.npz: found a sparse matrix");
    const damaged = zip([{ name: "x.npy", content: X }]);
    damaged[damaged.indexOf(0x93) + 128 + 3] = 77;
    expect(await refusal(damaged, "a.npz")).toContain("bytes that are not those of its CRC-32");
    expect(await refusal(zip([{ name: "a/data.pkl", content: Y }]), "a.pt")).toContain("a.pt: found a model's file");
    expect(
      await refusal(
        zip([
          { name: "x.npy", content: X },
          { name: "x.npy", content: Y },
        ]),
        "a.npz",
      ),
    ).toContain("found two arrays named x");
  });

  test("rows are decoded as they are asked for", async () => {
    const { rows, columns, read } = await openRows(X, "x.npy");
    expect([rows, columns, Array.from(read(1, 1))]).toEqual([2, 3, [4, 5, 6]]);
  });
});

describe("gzip, on any input", () => {
  const rows = text("1,2\n3,4\n");

  test.each([
    ["x.csv.gz", rows],
    ["x.csv", rows],
    ["x.npy.gz", writeNpy([2, 2], [1, 2, 3, 4], "f32")],
    ["x.npz.gz", zip([{ name: "x.npy", content: writeNpy([2, 2], [1, 2, 3, 4], "f32") }])],
  ])("%s", async (name, content) => {
    const { values } = await readMatrix(new Uint8Array(gzipSync(content)), name);
    expect(Array.from(values)).toEqual([1, 2, 3, 4]);
  });

  test("a model too", async () => {
    const bytes = writeSafetensors(new Map([["0.weight", { shape: [1, 2], values: [1, 2] }]]), "F32", {
      activations: "relu",
    });
    expect((await readModel(new Uint8Array(gzipSync(bytes)), "m.safetensors.gz")).layers).toHaveLength(1);
  });

  test("several members are one after another; names, comments and zeros behind the last do not matter", async () => {
    const named = gzipSync(text("b"));
    named[3] = 8 | 16;
    const withName = Buffer.concat([named.subarray(0, 10), Buffer.from("name\0comment\0"), named.subarray(10)]);
    for (const zeros of [0, 1, 8, 9, 512, 10240]) {
      const file = Buffer.concat([
        gzipSync(text("a")),
        withName,
        gzipSync(""),
        gzipSync(text("c")),
        Buffer.alloc(zeros),
      ]);
      expect(new TextDecoder().decode(await gunzip(new Uint8Array(file), "x.gz"))).toBe("abc");
    }
  });

  test("whatever the content, what was packed comes out, even where it looks like a member", async () => {
    const magic = Buffer.from([0x1f, 0x8b, 8, 0]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 4 }), async (members) => {
        const contents = members.map((member) => Buffer.concat([magic, member, magic]));
        const file = Buffer.concat(contents.map((content) => gzipSync(content, { level: 0 })));
        expect(Buffer.from(await gunzip(new Uint8Array(file), "x.gz"))).toEqual(Buffer.concat(contents));
      }),
      { numRuns: 50 },
    );
  });

  test("a member that is altered, cut short or followed by something else is refused", async () => {
    const good = gzipSync(rows);
    const altered = Buffer.from(good);
    altered[good.length - 8] = (good[good.length - 8] ?? 0) ^ 1;
    for (const file of [altered, good.subarray(0, -1), Buffer.concat([good, Buffer.from("junk")])]) {
      expect(await refusal(new Uint8Array(file), "x.csv.gz")).toContain("x.csv.gz: found damaged gzip data");
    }
  });

  test("a size that no deflate data can have is refused before it is given room", async () => {
    const file = Buffer.concat([
      gzipSync("").subarray(0, 10),
      deflateRawSync(Buffer.alloc(4)),
      Buffer.alloc(4),
      Buffer.from([0, 0, 0, 127]),
    ]);
    expect(await refusal(new Uint8Array(file), "x.csv.gz")).toContain("found damaged gzip data");
  });

  test("the CRC is RFC 1952's", () => {
    expect(crc32(text("123456789"))).toBe(0xcbf43926);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => crc32(bytes) === bitwise(bytes)));
  });
});

test.each([
  ["version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "a Git LFS pointer"],
  ["BZh91AY", "bzip2 data"],
  ["\u00fd7zXZ\0", "xz data"],
  ["(\u00b5/\u00fd", "Zstandard data"],
  ["\u0089HDF\r\n\u001a\n", "an HDF5 file"],
  ["<!DOCTYPE html><html>", "a web page"],
  ["", "an empty file"],
])("%j is refused for what it is, as a model and as data", async (content, what) => {
  const bytes = Uint8Array.from(content, (c) => c.charCodeAt(0));
  for (const name of ["x.npy", "x.csv", "x.npz", "x.safetensors"]) {
    expect(await refusal(bytes, name)).toContain(`${name}: found ${what}`);
  }
  for (const name of ["x.safetensors", "x.json"]) {
    await expect(readModel(bytes, name)).rejects.toThrow(`${name}: found ${what}`);
  }
});

test("Keras's files are refused with the Python that writes what is read, as a model alone", async () => {
  const hdf = Uint8Array.from("\u0089HDF\r\n\u001a\n", (c) => c.charCodeAt(0));
  const archive = zip([
    { name: "config.json", content: text("{}") },
    { name: "model.weights.h5", content: hdf },
  ]);
  for (const [bytes, name] of [
    [hdf, "m.h5"],
    [archive, "m.keras"],
  ] as const) {
    await expect(readModel(bytes, name)).rejects.toThrow(
      /^m\.(h5|keras): found an? (HDF5 file|Keras archive).*; from Keras: import keras, safetensors\.numpy; m = keras\.models\.load_model\(FILE\)/,
    );
  }
  expect(await refusal(hdf, "x.npy")).not.toContain("load_model");
});

test("Deno reads several members and zeros as Node does", () => {
  const file = Buffer.concat([gzipSync(text("1,2\n")), gzipSync(text("3,4\n")), Buffer.alloc(100)]);
  const program = `
    import { readMatrix } from "./src/formats/read.ts";
    const bytes = Uint8Array.from(atob("${file.toString("base64")}"), (c) => c.charCodeAt(0));
    console.log(JSON.stringify(Array.from((await readMatrix(bytes, "x.csv.gz")).values)));`;
  const deno = execFileSync("npx", ["deno", "run", "--quiet", "-"], { input: program, encoding: "utf8" });
  expect(deno.trim()).toBe("[1,2,3,4]");
});
