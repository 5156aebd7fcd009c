/**
 * A table in Apache Parquet: its columns of numbers, in their order, are the values of a sample; or one column of lists, all of one length,
 * is. Read by hyparquet, which knows Snappy and plain pages; what is no number is refused by its column's name.
 */
import type { FileMetaData, SchemaElement } from "hyparquet";
import { parquetMetadata, parquetRead, parquetSchema } from "hyparquet";
import { FormatError, UsageError } from "../network/errors.ts";
import { printable } from "../network/printable.ts";
import { heldArray } from "./array.ts";
import type { NumericArray } from "./array.ts";
import type { ReadContext } from "./budget.ts";
import { readContext } from "./budget.ts";

interface Column {
  readonly name: string;
  readonly isList: boolean;
}

/** @param wanted one column alone. @throws FormatError, UsageError, BudgetError */
export async function readParquet(
  bytes: Uint8Array,
  source: string,
  wanted: string | undefined,
  context: ReadContext = {},
): Promise<NumericArray> {
  const { budget } = readContext(context);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  budget.claim(file.byteLength, source);
  const metadata = guarded(source, () => parquetMetadata(file));
  const columns = columnsOf(metadata, wanted, source);
  const rows = Number(metadata.num_rows);
  const places = new Map(columns.map(({ name }, k) => [name, k]));
  const isList = columns[0]?.isList === true;
  let width = isList ? 0 : columns.length;
  let values = new Float64Array(0);
  const reserve = (): Float64Array => {
    if (values.length < rows * width) {
      budget.claim(8 * rows * width, source);
      values = new Float64Array(rows * width);
    }
    return values;
  };
  const put = (name: string, row: number, value: unknown): void => {
    const where = (): string => `${source}: column ${printable(name)}, row ${String(row)}`;
    if (!isList) {
      reserve()[row * width + (places.get(name) as number)] = numberOf(value, where);
      return;
    }
    if (!Array.isArray(value)) throw new FormatError(`${where()}: found no list, expected one of numbers`);
    width ||= value.length;
    if (value.length !== width) {
      throw new FormatError(
        `${where()}: found a list of ${String(value.length)}, expected ${String(width)} as in the others`,
      );
    }
    const into = reserve();
    for (let k = 0; k < width; k++) into[row * width + k] = numberOf(value[k], where);
  };
  let fault: unknown = null;
  try {
    await parquetRead({
      file,
      metadata,
      columns: columns.map(({ name }) => name),
      onChunk: ({ columnName, columnData, rowStart }) => {
        try {
          // Chunks after a wrong value have nothing to add.
          for (let k = 0; fault === null && k < columnData.length; k++) put(columnName, rowStart + k, columnData[k]);
        } catch (error) {
          fault = error;
        }
      },
    });
  } catch (error) {
    fault ??= unreadable(source, error);
  }
  if (fault !== null) throw fault instanceof Error ? fault : unreadable(source, fault);
  return heldArray([rows, width], "f64", values);
}

/** Numbers beyond 2^53 are not what they seem. */
function numberOf(value: unknown, where: () => string): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" && BigInt(Number(value)) === value) return Number(value);
  const found = typeof value === "bigint" ? `"${String(value)}"` : value === null ? "nothing" : "no number";
  throw new FormatError(`${where()}: found ${found}, expected a number that f64 holds`);
}

/** @throws FormatError for a column that holds no numbers; UsageError where one is wanted that there is not. */
function columnsOf(metadata: FileMetaData, wanted: string | undefined, source: string): Column[] {
  const all = guarded(source, () => parquetSchema(metadata)).children;
  const names = all.map(({ element }) => element.name);
  if (wanted !== undefined && !names.includes(wanted)) {
    throw new UsageError(
      `--array ${printable(wanted)}: found the columns ${names.map(printable).join(", ")} in ${source}, expected one of them`,
    );
  }
  const chosen = all.filter(({ element }) => wanted === undefined || element.name === wanted);
  const columns = chosen.map(({ element, children }): Column => {
    const name = element.name;
    if (/^__index_level_\d+__$/.test(name) && wanted === undefined) {
      throw new FormatError(
        `${source}: found pandas' index as column ${name}, expected inputs alone: df.to_parquet(file, index=False)`,
      );
    }
    const item = element.converted_type === "LIST" ? children[0]?.children[0] : undefined;
    const leaf = item ?? { element, children };
    if (leaf.children.length > 0 || !isNumber(leaf.element)) {
      const { converted_type: converted, logical_type: logical, type = "a group" } = leaf.element;
      const what = converted ?? logical?.type ?? type;
      throw new FormatError(
        `${source}: column ${printable(name)}: found ${what}, expected numbers; FILE#COLUMN takes one column of lists or numbers`,
      );
    }
    return { name, isList: item !== undefined };
  });
  if (columns.length > 1 && columns.some(({ isList }) => isList)) {
    throw new FormatError(
      `${source}: found a column of lists beside others (${names.map(printable).join(", ")}), expected FILE#COLUMN`,
    );
  }
  return columns;
}

const PLAIN_TYPES: readonly (string | undefined)[] = ["INT32", "INT64", "FLOAT", "DOUBLE"];

/** Dates and decimals are stored as integers too. */
function isNumber({ type, converted_type, logical_type }: SchemaElement): boolean {
  if (logical_type?.type === "FLOAT16") return true;
  const isInteger = converted_type === undefined || /^U?INT_(8|16|32|64)$/.test(converted_type);
  return PLAIN_TYPES.includes(type) && isInteger && (logical_type === undefined || logical_type.type === "INTEGER");
}

function guarded<T>(source: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(source, error);
  }
}

function unreadable(source: string, cause: unknown): FormatError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const codec = /compression codec: (\w+)/.exec(message)?.[1];
  if (codec !== undefined) {
    return new FormatError(
      `${source}: found pages compressed by ${codec}, expected SNAPPY or none: df.to_parquet(file, compression="snappy")`,
      { cause },
    );
  }
  return new FormatError(`${source}: cannot be read as Parquet (${printable(message)})`, { cause });
}
