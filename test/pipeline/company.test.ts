/** Nothing depends on company (test/support/company.ts), on engine cpu: in this thread, and over threads that answer out of turn. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { HostThread } from "../../src/engine/cpu/engine.ts";
import type { HostReply } from "../../src/engine/cpu/host.ts";
import { serve } from "../../src/engine/cpu/host.ts";
import { hostPair } from "../../src/engine/pair.ts";
import { batchWork } from "../../src/pipeline/thread.ts";
import { company, companyFindings } from "../support/company.ts";

/** A thread as Node's and the browser's are, copying what it is told, but in this one: every other answer comes late. */
function slowThread(): HostThread {
  let reply: (reply: HostReply) => void = () => undefined;
  let calls = 0;
  const answer = serve((found, transfer) => {
    const copy = structuredClone(found, { transfer: [...transfer] });
    if (calls++ % 2 === 0)
      setTimeout(() => {
        reply(copy);
      }, 2);
    else
      queueMicrotask(() => {
        reply(copy);
      });
  }, batchWork());
  return {
    post: (message) => {
      const copy = structuredClone(message);
      queueMicrotask(() => {
        answer(copy);
      });
    },
    onReply: (listener) => {
      reply = listener;
    },
    onFailure: () => undefined,
    terminate: () => undefined,
  };
}

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
