/**
 * The explanation: the derivation in steps (docs/MATH.md §1), each with the numbers of one sample of the network that the page runs. It has
 * a worker of its own, so that the page's run goes on beside it.
 */
import type { Client, Examined, PageRequest } from "../../src/worker/client.ts";
import { startClient } from "../../src/worker/client.ts";
import { ofAddress, toAddress } from "../controls/address.ts";
import type { FormulaName } from "../formulas.ts";
import { grouped, put } from "../i18n/language.ts";
import { showInitialisers } from "./initialisers.ts";
import {
  chainNumbers,
  identityNumbers,
  lossNumbers,
  normNumbers,
  outerNumbers,
  settingNumbers,
  sumNumbers,
  tightnessNumbers,
  zeroNumbers,
} from "./numbers.ts";
import type { Rich } from "./rich.ts";
import { display, putRich } from "./rich.ts";
import { words } from "./words.ts";

export interface Explanation {
  /** Measures a sample of what this request is about, and shows its numbers. */
  readonly show: (request: PageRequest) => Promise<void>;
}

type Numbers = (examined: Examined, layer: number) => HTMLElement;

export function createExplanation(place: HTMLElement): Explanation {
  const client: Client = startClient();
  const live: { block: HTMLElement; numbers: Numbers }[] = [];
  let asked = 0;
  let current: PageRequest | null = null;
  let shown: Examined | null = null;

  const sentence = (say: () => Rich): HTMLElement => putRich(document.createElement("p"), say);
  const text = (say: () => string): HTMLElement => put(document.createElement("p"), say);
  const title = (say: () => string): HTMLElement => put(document.createElement("h3"), say);
  const numbers = (make: Numbers): HTMLElement => {
    const block = document.createElement("div");
    live.push({ block, numbers: make });
    return block;
  };
  const step = (heading: () => string, ...parts: HTMLElement[]): HTMLElement => {
    const section = document.createElement("section");
    section.append(title(heading), ...parts);
    return section;
  };
  const w = words;
  const formulas = (...names: FormulaName[]): HTMLElement => display(...names);

  const sample = numberField("sample", "0");
  const layer = document.createElement("select");
  layer.id = "explain-layer";
  const status = put(document.createElement("p"), "");
  status.id = "explain-status";
  status.setAttribute("role", "status");
  const initialisers = document.createElement("div");
  initialisers.id = "explain-initialisers";
  const bracket = step(
    () => w().bracket.title,
    sentence(() => w().bracket.before),
    initialisers,
  );
  bracket.querySelector("h3")?.setAttribute("id", "bracket-title");

  const heading = put(document.createElement("h2"), () => w().title);
  heading.tabIndex = -1;
  place.replaceChildren(
    heading,
    text(() => w().introduction),
    controls([labelled(() => w().sample, sample), labelled(() => w().layer, layer)]),
    status,
    step(
      () => w().setting.title,
      sentence(() => w().setting.before),
      formulas("network"),
      sentence(() => w().setting.middle),
      formulas("derivatives"),
      numbers(settingNumbers),
    ),
    step(
      () => w().chain.title,
      sentence(() => w().chain.before),
      formulas("forwards", "backwards"),
      sentence(() => w().chain.middle),
      formulas("chain"),
      numbers(chainNumbers),
    ),
    step(
      () => w().outer.title,
      sentence(() => w().outer.before),
      formulas("entry", "outer"),
      sentence(() => w().outer.middle),
      formulas("outerNorm"),
      numbers(outerNumbers),
    ),
    step(
      () => w().identity.title,
      sentence(() => w().identity.before),
      formulas("matrix"),
      numbers((e, t) => identityNumbers(e, "matrix", t, () => w().identity.caption(t))),
      put(document.createElement("h4"), () => w().identity.why),
      sentence(() => w().identity.division),
      numbers(zeroNumbers),
    ),
    step(
      () => w().contraction.title,
      sentence(() => w().contraction.before),
      formulas("contracted"),
      numbers((e, t) => identityNumbers(e, "contracted", t, () => w().contraction.caption(t))),
    ),
    step(
      () => w().norms.title,
      sentence(() => w().norms.before),
      formulas("norms"),
      sentence(() => w().norms.middle),
      formulas("weight"),
      numbers(normNumbers),
    ),
    step(
      () => w().bias.title,
      sentence(() => w().bias.before),
      formulas("biasIdentity"),
      sentence(() => w().bias.middle),
      formulas("bias"),
      numbers((e, t) => identityNumbers(e, "bias", t, () => w().bias.caption(t))),
    ),
    step(
      () => w().free.title,
      sentence(() => w().free.before),
      formulas("free"),
      sentence(() => w().free.trivial),
      formulas("tightness", "parts"),
      sentence(() => w().free.parts),
      formulas("directional"),
      numbers(tightnessNumbers),
    ),
    step(
      () => w().sum.title,
      sentence(() => w().sum.before),
      formulas("sum"),
      numbers(sumNumbers),
      sentence(() => w().sum.middle),
      formulas("mean"),
      numbers(lossNumbers),
    ),
    bracket,
    step(
      () => w().limits.title,
      text(() => w().limits.covered),
      list(() => w().limits.coveredItems),
      text(() => w().limits.not),
      list(() => w().limits.notItems),
      text(() => w().limits.reading),
    ),
    step(
      () => w().sources.title,
      source(() => w().sources.blog, "https://spaces.ac.cn/archives/8796", "spaces.ac.cn/archives/8796"),
      source(() => w().sources.paper, "https://arxiv.org/abs/2111.15090", "arXiv 2111.15090"),
    ),
  );

  const fill = (): void => {
    if (shown === null) return;
    const depth = shown.row.layers.length;
    while (layer.options.length > depth) layer.remove(depth);
    for (let t = layer.options.length + 1; t <= depth; t++)
      layer.append(new Option(String(t), String(t), t === 2, t === 2));
    for (const { block, numbers: make } of live) block.replaceChildren(make(shown, Number(layer.value)));
  };
  const measure = async (): Promise<void> => {
    const request = current;
    if (request === null) return;
    const mine = ++asked;
    const isCurrent = (): boolean => mine === asked;
    delete status.dataset["shown"];
    put(status, () => w().measuring);
    try {
      const examined = await client.examine(request, Number(sample.value));
      if (!isCurrent()) return;
      shown = examined;
      fill();
      const { row, samples, engine } = examined;
      const said = [row.index, grouped(samples), request.head, engine.kind, engine.precision] as const;
      put(status, () => w().measured(...said));
      status.dataset["shown"] = String(row.index);
      if (initialisers.dataset["shown"] === undefined) await showInitialisers(client, request, initialisers, isCurrent);
    } catch (error) {
      if (isCurrent()) put(status, error instanceof Error ? error.message : String(error));
    }
  };
  const wish = ofAddress("sample");
  if (wish !== null && /^\d+$/.test(wish)) sample.value = wish;
  sample.addEventListener("change", () => {
    toAddress({ sample: sample.value });
    void measure();
  });
  layer.addEventListener("change", () => {
    fill();
  });
  return {
    async show(request) {
      current = request;
      await measure();
    },
  };
}

function numberField(name: string, value: string): HTMLInputElement {
  const field = document.createElement("input");
  [field.id, field.type, field.value, field.min, field.step] = [`explain-${name}`, "number", value, "0", "1"];
  return field;
}

function labelled(say: () => string, control: HTMLElement): HTMLElement {
  const label = document.createElement("label");
  label.append(put(document.createElement("span"), say), " ", control);
  return label;
}

function controls(parts: readonly HTMLElement[]): HTMLElement {
  const form = document.createElement("form");
  form.className = "controls";
  form.append(...parts);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
  });
  return form;
}

function list(items: () => readonly Rich[]): HTMLElement {
  const made = document.createElement("ul");
  made.append(...items().map((item, i) => putRich(document.createElement("li"), () => items()[i] ?? item)));
  return made;
}

function source(say: () => string, href: string, name: string): HTMLElement {
  const paragraph = document.createElement("p");
  const link = document.createElement("a");
  [link.href, link.textContent, link.rel] = [href, name, "noreferrer"];
  paragraph.append(put(document.createElement("cite"), say), " · ", link);
  return paragraph;
}
