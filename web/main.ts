/** The page: hands the shipped digits to the worker and shows the report. Everything is written as text, never as markup. */
import type { Offer, OfferedFault, PageOutcome, PageRequest, Report, SampleRow } from "../src/worker/client.ts";
import { startClient } from "../src/worker/client.ts";
import { createBuilder } from "./builder.ts";
import { createHistogram } from "./histogram.ts";
import { createOwnFiles } from "./own-files.ts";
import { createScatter } from "./scatter.ts";
import { sampleView } from "./sample-view.ts";
import { layerTable, ratioTable, sampleTable } from "./tables.ts";

const shaderModules: Record<string, string> = import.meta.glob("../shaders/**/*.wgsl", {
  query: "?raw",
  import: "default",
  eager: true,
});
const shaders = Object.fromEntries(
  Object.entries(shaderModules).map(([path, text]) => [path.replace("../shaders/", ""), text]),
);

const VERDICTS = {
  holds: "proven, rounding included",
  tight: "equality, within the proven error",
  violated: "proven fault of the computation",
  unresolved: "could not be decided",
  invalid: "not finite",
} as const;

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

const engineLine = element("engine", HTMLParagraphElement);
const progress = element("progress", HTMLProgressElement);
const status = element("status", HTMLParagraphElement);
const verdicts = element("verdicts", HTMLElement);
const results = element("results", HTMLElement);
const again = element("again", HTMLButtonElement);
const stop = element("stop", HTMLButtonElement);
const reportLink = element("report", HTMLAnchorElement);
const fault = element("fault", HTMLSelectElement);
const finding = element("finding", HTMLParagraphElement);
const plot = element("plot", HTMLElement);
const sample = element("sample", HTMLElement);

const client = startClient();
const builder = createBuilder(() => void run());
const own = createOwnFiles(() => {
  builder.leave();
  void run();
});
/** A change while a run is under way stops it, and the next begins when it has ended. */
let wanted = false;
let busy = false;

function engineChoice(): PageRequest["engine"] {
  const wish = new URLSearchParams(location.search).get("engine");
  return wish === "cpu" || wish === "webgpu" ? wish : "auto";
}

/** The engine that `auto` takes here, as far as this browser's offer tells. */
function engineKind(offer: Offer): "webgpu" | "cpu" {
  const wish = engineChoice();
  return wish === "auto" ? (offer.webgpu === null ? "cpu" : "webgpu") : wish;
}

/** The faults that the engine can have, with the one of the page's address chosen. */
function offerFaults(offer: Offer): void {
  if (fault.options.length > 1) return;
  const wish = new URLSearchParams(location.search).get("plant");
  for (const { name, changes, engines } of offer.faults) {
    if (!engines.includes(engineKind(offer))) continue;
    const option = new Option(`${name}: ${changes}`, name, name === wish, name === wish);
    fault.append(option);
  }
}

async function request(): Promise<PageRequest> {
  const drawn = builder.subject();
  return {
    subject: drawn ?? (await own.subject()),
    head: builder.head(),
    accuracy: 1e-3,
    norm: builder.norm(),
    seed: drawn?.seed ?? 0,
    engine: engineChoice(),
    plant: fault.value === "" ? null : (fault.value as OfferedFault["name"]),
    shaders,
  };
}

async function run(): Promise<void> {
  wanted = true;
  if (busy) {
    await client.stop();
    return;
  }
  busy = true;
  while (wanted) {
    wanted = false;
    await runOnce();
  }
  busy = false;
}

async function runOnce(): Promise<void> {
  for (const control of [again, fault]) control.disabled = true;
  stop.disabled = false;
  reportLink.hidden = true;
  for (const part of [results, sample, finding]) part.replaceChildren();
  delete status.dataset["done"];
  status.textContent = "Loading the network and the samples …";
  try {
    const offer = await client.describe();
    offerFaults(offer);
    builder.fill(offer);
    const { webgpu } = offer;
    engineLine.textContent = webgpu === null ? "No WebGPU in this browser." : `WebGPU offers ${webgpu.adapter}.`;
    const scatter = createScatter();
    const histogram = createHistogram();
    plot.replaceChildren(scatter.figure, histogram.figure);
    show(
      await client.verify(await request(), ({ done, total, verdicts: counts, points }) => {
        scatter.add(points);
        histogram.add(points);
        progress.max = total;
        progress.value = done;
        status.textContent = `${done.toLocaleString("en")} of ${total.toLocaleString("en")} samples`;
        showVerdicts(counts);
      }),
    );
  } catch (error) {
    status.textContent = error instanceof Error ? error.message : String(error);
    status.dataset["done"] = "0";
  } finally {
    for (const control of [again, fault]) control.disabled = false;
    stop.disabled = true;
  }
}

function show(outcome: PageOutcome): void {
  const { report, failure, why, tightest, leastSettled } = outcome;
  engineLine.textContent = `${why} Engine ${report.engine.kind}, ${report.engine.precision}, ${report.engine.runtime}.`;
  const rate = report.timing.samplesPerSecond;
  const speed = rate === null ? "" : `, ${Math.round(rate).toLocaleString("en")} samples a second`;
  const stopped = report.timing.interrupted ? ", then stopped" : "";
  status.textContent = failure ?? `${report.samples.toLocaleString("en")} samples examined${speed}${stopped}.`;
  URL.revokeObjectURL(reportLink.href);
  reportLink.href = URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" }));
  reportLink.hidden = false;
  status.dataset["done"] = String(report.samples);
  showVerdicts(report.verdicts);
  finding.textContent = fault.value === "" ? "" : faultFinding(outcome);
  const look = (row: SampleRow): void => void examine(row);
  results.replaceChildren(
    ratioTable(report),
    layerTable(report),
    sampleTable("The tightest samples", "Nearest to equality, left / right = 1", tightest, look),
    sampleTable(
      "The least settled samples",
      "Violated or open first, then where κ's proven interval reaches furthest",
      leastSettled,
      look,
    ),
  );
}

/** What the inequality alone makes of the fault, and which of the checks name which layer. */
function faultFinding({ report, passing }: PageOutcome): string {
  const count = (n: number): string => n.toLocaleString("en");
  const alone = `The inequality alone passes ${count(passing)} of ${count(report.samples)} samples.`;
  const caught = `All checks together: ${count(report.verdicts.violated)} violated.`;
  const named = [...report.faults]
    .sort((a, b) => b.count - a.count)
    .slice(0, 6)
    .map(({ check, layer, count: n }) => `${check}${layer > 0 ? ` at layer ${String(layer)}` : ""} (${count(n)})`);
  return `${alone} ${caught}${named.length > 0 ? ` Named: ${named.join(", ")}.` : ""}`;
}

/** One sample again, with what its verdict is made of. */
async function examine(row: SampleRow): Promise<void> {
  sample.textContent = `Looking at sample ${String(row.index)} …`;
  try {
    const examined = await client.examine(await request(), row.index);
    sample.replaceChildren(...sampleView(examined));
    sample.dataset["shown"] = String(row.index);
    sample.focus();
  } catch (error) {
    sample.textContent = error instanceof Error ? error.message : String(error);
  }
}

function showVerdicts(counts: Report["verdicts"]): void {
  verdicts.replaceChildren(
    ...Object.entries(VERDICTS).map(([name, meaning]) => {
      const card = document.createElement("div");
      card.className = `verdict ${name}`;
      const number = document.createElement("b");
      number.textContent = counts[name as keyof typeof VERDICTS].toLocaleString("en");
      card.append(number, `${name}: ${meaning}`);
      return card;
    }),
  );
}

again.addEventListener("click", () => void run());
stop.addEventListener("click", () => void client.stop());
fault.addEventListener("change", () => {
  // The address leads to the same run again.
  const address = new URL(location.href);
  if (fault.value === "") address.searchParams.delete("plant");
  else address.searchParams.set("plant", fault.value);
  history.replaceState(null, "", address);
  void run();
});
void run();
