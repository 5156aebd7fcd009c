/**
 * The network builder: a network and inputs drawn by address. Every setting stands in the page's address, so that a link opens the same
 * run, bit for bit; every change runs at once.
 */
import type { DrawnSubject, Offer, PageHead, PageRequest } from "../src/worker/client.ts";

export interface Builder {
  /** Fills the lists from what the worker offers; the address chooses. Once. */
  readonly fill: (offer: Offer) => void;
  /** The network to be drawn, or null where the digits or the user's files are the subject. */
  readonly subject: () => DrawnSubject | null;
  /** Back from the drawn network to files. */
  readonly leave: () => void;
  readonly head: () => PageHead;
  readonly norm: () => PageRequest["norm"];
}

const FIELDS = ["widths", "activation", "initialiser", "inputs", "samples", "seed", "head", "norm"] as const;
type Field = (typeof FIELDS)[number];
type Control = HTMLInputElement | HTMLSelectElement;

/** @param run is called after each change. */
export function createBuilder(run: () => void): Builder {
  const control = (name: Field): Control => document.getElementById(`net-${name}`) as Control;
  const form = document.getElementById("net") as HTMLFormElement;
  const drawn = document.getElementById("net-drawn") as HTMLInputElement;
  const value = (name: Field): string => control(name).value;
  let filled = false;

  const toAddress = (): void => {
    const address = new URL(location.href);
    for (const name of FIELDS) {
      const ofRun = name === "head" || name === "norm" || drawn.checked;
      if (ofRun && value(name) !== defaultOf(control(name))) address.searchParams.set(name, value(name));
      else address.searchParams.delete(name);
    }
    if (drawn.checked) address.searchParams.set("widths", value("widths"));
    history.replaceState(null, "", address);
  };
  form.addEventListener("change", () => {
    toAddress();
    run();
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
        ["norm", ["spectral", "frobenius"]],
      ];
      for (const [name, list] of lists) {
        const select = control(name) as HTMLSelectElement;
        const usual = select.dataset["default"];
        for (const item of list) select.append(new Option(item, item, item === usual, item === usual));
      }
      const address = new URL(location.href).searchParams;
      drawn.checked = address.has("widths");
      for (const name of FIELDS) {
        const wish = address.get(name);
        // A select takes no value that it does not have: what is not known stays as it is.
        if (wish !== null && (!(control(name) instanceof HTMLSelectElement) || offers(control(name), wish))) {
          control(name).value = wish;
        }
      }
    },
    subject: () =>
      drawn.checked
        ? {
            kind: "drawn",
            widths: value("widths").split("-").map(Number),
            activation: value("activation") as DrawnSubject["activation"],
            initialiser: value("initialiser") as DrawnSubject["initialiser"],
            distribution: value("inputs") as DrawnSubject["distribution"],
            samples: Number(value("samples")),
            seed: Number(value("seed")),
          }
        : null,
    leave() {
      drawn.checked = false;
      toAddress();
    },
    head: () => value("head") as PageHead,
    norm: () => value("norm") as PageRequest["norm"],
  };
}

function defaultOf(control: Control): string {
  return control instanceof HTMLSelectElement ? (control.dataset["default"] ?? "") : control.defaultValue;
}

function offers(control: Control, value: string): boolean {
  return control instanceof HTMLSelectElement && [...control.options].some((option) => option.value === value);
}
