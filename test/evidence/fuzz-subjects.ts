/** What is fuzzed: readers with files that they take, how these are mutated with their structure in mind, and what must stay the same. */
import { create, toBinary } from "@bufbuild/protobuf";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { openLedger } from "../../src/cli/ledger-file.ts";
import { gridsFromText } from "../../src/cli/sweep-options.ts";
import { footprint } from "../../src/engine/footprint.ts";
import { createBudget } from "../../src/formats/budget.ts";
import { gunzip } from "../../src/formats/gzip.ts";
import { readIdx, writeIdx } from "../../src/formats/idx.ts";
import { readModelJson, writeModelJson } from "../../src/formats/model-json.ts";
import { readNpy, writeNpy } from "../../src/formats/npy.ts";
import { ModelProtoSchema } from "../../src/formats/onnx/onnx_pb.ts";
import { openRows, readModel } from "../../src/formats/read.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import type { Network } from "../../src/network/network.ts";
import { createParquetRows } from "../../src/report/parquet.ts";
import { cellsOf, largestOf } from "../../src/sweep/grid.ts";
import { unitsOf } from "../../src/sweep/units.ts";
import { readWitness, witnessText } from "../../src/witness/file.ts";
import { ROW } from "../report/sample.ts";
import { zip } from "../support/zip.ts";
import { reportOf, sweep } from "../sweep/support.ts";
import { network, witnessOf } from "../witness/support.ts";
import { joined, mutateBytes, mutateText } from "./mutants.ts";
import type { Draw } from "./mutants.ts";
import { valueInfo } from "../support/onnx.ts";

/** Bytes that a reader may take of a mutant's content. */
export const BUDGET_BYTES = 2 ** 26;

export interface FuzzSubject {
  readonly name: string;
  /** Files of a full run. */
  readonly files: number;
  /** The mutant that these draws make. */
  readonly mutant: (draw: Draw) => Uint8Array;
  /** Reads it: what was read as text that tells two contents apart, or null where the format has no checksum. @throws the error family */
  readonly read: (bytes: Uint8Array) => Promise<string | null>;
  /** What an accepted mutant may read as; null: anything. */
  readonly allowed: ReadonlySet<string> | null;
}

const utf8 = new TextEncoder();
const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const options = () => ({ activation: "relu", budget: createBudget(BUDGET_BYTES) });

async function readRows(bytes: Uint8Array, name: string): Promise<string> {
  const { rows, columns, read } = await openRows(bytes, name, { budget: createBudget(BUDGET_BYTES) });
  return `${String(rows)} × ${String(columns)}: ${read(0, rows).join()}`;
}

function numbersOf({ layers }: Network): string {
  return layers.map(({ inputs, outputs, weight, bias }) => [inputs, outputs, ...weight, ...bias].join()).join(";");
}

/** A seed's mutants: half of them of bytes, half as `structured` makes them. */
function mutants(
  seeds: readonly Uint8Array[],
  structured: (seed: Uint8Array, draw: Draw) => Uint8Array,
): FuzzSubject["mutant"] {
  return (draw) => {
    const seed = seeds[draw(seeds.length)] as Uint8Array;
    return draw(2) === 0 ? mutateBytes(seed, seeds[draw(seeds.length)] as Uint8Array, draw) : structured(seed, draw);
  };
}

const asText = (seed: Uint8Array, draw: Draw): Uint8Array => utf8.encode(mutateText(decoded(seed), draw));

/** A header of text in front of bytes: its tokens changed, its length made right again or not. */
function withHeader(
  start: number,
  end: (seed: Uint8Array) => number,
  fix: (header: number, bytes: Uint8Array) => void,
) {
  return (seed: Uint8Array, draw: Draw): Uint8Array => {
    const to = end(seed);
    const header = utf8.encode(mutateText(decoded(seed.subarray(start, to)), draw));
    const file = joined(seed.subarray(0, start), header, seed.subarray(to));
    if (draw(8) > 0) fix(header.length, file);
    return file;
  };
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The same tensors, and others of every kind of name. */
const NET = network([3, 4, 2], "relu");
const TENSORS = new Map(
  NET.layers.flatMap(({ weight, bias, inputs, outputs }, i) => [
    [`${String(i)}.weight`, { shape: [outputs, inputs], values: weight }],
    [`${String(i)}.bias`, { shape: [outputs], values: bias }],
  ]),
);

const ARRAY = Float64Array.from({ length: 24 }, (_, i) => i / 7 - 1);

/** What stands between z and h of an ONNX graph: operator, inputs, output. */
type Elementwise = readonly (readonly [opType: string, input: readonly string[], output: string])[];

const RELU: Elementwise = [["Relu", ["z"], "h"]];

/** elu, written in several nodes. */
const ELU: Elementwise = [
  ["Min", ["z", "zero"], "m"],
  ["Exp", ["m"], "e"],
  ["Sub", ["e", "one"], "d"],
  ["Greater", ["z", "zero"], "p"],
  ["Where", ["p", "z", "d"], "h"],
];

function onnxSeed(elementwise: Elementwise): Uint8Array {
  const tensor = (name: string, dims: number[], values: ArrayLike<number>) => ({
    name,
    dims: dims.map(BigInt),
    dataType: 1,
    floatData: Array.from(values, Math.fround),
  });
  const gemm = (i: number, from: string, to: string) => ({
    opType: "Gemm",
    input: [from, `w${String(i)}`, `b${String(i)}`],
    output: [to],
    attribute: [{ name: "transB", type: 2, i: 1n }],
  });
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: "", version: 17n }],
      graph: {
        name: "g",
        input: [valueInfo("x", [1, 3])],
        output: [valueInfo("y", [1, 2])],
        initializer: [
          tensor("zero", [], [0]),
          tensor("one", [], [1]),
          ...NET.layers.flatMap(({ weight, bias, inputs, outputs }, i) => [
            tensor(`w${String(i)}`, [outputs, inputs], weight),
            tensor(`b${String(i)}`, [outputs], bias),
          ]),
        ],
        node: [
          gemm(0, "x", "z"),
          ...elementwise.map(([opType, input, output]) => ({ opType, input: [...input], output: [output] })),
          gemm(1, "h", "y"),
        ],
      },
    }),
  );
}

const TORCH = "test/formats/pytorch-files";

export async function subjects(): Promise<readonly FuzzSubject[]> {
  const npy = [writeNpy([4, 6], ARRAY, "f64"), writeNpy([2, 3, 4], ARRAY, "f32"), writeNpy([24], ARRAY, "u8")];
  const npyHeader = withHeader(
    10,
    (seed) => 10 + viewOf(seed).getUint16(8, true),
    (length, file) => {
      viewOf(file).setUint16(8, length, true);
    },
  );
  const idx = [writeIdx([4, 6], ARRAY.map(Math.abs)), writeIdx([2, 3, 4], ARRAY.map(Math.abs))];
  const safetensors = (["F64", "F32", "F16"] as const).map((type) =>
    writeSafetensors(TENSORS, type, { activations: "relu,identity" }),
  );
  const stHeader = withHeader(
    8,
    (seed) => 8 + Number(viewOf(seed).getBigUint64(0, true)),
    (length, file) => {
      viewOf(file).setBigUint64(0, BigInt(length), true);
    },
  );
  const csv = ["1,2.5,-3e4\n4,5,6\n", 'a;b\n"1,5";2\n3;"4"\n', "1 2\t3\r\n4 5 6\r\n", "x|y|\n1|2|\n"].map((t) =>
    utf8.encode(t),
  );
  const json = [utf8.encode(writeModelJson(NET))];
  const grids = [
    '{"depth": [1, 3], "width": [3, [5, 8, 2]], "activation": ["relu"], "head": ["sum", "logit:1"], "bias": [0, false]}',
    '[{"depth": [2], "width": [4], "initialiser": ["hadamard"]}, {"depth": [1], "width": [2], "networks": 3}]',
  ];
  const yaml = [
    "depth: [1, 3]\nwidth:\n  - 3\n  - [5, 8, 2]\nactivation: &a [relu, tanh]\n",
    "- depth: [2]\n  width: [4]\n- depth: [1]\n  width: [2]\n",
  ];
  const torch = readdirSync(TORCH)
    .filter((name) => /\.(pt|ckpt|pkl)$/.test(name))
    .map((name) => new Uint8Array(readFileSync(join(TORCH, name))));
  const archives = torch.filter((file) => file[0] === 0x50);
  const old = torch.filter((file) => file[0] !== 0x50);
  const x = npy[0] as Uint8Array;
  const packed = (content: Uint8Array, method: number): Uint8Array => zip([{ name: "x.npy", content, method }]);
  const npz = [packed(x, 0), packed(x, 8)];
  const gz = [new Uint8Array(gzipSync(x)), joined(gzipSync(x.subarray(0, 60)), gzipSync(x.subarray(60)))];
  const witness = await witnessText(await witnessOf(NET));
  const { text: ledger, file: ledgerFile, report } = await ledgerSeed();

  const grid =
    (name: string): FuzzSubject["read"] =>
    (bytes) => {
      const found = gridsFromText(decoded(bytes), name);
      const cells = cellsOf(found, name);
      // As the command does: what takes more memory than there is stops here.
      if (cells.length <= 10_000 && largestOf(found, footprint).bytes <= BUDGET_BYTES) {
        const units = unitsOf(cells, 4);
        if (units.count > 0) units.at(units.count - 1);
      }
      return Promise.resolve(null);
    };
  const model =
    (name: string): FuzzSubject["read"] =>
    async (bytes) => {
      numbersOf(await readModel(bytes, name, options()));
      return null;
    };
  const rows =
    (name: string): FuzzSubject["read"] =>
    async (bytes) => {
      await readRows(bytes, name);
      return null;
    };
  const contents = async (read: (bytes: Uint8Array) => Promise<string>, seeds: readonly Uint8Array[]) => {
    const found = new Set<string>();
    for (const seed of seeds) found.add(await read(seed).catch(() => "refused"));
    return found;
  };
  const rowsOfNpz = (bytes: Uint8Array): Promise<string> => readRows(bytes, "x.npz");
  const torchNumbers = async (bytes: Uint8Array): Promise<string> =>
    numbersOf(await readModel(bytes, "m.pt", options()));
  const unpack = async (bytes: Uint8Array): Promise<string> => {
    const plain = await gunzip(bytes, "x.gz", { budget: createBudget(BUDGET_BYTES) });
    // Members may be lost whole, as a file that ends there would: each holds its own checksum alone.
    return Buffer.from(plain).toString("hex");
  };
  const witnessRead = async (bytes: Uint8Array): Promise<string> => {
    const sealed = await readWitness(decoded(bytes), "w.json");
    return JSON.stringify(sealed, (_, value: unknown) =>
      ArrayBuffer.isView(value) ? [...(value as Float64Array)].map(String) : value,
    );
  };
  return [
    { name: "npy", files: 150_000, mutant: mutants(npy, npyHeader), read: rows("x.npy"), allowed: null },
    {
      name: "idx",
      files: 100_000,
      mutant: mutants(idx, (seed, draw) => mutateBytes(seed.subarray(0, 16 + draw(40)), seed, draw)),
      read: rows("x.idx"),
      allowed: null,
    },
    { name: "csv", files: 150_000, mutant: mutants(csv, asText), read: rows("x.csv"), allowed: null },
    {
      name: "safetensors",
      files: 150_000,
      mutant: mutants(safetensors, stHeader),
      read: model("m.safetensors"),
      allowed: null,
    },
    { name: "JSON model", files: 100_000, mutant: mutants(json, asText), read: model("m.json"), allowed: null },
    {
      name: "ONNX",
      files: 80_000,
      mutant: mutants([onnxSeed(RELU), onnxSeed(ELU)], asText),
      read: model("m.onnx"),
      allowed: null,
    },
    {
      name: "PyTorch, legacy",
      files: 60_000,
      mutant: mutants(old, (seed, draw) => mutateBytes(seed.subarray(0, 400), seed, draw)),
      read: model("m.pt"),
      allowed: null,
    },
    {
      name: "PyTorch, zip: pickle changed, repacked",
      files: 40_000,
      mutant: repackedPickle(archives),
      read: model("m.pt"),
      allowed: null,
    },
    {
      name: "PyTorch, zip",
      files: 40_000,
      mutant: (draw) => mutateBytes(archives[draw(archives.length)] as Uint8Array, archives[0] as Uint8Array, draw),
      read: torchNumbers,
      allowed: await contents(torchNumbers, archives),
    },
    {
      name: "npz: array changed, repacked",
      files: 30_000,
      mutant: (draw) => packed(npyHeader(x, draw), 8 * draw(2)),
      read: rows("x.npz"),
      allowed: null,
    },
    {
      name: "npz",
      files: 40_000,
      mutant: (draw) => mutateBytes(npz[draw(2)] as Uint8Array, npz[0] as Uint8Array, draw),
      read: rowsOfNpz,
      allowed: await contents(rowsOfNpz, npz),
    },
    {
      name: "gzip",
      files: 30_000,
      mutant: (draw) => mutateBytes(gz[0] as Uint8Array, gz[0] as Uint8Array, draw),
      read: unpack,
      allowed: await contents(async (bytes) => unpack(bytes), gz),
    },
    {
      name: "gzip of several members",
      files: 20_000,
      mutant: (draw) => mutateBytes(gz[1] as Uint8Array, gz[0] as Uint8Array, draw),
      read: async (bytes) => {
        await unpack(bytes);
        return null;
      },
      allowed: null,
    },
    {
      name: "witness",
      files: 40_000,
      mutant: mutants([utf8.encode(witness)], asText),
      read: witnessRead,
      allowed: new Set([await witnessRead(utf8.encode(witness))]),
    },
    {
      name: "grid, JSON",
      files: 60_000,
      mutant: mutants(
        grids.map((t) => utf8.encode(t)),
        asText,
      ),
      read: grid("g.json"),
      allowed: null,
    },
    {
      name: "grid, YAML",
      files: 60_000,
      mutant: mutants(
        yaml.map((t) => utf8.encode(t)),
        asText,
      ),
      read: grid("g.yaml"),
      allowed: null,
    },
    {
      name: "ledger",
      files: 6_000,
      mutant: (draw) => mutateBytes(ledger, ledger, draw),
      read: readLedger(ledgerFile),
      allowed: new Set([report]),
    },
    ...writers(),
  ];
}

/** The pickle of an archive with some bytes changed, and every checksum right: what is tried is the pickle's reader. */
function repackedPickle(archives: readonly Uint8Array[]): FuzzSubject["mutant"] {
  const plain = archives.flatMap((bytes) => {
    const files = storedFiles(bytes);
    return files === null ? [] : [files];
  });
  return (draw) => {
    const files = plain[draw(plain.length)] ?? [];
    return zip(
      files.map(({ name, content }) => ({
        name,
        content: name.endsWith("data.pkl") ? mutateBytes(content, content, draw) : content,
      })),
    );
  };
}

/** The files of an archive that stores them as they are; null for one that packs them. */
function storedFiles(bytes: Uint8Array): { name: string; content: Uint8Array }[] | null {
  const view = viewOf(bytes);
  const files: { name: string; content: Uint8Array }[] = [];
  for (let at = 0; at + 46 <= bytes.length; at++) {
    if (view.getUint32(at, true) !== 0x02014b50) continue;
    if (view.getUint16(at + 10, true) !== 0) return null;
    const name = decoded(bytes.subarray(at + 46, at + 46 + view.getUint16(at + 28, true)));
    const local = view.getUint32(at + 42, true);
    const data = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    files.push({ name, content: bytes.slice(data, data + view.getUint32(at + 20, true)) });
  }
  return files.length === 0 ? null : files;
}

async function ledgerSeed(): Promise<{ text: Uint8Array; file: string; report: string }> {
  const folder = mkdtempSync(join(tmpdir(), "gpv-fuzz-"));
  const whole = join(folder, "whole.sqlite");
  const ledger = await openLedger("ledger", whole);
  await sweep(ledger);
  const report = reportOf(ledger);
  ledger.close();
  const text = new Uint8Array(readFileSync(whole));
  rmSync(whole);
  return { text, file: join(folder, "mutant.sqlite"), report };
}

function readLedger(file: string): FuzzSubject["read"] {
  return async (bytes) => {
    writeFileSync(file, bytes);
    try {
      const ledger = await openLedger("", file);
      try {
        return ledger.header() === null ? "no settings" : reportOf(ledger);
      } finally {
        ledger.close();
      }
    } finally {
      for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(`${file}${end}`, { force: true });
    }
  };
}

/** Writers: what they write reads back to the same bits, whatever the numbers. The mutant is the numbers. */
function writers(): FuzzSubject[] {
  const numbers = (draw: Draw): Uint8Array => {
    const values = new Float64Array(24);
    const words = new Uint32Array(values.buffer);
    for (let i = 0; i < words.length; i++) words[i] = draw(2 ** 32);
    if (draw(4) === 0)
      for (let i = 0; i < values.length; i++) values[i] = [0, -0, 5e-324, 1.7e308, 1 / 3][draw(5)] ?? 0;
    return new Uint8Array(values.buffer);
  };
  const floats = (bytes: Uint8Array): Float64Array => new Float64Array(bytes.slice().buffer);
  const finite = (values: Float64Array): Float64Array => values.map((v) => (Number.isFinite(v) ? v : 1));
  const same = (a: ArrayLike<number>, b: ArrayLike<number>): string =>
    a.length === b.length && Array.from(a).every((v, i) => Object.is(v, b[i])) ? "same" : "other numbers";
  const writer = (
    name: string,
    files: number,
    read: (values: Float64Array) => Promise<string> | string,
  ): FuzzSubject => ({
    ...{ name, files, mutant: numbers },
    read: async (bytes) => read(floats(bytes)),
    allowed: new Set(["same"]),
  });
  return [
    writer("writing npy", 10_000, (values) => same(readNpy(writeNpy([4, 6], values, "f64"), "x").values, values)),
    writer("writing IDX", 10_000, (values) => {
      const bytes = values.map((v) => Math.abs(Math.trunc(Number.isFinite(v) ? v % 256 : 0)));
      return same(readIdx(writeIdx([4, 6], bytes), "x").values, bytes);
    }),
    writer("writing safetensors", 10_000, (values) =>
      same(
        readSafetensors(writeSafetensors(new Map([["w", { shape: [24], values }]]), "F64"), "x")
          .tensors.get("w")
          ?.read() ?? [],
        values,
      ),
    ),
    writer("writing JSON models", 10_000, (values) => {
      const own = finite(values);
      const layer = {
        inputs: 5,
        outputs: 4,
        weight: own.subarray(0, 20),
        bias: own.subarray(20),
        activation: "tanh",
      } as const;
      const [read] = readModelJson(writeModelJson({ layers: [layer] }), "m", {}).layers;
      return same([...(read?.weight ?? []), ...(read?.bias ?? [])], [...own]);
    }),
    writer("writing Parquet", 4_000, async (values) => {
      const own = finite(values);
      const pieces: Uint8Array[] = [];
      const target = createParquetRows("samples", (bytes) => pieces.push(bytes));
      own.forEach((value, index) => {
        target.add({ ...ROW, index, value });
      });
      target.finish();
      const file = joined(...pieces);
      const read = await parquetReadObjects({ file: file.buffer as ArrayBuffer });
      return same(
        // A dictionary holds 0 and −0 as one.
        read.map((row) => (row["value"] as number) + 0),
        own.map((v) => v + 0),
      );
    }),
  ];
}
