/**
 * The kernel cases of `gpv doctor --stress` and the stored numbers of a sample find each planted fault that is a kernel's own, and leave alone
 * what WGSL allows.
 */
import { expect, it } from "vitest";
import { FAULTS } from "../../src/engine/faults.ts";
import type { FaultName } from "../../src/engine/faults.ts";
import { KERNEL_FAULTS } from "../../src/engine/gpu/faults.ts";
import { RUNTIMES, runProgram, skipReason } from "../support/software-gpu.ts";

it.skipIf(skipReason !== null).each(RUNTIMES)(
  "every fault of a kernel is found by a case of that kernel, flushing by none, %s",
  { timeout: 240_000 },
  async (runtime) => {
    const found = (await runProgram(runtime, "conformance.ts", null)) as Record<string, string | null>;
    expect(Object.keys(found).sort()).toEqual([...Object.keys(KERNEL_FAULTS), "jvp-sizes-shifted"].sort());
    const silent = Object.keys(found).filter((fault) => found[fault] === null);
    expect(silent).toEqual(Object.keys(found).filter((fault) => FAULTS[fault as FaultName].allowed === true));
  },
);

it.skipIf(skipReason !== null)(
  "the stored numbers of a sample accuse a kernel that the fault changes, of a clean engine none",
  { timeout: 240_000 },
  async () => {
    const { clean, shaders } = (await runProgram("node", "guilty.ts", null)) as {
      clean: string[];
      shaders: Record<string, string | null>;
    };
    expect(clean).toEqual([]);
    for (const [fault, shader] of Object.entries(shaders)) {
      // Of "jvp-sizes-shifted" no shader's text is changed.
      const changed = KERNEL_FAULTS[fault as FaultName]?.map((edit) => edit.shader) ?? ["jacobian-vector-product.wgsl"];
      expect(changed, fault).toContain(shader);
    }
    expect(Object.keys(shaders)).toHaveLength(10);
  },
);
