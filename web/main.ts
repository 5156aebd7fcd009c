/** The page: settings → a request to the worker → answers, plots, tables and files. Everything is written as text, never as markup. */
import type { Interim, Offer, PageOutcome, PageRequest, Progress } from "../src/worker/client.ts";
import { startClient, WorkerLostError } from "../src/worker/client.ts";
import { createBuilder } from "./controls/builder.ts";
import { createCommand } from "./controls/command.ts";
import { digits } from "./controls/digits.ts";
import { createFaults } from "./controls/faults.ts";
import { createOwnFiles, inWords } from "./controls/own-files.ts";
import { createRunBar } from "./controls/run-bar.ts";
import { createTakeaway } from "./controls/takeaway.ts";
import { element, make } from "./dom.ts";
import { experimentsView } from "./experiments.ts";
import { explanationView } from "./explanation.ts";
import { firstPaint } from "./first-paint.ts";
import { grouped, put, startLanguage } from "./i18n/language.ts";
import { createPlots } from "./plots/plots.ts";
import { offerViews } from "./side-views.ts";
import { shaders } from "./shaders.ts";
import { createAnswers } from "./views/answers.ts";
import { showEngine } from "./views/engine-line.ts";
import { sampleView } from "./views/sample-view.ts";
import { layerTable, outputTable, ratioTable, sampleTable } from "./views/tables.ts";

startLanguage(element("language", HTMLButtonElement));
const results = element("results", HTMLElement);
const [sample, plot] = [element("sample", HTMLElement), element("plot", HTMLElement)];
const netStatus = element("net-status", HTMLParagraphElement);

const explanation = explanationView(element("explain", HTMLButtonElement), element("explanation", HTMLElement));
offerViews([
  explanation,
  experimentsView(element("experiment", HTMLButtonElement), element("experiments", HTMLElement)),
]);
const client = startClient();
const builder = createBuilder(() => void run());
const faults = createFaults(() => void run());
const own = createOwnFiles(client, () => {
  builder.choose("files");
  void run();
});
const bar = createRunBar({
  again: () => void run(),
  pause: () => void client.pause(),
  resume: () => void client.resume(),
  stop: () => void client.stop(),
});
const answers = createAnswers();
const command = createCommand(client);
const takeaway = createTakeaway(client);

/** A change while a run is under way stops it, and the next begins when it has ended. */
let wanted = false;
let busy = false;

async function run(): Promise<void> {
  wanted = true;
  if (busy) {
    // A worker that is lost meanwhile has stopped as well, and the run under way says so.
    await client.stop().catch(() => undefined);
    return;
  }
  busy = true;
  while (wanted) {
    wanted = false;
    await runOnce();
  }
  busy = false;
}

/** What the settings ask for. */
async function makeRequest(): Promise<PageRequest> {
  const kind = builder.kind();
  const subject = kind === "drawn" ? builder.drawn() : kind === "files" ? own.subject() : await digits();
  return { subject, ...builder.settings(), plant: faults.planted(), shaders };
}

/** Nothing of another run stays in view: what is shown belongs to the names beside it. */
function clear(): void {
  answers.clear();
  faults.show(null);
  takeaway.begin();
  command.clear();
  for (const section of [sample, results, plot]) section.replaceChildren();
  put(netStatus, "");
}

let over = new AbortController();

async function runOnce(): Promise<void> {
  over.abort();
  over = new AbortController();
  bar.begin();
  clear();
  let isOver = false;
  try {
    const offer = await client.describe();
    builder.fill(offer);
    own.offer(offer.activations);
    faults.fill(offer, engineKind(offer));
    const request = await makeRequest();
    // The command says which engine it was: auto may be another one there.
    command.show({ ...request, engine: engineKind(offer) }, builder.kind());
    explanation.follow(request);
    const plots = createPlots(over.signal);
    plot.replaceChildren(...plots.figures);
    const outcome = await client.verify(request, (progress: Progress) => {
      plots.add(progress.points);
      // Progress may come after the outcome, which says all that it does.
      if (isOver) return;
      bar.progress(progress);
      answers.progress(progress);
      if (progress.interim !== null) show(request, progress.interim, plots.show, false);
    });
    isOver = true;
    show(request, outcome, plots.show, true);
    end(outcome);
  } catch (error) {
    isOver = true;
    clear();
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof WorkerLostError) {
      const { loss } = error;
      bar.end(0, (m) => (loss.kind === "silent" ? m.run.silent : m.run.failed(loss.message)));
      return;
    }
    bar.end(0, inWords(why));
    // Beside the control that was used, too.
    if (builder.kind() === "files") own.failed(why);
    else put(netStatus, why);
  }
}

/** The engine that `auto` takes here, as far as this browser's offer tells. */
function engineKind(offer: Offer): "webgpu" | "cpu" {
  const { engine } = builder.settings();
  return engine === "auto" ? (offer.webgpu === null ? "cpu" : "webgpu") : engine;
}

/** What the samples so far amount to, or all of them. */
function show(request: PageRequest, interim: Interim, draw: (interim: Interim) => void, isOver: boolean): void {
  const { report, why, tightest, leastSettled } = interim;
  const { threads } = report.timing.details;
  showEngine(why, report.engine, typeof threads === "number" ? threads : null);
  answers.interim(interim, isOver);
  faults.show(interim);
  draw(interim);
  takeaway.show(interim);
  const look = (index: number): void => void examine(request, index);
  const focused = document.activeElement?.getAttribute("data-key") ?? null;
  results.replaceChildren(
    ratioTable(report),
    layerTable(report),
    ...[outputTable(report, look)].filter((own) => own !== null),
    sampleTable("tightest", tightest, look),
    sampleTable("leastSettled", leastSettled, look),
  );
  // Whoever stands on a button of the old table stands on the new one's.
  if (focused !== null) results.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
}

function end({ report, failure }: PageOutcome): void {
  const { samplesPerSecond: rate, interrupted } = report.timing;
  const speed = rate === null ? null : grouped(Math.round(rate));
  bar.end(report.samples, failure ?? ((m) => m.run.examined(grouped(report.samples), speed, interrupted)));
}

/** One sample again, with what its verdict is made of. */
async function examine(request: PageRequest, index: number): Promise<void> {
  delete sample.dataset["shown"];
  sample.replaceChildren(put(make("p"), (m) => m.sample.looking(index)));
  try {
    const examined = await client.examine(request, index);
    sample.replaceChildren(...sampleView(examined));
    sample.dataset["shown"] = String(index);
    sample.focus();
  } catch (error) {
    sample.textContent = error instanceof Error ? error.message : String(error);
  }
}

void firstPaint().then(run);
