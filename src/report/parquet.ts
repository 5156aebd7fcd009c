/**
 * Per-sample rows → an Apache Parquet file, piece by piece: the columns are the keys of schemas/samples.schema.json (docs/rows.md).
 *
 * `layers` and `violations` stay lists of structs, `audit` a struct, so that a query is spelt as for the JSON rows; Parquet keeps each
 * leaf (layers.tightness, …) as a column of its own anyway. Numbers that are not finite become null with their reason, as in the JSON
 * rows. Rows are gathered into row groups of a fixed number of values, which bounds the memory and makes the bytes a function of the
 * rows alone. Snappy and plain or dictionary pages only: what every reader has.
 */
import type { SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { schemaPathResolver } from "hyparquet-writer/src/schema.js";
import type { Columns } from "../records/columns.ts";
import { columnsOf } from "../records/columns.ts";
import type { RowBlock } from "../records/row-block.ts";
import type { AddressedRow, SampleRow } from "../records/sample.ts";
import { ADDRESSED_ROW, LAYER_ROW, SAMPLE_ROW } from "../records/sample.ts";
import type { ProbeSampleRow, SeriesRow } from "../records/training.ts";
import { PROBE_SAMPLE_ROW, SERIES_ROW } from "../records/training.ts";
import { withFiniteNumbers } from "./json.ts";
import { createChunkWriter } from "./parquet-chunk.ts";
import { createLeaves } from "./parquet-leaves.ts";

/** The kinds of rows, each with its list of fields and the name of its schema. */
const KINDS = {
  /** Of one run. */
  samples: { entries: SAMPLE_ROW.entries, schema: "gradient-penalty-samples/1" },
  /** Of a sweep: `address` and `architecture` first. */
  addressed: { entries: ADDRESSED_ROW.entries, schema: "gradient-penalty-samples/1" },
  /** Of a probe: `seed`, `step`, `function` and `norm` first. */
  probed: { entries: PROBE_SAMPLE_ROW.entries, schema: "gradient-penalty-samples/1" },
  /** One a probe. */
  series: { entries: SERIES_ROW.entries, schema: "gradient-penalty-series/1" },
} as const;

export interface RowKinds {
  readonly samples: SampleRow;
  readonly addressed: AddressedRow;
  readonly probed: ProbeSampleRow;
  readonly series: SeriesRow;
}

export interface ParquetRows<Row> {
  readonly add: (row: Row) => void;
  /** Writes what is left and the file's end; nothing can be added then. Without it the file cannot be read. */
  readonly finish: () => void;
}

/** Rows of one run, which may come as columns. */
export interface ParquetSamples extends ParquetRows<SampleRow> {
  readonly addBlock: (rows: RowBlock) => void;
}

/** Values of a row group, all columns together: about 8 MiB. */
const GROUP_VALUES = 1 << 20;

/**
 * @param write gets the file's bytes in order, a row group at a time; it may keep them.
 */
export function createParquetRows<Kind extends keyof RowKinds>(
  kind: Kind,
  write: (bytes: Uint8Array) => void,
): ParquetRows<RowKinds[Kind]> {
  const { add, finish } = createRows(kind, write);
  return { add, finish };
}

/** The same of the kind "samples". */
export function createParquetSamples(write: (bytes: Uint8Array) => void): ParquetSamples {
  const { add, addPlain, room, finish } = createRows("samples", write);
  return {
    add,
    finish,
    addBlock(rows) {
      const { samples, plain } = rows;
      for (let at = 0; at < samples;) {
        if (plain[at] === 0) {
          add(rows.row(at++));
          continue;
        }
        const most = Math.min(samples, at + room(rows.layers.length));
        let end = at;
        while (end < most && plain[end] === 1) end++;
        addPlain(rows, at, end);
        at = end;
      }
    },
  };
}

/** @returns besides, `addPlain` for no more than `room` plain rows: those that the row group still takes, one at least. */
function createRows<Kind extends keyof RowKinds>(
  kind: Kind,
  write: (bytes: Uint8Array) => void,
): ParquetRows<RowKinds[Kind]> & {
  readonly addPlain: (rows: RowBlock, from: number, to: number) => void;
  readonly room: (layers: number) => number;
} {
  const columns = columnsOf(KINDS[kind].entries);
  const width = Object.keys(columns).length;
  const layerWidth = Object.keys(LAYER_ROW.entries).length;
  const valuesOf = (layers: number): number => width + layers * layerWidth;
  const bytes = new ByteWriter();
  const handOver = (): void => {
    write(bytes.getBytes().slice());
    bytes.index = 0;
  };
  const elements: SchemaElement[] = [{ name: "row", num_children: width }, ...schema(columns)];
  const file = new ParquetWriter({
    writer: bytes,
    schema: elements,
    kvMetadata: [{ key: "schema", value: KINDS[kind].schema }],
    createdBy: "gradient-penalty-verifier",
  });
  const pathOf = schemaPathResolver(elements);
  const leaves = createLeaves(columns);
  const paths = leaves.all.map(({ path }) => pathOf([...path]).map(({ element }) => element));
  let [rows, values] = [0, 0];
  const writeGroup = (): void => {
    if (rows === 0) return;
    const start = bytes.offset;
    const writeChunk = createChunkWriter(bytes);
    const chunks = leaves.all.map((leaf, i) => writeChunk(leaf, paths[i] as SchemaElement[]));
    file.num_rows += BigInt(rows);
    file.row_groups.push({
      columns: chunks,
      total_byte_size: chunks.reduce((sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n), 0n),
      num_rows: BigInt(rows),
      total_compressed_size: BigInt(bytes.offset - start),
    });
    leaves.clear();
    [rows, values] = [0, 0];
    handOver();
  };
  const count = (more: number, layers: number): void => {
    rows += more;
    values += more * valuesOf(layers);
    if (values >= GROUP_VALUES) writeGroup();
  };
  return {
    add: (row) => {
      leaves.add(withFiniteNumbers(row) as object);
      count(1, row.layers.length);
    },
    addPlain: (block, from, to) => {
      leaves.addPlain(block, from, to);
      count(to - from, block.layers.length);
    },
    room: (layers) => Math.ceil((GROUP_VALUES - values) / valuesOf(layers)),
    finish: () => {
      writeGroup();
      void file.finish();
      handOver();
    },
  };
}

/** The Parquet schema of these columns, depth first. */
function schema(columns: Columns): SchemaElement[] {
  return Object.entries(columns).flatMap(([name, column]): SchemaElement[] => {
    const repetition_type = column.optional ? "OPTIONAL" : "REQUIRED";
    switch (column.kind) {
      case "long":
        return [{ name, repetition_type, type: "INT64" }];
      case "integer":
        return [{ name, repetition_type, type: "INT32" }];
      case "number":
        return [{ name, repetition_type, type: "DOUBLE" }];
      case "text":
        return [
          { name, repetition_type, type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
        ];
      case "struct":
        return [{ name, repetition_type, num_children: Object.keys(column.columns).length }, ...schema(column.columns)];
      case "list":
        return [
          { name, repetition_type, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
          { name: "list", repetition_type: "REPEATED", num_children: 1 },
          { name: "element", repetition_type: "REQUIRED", num_children: Object.keys(column.columns).length },
          ...schema(column.columns),
        ];
    }
  });
}
