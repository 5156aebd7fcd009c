/**
 * The network builder: a network and inputs drawn by address, what is asked of them, and how it is computed. Every setting stands in the
 * page's address, so that a link opens the same run, bit for bit; every change runs at once.
 */
import type { DrawnSubject, Offer, PageHead, PageRequest } from "../../src/worker/client.ts";
import { limitsOf, ownMemory } from "../../src/worker/client.ts";
import { element } from "../dom.ts";
import { grouped, messages, put } from "../i18n/language.ts";
import { ofAddress, toAddress } from "./address.ts";

export type SubjectKind = "digits" | "drawn" | "files";

export interface Builder {
  /** Fills the lists from what the worker offers; the address chooses. Once. */
  readonly fill: (offer: Offer) => void;
  readonly kind: () => SubjectKind;
  readonly choose: (kind: SubjectKind) => void;
  /** The network to be drawn. */
  readonly drawn: () => DrawnSubject;
  readonly settings: () => Pick<PageRequest, "head" | "norm" | "seed" | "engine" | "accuracy" | "batchSize">;
}

/** Settings of the drawn network; the others are every run's. */
const OF_NETWORK = ["widths", "activation", "initialiser", "inputs", "samples"] as const;
const OF_RUN = ["head", "norm", "seed", "engine", "accuracy", "batch"] as const;
const FIELDS = [...OF_NETWORK, ...OF_RUN] as const;
type Field = (typeof FIELDS)[number];
type Control = HTMLInputElement | HTMLSelectElement;

const ENGINES = ["auto", "webgpu", "cpu"] as const satisfies readonly PageRequest["engine"][];
const NORMS = ["spectral", "frobenius"] as const satisfies readonly PageRequest["norm"][];
const ACCURACIES = ["verdict", "1e-1", "1e-2", "1e-3", "1e-6", "1e-9"] as const;

/** How long typing may pause before it counts as done. */
const TYPING_MS = 300;

/** @param run is called after each change. */
export function createBuilder(run: () => void): Builder {
  const control = (name: Field): Control => document.getElementById(`net-${name}`) as Control;
  const form = element("net", HTMLFormElement);
  const depth = element("net-depth", HTMLInputElement);
  const value = (name: Field): string => control(name).value.trim();
  const kind = (): SubjectKind => (new FormData(form).get("subject") ?? "digits") as SubjectKind;
  let filled = false;
  let asWas = "";
  let timer = 0;

  const widths = (): number[] => value("widths").split("-").map(Number);
  const showDepth = (): void => {
    const layers = Math.max(1, widths().length - 1);
    depth.value = String(layers);
    const samples = limits.samples(layers);
    control("samples").setAttribute("max", String(samples));
    put(element("net-samples-most", HTMLElement), (m) => m.net.mostSamples(grouped(samples)));
  };
  const limits = limitsOf(ownMemory());
  put(element("net-widths-most", HTMLElement), (m) => m.net.mostParameters(grouped(limits.parameters)));
  const choose = (wish: SubjectKind): void => {
    element(`subject-${wish}`, HTMLInputElement).checked = true;
    const isDrawn = wish === "drawn";
    const settings: Record<string, string | null> = {};
    for (const name of FIELDS) {
      const counts = isDrawn || OF_RUN.some((own) => own === name);
      settings[name] = counts && value(name) !== defaultOf(control(name)) ? value(name) : null;
    }
    // Says that the network is drawn.
    if (isDrawn) settings["widths"] = value("widths");
    toAddress(settings);
  };
  const snapshot = (): string => JSON.stringify([kind(), ...FIELDS.map(value)]);
  const changed = (target: EventTarget | null): void => {
    const name = target instanceof Element ? target.id.replace("net-", "") : "";
    if (target === depth) control("widths").value = deepened(widths(), Number(depth.value)).join("-");
    else showDepth();
    const ofNetwork = target === depth || OF_NETWORK.some((own) => own === name);
    choose(ofNetwork ? "drawn" : kind());
    // Leaving a field is no change.
    if (snapshot() === asWas) return;
    asWas = snapshot();
    run();
  };
  form.addEventListener("input", ({ target }) => {
    clearTimeout(timer);
    const isTyping = target instanceof HTMLInputElement && target.type === "text";
    timer = window.setTimeout(changed, isTyping ? TYPING_MS : 0, target);
  });
  form.addEventListener("change", ({ target }) => {
    clearTimeout(timer);
    changed(target);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
  });
  return {
    fill(offer) {
      if (filled) return;
      filled = true;
      const lists: readonly (readonly [Field, readonly string[]])[] = [
        ["activation", offer.activations],
        ["initialiser", offer.initialisers],
        ["inputs", offer.distributions],
        ["head", offer.heads],
        ["norm", NORMS],
        ["engine", ENGINES],
        ["accuracy", ACCURACIES],
      ];
      for (const [name, list] of lists) {
        const select = control(name) as HTMLSelectElement;
        const usual = select.dataset["default"];
        for (const item of list) select.add(new Option(item, item, item === usual, item === usual));
      }
      for (const name of FIELDS) {
        const wish = ofAddress(name);
        // A select takes no value that it does not have: what is not known stays as it is.
        if (wish !== null && (!(control(name) instanceof HTMLSelectElement) || offers(control(name), wish))) {
          control(name).value = wish;
        }
      }
      if (ofAddress("widths") !== null) element("subject-drawn", HTMLInputElement).checked = true;
      showDepth();
      asWas = snapshot();
    },
    kind,
    choose(wish) {
      choose(wish);
      asWas = snapshot();
    },
    drawn: () => ({
      kind: "drawn",
      widths: checkedWidths(value("widths")),
      activation: value("activation") as DrawnSubject["activation"],
      initialiser: value("initialiser") as DrawnSubject["initialiser"],
      distribution: value("inputs") as DrawnSubject["distribution"],
      samples: Number(value("samples")),
      seed: Number(value("seed")),
    }),
    settings: () => ({
      head: value("head") as PageHead,
      norm: value("norm") as PageRequest["norm"],
      seed: Number(value("seed")),
      engine: value("engine") as PageRequest["engine"],
      accuracy: value("accuracy") === "verdict" ? "verdict" : Number(value("accuracy")),
      batchSize: value("batch") === "" ? null : Number(value("batch")),
    }),
  };
}

/** @throws Error for what is no chain of widths. */
function checkedWidths(text: string): number[] {
  if (!/^\d+(-\d+)+$/.test(text)) throw new Error(messages().net.widthsWrong(text));
  return text.split("-").map(Number);
}

/** The widths of a network of another depth: hidden layers are added as wide as the last, or taken away. */
export function deepened(widths: readonly number[], depth: number): number[] {
  const [input = 64, ...rest] = widths;
  const output = rest.pop() ?? 10;
  if (!(Number.isInteger(depth) && depth >= 1)) return [...widths];
  const hidden = Array.from({ length: depth - 1 }, (_, i) => rest[i] ?? rest.at(-1) ?? input);
  return [input, ...hidden, output];
}

function defaultOf(control: Control): string {
  return control instanceof HTMLSelectElement ? (control.dataset["default"] ?? "") : control.defaultValue;
}

function offers(control: Control, value: string): boolean {
  return control instanceof HTMLSelectElement && [...control.options].some((option) => option.value === value);
}
