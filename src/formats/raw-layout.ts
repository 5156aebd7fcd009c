/** Where the numbers of an array lie in a file that holds them as they are, so that rows can be read without the rest of it. */
import type { RawLayout } from "./array.ts";
import { isIdx, idxLayout } from "./idx.ts";
import { isNpy, npyLayout } from "./npy.ts";
import { isSafetensors, readSafetensors } from "./safetensors.ts";

/**
 * The layout of the one array of a plain .npy, IDX or safetensors file, or of the tensor that is wanted.
 * @param head the file's first bytes, `size` of them in all. @returns null where the whole file has to be looked at: it is of another
 * format or order, something stands behind the array, or what is asked for is not there.
 * @throws FormatError
 */
export function rawLayout(head: Uint8Array, size: number, source: string, array: string | undefined): RawLayout | null {
  if (isSafetensors(head)) {
    const header = 8 + Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true));
    if (header > head.length) return null;
    const { tensors } = readSafetensors(head, source, size);
    const [own] =
      array === undefined && tensors.size > 1 ? [] : [...tensors].filter(([name]) => name === (array ?? name));
    return own?.[1].layout ?? null;
  }
  if (array !== undefined || !(isNpy(head) || isIdx(head))) return null;
  if (isIdx(head)) return whole(idxLayout(head, size, source), size);
  const layout = npyLayout(head, size, source);
  return layout.isFortran ? null : whole(layout, size);
}

/** Null where something stands behind the array. */
function whole(layout: RawLayout, size: number): RawLayout | null {
  return layout.end === size ? layout : null;
}
