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
import type { Columns } from "../records/columns.ts";
import { columnsOf } from "../records/columns.ts";
import type { AddressedRow, SampleRow } from "../records/sample.ts";
import { ADDRESSED_ROW, LAYER_ROW, SAMPLE_ROW } from "../records/sample.ts";
import type { ProbeSampleRow, SeriesRow } from "../records/training.ts";
import { PROBE_SAMPLE_ROW, SERIES_ROW } from "../records/training.ts";
import { withFiniteNumbers } from "./json.ts";

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

/** Values of a row group, all columns together: about 8 MiB. */
const GROUP_VALUES = 1 << 20;

/**
 * @param write gets the file's bytes in order, a row group at a time; it may keep them.
 */
export function createParquetRows<Kind extends keyof RowKinds>(
  kind: Kind,
  write: (bytes: Uint8Array) => void,
): ParquetRows<RowKinds[Kind]> {
  const columns = columnsOf(KINDS[kind].entries);
  const width = Object.keys(columns).length;
  const layerWidth = Object.keys(LAYER_ROW.entries).length;
  const bytes = new ByteWriter();
  const handOver = (): void => {
    write(bytes.getBytes().slice());
    bytes.index = 0;
  };
  const file = new ParquetWriter({
    writer: Object.assign(bytes, { flush: handOver }),
    schema: [{ name: "row", num_children: width }, ...schema(columns)],
    kvMetadata: [{ key: "schema", value: KINDS[kind].schema }],
    createdBy: "gradient-penalty-verifier",
  });
  let group: Readonly<Record<string, unknown>>[] = [];
  let values = 0;
  const writeGroup = (): void => {
    if (group.length === 0) return;
    const rows = group;
    group = [];
    values = 0;
    void file.write({
      columnData: Object.entries(columns).map(([name, column]) => ({
        name,
        data: rows.map(({ [name]: value }) =>
          column.kind === "long" && typeof value === "number" ? BigInt(value) : value,
        ),
      })),
      rowGroupSize: rows.length,
    });
  };
  return {
    add: (row) => {
      group.push(withFiniteNumbers(row) as Readonly<Record<string, unknown>>);
      values += width + row.layers.length * layerWidth;
      if (values >= GROUP_VALUES) writeGroup();
    },
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
