/** The WGSL files as values: from shaders/, beside src/ in a checkout and beside dist/ in the package. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ShaderSources } from "../../engine/gpu/sources.ts";
import { DeviceError } from "../../network/errors.ts";

export function readShaders(): ShaderSources {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "shaders", "forward.wgsl"))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new DeviceError("shaders: found no folder shaders/ beside the program, expected it there");
    folder = parent;
  }
  const root = join(folder, "shaders");
  const sources: Record<string, string> = {};
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".wgsl")) sources[name.replaceAll("\\", "/")] = readFileSync(join(root, name), "utf8");
  }
  return sources;
}
