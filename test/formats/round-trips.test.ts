import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readIdx, writeIdx } from "../../src/formats/idx.ts";
import { readModelJson, writeModelJson } from "../../src/formats/model-json.ts";
import { readNpy, writeNpy } from "../../src/formats/npy.ts";
import { readNpz } from "../../src/formats/npz.ts";
import { bfloatToNumber, halfToNumber, numberToBfloat, numberToHalf } from "../../src/formats/numbers.ts";
import { readMatrix, readModel } from "../../src/formats/read.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { FormatError, ModelError, UsageError } from "../../src/network/errors.ts";
import { zip } from "../support/zip.ts";

const f64 = fc.double({ noNaN: false });

describe("numbers of 16 bits", () => {
  test("all 65,536 halves decode by the definition and encode back to themselves", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToNumber(bits);
      const [sign, exponent, fraction] = [(-1) ** (bits >> 15), (bits >> 10) & 31, bits & 1023];
      const expected =
        exponent === 31
          ? fraction === 0
            ? sign * Infinity
            : NaN
          : exponent === 0
            ? sign * 2 ** -14 * (fraction / 1024)
            : sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
      expect(Object.is(value, expected)).toBe(true);
      if (!Number.isNaN(value)) expect(numberToHalf(value)).toBe(bits);
    }
  });

  test("halves round to nearest, ties to even", () => {
    expect(numberToHalf(1 + 2 ** -11)).toBe(0x3c00);
    expect(numberToHalf(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(numberToHalf(65519.99)).toBe(0x7bff);
    expect(numberToHalf(65520)).toBe(0x7c00);
    expect(numberToHalf(2 ** -25)).toBe(0);
    expect(numberToHalf(2 ** -25 + 2 ** -40)).toBe(1);
  });

  test("all bfloats are the upper half of an f32, and encode back to themselves", () => {
    const view = new DataView(new ArrayBuffer(4));
    for (let bits = 0; bits < 65536; bits++) {
      view.setUint16(0, bits);
      const value = bfloatToNumber(bits);
      expect(Object.is(value, view.getFloat32(0))).toBe(true);
      if (!Number.isNaN(value)) expect(numberToBfloat(value)).toBe(bits);
    }
    expect(numberToBfloat(1 + 2 ** -8)).toBe(0x3f80);
    expect(numberToBfloat(1 + 3 * 2 ** -8)).toBe(0x3f82);
  });
});

describe("what is written reads back to the same bits", () => {
  test("npy f64", () => {
    fc.assert(
      fc.property(fc.array(f64, { minLength: 1, maxLength: 40 }), (values) => {
        const read = readNpy(writeNpy([values.length], values, "f64"), "a.npy");
        expect(Array.from(read.values)).toEqual(values);
        expect(read.shape).toEqual([values.length]);
      }),
    );
  });

  test("safetensors F64 and F32, with metadata", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 6, maxLength: 6 }), fc.string(), (values, text) => {
        for (const type of ["F64", "F32"] as const) {
          const bytes = writeSafetensors(new Map([["0.weight", { shape: [2, 3], values }]]), type, { note: text });
          const read = readSafetensors(bytes, "a.safetensors");
          expect(Array.from(read.tensors.get("0.weight")?.read() ?? [])).toEqual(values);
          expect(read.metadata["note"]).toBe(text);
        }
      }),
    );
  });

  test("our JSON", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 6, maxLength: 6 }),
        (w) => {
          const network = {
            layers: [
              {
                inputs: 3,
                outputs: 2,
                weight: Float64Array.from(w),
                bias: Float64Array.of(0.1, -1e-300),
                activation: "mish",
              },
            ],
          } as const;
          const again = readModelJson(writeModelJson(network), "a.json", {});
          expect(Array.from(again.layers[0]?.weight ?? [])).toEqual(w);
          expect(again.layers[0]?.activation).toBe("mish");
        },
      ),
    );
  });

  test("IDX, plain and gzip", async () => {
    const bytes = writeIdx([2, 2, 3], [0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255]);
    for (const file of [bytes, new Uint8Array(gzipSync(bytes))]) {
      const read = readIdx(bytes, "a.idx");
      expect(read.shape).toEqual([2, 2, 3]);
      expect(Array.from(read.values).at(-1)).toBe(255);
      expect(await readMatrix(file, "a.idx")).toMatchObject({ rows: 2, columns: 6 });
    }
  });
});

describe("npy as NumPy writes it", () => {
  const file = (descr: string, fortran: boolean, shape: string, data: number[]): Uint8Array => {
    const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${shape}, }\n`;
    return Uint8Array.of(
      0x93,
      0x4e,
      0x55,
      0x4d,
      0x50,
      0x59,
      1,
      0,
      header.length,
      0,
      ...new TextEncoder().encode(header),
      ...data,
    );
  };

  test("Fortran order is turned into C order", () => {
    const read = readNpy(file("|u1", true, "(2, 3)", [1, 4, 2, 5, 3, 6]), "a.npy");
    expect(Array.from(read.values)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("headers in any order, with either quote, without spaces, and as Python 2 wrote counts", () => {
    const written = (header: string, version = 1): Uint8Array => {
      const text = new TextEncoder().encode(header);
      const length = version === 1 ? [text.length, 0] : [text.length, 0, 0, 0];
      return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...length, ...text, 1, 2, 3);
    };
    for (const header of [
      "{'descr':'|u1','fortran_order':False,'shape':(1,3)}",
      "{'shape': (1L, 3L), 'fortran_order': False, 'descr': '|u1'}\n",
      '{"fortran_order": False, "shape": (1, 3,), "descr": "|u1", }',
    ]) {
      for (const version of [1, 2, 3]) expect(readNpy(written(header, version), "a.npy").shape).toEqual([1, 3]);
    }
    for (const [header, message] of [
      [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,003), }",
        "a.npy: found the shape (1,003), expected counts, as in (10, 4)",
      ],
      [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (np.int64(3),), }",
        "found the shape (np.int64(3),), expected counts",
      ],
      [
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "found the type O (Python objects, pickled), expected one of",
      ],
      ["{'descr': '<U3', 'fortran_order': False, 'shape': (3,), }", "found the type U3 (strings)"],
      ["{'descr': '<c16', 'fortran_order': False, 'shape': (3,), }", "found the type c16 (complex numbers)"],
      ["{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,), }", "found a structured type [('a', '<f8')]"],
      [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }",
        "a.npy: found 1 bytes after the array of 2, expected the file to end there",
      ],
    ] as const) {
      expect(() => readNpy(written(header), "a.npy")).toThrow(message);
    }
  });

  test("big-endian and small types", () => {
    expect(Array.from(readNpy(file(">i2", false, "(2,)", [1, 0, 255, 255]), "a.npy").values)).toEqual([256, -1]);
    expect(Array.from(readNpy(file("<f2", false, "(1,)", [0, 0x3c]), "a.npy").values)).toEqual([1]);
    expect(Array.from(readNpy(file(">f4", false, "(1,)", [0x3f, 0x80, 0, 0]), "a.npy").values)).toEqual([1]);
    expect(Array.from(readNpy(file("<u8", false, "(1,)", [7, 0, 0, 0, 0, 0, 0, 0]), "a.npy").values)).toEqual([7]);
  });

  test("an .npz with one stored and one deflated array gives both by name", async () => {
    const archive = zip([
      { name: "x.npy", content: writeNpy([3], [1, 2, 3], "f64") },
      { name: "y.npy", content: writeNpy([1], [9], "f32"), method: 8 },
    ]);
    const read = await readNpz(archive, "a.npz");
    expect(Array.from(read.get("x")?.values ?? [])).toEqual([1, 2, 3]);
    expect(Array.from(read.get("y")?.values ?? [])).toEqual([9]);
    await expect(readMatrix(archive, "a.npz")).rejects.toThrow(
      "a.npz: found 2 arrays (x, y), expected --array NAME or FILE#NAME",
    );
    expect(await readMatrix(archive, "a.npz", { array: "y" })).toMatchObject({ rows: 1, columns: 1 });
  });
});

describe("a damaged file", () => {
  const model = writeSafetensors(
    new Map([
      ["0.weight", { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }],
      ["0.bias", { shape: [2], values: [0, 1] }],
      ["1.weight", { shape: [1, 2], values: [1, -1] }],
    ]),
    "F32",
    { activations: "relu" },
  );

  test("of any kind is refused by an error of ours, or read; nothing else is thrown", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(model.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(model.length),
        async (changes, length) => {
          const bytes = model.slice(0, length);
          for (const [at, value] of changes) if (at < length) bytes[at] = value;
          for (const read of [() => readModel(bytes, "m.safetensors"), () => readMatrix(bytes, "m.safetensors")]) {
            await read().catch((error: unknown) => {
              const ours = error instanceof FormatError || error instanceof ModelError || error instanceof UsageError;
              if (!ours) throw error;
              expect(error.message).not.toContain("\n");
            });
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
