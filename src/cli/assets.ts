/** Files that the package ships beside the program. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The path of a shipped file, looked for from the program's own folder upwards: src/cli and dist/cli alike. */
export function assetPath(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const path = join(folder, name);
    const parent = dirname(folder);
    if (existsSync(path) || parent === folder) return path;
    folder = parent;
  }
}
