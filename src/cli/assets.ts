/** Files that ship with the program, found from its source (src/cli/) and from its build (dist/) alike. */
import { fileURLToPath } from "node:url";

const root = import.meta.url.endsWith(".ts") ? "../../" : "../";

/** The path of a file of the package, given from its root: examples/digits/digits.safetensors. */
export function assetPath(path: string): string {
  return fileURLToPath(new URL(root + path, import.meta.url));
}
