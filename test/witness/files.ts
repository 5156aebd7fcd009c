/** Witness files taken apart and put together again. */
import { readWitness } from "../../src/witness/file.ts";

/** The parts that a file keeps a digest of. */
export const PARTS = ["network", "head", "input", "measured", "stored", "measurements"] as const;

/** What one digest is kept of together. */
const REST = ["tool", "engine", "settings", "address", "index", "label", "norms", "verdict", "check", "layer"];

/** Where a value stands in a file: keys from the outside in. */
export type Path = readonly (string | number)[];

export async function sha256(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(bytes).toString("hex");
}

export function parsed(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

/** The value at a path. */
export function valueAt(file: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], file);
}

/** The file with one value changed and every digest made anew, so that what is wrong in it is not a digest. */
export async function resealed(text: string, path: Path, change: (value: unknown) => unknown): Promise<string> {
  const file = parsed(text);
  const holder = valueAt(file, path.slice(0, -1)) as Record<string | number, unknown>;
  const key = path.at(-1) ?? "";
  holder[key] = change(holder[key]);
  const digests = file["sha256"] as Record<string, string>;
  for (const part of PARTS) digests[part] = await sha256(JSON.stringify(file[part]));
  digests["rest"] = await sha256(JSON.stringify(REST.map((name) => file[name])));
  return JSON.stringify(file);
}

/** Every array below a value, itself included. */
export function* arraysOf(value: unknown, path: Path = []): Generator<Path> {
  if (value === null || typeof value !== "object") return;
  if (Array.isArray(value)) yield path;
  for (const [key, entry] of Object.entries(value)) {
    yield* arraysOf(entry, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

/** What reading the file says, with the kind of error; "accepted" where it says nothing. */
export async function refusal(text: string): Promise<string> {
  try {
    await readWitness(text, "w.json");
    return "accepted";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : "not an error";
  }
}

/** Every number of a value by its path, as the 64 bits it has; other plain values as they are. */
export function bitsOf(value: unknown, path = ""): Map<string, string> {
  if (typeof value === "number") return new Map([[path, hexOf(value)]]);
  if (value === null || typeof value !== "object") return new Map([[path, String(value)]]);
  const kind = ArrayBuffer.isView(value) ? value.constructor.name : Array.isArray(value) ? "Array" : "object";
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return new Map([
    [path, `${kind} of ${String(entries.length)}`],
    ...entries.flatMap(([key, entry]) => [...bitsOf(entry, `${path}.${key}`)]),
  ]);
}

function hexOf(x: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

/** The entries in which two maps differ: [path, found, expected]. */
export function differences(
  found: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
): (readonly [string, string, string])[] {
  const paths = [...new Set([...found.keys(), ...expected.keys()])];
  const at = (map: ReadonlyMap<string, string>, path: string): string => map.get(path) ?? "nothing";
  return paths
    .filter((path) => at(found, path) !== at(expected, path))
    .map((path) => [path, at(found, path), at(expected, path)]);
}
