/**
 * At build time: what the page may weigh, compressed by gzip. Code is what the first view loads (documents, scripts, workers, styles; not
 * what a later import() fetches), data is everything else. A build beyond its budget fails and says by how much.
 */
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

export const BUDGET = { codeBytes: 300_000, dataBytes: 350_000 } as const;

export interface BuiltFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** Fetched by an import() alone, after the first view. */
  readonly later: boolean;
}

export interface Weight {
  readonly codeBytes: number;
  readonly laterBytes: number;
  readonly dataBytes: number;
}

/** Compressed sizes. A file that is compressed already weighs what it weighs. */
export function weigh(files: readonly BuiltFile[]): Weight {
  let [codeBytes, laterBytes, dataBytes] = [0, 0, 0];
  for (const { name, content, later } of files) {
    const bytes = Math.min(gzipSync(content, { level: 9 }).length, Buffer.byteLength(content));
    if (!/\.(html|js|css)$/.test(name)) dataBytes += bytes;
    else if (later) laterBytes += bytes;
    else codeBytes += bytes;
  }
  return { codeBytes, laterBytes, dataBytes };
}

/** A worker's own chunks come without a mark: those that its script import()s are later ones too. */
export function withLater(files: readonly BuiltFile[]): BuiltFile[] {
  const imported = new Set<string>();
  for (const { name, content } of files) {
    if (!name.endsWith(".js")) continue;
    const text = typeof content === "string" ? content : new TextDecoder().decode(content);
    for (const [, file = ""] of text.matchAll(/\bimport\([`"']\.\/([\w.-]+\.js)[`"']\)/g)) imported.add(file);
  }
  return files.map((file) => ({ ...file, later: file.later || imported.has(file.name.replace(/^.*\//, "")) }));
}

/** @throws Error where the first view's code or the data are heavier than their budget. */
export function budget(): Plugin {
  return {
    name: "budget",
    enforce: "post",
    writeBundle(_, bundle) {
      const files = withLater(
        Object.values(bundle).map((file) => ({
          name: file.fileName,
          content: file.type === "chunk" ? file.code : file.source,
          later: file.type === "chunk" && file.isDynamicEntry,
        })),
      );
      const weight = weigh(files);
      const kB = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
      this.info(
        `gzip: ${kB(weight.codeBytes)} of code for the first view, ${kB(weight.laterBytes)} later, ${kB(weight.dataBytes)} of data`,
      );
      for (const part of ["codeBytes", "dataBytes"] as const) {
        if (!(weight[part] <= BUDGET[part])) {
          throw new Error(
            `the page's ${part === "codeBytes" ? "code" : "data"}: found ${kB(weight[part])} compressed, expected at most ${kB(BUDGET[part])}`,
          );
        }
      }
    },
  };
}
