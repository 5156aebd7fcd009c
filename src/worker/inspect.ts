/** What a file can be, as its reader says: a network, data, either or neither, and what has to be asked of the user first. */
import { LayersWantedError } from "../formats/arrangement.ts";
import { HeaderWantedError } from "../formats/csv-head.ts";
import { UnknownFormatError } from "../formats/foreign-files.ts";
import { ActivationsWantedError, KeyWantedError } from "../formats/model-tensors.ts";
import { ArrayWantedError, openRows, readModel } from "../formats/read.ts";
import type { FileSettings } from "./subject.ts";
import { dataOptions, FileWantedError, modelOptions } from "./subject.ts";

export interface Inspection {
  readonly network:
    | { readonly kind: "ready"; readonly layers: number; readonly files: readonly string[] }
    /** The layers, "0 (784 → 64)", of a network that has no activations of its own. */
    | { readonly kind: "activations-wanted"; readonly layers: readonly string[] }
    /** Which tensors are layers, their order or their layout is open. */
    | { readonly kind: "layers-wanted"; readonly why: string; readonly candidates: readonly string[] }
    /** Which entry of a checkpoint. */
    | { readonly kind: "key-wanted"; readonly why: string; readonly keys: readonly string[] }
    /** Files with numbers of the model, the last of which is not there. */
    | { readonly kind: "file-wanted"; readonly why: string; readonly files: readonly string[] }
    | Refusal;
  readonly data:
    | { readonly kind: "ready"; readonly rows: number; readonly columns: number }
    | { readonly kind: "array-wanted"; readonly arrays: readonly string[] }
    /** The first row may be a header. */
    | { readonly kind: "header-wanted"; readonly why: string }
    | Refusal;
}

/** @property unknown whether nothing tells what the file is: another one may ask for it. */
interface Refusal {
  readonly kind: "refused";
  readonly why: string;
  readonly unknown: boolean;
}

/** @param settings what the user has said of it so far. */
export async function inspectFile(file: Blob, name: string, settings: FileSettings): Promise<Inspection> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const why = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  const files: string[] = [];
  const options = modelOptions(settings, (file) => void files.push(file));
  const network = readModel(bytes, name, options).then(
    ({ layers }) => ({ kind: "ready" as const, layers: layers.length, files }),
    (error: unknown): Inspection["network"] => {
      if (error instanceof ActivationsWantedError) return { kind: "activations-wanted", layers: error.layers };
      if (error instanceof LayersWantedError) {
        return { kind: "layers-wanted", why: why(error), candidates: error.candidates };
      }
      if (error instanceof KeyWantedError) return { kind: "key-wanted", why: why(error), keys: error.keys };
      if (error instanceof FileWantedError) return { kind: "file-wanted", why: `${name}: ${why(error)}`, files };
      return { kind: "refused", why: why(error), unknown: error instanceof UnknownFormatError };
    },
  );
  const data = openRows(bytes, name, dataOptions(settings)).then(
    ({ rows, columns }) => ({ kind: "ready" as const, rows, columns }),
    (error: unknown): Inspection["data"] => {
      if (error instanceof ArrayWantedError) return { kind: "array-wanted", arrays: error.arrays };
      if (error instanceof HeaderWantedError) return { kind: "header-wanted", why: why(error) };
      return { kind: "refused", why: why(error), unknown: error instanceof UnknownFormatError };
    },
  );
  return { network: await network, data: await data };
}
