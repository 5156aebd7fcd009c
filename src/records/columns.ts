/** The fields of a record as columns: what Parquet stores and docs/rows.md lists. */
import * as v from "valibot";

/** A column: a number or text, a struct of columns, or a list of structs. Optional: may be null or missing. */
export type Column =
  | { readonly kind: "long" | "integer" | "number" | "text"; readonly optional: boolean; readonly meaning: string }
  | {
      readonly kind: "struct" | "list";
      readonly optional: boolean;
      readonly meaning: string;
      readonly columns: Columns;
    };

export type Columns = Readonly<Record<string, Column>>;

type Entries = Readonly<Record<string, v.GenericSchema>>;

/** Integers that may leave the range of int32. */
const LONG: readonly string[] = ["index", "sample"];

/** The columns of an object's entries, in their order. */
export function columnsOf(entries: Entries): Columns {
  return Object.fromEntries(Object.entries(entries).map(([name, schema]) => [name, columnOf(schema, name)]));
}

function columnOf(schema: v.GenericSchema, name: string): Column {
  const meaning = v.getDescription(schema) ?? "";
  const inner = "wrapped" in schema ? (schema.wrapped as v.GenericSchema) : null;
  if (inner !== null) {
    const column = columnOf(inner, name);
    return { ...column, optional: true, meaning: meaning === "" ? column.meaning : meaning };
  }
  const plain = { optional: false, meaning };
  switch (schema.type) {
    case "number":
      if (!isInteger(schema)) return { kind: "number", ...plain };
      return { kind: LONG.includes(name) ? "long" : "integer", ...plain };
    case "string":
    case "picklist":
      return { kind: "text", ...plain };
    case "strict_object":
      return { kind: "struct", ...plain, columns: columnsOf((schema as unknown as { entries: Entries }).entries) };
    case "array": {
      const item = columnOf((schema as unknown as { item: v.GenericSchema }).item, name);
      if (item.kind === "struct") return { ...item, kind: "list", ...plain };
    }
  }
  throw new TypeError(`a row cannot have a column of ${schema.type}`);
}

function isInteger(schema: v.GenericSchema): boolean {
  return "pipe" in schema && (schema.pipe as readonly { readonly type: string }[]).some(holdsInteger);
}

/** A pipe's first item is its schema, which may be a pipe itself. */
function holdsInteger(item: { readonly type: string }): boolean {
  return item.type === "integer" || ("pipe" in item && isInteger(item as unknown as v.GenericSchema));
}
