/** `npm run evidence -- fuzz`, reduced: the same mutants of every format, fewer of each. */
import { expect, test } from "vitest";
import { fuzz } from "../evidence/fuzz.ts";

test(
  "mutated files are refused in one line or accepted, never a crash, a hang, or other numbers in silence",
  { timeout: 60_000 },
  async () => {
    const { total, findings } = await fuzz({ proof: "fuzz", engine: "none", seed: 7, share: 0.002 });
    expect(findings).toEqual([]);
    expect(total.files).toBeGreaterThan(2000);
    expect(total.accepted).toBeGreaterThan(100);
    expect(total.refused).toBeGreaterThan(1000);
  },
);
