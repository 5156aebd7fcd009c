/** The user's own network and data: chosen or dropped, read in the worker, never sent anywhere. */
import type { FileSubject } from "../src/worker/client.ts";
import { messages } from "./i18n/language.ts";
import modelUrl from "../examples/digits/digits-f16.safetensors?url";
import inputsUrl from "../examples/digits/digits.idx3-ubyte.gz?url";

export interface OwnFiles {
  /** The shipped digits, or what the user gave. @throws Error in a line that says what is missing. */
  readonly subject: () => Promise<FileSubject>;
}

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

/** @param run is called when the user asks for a run of their files. */
export function createOwnFiles(run: () => void): OwnFiles {
  const form = element("own", HTMLFormElement);
  const [model, inputs] = [element("own-model", HTMLInputElement), element("own-inputs", HTMLInputElement)];
  const activation = element("own-activation", HTMLInputElement);
  const std = element("own-std", HTMLInputElement);
  const command = element("command", HTMLParagraphElement);
  let submitted = false;
  element("digits-model", HTMLAnchorElement).href = modelUrl;
  element("digits-inputs", HTMLAnchorElement).href = inputsUrl;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted = true;
    run();
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    for (const file of event.dataTransfer?.files ?? []) assign(file, model, inputs);
  });

  const ownSubject = (network: File, data: File): FileSubject => {
    const names = activation.value.trim();
    command.hidden = false;
    (command.querySelector("code") as HTMLElement).textContent = commandLine(network.name, data.name, names, std.value);
    return {
      kind: "files",
      model: network,
      modelName: network.name,
      activation: names === "" ? null : names,
      layers: null,
      inputs: data,
      inputsName: data.name,
      array: null,
      mean: 0,
      std: Number(std.value),
    };
  };
  return {
    async subject() {
      const [network] = model.files ?? [];
      const [data] = inputs.files ?? [];
      if (network !== undefined && data !== undefined) return ownSubject(network, data);
      if (submitted) {
        const [found, missing] = network === undefined ? ([data, "network"] as const) : ([network, "data"] as const);
        throw new Error(messages().own.missing(found?.name ?? null, missing));
      }
      return {
        kind: "files",
        model: await bytesOf(modelUrl),
        modelName: "digits-f16.safetensors",
        activation: null,
        layers: null,
        inputs: await bytesOf(inputsUrl),
        inputsName: "digits.idx3-ubyte.gz",
        array: null,
        mean: 0,
        std: 255,
      };
    },
  };
}

/** A dropped file goes where its ending belongs; a second .safetensors is taken for data. */
function assign(file: File, model: HTMLInputElement, inputs: HTMLInputElement): void {
  const isModel =
    /\.(json|safetensors)$/i.test(file.name) && !(model.files?.length === 1 && !/\.json$/i.test(file.name));
  const list = new DataTransfer();
  list.items.add(file);
  (isModel ? model : inputs).files = list.files;
}

function commandLine(model: string, inputs: string, activation: string, std: string): string {
  const quoted = (name: string): string => (/^[\w.,:/-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);
  const words = ["npx gradient-penalty-verifier verify", `--model ${quoted(model)}`, `--inputs ${quoted(inputs)}`];
  if (activation !== "") words.push(`--activation ${quoted(activation)}`);
  if (Number(std) !== 1) words.push(`--std ${quoted(std)}`);
  return words.join(" ");
}

async function bytesOf(url: string): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(messages().own.refused(url, response.status));
  return response.blob();
}
