/** The page: hands the shipped digits to the worker and shows the report. Everything is written as text, never as markup. */
import type { Offer, OfferedFault, PageOutcome, PageRequest, Report, SampleRow } from "../src/worker/client.ts";
import { startClient } from "../src/worker/client.ts";
import { createBuilder } from "./builder.ts";
import { firstPaint } from "./first-paint.ts";
import { createHistogram } from "./histogram.ts";
import type { Say } from "./i18n/language.ts";
import { grouped, put, startLanguage } from "./i18n/language.ts";
import { createOwnFiles } from "./own-files.ts";
import { createScatter } from "./scatter.ts";
import { sampleView } from "./sample-view.ts";
import { checkName, layerTable, ratioTable, sampleTable } from "./tables.ts";

const shaderModules: Record<string, string> = import.meta.glob("../shaders/**/*.wgsl", {
  query: "?raw",
  import: "default",
  eager: true,
});
const shaders = Object.fromEntries(
  Object.entries(shaderModules).map(([path, text]) => [path.replace("../shaders/", ""), text]),
);

const VERDICTS = ["holds", "tight", "violated", "unresolved", "invalid"] as const;

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

startLanguage(element("language", HTMLButtonElement));
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
    batchSize: null,
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
  for (const part of [results, sample]) part.replaceChildren();
  put(finding, "");
  delete status.dataset["done"];
  put(status, (m) => m.run.loading);
  try {
    const offer = await client.describe();
    offerFaults(offer);
    builder.fill(offer);
    const { webgpu } = offer;
    put(engineLine, (m) => (webgpu === null ? m.engine.none : m.engine.offers(webgpu.adapter)));
    const scatter = createScatter();
    const histogram = createHistogram();
    plot.replaceChildren(scatter.figure, histogram.figure);
    show(
      await client.verify(await request(), ({ done, total, verdicts: counts, points }) => {
        scatter.add(points);
        histogram.add(points);
        progress.max = total;
        progress.value = done;
        put(status, (m) => m.run.progress(grouped(done), grouped(total)));
        showVerdicts(counts);
      }),
    );
  } catch (error) {
    put(status, error instanceof Error ? error.message : String(error));
    status.dataset["done"] = "0";
  } finally {
    for (const control of [again, fault]) control.disabled = false;
    stop.disabled = true;
  }
}

function show(outcome: PageOutcome): void {
  const { report, failure, why, tightest, leastSettled } = outcome;
  const { kind, precision, runtime } = report.engine;
  put(engineLine, (m) => `${whyText(why)(m)} ${m.engine.facts(kind, precision, runtime)}`);
  const { samplesPerSecond: rate, interrupted } = report.timing;
  const speed = rate === null ? null : grouped(Math.round(rate));
  put(status, failure ?? ((m) => m.run.examined(grouped(report.samples), speed, interrupted)));
  URL.revokeObjectURL(reportLink.href);
  reportLink.href = URL.createObjectURL(new Blob([outcome.json], { type: "application/json" }));
  reportLink.hidden = false;
  status.dataset["done"] = String(report.samples);
  showVerdicts(report.verdicts);
  put(finding, fault.value === "" ? "" : faultFinding(outcome));
  const look = (row: SampleRow): void => void examine(row);
  results.replaceChildren(
    ratioTable(report),
    layerTable(report),
    sampleTable("tightest", tightest, look),
    sampleTable("leastSettled", leastSettled, look),
  );
}

/** What the inequality alone makes of the fault, and which of the checks name which layer. */
function faultFinding({ report, passing }: PageOutcome): Say {
  const named = [...report.faults].sort((a, b) => b.count - a.count).slice(0, 6);
  return ({ fault: m, check: names }) =>
    [
      m.alone(grouped(passing), grouped(report.samples)),
      m.caught(grouped(report.verdicts.violated)),
      ...(named.length === 0
        ? []
        : [m.named(named.map(({ check, layer, count }) => m.place(checkName(names, check), layer, grouped(count))))]),
    ].join(" ");
}

/** Which engine computed, and why. */
function whyText(why: PageOutcome["why"]): Say {
  return ({ engine: m }) => {
    switch (why.kind) {
      case "asked":
        return m.asked;
      case "webgpu":
        return why.hardware ? m.hardware(why.adapter) : m.software(why.adapter);
      case "no-webgpu":
        return m.noWebGpu;
      case "no-adapter":
        return m.noAdapter;
      case "unusable":
        return m.unusable(why.message);
    }
  };
}

/** One sample again, with what its verdict is made of. */
async function examine(row: SampleRow): Promise<void> {
  sample.replaceChildren(put(document.createElement("p"), (m) => m.sample.looking(row.index)));
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
    ...VERDICTS.map((name) => {
      const card = document.createElement("div");
      card.className = `verdict ${name}`;
      const number = document.createElement("b");
      number.textContent = grouped(counts[name]);
      card.append(
        number,
        put(document.createElement("span"), (m) => `${m.verdict[name]}${m.page.colon}${m.meaning[name]}`),
      );
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
void firstPaint().then(run);
