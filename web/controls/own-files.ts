/**
 * The user's own network and data: chosen or dropped, read in the worker, never sent anywhere. The worker says what a file can be; what
 * is unclear is asked, and a file that is neither is refused in a line.
 */
import type { Client, FileSettings, FileSubject, Inspection } from "../../src/worker/client.ts";
import { element, make } from "../dom.ts";
import type { Messages } from "../i18n/en.ts";
import type { Text } from "../i18n/language.ts";
import { messages, put } from "../i18n/language.ts";

export interface OwnFiles {
  /** @throws Error in a line that says what is missing. */
  readonly subject: () => FileSubject;
  /** A run of these files came to nothing. */
  readonly failed: (why: string) => void;
  /** The names that the activation field offers. */
  readonly offer: (activations: readonly string[]) => void;
}

type Role = "network" | "data";
type Control = HTMLInputElement | HTMLSelectElement;

/** What is said of a file that has just come in. */
const NOTHING_SAID = { activation: null, layers: null, layout: null, key: null, header: null, array: null } as const;

/** The most files that are kept for a network that may ask for them. */
const KEPT = 64;

/** A file comes in. */
interface Arrival {
  readonly file: File;
  /** What came at the same time. */
  readonly company: readonly File[];
  /** What the user says that it is. */
  readonly wish: Role | null;
  readonly cameAt: number;
}

/** What is known of the files so far. */
interface Chosen {
  network: { readonly file: File; found: Inspection["network"] } | null;
  data: { readonly file: File; found: Inspection["data"] } | null;
}

/** @param run is called when a network and data are there and nothing is left to ask. */
export function createOwnFiles(client: Client, run: () => void): OwnFiles {
  const form = element("own", HTMLFormElement);
  const inputs = { network: element("own-model", HTMLInputElement), data: element("own-inputs", HTMLInputElement) };
  const activation = element("own-activation", HTMLInputElement);
  const layers = element("own-layers", HTMLInputElement);
  const key = element("own-key", HTMLInputElement);
  const [mean, std] = [element("own-mean", HTMLInputElement), element("own-std", HTMLInputElement)];
  const array = element("own-array", HTMLSelectElement);
  const [layout, header] = [element("own-layout", HTMLSelectElement), element("own-header", HTMLSelectElement)];
  const status = element("own-status", HTMLParagraphElement);
  const question = element("own-question", HTMLElement);
  const asking = [activation, layers, key, header];
  const chosen: Chosen = { network: null, data: null };
  /** Files that came with the network, or after it because it asked for them. */
  let beside: readonly File[] = [];
  /** Files of which nothing tells what they are, until a network asks for them. */
  let unplaced: readonly File[] = [];
  /** When each control was last set, and when a file came in: what is said after a file came, while it is still being read, is of it. */
  let moment = 0;
  const setAt = new Map<EventTarget, number>();
  const forget = (controls: readonly Control[], before: number): void => {
    for (const control of controls) if ((setAt.get(control) ?? 0) < before) control.value = "";
  };

  const settings = (): FileSettings => ({
    ...{ activation: textOf(activation), layers: textOf(layers), key: textOf(key), external: beside },
    layout: layout.value === "" ? null : (layout.value as FileSettings["layout"]),
    header: header.value === "" ? null : (header.value as FileSettings["header"]),
    array: chosen.data?.found.kind === "array-wanted" ? array.value : null,
  });
  /** Says what went wrong or is wanted where it can be seen, and at which control. */
  const tell = (text: Text, wanting: Control | null): void => {
    for (const control of asking) control.toggleAttribute("aria-invalid", control === wanting);
    put(status, text);
    status.scrollIntoView({ block: "nearest" });
    wanting?.focus({ preventScroll: true });
  };
  /** What has to be known before a run, and where it is to be said; null where nothing is. */
  const open = (): readonly [Text, Control | null] | null => {
    const { network, data } = chosen;
    const { file, found } = network ?? {};
    if (file !== undefined && found?.kind === "activations-wanted") {
      return [(m) => m.own.activationsWanted(file.name, found.layers.join(", ")), activation];
    }
    if (found?.kind === "layers-wanted") return [inWords(found.why), layers];
    if (found?.kind === "key-wanted") return [inWords(found.why), key];
    if (found?.kind === "refused" || found?.kind === "file-wanted") return [inWords(found.why), null];
    if (data?.found.kind === "header-wanted") return [inWords(data.found.why), header];
    if (data?.found.kind === "refused") return [inWords(data.found.why), null];
    if (network === null || data === null) {
      return [missing(network?.file.name ?? data?.file.name ?? null, network === null ? "network" : "data"), null];
    }
    return null;
  };
  /** Asks what is still to be known; runs where that is nothing. */
  const proceed = (): void => {
    const question = open();
    if (question !== null) {
      tell(...question);
      return;
    }
    for (const control of asking) control.toggleAttribute("aria-invalid", false);
    const [network = "", data = ""] = [chosen.network?.file.name, chosen.data?.file.name];
    put(status, (m) => m.own.ready(network, data));
    run();
  };
  /** Looks at the chosen files again, as the settings now are. */
  const lookAgain = async (): Promise<void> => {
    const { network, data } = chosen;
    if (network !== null) network.found = (await client.inspect(network.file, settings())).network;
    // Which array it is changes nothing of what the file can be.
    if (data !== null && data.found.kind !== "array-wanted") {
      data.found = (await client.inspect(data.file, settings())).data;
    }
    proceed();
  };
  const take = ({ file, company, cameAt }: Arrival, role: Role, found: Inspection): void => {
    if (role === "network") {
      beside = company;
      chosen.network = { file, found: found.network };
      if (found.network.kind === "ready") unplaced = without(unplaced, found.network.files);
      forget([activation, layers, layout, key], cameAt);
      const keys = found.network.kind === "key-wanted" ? found.network.keys : [];
      element("keys", HTMLDataListElement).replaceChildren(...keys.map((name) => new Option(name, name)));
    } else {
      chosen.data = { file, found: found.data };
      forget([header], cameAt);
      const arrays = found.data.kind === "array-wanted" ? found.data.arrays : [];
      array.replaceChildren(...arrays.map((name) => new Option(name, name)));
      (array.parentElement as HTMLElement).hidden = arrays.length === 0;
    }
    const list = new DataTransfer();
    list.items.add(file);
    inputs[role].files = list.files;
    proceed();
  };
  const receive = async (arrival: Arrival): Promise<void> => {
    const { file, company, wish } = arrival;
    question.replaceChildren();
    const own = chosen.network?.found;
    if ((own?.kind === "ready" || own?.kind === "file-wanted") && own.files.includes(file.name)) {
      if (own.kind === "ready" && beside.includes(file)) return;
      beside = [file, ...beside.filter(({ name }) => name !== file.name)];
      await lookAgain();
      return;
    }
    put(status, (m) => m.own.reading(file.name));
    const external = [
      ...company,
      ...without(
        unplaced,
        company.map(({ name }) => name),
      ),
    ];
    const found = await client.inspect(file, { ...NOTHING_SAID, external });
    const can = roles(found);
    const [only] = can;
    if (wish !== null ? !can.includes(wish) : only === undefined) {
      if (wish !== null) inputs[wish].value = "";
      const isKept = wish === null && isUnknown(found);
      if (isKept) unplaced = [file, ...without(unplaced, [file.name])].slice(0, KEPT);
      const why = inWords(refusal(found, wish ?? likely(file.name)));
      tell(isKept ? (m) => m.own.kept(why(m)) : why, null);
    } else if (wish !== null) take({ ...arrival, company: external }, wish, found);
    else if (only !== undefined && can.length === 1) take({ ...arrival, company: external }, only, found);
    else
      await new Promise<void>((answered) => {
        ask(file, (role) => {
          question.replaceChildren();
          take({ ...arrival, company: external }, role, found);
          answered();
        });
      });
  };
  const ask = (file: File, answer: (role: Role) => void): void => {
    tell((m) => m.own.unclear(file.name), null);
    for (const role of ["network", "data"] as const) {
      const button = put(make("button"), (m) => m.own[role === "network" ? "model" : "inputs"]);
      button.type = "button";
      button.addEventListener("click", () => {
        answer(role);
      });
      question.append(button, " ");
    }
    question.querySelector("button")?.focus({ preventScroll: true });
  };
  /** One after another: a question is asked before the next file is looked at. */
  let last: Promise<void> = Promise.resolve();
  const enqueue = (file: File, company: readonly File[], wish: Role | null): void => {
    const cameAt = ++moment;
    last = last.then(() => receive({ file, company, wish, cameAt }));
  };

  for (const role of ["network", "data"] as const) {
    inputs[role].addEventListener("change", () => {
      const [file, ...company] = modelsFirst(inputs[role].files ?? []);
      if (file !== undefined) enqueue(file, company, role);
    });
  }
  const again = (): void => {
    last = last.then(lookAgain);
  };
  form.addEventListener("input", ({ target }) => {
    if (target !== null) setAt.set(target, ++moment);
  });
  form.addEventListener("change", ({ target }) => {
    const isSetting = [activation, layers, layout, key, header, mean, std, array].some((control) => control === target);
    // The files may come in meanwhile.
    if (isSetting) last = last.then(() => (chosen.network === null && chosen.data === null ? undefined : lookAgain()));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    again();
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
    const files = modelsFirst(event.dataTransfer?.files ?? []);
    for (const file of files)
      enqueue(
        file,
        files.filter((other) => other !== file),
        null,
      );
  });

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
        ...{ inputs: data.file, inputsName: data.file.name },
        ...settings(),
        ...{ mean: Number(mean.value), std: Number(std.value) },
      };
    },
    failed(why) {
      tell(inWords(why), null);
    },
    offer(activations) {
      element("activations", HTMLDataListElement).replaceChildren(...activations.map((name) => new Option(name, name)));
    },
  };
}

function textOf(input: HTMLInputElement): string | null {
  return input.value.trim() === "" ? null : input.value.trim();
}

/** An ONNX model before the files that it may name. */
function modelsFirst(files: Iterable<File>): File[] {
  const isModel = ({ name }: File): boolean => /\.onnx(\.gz)?$/i.test(name);
  return [...files].sort((a, b) => Number(isModel(b)) - Number(isModel(a)));
}

/** The worker speaks of the command line's options; here they are the form's fields. */
export function inWords(why: string): (m: Messages) => string {
  return (m) =>
    why
      .replaceAll(" or FILE#NAME", "")
      .replaceAll(/--(activation|layers|layout|key|array|header|mean|std)\b/g, (_, name: string) =>
        m.own.field(m.own[name as "activation"]),
      );
}

function missing(found: string | null, role: Role): Text {
  return (m) => m.own.missing(found, role);
}

/** What a file can be. Several tensors that are a network's, or are named as such, are no data, whether the network is refused or not. */
function roles({ network, data }: Inspection): Role[] {
  const isNetwork = network.kind !== "refused";
  if (data.kind === "array-wanted") {
    if (isNetwork) return ["network"];
    if (data.arrays.some((name) => /(^|[./])(weight|kernel)$/.test(name))) return [];
  }
  return [...(isNetwork ? (["network"] as const) : []), ...(data.kind === "refused" ? [] : (["data"] as const))];
}

/** What a file is meant to be that is neither, by its name. */
function likely(name: string): Role {
  return /\.(json|safetensors|onnx|pth?|bin|ckpt|h5|hdf5|keras)(\.gz)?$/i.test(name) ? "network" : "data";
}

function without(files: readonly File[], names: readonly string[]): File[] {
  return files.filter(({ name }) => !names.includes(name));
}

/** Whether nothing tells what a file is. */
function isUnknown({ network, data }: Inspection): boolean {
  return network.kind === "refused" && data.kind === "refused" && network.unknown && data.unknown;
}

function refusal(found: Inspection, role: Role): string {
  const said = found[role];
  return said.kind === "refused" ? said.why : "";
}
