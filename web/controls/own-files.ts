/**
 * The user's own network and data: chosen or dropped, read in the worker, never sent anywhere. The worker says what a file can be; what
 * is unclear is asked, and a file that is neither is refused in a line.
 */
import type { Client, FileSubject, Inspection } from "../../src/worker/client.ts";
import { element, make } from "../dom.ts";
import type { Text } from "../i18n/language.ts";
import { messages, put } from "../i18n/language.ts";

export interface OwnFiles {
  /** @throws Error in a line that says what is missing. */
  readonly subject: () => FileSubject;
  /** The names that the activation field offers. */
  readonly offer: (activations: readonly string[]) => void;
}

type Role = "network" | "data";

/** What is known of the files so far. */
interface Chosen {
  network: { readonly file: File; readonly found: Inspection["network"] } | null;
  data: { readonly file: File; readonly found: Inspection["data"] } | null;
}

/** @param run is called when a network and data are there and nothing is left to ask. */
export function createOwnFiles(client: Client, run: () => void): OwnFiles {
  const form = element("own", HTMLFormElement);
  const inputs = { network: element("own-model", HTMLInputElement), data: element("own-inputs", HTMLInputElement) };
  const activation = element("own-activation", HTMLInputElement);
  const layers = element("own-layers", HTMLInputElement);
  const [mean, std] = [element("own-mean", HTMLInputElement), element("own-std", HTMLInputElement)];
  const array = element("own-array", HTMLSelectElement);
  const status = element("own-status", HTMLParagraphElement);
  const question = element("own-question", HTMLElement);
  const chosen: Chosen = { network: null, data: null };

  /** Asks what is still to be known; runs where that is nothing. */
  const proceed = (): void => {
    const { network, data } = chosen;
    const needs = network?.found.kind === "activations-wanted" && activation.value.trim() === "";
    activation.toggleAttribute("aria-invalid", needs);
    if (network?.found.kind === "activations-wanted" && needs) {
      const { file, found } = network;
      put(status, (m) => m.own.activationsWanted(file.name, found.layers.join(", ")));
      activation.focus();
      return;
    }
    if (network === null || data === null) {
      put(status, missing(network?.file.name ?? data?.file.name ?? null, network === null ? "network" : "data"));
      return;
    }
    put(status, (m) => m.own.ready(network.file.name, data.file.name));
    run();
  };
  const take = (file: File, role: Role, found: Inspection): void => {
    if (role === "network") {
      chosen.network = { file, found: found.network };
      activation.value = "";
      layers.value = "";
    } else {
      chosen.data = { file, found: found.data };
      const arrays = found.data.kind === "array-wanted" ? found.data.arrays : [];
      array.replaceChildren(...arrays.map((name) => new Option(name, name)));
      (array.parentElement as HTMLElement).hidden = arrays.length === 0;
    }
    const list = new DataTransfer();
    list.items.add(file);
    inputs[role].files = list.files;
    proceed();
  };
  /** A file comes in; `wish` is what the user says that it is. */
  const receive = async (file: File, wish: Role | null): Promise<void> => {
    question.replaceChildren();
    put(status, (m) => m.own.reading(file.name));
    const found = await client.inspect(file);
    const can = roles(found);
    const [only] = can;
    if (wish !== null ? !can.includes(wish) : only === undefined) {
      const why = refusal(found, wish ?? likely(file.name));
      if (wish !== null) inputs[wish].value = "";
      put(status, why);
    } else if (wish !== null) take(file, wish, found);
    else if (only !== undefined && can.length === 1) take(file, only, found);
    else
      await new Promise<void>((answered) => {
        ask(file, (role) => {
          question.replaceChildren();
          take(file, role, found);
          answered();
        });
      });
  };
  const ask = (file: File, answer: (role: Role) => void): void => {
    put(status, (m) => m.own.unclear(file.name));
    for (const role of ["network", "data"] as const) {
      const button = put(make("button"), (m) => m.own[role === "network" ? "model" : "inputs"]);
      button.type = "button";
      button.addEventListener("click", () => {
        answer(role);
      });
      question.append(button, " ");
    }
    question.querySelector("button")?.focus();
  };
  /** One after another: a question is asked before the next file is looked at. */
  let last: Promise<void> = Promise.resolve();
  const enqueue = (file: File, wish: Role | null): void => {
    last = last.then(() => receive(file, wish));
  };

  for (const role of ["network", "data"] as const) {
    inputs[role].addEventListener("change", () => {
      const [file] = inputs[role].files ?? [];
      if (file !== undefined) enqueue(file, role);
    });
  }
  form.addEventListener("change", ({ target }) => {
    const isSetting = [activation, layers, mean, std, array].some((control) => control === target);
    if (isSetting && (chosen.network !== null || chosen.data !== null)) proceed();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    proceed();
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  for (const end of ["dragleave", "drop"] as const) {
    document.addEventListener(end, () => {
      document.body.classList.remove("dropping");
    });
  }
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    for (const file of event.dataTransfer?.files ?? []) enqueue(file, null);
  });

  const textOf = (input: HTMLInputElement): string | null => (input.value.trim() === "" ? null : input.value.trim());
  return {
    subject() {
      const { network, data } = chosen;
      if (network === null || data === null) {
        const found = network?.file.name ?? data?.file.name ?? null;
        throw new Error(messages().own.missing(found, network === null ? "network" : "data"));
      }
      return {
        kind: "files",
        ...{ model: network.file, modelName: network.file.name },
        ...{ activation: textOf(activation), layers: textOf(layers) },
        ...{ inputs: data.file, inputsName: data.file.name },
        array: data.found.kind === "array-wanted" ? array.value : null,
        ...{ mean: Number(mean.value), std: Number(std.value) },
      };
    },
    offer(activations) {
      element("activations", HTMLDataListElement).replaceChildren(...activations.map((name) => new Option(name, name)));
    },
  };
}

function missing(found: string | null, role: Role): Text {
  return (m) => m.own.missing(found, role);
}

/** What a file can be. Several tensors that are a network's, or are named as such, are no data, whether the network is refused or not. */
function roles({ network, data }: Inspection): Role[] {
  const isNetwork = network.kind !== "refused";
  if (data.kind === "array-wanted") {
    if (isNetwork) return ["network"];
    if (data.arrays.some((name) => name.endsWith(".weight"))) return [];
  }
  return [...(isNetwork ? (["network"] as const) : []), ...(data.kind === "refused" ? [] : (["data"] as const))];
}

/** What a file is meant to be that is neither, by its name. */
function likely(name: string): Role {
  return /\.(json|safetensors|onnx|pth?)$/i.test(name) ? "network" : "data";
}

function refusal(found: Inspection, role: Role): string {
  const said = found[role];
  return said.kind === "refused" ? said.why : "";
}
