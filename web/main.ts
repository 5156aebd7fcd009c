/** The page: hands the shipped digits to the worker and shows the report. Everything is written as text, never as markup. */
import inputsUrl from "../examples/digits/digits.idx3-ubyte.gz?url";
import modelUrl from "../examples/digits/digits.safetensors?url";
import type { PageOutcome, PageRequest, Report } from "../src/worker/client.ts";
import { startClient } from "../src/worker/client.ts";

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

const client = startClient();

async function bytesOf(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: the server answered ${String(response.status)}`);
  return response.arrayBuffer();
}

function engineChoice(): PageRequest["engine"] {
  const wish = new URLSearchParams(location.search).get("engine");
  return wish === "cpu" || wish === "webgpu" ? wish : "auto";
}

async function run(): Promise<void> {
  again.disabled = true;
  results.replaceChildren();
  delete status.dataset["done"];
  status.textContent = "Loading the model and 1,000 digits …";
  try {
    const { webgpu } = await client.describe();
    engineLine.textContent = webgpu === null ? "No WebGPU in this browser." : `WebGPU offers ${webgpu.adapter}.`;
    const [model, inputs] = await Promise.all([bytesOf(modelUrl), bytesOf(inputsUrl)]);
    const request: PageRequest = {
      model,
      modelName: "digits.safetensors",
      inputs,
      inputsName: "digits.idx3-ubyte.gz",
      std: 255,
      accuracy: 1e-3,
      norm: "spectral",
      seed: 0,
      engine: engineChoice(),
      shaders,
    };
    show(
      await client.verify(request, ({ done, total, verdicts: counts }) => {
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
    again.disabled = false;
  }
}

function show({ report, failure, why }: PageOutcome): void {
  engineLine.textContent = `${why} Engine ${report.engine.kind}, ${report.engine.precision}, ${report.engine.runtime}.`;
  const rate = report.timing.samplesPerSecond;
  const speed = rate === null ? "" : `, ${Math.round(rate).toLocaleString("en")} samples a second`;
  status.textContent = failure ?? `${report.samples.toLocaleString("en")} samples examined${speed}.`;
  status.dataset["done"] = String(report.samples);
  showVerdicts(report.verdicts);
  results.replaceChildren(ratioTable(report), layerTable(report));
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

function ratioTable({ ratio, coefficient, penalties }: Report): HTMLElement {
  const names = ["min", "p10", "median", "p90", "max"] as const;
  const row = (label: string, values: Report["ratio"]): string[] => [label, ...names.map((n) => figures(values[n]))];
  const caption = `Left over right side, and the coefficient between the penalties (means: input ${figures(penalties.input)}, parameter ${figures(penalties.parameter)})`;
  return table(
    "How tight",
    caption,
    ["", "min", "10 %", "median", "90 %", "max"],
    [row("left / right", ratio), row("coefficient", coefficient)],
  );
}

function layerTable({ layers, model }: Report): HTMLElement {
  const rows = layers.map((layer, i) => [
    `${String(layer.layer)}: ${String(model.layers[i]?.inputs)} → ${String(model.layers[i]?.outputs)}`,
    figures(model.layers[i]?.weightNorm.lower ?? null),
    figures(layer.tightness.min),
    figures(layer.tightness.median),
    figures(layer.tightness.max),
    figures(layer.alignmentWeight.median),
    figures(layer.alignmentJacobian.median),
  ]);
  const caption = "κ = ‖∇ₓf‖ / (‖δ‖ ‖W‖ ‖J‖) is at most 1, and 1 is equality; its parts at W and at J are medians";
  return table("Which layer", caption, ["layer", "‖W‖", "κ min", "κ median", "κ max", "at W", "at J"], rows);
}

function figures(value: number | null): string {
  return value === null ? "–" : value.toPrecision(4);
}

function table(
  title: string,
  captionText: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): HTMLElement {
  const section = document.createElement("section");
  const heading = document.createElement("h2");
  heading.textContent = title;
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  const grid = document.createElement("table");
  grid.createCaption().textContent = captionText;
  const headRow = grid.createTHead().insertRow();
  for (const text of head) headRow.append(cell("th", text, "col"));
  const body = grid.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((text, i) => {
      line.append(i === 0 ? cell("th", text, "row") : cell("td", text));
    });
  }
  scroll.append(grid);
  section.append(heading, scroll);
  return section;
}

function cell(kind: "th" | "td", text: string, scope?: string): HTMLTableCellElement {
  const made = document.createElement(kind);
  made.textContent = text;
  if (scope !== undefined) made.scope = scope;
  return made;
}

again.addEventListener("click", () => void run());
void run();
