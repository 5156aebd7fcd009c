/** The digits that the page comes with: a trained classifier, and 1,000 real handwritten digits. */
import type { FileSubject } from "../../src/worker/client.ts";
import modelUrl from "../../examples/digits/digits-f16.safetensors?url";
import inputsUrl from "../../examples/digits/digits.idx3-ubyte.gz?url";
import { messages } from "../i18n/language.ts";

export const DIGITS = {
  ...{ modelUrl, modelName: "digits-f16.safetensors", inputsUrl, inputsName: "digits.idx3-ubyte.gz" },
  /** Pixels are bytes. */
  std: 255,
} as const;

/** @throws Error in a line where the server does not give them. */
export async function digits(): Promise<FileSubject> {
  const { modelName, inputsName, std } = DIGITS;
  const [model, inputs] = await Promise.all([blobOf(modelUrl), blobOf(inputsUrl)]);
  return {
    kind: "files",
    ...{ model, modelName, activation: null, layers: null, layout: null, header: null, key: null, external: [] },
    ...{ inputs, inputsName, array: null, mean: 0, std },
  };
}

async function blobOf(url: string): Promise<Blob> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(messages().own.refused(url, response.status));
  return response.blob();
}
