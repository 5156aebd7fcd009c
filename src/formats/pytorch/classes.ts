/**
 * The allow-list: the few classes and functions that torch.save uses for tensors (torch/_utils.py) and for plain containers, each as a
 * function of plain values. Everything else stays a name.
 */
import { FormatError } from "../../network/errors.ts";
import type { Dict, Storage, StoredTensor, Value } from "./values.ts";
import { describeValue, isKind } from "./values.ts";

type Construct = (args: readonly Value[], where: string) => Value | undefined;

const emptyDict = (): Dict => ({ kind: "dict", entries: new Map() });

/** Pairs as a list, as Python 2 wrote an OrderedDict; or nothing, and SETITEMS fills it. */
const dict: Construct = (args) => {
  const made = emptyDict();
  const pairs = args[0];
  if (isKind(pairs, "dict")) return pairs;
  if (isKind(pairs, "list")) {
    for (const pair of pairs.items) {
      if (!isKind(pair, "tuple") && !isKind(pair, "list")) return undefined;
      made.entries.set(pair.items[0] ?? null, pair.items[1] ?? null);
    }
  }
  return made;
};

const itself: Construct = (args) => args[0] ?? null;

const tensor: Construct = (args, where) => makeTensor(args, null, where);

const CONSTRUCTORS: Readonly<Record<string, Construct>> = {
  "collections.OrderedDict": dict,
  "collections.defaultdict": emptyDict,
  "builtins.dict": dict,
  "builtins.set": (args) => args[0] ?? { kind: "list", items: [] },
  "__builtin__.set": (args) => args[0] ?? { kind: "list", items: [] },
  "torch.Size": itself,
  "torch._utils._rebuild_tensor": tensor,
  "torch._utils._rebuild_tensor_v2": tensor,
  // Its seventh argument is the dtype of an untyped storage.
  "torch._utils._rebuild_tensor_v3": (args, where) => makeTensor(args, dtypeName(args[6]), where),
  "torch._utils._rebuild_parameter": itself,
  "torch._utils._rebuild_parameter_with_state": itself,
  "torch.nn.parameter.Parameter": itself,
  // A tensor with attributes of its own: (function, type, its arguments, state).
  "torch._tensor._rebuild_from_type_v2": ([callee, , args], where) =>
    isKind(callee, "class") && callee.name.startsWith("torch._utils._rebuild_")
      ? construct(callee.name, args ?? null, where)
      : undefined,
};

/** What `name(*args)` makes, or undefined for what is not on the list. @throws FormatError for a tensor whose parts are no numbers. */
export function construct(name: string, args: Value, where: string): Value | undefined {
  const made = Object.hasOwn(CONSTRUCTORS, name) ? CONSTRUCTORS[name] : undefined;
  return made?.(isKind(args, "tuple") ? args.items : [], where);
}

/** (storage, offset, size, stride, …) of torch._utils. */
function makeTensor(args: readonly Value[], dtype: string | null, where: string): StoredTensor {
  const [storage, offset, size, stride] = args;
  const shape = wholeNumbers(size);
  const strides = wholeNumbers(stride);
  if (!isKind(storage, "storage") || !isWhole(offset) || shape === null || strides?.length !== shape.length) {
    throw new FormatError(
      `${where}: found a tensor of ${[storage, offset, size, stride].map(describeValue).join(", ")}, expected a storage, an offset, sizes and strides`,
    );
  }
  return { kind: "tensor", storage, dtype, offset, shape, strides };
}

function isWhole(value: Value | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function wholeNumbers(value: Value | undefined): number[] | null {
  if (!isKind(value, "tuple") && !isKind(value, "list")) return null;
  return value.items.every(isWhole) ? (value.items as number[]) : null;
}

/** torch.float32 → "float32". */
function dtypeName(value: Value | undefined): string | null {
  return isKind(value, "class") ? value.name.replace(/^torch\./, "") : null;
}

/** The persistent id ("storage", class, key, device, count, view). @throws FormatError */
export function persistentStorage(id: Value, where: string): Value {
  const items = isKind(id, "tuple") ? id.items : [];
  const [kind, type, key, , , view] = items;
  // The older format keeps a module's source text beside its class; the class is but a name.
  if (kind === "module" && isKind(type, "class")) return type;
  if (kind !== "storage" || !isKind(type, "class") || typeof key !== "string") {
    throw new FormatError(`${where}: found ${describeValue(id)} as a persistent id, expected a storage of numbers`);
  }
  const name = type.name.replace(/^.*\./, "");
  const offset = isKind(view, "tuple") && isWhole(view.items[1]) ? view.items[1] : 0;
  const storage: Storage = { kind: "storage", key, type: name, offset };
  return storage;
}
