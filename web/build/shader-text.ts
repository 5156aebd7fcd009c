/** At build time: the page's shaders without their comments and indentation, which nobody reads there; lines keep their numbers. */
import { readFile } from "node:fs/promises";
import type { Plugin } from "vite";

const RAW = ".wgsl?raw";

export function shaderText(): Plugin {
  return {
    name: "shader-text",
    enforce: "pre",
    async load(id) {
      if (!id.endsWith(RAW)) return null;
      const text = await readFile(id.slice(0, id.lastIndexOf("?")), "utf8");
      return `export default ${JSON.stringify(bareShader(text))};`;
    },
  };
}

/** WGSL has no text literals: two slashes always begin a comment. The one that names the pieces a shader is joined from is none (sources.ts). */
export function bareShader(text: string): string {
  return text.replaceAll(/[ \t]*\/\/(?! uses:).*$/gm, "").replaceAll(/^[ \t]+/gm, "");
}
