/** What a file can be, as its reader says: a network, data, either or neither, and what has to be asked of the user first. */
import { ActivationsWantedError } from "../formats/model-tensors.ts";
import { ArrayWantedError, readMatrix, readModel } from "../formats/read.ts";

export interface Inspection {
  readonly network:
    | { readonly kind: "ready"; readonly layers: number }
    /** The layers, "0 (784 → 64)", of a network that has no activations of its own. */
    | { readonly kind: "activations-wanted"; readonly layers: readonly string[] }
    | { readonly kind: "refused"; readonly why: string };
  readonly data:
    | { readonly kind: "ready"; readonly rows: number; readonly columns: number }
    | { readonly kind: "array-wanted"; readonly arrays: readonly string[] }
    | { readonly kind: "refused"; readonly why: string };
}

export async function inspectFile(file: Blob, name: string): Promise<Inspection> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const refused = (error: unknown) => ({
    kind: "refused" as const,
    why: error instanceof Error ? error.message : String(error),
  });
  const network = readModel(bytes, name).then(
    ({ layers }) => ({ kind: "ready" as const, layers: layers.length }),
    (error: unknown) =>
      error instanceof ActivationsWantedError
        ? { kind: "activations-wanted" as const, layers: error.layers }
        : refused(error),
  );
  const data = readMatrix(bytes, name).then(
    ({ rows, columns }) => ({ kind: "ready" as const, rows, columns }),
    (error: unknown) =>
      error instanceof ArrayWantedError ? { kind: "array-wanted" as const, arrays: error.arrays } : refused(error),
  );
  return { network: await network, data: await data };
}
