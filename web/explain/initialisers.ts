/** Step 10's numbers: a network drawn with each of the usual initialisers, run through the worker, one after the other. */
import type { Client, DrawnSubject, PageRequest } from "../../src/worker/client.ts";
import { put } from "../i18n/language.ts";
import type { Cell } from "./grid.ts";
import { grid } from "./grid.ts";
import { six } from "./numbers.ts";
import { words } from "./words.ts";

const INITIALISERS = ["orthogonal", "lecun", "glorot", "he"] as const satisfies readonly DrawnSubject["initialiser"][];
const WIDTHS = [128, 128, 128, 128, 10] as const;
const SAMPLES = 100;

/** Fills `place` as the numbers come. @throws what the worker throws. */
export async function showInitialisers(
  client: Client,
  like: PageRequest,
  place: HTMLElement,
  isCurrent: () => boolean,
): Promise<void> {
  const rows: Cell[][] = [];
  const links: string[] = [];
  for (const initialiser of INITIALISERS) {
    const waiting = put(document.createElement("p"), () => words().bracket.measure(initialiser));
    place.replaceChildren(...(rows.length > 0 ? [tableOf(rows, links)] : []), waiting);
    const subject: DrawnSubject = {
      kind: "drawn",
      widths: WIDTHS,
      activation: "relu",
      initialiser,
      distribution: "normal",
      samples: SAMPLES,
      seed: 0,
    };
    const request: PageRequest = { ...like, subject, head: "logit-argmax", norm: "spectral", seed: 0, plant: null };
    const { report } = await client.verify(request, () => undefined);
    const { row, model } = await client.examine(request, 0);
    if (!isCurrent()) return;
    links.push(addressOf(initialiser, like.engine));
    rows.push([
      initialiser,
      model.layers.map((layer) => short(layer.weightNorm.lower)).join(", "),
      row.layers.map((layer) => short(layer.jacobianNorm)).join(", "),
      six(report.coefficient.median),
    ]);
  }
  place.replaceChildren(tableOf(rows, links));
  place.dataset["shown"] = String(rows.length);
}

function tableOf(rows: readonly (readonly Cell[])[], links: readonly string[]): HTMLElement {
  const table = grid(
    () => words().bracket.drawn(WIDTHS.join("-")),
    [
      () => words().bracket.initialiser,
      () => words().bracket.weightNorms,
      () => words().bracket.jacobianNorms,
      () => words().bracket.median,
    ],
    rows,
  );
  table.querySelectorAll("tbody tr").forEach((line, i) => {
    const name = line.firstElementChild;
    if (name === null) return;
    const link = document.createElement("a");
    [link.href, link.textContent] = [links[i] ?? "", name.textContent];
    name.replaceChildren(link);
  });
  return table;
}

/** The same run on the page. */
function addressOf(initialiser: string, engine: PageRequest["engine"]): string {
  const query = new URLSearchParams({
    widths: WIDTHS.join("-"),
    activation: "relu",
    initialiser,
    samples: String(SAMPLES),
  });
  if (engine !== "auto") query.set("engine", engine);
  return `?${query.toString()}`;
}

function short(value: number | null): string {
  return value === null ? "–" : value.toPrecision(4);
}
