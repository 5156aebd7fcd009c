/** PyTorch's .pt, .pth, .bin and .ckpt → named tensors. Nothing in the file is executed. */
import { FormatError, ModelError } from "../../network/errors.ts";
import { printable } from "../../network/printable.ts";
import type { ReadContext } from "../budget.ts";
import { mayBeSlopes } from "../prelu-slopes.ts";
import type { NamedTensor } from "../tensor.ts";
import { readTorchFile } from "./archive.ts";
import { findStateDict } from "./entries.ts";
import { namedTensor, refuseSharedMemory } from "./tensors.ts";
import type { StoredTensor, Value } from "./values.ts";
import { describeValue, isKind } from "./values.ts";

export interface TorchOptions extends ReadContext {
  /** `--key`: which entry of a checkpoint. */
  readonly key?: string | undefined;
  /** `--layers`: tensor prefixes; tensors outside of them may share memory. */
  readonly layers?: readonly string[] | undefined;
}

export interface TorchModel {
  readonly tensors: readonly NamedTensor[];
  /** Activations, one a layer, of a Sequential that was pickled whole; else null. */
  readonly activations: string | null;
  /** What a user should know of how the file was read, one line each. */
  readonly notes: readonly string[];
}

/** @throws FormatError, ModelError, UsageError */
export async function readPytorch(bytes: Uint8Array, source: string, options: TorchOptions = {}): Promise<TorchModel> {
  const file = await readTorchFile(bytes, source, options);
  const state = findStateDict(file.value, options.key, source);
  const stored = new Map<string, StoredTensor>();
  for (const [name, value] of state.entries) {
    if (isKind(value, "tensor")) stored.set(name, value);
    else refuseObject(name, value, source);
  }
  if (stored.size === 0) {
    throw new ModelError(
      `${source}: found no tensor in ${state.key === "" ? "the file" : state.key}, expected a state_dict: torch.save(model.state_dict(), "model.pt")`,
    );
  }
  const { layers } = options;
  const names = new Set(stored.keys());
  const isTaken = (name: string): boolean =>
    layers === undefined || layers.some((prefix) => name.startsWith(`${prefix}.`));
  // One PReLU may follow several layers: its slopes are constants.
  const used = new Map(
    [...stored].filter(([name, { shape }]) => isTaken(name) && !mayBeSlopes({ name, shape }, names)),
  );
  refuseSharedMemory(used, file, source);
  const notes: string[] = [];
  if (state.key !== "") {
    const others =
      state.beside.length === 0 ? "" : `; left alone: ${state.beside.slice(0, 8).map(printable).join(", ")}`;
    notes.push(`${source}: the weights are the entry ${printable(state.key)}${others}`);
  }
  if (state.dropped !== null) {
    notes.push(`${source}: the last ${state.dropped} is left out: f is a function of the logits before it`);
  }
  const skipped = [...file.skipped];
  if (skipped.length > 0) {
    const more = skipped.length > 8 ? ` and ${String(skipped.length - 8)} more` : "";
    notes.push(
      `${source}: classes and functions named in the file and never run: ${skipped.slice(0, 8).map(printable).join(", ")}${more}`,
    );
  }
  return {
    tensors: [...stored].map(([name, tensor]) => namedTensor(name, tensor, file, source)),
    activations: state.activations,
    notes,
  };
}

/** Plain numbers and texts beside the tensors are no weights; an object might have been, and so might a pair that holds one. */
function refuseObject(name: string, value: Value, source: string): void {
  if (name.endsWith("_extra_state")) return;
  const inner = isKind(value, "tuple") || isKind(value, "list") ? value.items : [value];
  const object = inner.find((item) => isKind(item, "inert"));
  if (object === undefined) return;
  throw new FormatError(
    `${source}: entry ${printable(name)}: found ${describeValue(object)}, which would have to be run, expected a dense tensor: torch.save(model.state_dict(), "model.pt")`,
  );
}
