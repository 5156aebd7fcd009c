/** Which entry of a checkpoint holds the weights: the only one that looks like a state_dict or a module, or the one that `--key` names. */
import { UsageError } from "../../network/errors.ts";
import { printable } from "../../network/printable.ts";
import { KeyWantedError } from "../model-tensors.ts";
import { isModule, moduleEntries, sequentialActivations } from "./modules.ts";
import type { Dict, Value } from "./values.ts";
import { describeValue, isKind } from "./values.ts";

export interface StateDict {
  /** "model_state_dict", "model.ema"; "" for the file's own object. */
  readonly key: string;
  readonly entries: ReadonlyMap<string, Value>;
  /** Activations of a whole Sequential, as the metadata of safetensors has them. */
  readonly activations: string | null;
  /** Its last Softmax or LogSoftmax, left out. */
  readonly dropped: string | null;
  /** What else stands beside it in the file's own object. */
  readonly beside: readonly string[];
}

/** A training checkpoint nests no deeper. */
const DEEPEST = 4;

/** Names that the weights of a layer have, in PyTorch and in Flax. */
const WEIGHT = /(^|[._])(weight|kernel)/;

/** @throws UsageError where there is none; KeyWantedError where there are several without `--key`. */
export function findStateDict(root: Value, key: string | undefined, source: string): StateDict {
  if (key !== undefined) return open(root, at(root, key, source), key, source);
  const candidates = [...search(root, "", 0, new Set())];
  const [only, second] = candidates;
  if (only === undefined) return open(root, root, "", source);
  if (second !== undefined) {
    throw new KeyWantedError(
      `${source}: found the weights of ${String(candidates.length)} networks (${candidates.slice(0, 8).map(printable).join(", ")}), expected --key NAME`,
      candidates,
    );
  }
  return open(root, at(root, only, source), only, source);
}

function* search(value: Value, path: string, depth: number, seen: Set<Value>): Generator<string> {
  if (seen.has(value)) return;
  seen.add(value);
  if (isModule(value) || (isKind(value, "dict") && looksLikeWeights(value))) {
    yield path;
  } else if (isKind(value, "dict") && depth < DEEPEST) {
    for (const [name, inner] of value.entries) {
      if (typeof name === "string") yield* search(inner, path === "" ? name : `${path}.${name}`, depth + 1, seen);
    }
  }
}

function looksLikeWeights({ entries }: Dict): boolean {
  return [...entries].some(([name, value]) => typeof name === "string" && WEIGHT.test(name) && isKind(value, "tensor"));
}

/** The entry "a.b": of a dict under "a.b", or under "a" of one under "b". @throws UsageError */
function at(root: Value, key: string, source: string): Value {
  if (key === "") return root;
  let value = root;
  let rest = key;
  while (rest !== "") {
    const entries: ReadonlyMap<Value, Value> = isKind(value, "dict") ? value.entries : new Map<Value, Value>();
    const step = [...entries.keys()].find((k) => typeof k === "string" && (rest === k || rest.startsWith(`${k}.`)));
    if (typeof step !== "string") {
      const names = [...entries.keys()].filter((k): k is string => typeof k === "string").slice(0, 12);
      throw new UsageError(
        `--key ${printable(key)}: found ${names.map(printable).join(", ") || "no entries"} in ${source}, expected one of them`,
      );
    }
    value = entries.get(step) ?? null;
    rest = rest.slice(step.length + 1);
  }
  return value;
}

function open(root: Value, value: Value, key: string, source: string): StateDict {
  const own = key.split(".")[0];
  const beside =
    key !== "" && isKind(root, "dict")
      ? [...root.entries.keys()].filter((name): name is string => typeof name === "string" && name !== own)
      : [];
  if (isModule(value)) {
    return { key, entries: moduleEntries(value, source), ...sequentialActivations(value, source), beside };
  }
  if (isKind(value, "dict")) {
    const entries = new Map<string, Value>();
    for (const [name, entry] of value.entries) if (typeof name === "string") entries.set(name, entry);
    return { key, entries, activations: null, dropped: null, beside };
  }
  throw new UsageError(
    `${source}: found ${describeValue(value)}${key === "" ? "" : ` under ${printable(key)}`}, expected a state_dict: torch.save(model.state_dict(), "model.pt")`,
  );
}
