/** A folder of a test file's own, gone when it ends. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

export interface Temporary {
  readonly folder: string;
  /** Writes a file there. @returns its path. */
  readonly write: (name: string, content: Uint8Array | string) => string;
}

/** To be called where a test file begins. */
export function temporary(): Temporary {
  const folder = mkdtempSync(join(tmpdir(), "gpv-test-"));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    write(name, content) {
      const file = join(folder, name);
      writeFileSync(file, content);
      return file;
    },
  };
}
