/** What an unpickled file is made of. Plain data, and two inert kinds: a class that is only named, and an object of such a class. */

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Tuple
  | List
  | Dict
  | ClassName
  | Inert
  | Storage
  | StoredTensor;

export interface Tuple {
  readonly kind: "tuple";
  readonly items: readonly Value[];
}

/** A list or a set. */
export interface List {
  readonly kind: "list";
  readonly items: Value[];
}

/** A dict or an OrderedDict. */
export interface Dict {
  readonly kind: "dict";
  readonly entries: Map<Value, Value>;
}

/** "module.name" of a class or function. Naming it does nothing. */
export interface ClassName {
  readonly kind: "class";
  readonly name: string;
}

/** What a class or function that is not on the allow-list would have made. Never made: this stands in its place. */
export interface Inert {
  readonly kind: "inert";
  readonly className: string;
  readonly args: Value;
  /** What BUILD would have put into it: a module's `__dict__` among others. */
  state: Value;
}

/** A flat run of numbers that tensors look into. */
export interface Storage {
  readonly kind: "storage";
  /** The file's own name of it: equal keys are the same memory. */
  readonly key: string;
  /** "FloatStorage" …, or "UntypedStorage", whose tensors say their type. */
  readonly type: string;
  /** Where it starts within the key's memory, in elements: 0 but for the views of storages in older files. */
  readonly offset: number;
}

export interface StoredTensor {
  readonly kind: "tensor";
  readonly storage: Storage;
  /** "float32" …; null: as the storage's type says. */
  readonly dtype: string | null;
  /** Counted in elements. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** An unpickled file and the memory that its tensors look into. */
export interface TorchFile {
  readonly value: Value;
  readonly skipped: ReadonlySet<string>;
  /** Bytes of a storage by its key. */
  readonly storages: ReadonlyMap<string, Uint8Array>;
  readonly littleEndian: boolean;
}

export type Kind = Exclude<Value, null | boolean | number | bigint | string | Uint8Array>["kind"];

export function isKind<K extends Kind>(value: Value | undefined, kind: K): value is Extract<Value, { kind: K }> {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}

/** What a message calls a value. */
export function describeValue(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (typeof value === "object") {
    if (value instanceof Uint8Array) return "bytes";
    if (value.kind === "inert") return `an object of ${value.className}`;
    if (value.kind === "class") return `the class ${value.name}`;
    return `a ${value.kind}`;
  }
  return typeof value === "string" ? "a string" : typeof value === "boolean" ? "a truth value" : "a number";
}
