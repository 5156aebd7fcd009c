/**
 * At build time: what the page may weigh, compressed by gzip. Code is what the first view loads (documents, scripts, workers, styles), data
 * what it fetches after its first paint; later is what an import() fetches, and data that such scripts alone name. A build beyond its budget
 * fails and says by how much.
 */
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

export const BUDGET = { codeBytes: 320_000, dataBytes: 350_000, laterBytes: 250_000 } as const;
const NAMES = { codeBytes: "code", dataBytes: "data", laterBytes: "later code and data" } as const;

export interface BuiltFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** Fetched when it is asked for, after the first view. */
  readonly later: boolean;
}

export interface Weight {
  readonly codeBytes: number;
  readonly laterBytes: number;
  readonly dataBytes: number;
}

const isCode = (name: string): boolean => /\.(html|js|css)$/.test(name);
const textOf = ({ content }: BuiltFile): string =>
  typeof content === "string" ? content : new TextDecoder().decode(content);

/** Compressed sizes. A file that is compressed already weighs what it weighs. */
export function weigh(files: readonly BuiltFile[]): Weight {
  let [codeBytes, laterBytes, dataBytes] = [0, 0, 0];
  for (const { name, content, later } of files) {
    const bytes = Math.min(gzipSync(content, { level: 9 }).length, Buffer.byteLength(content));
    if (later) laterBytes += bytes;
    else if (isCode(name)) codeBytes += bytes;
    else dataBytes += bytes;
  }
  return { codeBytes, laterBytes, dataBytes };
}

/** A worker's own chunks come without a mark: those that its script import()s are later ones too; and so are data that later ones alone name. */
export function withLater(files: readonly BuiltFile[]): BuiltFile[] {
  const imported = new Set<string>();
  for (const file of files) {
    if (!file.name.endsWith(".js")) continue;
    const calls = textOf(file).matchAll(/\bimport\([`"']\.\/([\w.-]+\.js)[`"']\)/g);
    for (const [, name = ""] of calls) imported.add(name);
  }
  const own = (name: string): string => name.replace(/^.*\//, "");
  const marked = files.map((file) => ({ ...file, later: file.later || imported.has(own(file.name)) }));
  const code = marked.filter(({ name }) => isCode(name)).map((file) => ({ later: file.later, text: textOf(file) }));
  const isLate = (name: string): boolean => {
    const naming = code.filter(({ text }) => text.includes(own(name)));
    return naming.length > 0 && naming.every(({ later }) => later);
  };
  return marked.map((file) => ({ ...file, later: file.later || (!isCode(file.name) && isLate(file.name)) }));
}

/** @throws Error where a part is heavier than its budget. */
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
        `gzip: ${kB(weight.codeBytes)} of code for the first view, ${kB(weight.dataBytes)} of data, ${kB(weight.laterBytes)} later`,
      );
      for (const part of ["codeBytes", "dataBytes", "laterBytes"] as const) {
        if (!(weight[part] <= BUDGET[part])) {
          throw new Error(
            `the page's ${NAMES[part]}: found ${kB(weight[part])} compressed, expected at most ${kB(BUDGET[part])}`,
          );
        }
      }
    },
  };
}
