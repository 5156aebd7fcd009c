/** The command that does the same as the page's run, with the files that it needs. */
import type { Client, PageRequest } from "../../src/worker/client.ts";
import { download, element, make, save } from "../dom.ts";
import { put } from "../i18n/language.ts";
import type { SubjectKind } from "./builder.ts";
import { offerCopy } from "./copy.ts";
import { DIGITS } from "./digits.ts";

/** The name under which a drawn network is given away. */
export const NETWORK_FILE = "network.safetensors";

export interface Command {
  readonly show: (request: PageRequest, kind: SubjectKind) => void;
  readonly clear: () => void;
}

export function createCommand(client: Client): Command {
  const code = element("command", HTMLElement);
  const files = element("command-files", HTMLParagraphElement);
  const copy = element("copy", HTMLButtonElement);
  const copied = element("copied", HTMLSpanElement);
  offerCopy(copy, code, copied);
  return {
    clear() {
      code.textContent = "";
      files.replaceChildren();
      put(copied, "");
    },
    show(request, kind) {
      code.textContent = commandLine(request);
      put(copied, "");
      const { subject } = request;
      const intro = put(make("span"), (m) => m.command[kind]);
      if (subject.kind === "drawn") {
        const button = make("button", "quiet", NETWORK_FILE);
        button.type = "button";
        button.addEventListener("click", () => {
          void client.networkFile(subject).then((file) => {
            save(NETWORK_FILE, file);
          });
        });
        files.replaceChildren(intro, " ", button);
      } else if (kind === "digits") {
        const links = [
          download(DIGITS.modelUrl, DIGITS.modelName),
          download(DIGITS.inputsUrl, DIGITS.inputsName),
        ] as const;
        [links[0].id, links[1].id] = ["digits-model", "digits-inputs"];
        files.replaceChildren(intro, " ", links[0], ", ", links[1]);
      } else {
        files.replaceChildren(intro);
      }
    },
  };
}

/** What differs from the command line's own defaults. */
export function commandLine({ subject, head, norm, seed, engine, accuracy, plant }: PageRequest): string {
  const words = ["npx gradient-penalty-verifier verify"];
  const option = (name: string, value: string | number | null, usual: string | number | null = null): void => {
    if (value !== null && value !== usual) words.push(`--${name} ${quoted(String(value))}`);
  };
  if (subject.kind === "drawn") {
    option("model", NETWORK_FILE);
    option("random", subject.samples);
    option("distribution", subject.distribution, "normal");
  } else {
    option("model", subject.modelName);
    option("activation", subject.activation);
    option("layers", subject.layers);
    option("layout", subject.layout);
    option("key", subject.key);
    option("inputs", subject.inputsName);
    option("array", subject.array);
    option("header", subject.header);
    option("mean", subject.mean, 0);
    option("std", subject.std, 1);
  }
  // The page's name of it is the library's.
  option("head", head === "logit-argmax" ? "logit:argmax" : head, "logit:argmax");
  option("norm", norm, "spectral");
  option("seed", seed, 0);
  option("engine", engine, "auto");
  option("accuracy", accuracy, 1e-3);
  option("plant", plant);
  return words.join(" ");
}

/** As a POSIX shell takes it for one word; a name that begins with a dash is a file all the same. */
function quoted(text: string): string {
  const word = text.startsWith("-") ? `./${text}` : text;
  return /^[\w.,:/+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
