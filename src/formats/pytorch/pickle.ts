/**
 * Python's pickle, protocols 0 to 5, as data: every opcode builds plain values, and nothing is ever called or imported.
 *
 * A class or function is a name (`ClassName`). What it would make is asked of `construct`, an allow-list; anything else becomes an `Inert`
 * stand-in, and its name is kept in `skipped`. Python's pickletools.py describes the opcodes.
 */
import { FormatError } from "../../network/errors.ts";
import { ByteReader } from "./byte-reader.ts";
import { readLiteral } from "./literals.ts";
import type { Dict, List, Tuple, Value } from "./values.ts";
import { describeValue, isKind } from "./values.ts";

export interface PickleRules {
  /** What the named class or function makes of these arguments, or undefined for one that is not on the list. */
  readonly construct: (name: string, args: Value) => Value | undefined;
  /** What a persistent id stands for. @throws FormatError */
  readonly persistent: (id: Value) => Value;
}

export interface Unpickled {
  readonly value: Value;
  /** Where the stream goes on after STOP. */
  readonly end: number;
  /** Classes and functions that it names and that were not followed, in order. */
  readonly skipped: ReadonlySet<string>;
}

/** @throws FormatError naming the file, the opcode and its place. */
export function unpickle(bytes: Uint8Array, start: number, source: string, rules: PickleRules): Unpickled {
  const machine = new Machine(new ByteReader(bytes, start, source), source, rules);
  const value = machine.run();
  return { value, end: machine.reader.at, skipped: machine.skipped };
}

const MARK = Symbol("mark");
type Slot = Value | typeof MARK;

const tuple = (items: readonly Value[]): Tuple => ({ kind: "tuple", items });
const list = (items: Value[]): List => ({ kind: "list", items });

class Machine {
  readonly skipped = new Set<string>();
  readonly #stack: Slot[] = [];
  readonly #memo = new Map<number, Value>();

  constructor(
    readonly reader: ByteReader,
    readonly source: string,
    readonly rules: PickleRules,
  ) {}

  run(): Value {
    for (;;) {
      const at = this.reader.at;
      const opcode = this.reader.byte();
      if (opcode === 0x2e) return this.#pop();
      if (!this.#literal(opcode) && !this.#container(opcode) && !this.#object(opcode)) {
        throw this.#damaged(`the opcode 0x${opcode.toString(16)} at byte ${String(at)}`);
      }
    }
  }

  /** Numbers, texts and bytes. */
  #literal(opcode: number): boolean {
    const value = readLiteral(opcode, this.reader);
    return value !== undefined && this.#push(value);
  }

  /** Tuples, lists, dicts, sets, and the stack and memo that they are built with. */
  #container(opcode: number): boolean {
    const { reader } = this;
    switch (opcode) {
      case 0x80: // PROTO
        reader.byte();
        return true;
      case 0x95: // FRAME
        reader.uint64();
        return true;
      case 0x28: // MARK
        this.#stack.push(MARK);
        return true;
      case 0x30: // POP
        if (this.#stack.pop() === undefined) throw this.#damaged("an empty stack");
        return true;
      case 0x31: // POP_MARK
        this.#popMark();
        return true;
      case 0x32: // DUP
        this.#push(this.#top());
        return true;
      case 0x70: // PUT
        return this.#remember(Number(reader.line()));
      case 0x71: // BINPUT
        return this.#remember(reader.byte());
      case 0x72: // LONG_BINPUT
        return this.#remember(reader.uint32());
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size);
      case 0x67: // GET
        return this.#recall(Number(reader.line()));
      case 0x68: // BINGET
        return this.#recall(reader.byte());
      case 0x6a: // LONG_BINGET
        return this.#recall(reader.uint32());
      case 0x29: // EMPTY_TUPLE
        return this.#push(tuple([]));
      case 0x74: // TUPLE
        return this.#push(tuple(this.#popMark()));
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(tuple(Array.from({ length: opcode - 0x84 }, () => this.#pop()).reverse()));
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        return this.#push(list([]));
      case 0x6c: // LIST
      case 0x91: // FROZENSET
        return this.#push(list(this.#popMark()));
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#popMark());
      case 0x7d: // EMPTY_DICT
        return this.#push({ kind: "dict", entries: new Map() });
      case 0x64: {
        // DICT
        const items = this.#popMark();
        this.#push({ kind: "dict", entries: new Map() });
        return this.#setItems(items);
      }
      case 0x73: {
        // SETITEM
        const value = this.#pop();
        return this.#setItems([this.#pop(), value]);
      }
      case 0x75: // SETITEMS
        return this.#setItems(this.#popMark());
      default:
        return false;
    }
  }

  /** Names of classes, and what would be made of them. */
  #object(opcode: number): boolean {
    const { reader } = this;
    switch (opcode) {
      case 0x63: // GLOBAL
        return this.#push({ kind: "class", name: `${reader.line()}.${reader.line()}` });
      case 0x93: {
        // STACK_GLOBAL
        const [name, module] = [this.#pop(), this.#pop()];
        if (typeof name !== "string" || typeof module !== "string") throw this.#damaged("a class without a name");
        return this.#push({ kind: "class", name: `${module}.${name}` });
      }
      case 0x69: {
        // INST
        const name = `${reader.line()}.${reader.line()}`;
        return this.#make({ kind: "class", name }, tuple(this.#popMark()));
      }
      case 0x6f: {
        // OBJ
        const [first, ...args] = this.#popMark();
        return this.#make(first ?? null, tuple(args));
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const args = this.#pop();
        return this.#make(this.#pop(), args);
      }
      case 0x92: {
        // NEWOBJ_EX
        this.#pop();
        const args = this.#pop();
        return this.#make(this.#pop(), args);
      }
      case 0x62: {
        // BUILD
        const state = this.#pop();
        const target = this.#top();
        if (isKind(target, "inert")) target.state = state;
        return true;
      }
      case 0x50: // PERSID
        return this.#push(this.rules.persistent(reader.line()));
      case 0x51: // BINPERSID
        return this.#push(this.rules.persistent(this.#pop()));
      default:
        return false;
    }
  }

  #make(callee: Value, args: Value): boolean {
    const name = isKind(callee, "class") ? callee.name : isKind(callee, "inert") ? `${callee.className}()` : null;
    if (name === null) throw this.#damaged(`${describeValue(callee)} that is called`);
    const made = isKind(callee, "class") ? this.rules.construct(name, args) : undefined;
    if (made !== undefined) return this.#push(made);
    this.skipped.add(name);
    return this.#push({ kind: "inert", className: name, args, state: null });
  }

  #append(items: Value[]): boolean {
    const target = this.#top();
    // Items of an inert object go with it.
    if (isKind(target, "list")) for (const item of items) target.items.push(item);
    else if (!isKind(target, "inert")) throw this.#damaged(`${describeValue(target)} that is appended to`);
    return true;
  }

  #setItems(items: Value[]): boolean {
    const target = this.#top();
    if (isKind(target, "inert")) return true;
    if (!isKind(target, "dict") || items.length % 2 !== 0) throw this.#damaged("a dict with a key alone");
    for (let i = 0; i < items.length; i += 2) (target as Dict).entries.set(items[i] as Value, items[i + 1] as Value);
    return true;
  }

  #push(value: Value): true {
    this.#stack.push(value);
    return true;
  }

  #pop(): Value {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw this.#damaged("an empty stack");
    return value;
  }

  #top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw this.#damaged("an empty stack");
    return value;
  }

  #popMark(): Value[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) throw this.#damaged("no mark");
    const items = this.#stack.splice(at + 1);
    this.#stack.pop();
    return items as Value[];
  }

  #remember(key: number): true {
    this.#memo.set(key, this.#top());
    return true;
  }

  #recall(key: number): true {
    const value = this.#memo.get(key);
    if (value === undefined) throw this.#damaged(`the unknown memo ${String(key)}`);
    return this.#push(value);
  }

  #damaged(what: string): FormatError {
    return new FormatError(`${this.source}: found ${what.slice(0, 80)} in its pickle, expected what torch.save writes`);
  }
}
