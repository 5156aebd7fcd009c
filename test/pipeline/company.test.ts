/** Nothing depends on company (test/support/company.ts), on engine cpu: in this thread, and over threads that answer out of turn. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { hostPair } from "../../src/engine/pair.ts";
import { company, companyFindings } from "../support/company.ts";
import { slowThread } from "../support/slow-thread.ts";

const pairs = {
  "the calling thread": hostPair({ threads: 0, spawn: slowThread, runtime: "test" }, null),
  "one thread": hostPair({ threads: 1, spawn: slowThread, runtime: "test" }, null),
  "three threads": hostPair({ threads: 3, spawn: slowThread, runtime: "test" }, null),
};

test("a sample's row and the set's report have the same bits in any company, order, batches and number of threads", async () => {
  await fc.assert(
    fc.asyncProperty(company, async (own) => {
      expect((await companyFindings(own, pairs)).findings).toEqual([]);
    }),
    { numRuns: 40 },
  );
});
