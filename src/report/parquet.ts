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
import type { AuditResidual, LayerRow, SampleRow } from "../pipeline/results.ts";
import { withFiniteNumbers } from "./json.ts";

/** A sample of a sweep: where it comes from, besides. */
export interface AddressedRow extends SampleRow {
  /** SEED:STREAM:INDEX, as `gpv verify --address` takes it. */
  readonly address: string;
  /** Number of the architecture in the grid. */
  readonly architecture: number;
}

export interface ParquetRows<Row extends SampleRow> {
  readonly add: (row: Row) => void;
  /** Writes what is left and the file's end; nothing can be added then. Without it the file cannot be read. */
  readonly finish: () => void;
}

/** A column: a number or text, a struct of columns, or a list of structs. `null`: may be missing. */
type Column =
  | { readonly kind: "integer" | "index" | "number" | "text"; readonly optional: boolean }
  | { readonly kind: "struct" | "list"; readonly optional: boolean; readonly fields: Readonly<Record<string, Column>> };

const INDEX = { kind: "index", optional: false } as const;
const INTEGER = { kind: "integer", optional: false } as const;
const NUMBER = { kind: "number", optional: true } as const;
const TEXT = { kind: "text", optional: false } as const;
const REASON = { kind: "text", optional: true } as const;

const LAYER = {
  layer: INTEGER,
  verdict: TEXT,
  reason: REASON,
  hiddenNorm: NUMBER,
  weightNorm: NUMBER,
  jacobianNorm: NUMBER,
  jacobianNormLower: NUMBER,
  jacobianNormUpper: NUMBER,
  weightGradientNorm: NUMBER,
  biasGradientNorm: NUMBER,
  tightness: NUMBER,
  tightnessLower: NUMBER,
  tightnessUpper: NUMBER,
  directionalTightness: NUMBER,
  alignmentWeight: NUMBER,
  alignmentJacobian: NUMBER,
  slackWeight: NUMBER,
  slackJacobian: NUMBER,
  cutResidual: NUMBER,
} as const satisfies Record<keyof LayerRow, Column>;

const VIOLATION = { check: TEXT, layer: INTEGER, detail: TEXT } as const satisfies Record<
  keyof NonNullable<SampleRow["violations"]>[number],
  Column
>;

const RESIDUAL = {
  kind: "struct",
  optional: false,
  fields: { value: NUMBER, bound: NUMBER, reason: REASON } satisfies Record<keyof AuditResidual, Column>,
} as const;

const AUDIT = {
  identityResidual: RESIDUAL,
  contractedResidual: RESIDUAL,
  biasIdentityResidual: RESIDUAL,
} as const satisfies Record<keyof NonNullable<SampleRow["audit"]>, Column>;

const SAMPLE = {
  index: INDEX,
  verdict: TEXT,
  reason: REASON,
  value: NUMBER,
  inputGradientNorm: NUMBER,
  parameterGradientNorm: NUMBER,
  lhs: NUMBER,
  rhs: NUMBER,
  ratio: NUMBER,
  ratioLower: NUMBER,
  ratioUpper: NUMBER,
  coefficient: NUMBER,
  kink: { kind: "integer", optional: true },
  kinkBound: REASON,
  layers: { kind: "list", optional: false, fields: LAYER },
  violations: { kind: "list", optional: true, fields: VIOLATION },
  audit: { kind: "struct", optional: true, fields: AUDIT },
} as const satisfies Record<keyof SampleRow, Column>;

const ADDRESSED = { address: TEXT, architecture: INTEGER, ...SAMPLE } as const satisfies Record<
  keyof AddressedRow,
  Column
>;

/** Values of a row group, all columns together: about 8 MiB. */
const GROUP_VALUES = 1 << 20;

/**
 * @param kind "samples": rows of one run; "addressed": rows of a sweep, with the columns `address` and `architecture` first.
 * @param write gets the file's bytes in order, a row group at a time; it may keep them.
 */
export function createParquetRows<Kind extends "samples" | "addressed">(
  kind: Kind,
  write: (bytes: Uint8Array) => void,
): ParquetRows<Kind extends "addressed" ? AddressedRow : SampleRow> {
  const columns: Readonly<Record<string, Column>> = kind === "addressed" ? ADDRESSED : SAMPLE;
  const bytes = new ByteWriter();
  const handOver = (): void => {
    write(bytes.getBytes().slice());
    bytes.index = 0;
  };
  const file = new ParquetWriter({
    writer: Object.assign(bytes, { flush: handOver }),
    schema: [{ name: "row", num_children: Object.keys(columns).length }, ...schema(columns)],
    kvMetadata: [{ key: "schema", value: "gradient-penalty-samples/1" }],
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
        data: rows.map((row) => (column.kind === "index" ? BigInt(row[name] as number) : row[name])),
      })),
      rowGroupSize: rows.length,
    });
  };
  return {
    add: (row) => {
      group.push(withFiniteNumbers(row) as Readonly<Record<string, unknown>>);
      values += Object.keys(columns).length + row.layers.length * Object.keys(LAYER).length;
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
function schema(columns: Readonly<Record<string, Column>>): SchemaElement[] {
  return Object.entries(columns).flatMap(([name, column]): SchemaElement[] => {
    const repetition_type = column.optional ? "OPTIONAL" : "REQUIRED";
    switch (column.kind) {
      case "index":
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
        return [{ name, repetition_type, num_children: Object.keys(column.fields).length }, ...schema(column.fields)];
      case "list":
        return [
          { name, repetition_type, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
          { name: "list", repetition_type: "REPEATED", num_children: 1 },
          { name: "element", repetition_type: "REQUIRED", num_children: Object.keys(column.fields).length },
          ...schema(column.fields),
        ];
    }
  });
}
