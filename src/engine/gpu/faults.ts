/** A planted fault as one textual change of one kernel; each `find` occurs exactly once in its shader. */
import type { FaultName } from "../faults.ts";

export interface KernelFault {
  readonly shader: string;
  readonly find: string;
  readonly replace: string;
}

export const KERNEL_FAULTS: Readonly<
  Record<Exclude<FaultName, "input-gradient-scaled" | "jacobian-norm-halved">, KernelFault>
> = {
  "vjp-missing-mask": {
    shader: "vector-jacobian-product.wgsl",
    find: "masked[at] = slopes[row * group + quad % group] * value;",
    replace: "masked[at] = value;",
  },
  "vjp-row-skipped": {
    shader: "vector-jacobian-product.wgsl",
    find: "let terms = sizes.inner;",
    replace: "let terms = sizes.inner - 1u;",
  },
  "jvp-missing-mask": {
    shader: "jacobian-vector-product.wgsl",
    find: "masked[at] = slopes[row * group + quad % group] * value;",
    replace: "masked[at] = value;",
  },
  "jvp-row-skipped": {
    shader: "jacobian-vector-product.wgsl",
    find: "let terms = sizes.inner;",
    replace: "let terms = sizes.inner - 1u;",
  },
};

/** The shader's text with the fault in it, where it is this shader's. */
export function withFault(path: string, code: string, fault: FaultName | undefined): string {
  if (fault === undefined || !(fault in KERNEL_FAULTS)) return code;
  const change = KERNEL_FAULTS[fault as keyof typeof KERNEL_FAULTS];
  if (change.shader !== path) return code;
  if (code.split(change.find).length !== 2) throw new RangeError(`fault ${fault}: its text is not there exactly once`);
  return code.replace(change.find, change.replace);
}
