/**
 * How long the page's main thread is ever busy at a stretch while samples pass: every task that Chromium's own trace has of it, from the
 * navigation to the end of the run. A browser that cannot use the GPU and a machine of few cores are the worst case.
 */
import { loadavg } from "node:os";
import type { CDPSession } from "playwright-core";
import { ended, reportOf, servePage } from "../support/page.ts";
import { root } from "./run-proof.ts";

export interface TasksRequest {
  readonly proof: "tasks";
  readonly engine: "webgpu" | "cpu";
  readonly widths: string;
  readonly samples: number;
}

/** The events that are read of a trace. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds: wall clock, and of the thread's own processor time. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** A blink is 50 ms: what takes longer is felt. */
const LIMIT_MS = 50;

export async function longestTasks(request: TasksRequest): Promise<Record<string, unknown>> {
  const { engine, widths, samples } = request;
  const served = await servePage(root);
  try {
    const session = await served.browser.newBrowserCDPSession();
    const { page, errors } = await served.open("?engine=cpu&widths=2-2&samples=1");
    await ended(page, 1);
    const stop = await trace(session);
    await page.goto(`${served.address}?engine=${engine}&widths=${widths}&samples=${String(samples)}`);
    await ended(page, samples, 900_000);
    const events = await stop();
    const report = await reportOf(page);
    const tasks = mainThreadTasks(events);
    const longest = (key: "dur" | "tdur"): number => Math.max(0, ...tasks.map((task) => (task[key] ?? 0) / 1000));
    return {
      ...request,
      ...{ browser: `chromium ${served.browser.version()}`, samplesPerSecond: report.timing.samplesPerSecond },
      ...{ verdicts: report.verdicts, consoleErrors: errors.length, tasks: tasks.length },
      limitMs: LIMIT_MS,
      longerThanLimit: tasks.filter((task) => (task.dur ?? 0) > 1000 * LIMIT_MS).length,
      longestMs: longest("dur"),
      longestProcessorMs: longest("tdur"),
      // What else the machine did: a task that is preempted is long by the clock alone.
      loadAverage: loadavg()[0],
    };
  } finally {
    await served.close();
  }
}

/** Starts a trace; what it gives stops it and has its events. */
async function trace(session: CDPSession): Promise<() => Promise<TraceEvent[]>> {
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await session.send("Tracing.start", {
    transferMode: "ReportEvents",
    traceConfig: {
      recordMode: "recordContinuously",
      includedCategories: ["disabled-by-default-devtools.timeline", "__metadata"],
    },
  });
  return async () => {
    const complete = new Promise((done) => {
      session.once("Tracing.tracingComplete", done);
    });
    await session.send("Tracing.end");
    await complete;
    return events;
  };
}

/** The tasks of the main threads of all pages: there is one page. */
function mainThreadTasks(events: readonly TraceEvent[]): TraceEvent[] {
  const main = new Set(
    events
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${String(pid)} ${String(tid)}`),
  );
  const tasks = events.filter(({ name, pid, tid }) => name === "RunTask" && main.has(`${String(pid)} ${String(tid)}`));
  if (tasks.length === 0) throw new Error("the trace has no task of the page's main thread");
  return tasks;
}
