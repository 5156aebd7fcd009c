/**
 * Elementwise functions of one variable z as polynomials in z and in values of named functions, such as ½z + ½z·erf(z/√2).
 *
 * Sums and products are multiplied out, so that two graphs that write the same formula in other ways become the same polynomial. An atom
 * is z or f(P); atoms whose arguments agree up to the rounding of stored constants are one atom. Limits: 64 terms, degree 8.
 */

import type { Activation } from "../../network/parametric.ts";
import { sameActivation } from "../../network/parametric.ts";

/** Functions that graphs are written with. `clip` is min(max(·, 0), 1). */
export type FunctionName =
  | "erf"
  | "tanh"
  | "sigmoid"
  | "exp"
  | "log"
  | "reciprocal"
  | "relu"
  | "clip"
  | "abs"
  | "sin"
  | "softplus"
  | "softsign"
  | "selu"
  // 1 for positive arguments, else 0: what a comparison says.
  | "step"
  // One of `Algebra.activate`, by its number.
  | `activation ${string}`;

export interface Term {
  readonly coefficient: number;
  /** Numbers of its atoms, sorted, one for each power; none: the constant. */
  readonly atoms: readonly number[];
}

/** Terms by their atoms; no coefficient is 0. */
export type Polynomial = ReadonlyMap<string, Term>;

export interface Atom {
  readonly name: FunctionName;
  readonly argument: Polynomial;
}

const MOST_TERMS = 64;
const MOST_DEGREE = 8;

/** Functions with a kink, or a jump. */
const KINKED: ReadonlySet<FunctionName> = new Set<FunctionName>(["relu", "clip", "abs", "step"]);

/** Numbers of the functions, near enough to tell whether two pieces meet. */
const VALUES: Readonly<Partial<Record<FunctionName, (x: number) => number>>> = {
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  exp: Math.exp,
  log: Math.log,
  reciprocal: (x) => 1 / x,
  relu: (x) => Math.max(0, x),
  clip: (x) => Math.min(1, Math.max(0, x)),
  abs: Math.abs,
  sin: Math.sin,
  softplus: (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x))),
  softsign: (x) => x / (1 + Math.abs(x)),
  step: (x) => (x > 0 ? 1 : 0),
};

/** The variable's number. */
const Z = 0;

export class Algebra {
  /** What coefficients may differ by, relatively; grows with the coarsest constant seen. */
  #tolerance = 1e-6;
  readonly #atoms: (Atom | null)[] = [null];
  /** Activations with a parameter that stand in the formulas. */
  readonly #activations: Activation[] = [];

  /** Constants of this spacing at 1 stand in the formulas. */
  allow(epsilon: number): void {
    this.#tolerance = Math.max(this.#tolerance, 4 * epsilon);
  }

  /** What numbers that are meant to be the same may differ by, relatively. */
  get tolerance(): number {
    return this.#tolerance;
  }

  variable(): Polynomial {
    return polynomial([{ coefficient: 1, atoms: [Z] }]);
  }

  constant(value: number): Polynomial {
    return polynomial([{ coefficient: value, atoms: [] }]);
  }

  add(p: Polynomial, q: Polynomial): Polynomial {
    const terms = new Map(p);
    for (const [key, { coefficient, atoms }] of q) {
      const own = terms.get(key)?.coefficient ?? 0;
      const sum = own + coefficient;
      // What cancels up to rounding is gone.
      if (Math.abs(sum) <= 1e-14 * (Math.abs(own) + Math.abs(coefficient))) terms.delete(key);
      else terms.set(key, { coefficient: sum, atoms });
    }
    return terms;
  }

  scale(p: Polynomial, factor: number): Polynomial {
    return polynomial([...p.values()].map(({ coefficient, atoms }) => ({ coefficient: coefficient * factor, atoms })));
  }

  /** Null where it outgrows the limits. */
  multiply(p: Polynomial, q: Polynomial): Polynomial | null {
    let product: Polynomial = new Map();
    for (const a of p.values()) {
      for (const b of q.values()) {
        const atoms = [...a.atoms, ...b.atoms].sort((x, y) => x - y);
        if (atoms.length > MOST_DEGREE) return null;
        product = this.add(product, polynomial([{ coefficient: a.coefficient * b.coefficient, atoms }]));
      }
      if (product.size > MOST_TERMS) return null;
    }
    return product;
  }

  /**
   * name(P), written in one way where there are two: 1/(1 + exp P) is sigmoid(−P), log(1 + exp P) is softplus(P), log(sigmoid(P)) is
   * −softplus(−P).
   */
  apply(name: FunctionName, argument: Polynomial): Polynomial {
    if (name === "reciprocal" || name === "log") {
      const exponent = this.#exponentOfOnePlusExp(argument);
      if (exponent !== null) {
        return name === "log" ? this.apply("softplus", exponent) : this.apply("sigmoid", this.scale(exponent, -1));
      }
    }
    const logistic = name === "log" ? this.#argumentOf(argument, "sigmoid") : null;
    if (logistic !== null) return this.scale(this.apply("softplus", this.scale(logistic, -1)), -1);
    let number = this.#atoms.findIndex((atom) => atom?.name === name && this.#agree(atom.argument, argument));
    if (number < 0) number = this.#atoms.push({ name, argument }) - 1;
    return polynomial([{ coefficient: 1, atoms: [number] }]);
  }

  /** g(P) of an activation with a parameter. */
  activate(g: Activation, p: Polynomial): Polynomial {
    let number = this.#activations.findIndex((own) => sameActivation(own, g));
    if (number < 0) number = this.#activations.push(g) - 1;
    return this.apply(`activation ${String(number)}`, p);
  }

  /** What `activate` was called with. */
  get activations(): readonly Activation[] {
    return this.#activations;
  }

  /** min(max(P, low), high), for low = 0. */
  clip(p: Polynomial, high: number): Polynomial {
    if (high === Infinity) return this.apply("relu", p);
    return this.scale(this.apply("clip", this.scale(p, 1 / high)), high);
  }

  /** P of relu(P), or null. */
  argumentOfRelu(p: Polynomial): Polynomial | null {
    return this.#argumentOf(p, "relu");
  }

  /** { factor, offset } of factor·z + offset; null for anything else. */
  affine(p: Polynomial): { factor: number; offset: number } | null {
    let factor = 0;
    let offset = 0;
    for (const { coefficient, atoms } of p.values()) {
      if (atoms.length === 0) offset = coefficient;
      else if (atoms.length === 1 && atoms[0] === Z) factor = coefficient;
      else return null;
    }
    return { factor, offset };
  }

  /** Arguments factor·z + offset of the functions in P, however deep. */
  arguments(p: Polynomial): { factor: number; offset: number }[] {
    const numbers = new Set([...p.values()].flatMap(({ atoms }) => atoms));
    return [...numbers].flatMap((number) => {
      const atom = this.#atoms[number];
      if (atom === null || atom === undefined) return [];
      const affine = this.affine(atom.argument);
      return affine === null ? this.arguments(atom.argument) : [affine];
    });
  }

  /** { scale, shift } with P = scale·Q + shift up to the tolerance, or null. */
  multiple(p: Polynomial, q: Polynomial): { scale: number; shift: number } | null {
    let scale: number | null = null;
    for (const [key, { coefficient }] of q) {
      if (key === "") continue;
      const ratio = (p.get(key)?.coefficient ?? 0) / coefficient;
      if (ratio === 0 || (scale !== null && !this.#isNear(ratio, scale))) return null;
      scale ??= ratio;
    }
    const count = (r: Polynomial): number => r.size - (r.has("") ? 1 : 0);
    if (scale === null || count(p) !== count(q)) return null;
    const exact = this.#isNear(scale, 1) ? 1 : scale;
    const shift = (p.get("")?.coefficient ?? 0) - exact * (q.get("")?.coefficient ?? 0);
    return { scale: exact, shift: Math.abs(shift) <= this.#tolerance * Math.abs(exact) ? 0 : shift };
  }

  /** { scale, factor, offset, shift } with P = scale·e^(factor·z + offset) + shift, or null. */
  exponential(p: Polynomial): { scale: number; factor: number; offset: number; shift: number } | null {
    const shift = p.get("")?.coefficient ?? 0;
    const [term, ...others] = [...p.values()].filter(({ atoms }) => atoms.length > 0);
    if (term === undefined || others.length > 0 || term.atoms.length !== 1) return null;
    const atom = this.#atoms[term.atoms[0] as number];
    const affine = atom?.name === "exp" ? this.affine(atom.argument) : null;
    return affine === null || affine.factor === 0 ? null : { scale: term.coefficient, ...affine, shift };
  }

  /** An atom of P with a kink, or a jump, whose argument has none; null where there is none. */
  kinkedAtom(p: Polynomial): Atom | null {
    for (const number of new Set([...p.values()].flatMap(({ atoms }) => atoms))) {
      const atom = this.#atoms[number] ?? null;
      if (atom === null) continue;
      const inner = this.kinkedAtom(atom.argument);
      if (inner !== null) return inner;
      if (KINKED.has(atom.name)) return atom;
    }
    return null;
  }

  /** P with q in the place of an atom, however deep it stands; null where it outgrows the limits. */
  replaced(p: Polynomial, atom: Atom, q: Polynomial): Polynomial | null {
    let sum: Polynomial = new Map();
    for (const { coefficient, atoms } of p.values()) {
      let product: Polynomial | null = this.constant(coefficient);
      for (const number of atoms) {
        const own = this.#atoms[number] ?? null;
        const factor = own === null ? this.variable() : own === atom ? q : this.#withArgument(own, atom, q);
        product = product === null || factor === null ? null : this.multiply(product, factor);
      }
      if (product === null) return null;
      sum = this.add(sum, product);
    }
    return sum;
  }

  #withArgument(own: Atom, atom: Atom, q: Polynomial): Polynomial | null {
    const argument = this.replaced(own.argument, atom, q);
    if (argument === null) return null;
    const isConstant = [...argument.values()].every(({ atoms }) => atoms.length === 0);
    const known = isConstant ? VALUES[own.name]?.(argument.get("")?.coefficient ?? 0) : undefined;
    return known === undefined ? this.apply(own.name, argument) : this.constant(known);
  }

  /** P at a point; NaN where a function of it is not known here. */
  value(p: Polynomial, z: number): number {
    let sum = 0;
    for (const { coefficient, atoms } of p.values()) {
      let product = coefficient;
      for (const number of atoms) {
        const atom = this.#atoms[number] ?? null;
        product *= atom === null ? z : (VALUES[atom.name]?.(this.value(atom.argument, z)) ?? NaN);
      }
      sum += product;
    }
    return sum;
  }

  /** Whether two are the same, up to the tolerance. */
  agree(p: Polynomial, q: Polynomial): boolean {
    return this.#agree(p, q);
  }

  #agree(p: Polynomial, q: Polynomial): boolean {
    if (p.size !== q.size) return false;
    for (const [key, { coefficient }] of p) {
      const other = q.get(key);
      if (other === undefined || !this.#isNear(coefficient, other.coefficient)) return false;
    }
    return true;
  }

  #isNear(a: number, b: number): boolean {
    return Math.abs(a - b) <= this.#tolerance * Math.max(Math.abs(a), Math.abs(b));
  }

  #exponentOfOnePlusExp(p: Polynomial): Polynomial | null {
    if (p.size !== 2 || p.get("")?.coefficient !== 1) return null;
    return this.#argumentOf(new Map([...p].filter(([key]) => key !== "")), "exp");
  }

  #argumentOf(p: Polynomial, name: FunctionName): Polynomial | null {
    const [term] = p.values();
    if (p.size !== 1 || term === undefined || term.coefficient !== 1 || term.atoms.length !== 1) return null;
    const atom = this.#atoms[term.atoms[0] as number];
    return atom?.name === name ? atom.argument : null;
  }
}

function polynomial(terms: readonly Term[]): Polynomial {
  return new Map(terms.filter(({ coefficient }) => coefficient !== 0).map((term) => [term.atoms.join("·"), term]));
}
