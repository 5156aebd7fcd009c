/** The measurement of the main thread's tasks (`npm run evidence -- page`), reduced: that it sees the run. What it measures is timed there alone. */
import { expect, test } from "vitest";
import { longestTasks } from "../evidence/page-tasks.ts";
import { skipReason } from "../support/browser.ts";

test.skipIf(skipReason !== null)("the trace of a run has the main thread's tasks, and their time", async () => {
  const figures = await longestTasks({ proof: "tasks", engine: "cpu", widths: "6-7-5", samples: 300 });
  expect(figures["consoleErrors"]).toBe(0);
  expect(figures["tasks"]).toBeGreaterThan(20);
  expect(figures["longestProcessorMs"]).toBeGreaterThan(1);
  expect(figures["longestMs"]).toBeGreaterThanOrEqual(figures["longestProcessorMs"] as number);
});
