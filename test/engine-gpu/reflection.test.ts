/** Host and shaders cannot drift: every shader's own word, by wgsl_reflect, against the host's declaration of the kernel. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readShaders } from "../../src/cli/runtime/shaders.ts";
import { FAULT_NAMES } from "../../src/engine/faults.ts";
import { KERNEL_FAULTS, withFault } from "../../src/engine/gpu/faults.ts";
import { KERNELS } from "../../src/engine/program/kernels.ts";
import { packUniform, reflect } from "../../src/engine/gpu/reflection.ts";
import { joinShader } from "../../src/engine/gpu/sources.ts";

const sources = readShaders();
const kernels = Object.values(KERNELS);

describe("shaders and their host declarations", () => {
  it("name the same shaders: none without a kernel, none missing", () => {
    const files = readdirSync(new URL("../../shaders/", import.meta.url)).filter((f) => f.endsWith(".wgsl"));
    expect(kernels.map((k) => k.shader).sort()).toEqual(files.sort());
  });

  it.each(kernels)("$name: bindings, sizes and overrides agree in name and order", (kernel) => {
    const found = reflect(joinShader(sources, kernel.shader));
    expect(found.bindings.map((b) => b.name)).toEqual(["sizes", ...kernel.buffers]);
    expect(found.bindings.map((b) => b.binding)).toEqual(found.bindings.map((_, i) => i));
    const written = found.bindings.flatMap((b, i) => (b.kind === "storage" && b.name !== "states" ? [i - 1] : []));
    expect(written).toEqual(kernel.results);
    expect(found.bindings.map((b) => b.kind === "uniform")).toEqual(found.bindings.map((_, i) => i === 0));
    expect(found.uniformFields.map((f) => f.name)).toEqual(kernel.sizes);
    expect([...found.overrides].sort()).toEqual([...kernel.overrides].sort());
    expect(found.workgroupSize).toBeGreaterThan(0);
  });

  it.each(kernels)("$name: each size lands at its own offset, four bytes apart, in a block of 16", (kernel) => {
    const found = reflect(joinShader(sources, kernel.shader));
    const values = Object.fromEntries(kernel.sizes.map((name, i) => [name, 0x01010101 * (i + 1)]));
    const words = new Uint32Array(packUniform(found, values));
    kernel.sizes.forEach((name, i) => {
      expect(found.uniformFields[i]?.offset, name).toBe(4 * i);
      expect(words[i], name).toBe(0x01010101 * (i + 1));
    });
    expect(words.byteLength % 16).toBe(0);
  });

  it("refuse a size that is not given, and one that the shader does not know", () => {
    const found = reflect(joinShader(sources, "mask.wgsl"));
    expect(() => packUniform(found, { rows: 1, columns: 4 })).toThrow("samples");
    expect(() => packUniform(found, { rows: 1, columns: 4, samples: 4, rwos: 1 })).toThrow("rwos");
  });

  it("stay within eight storage buffers, what every adapter offers", () => {
    for (const kernel of kernels) expect(kernel.buffers.length, kernel.name).toBeLessThanOrEqual(8);
  });

  it("have one entry point a file and say so of themselves in a header", () => {
    for (const kernel of kernels) {
      const text = readFileSync(new URL(`../../shaders/${kernel.shader}`, import.meta.url), "utf8");
      expect(text.startsWith("//"), kernel.shader).toBe(true);
      expect(text.match(/@compute/g)?.length, kernel.shader).toBe(1);
    }
  });
});

describe("planted faults", () => {
  it.each(Object.entries(KERNEL_FAULTS))("%s finds each text that it changes exactly once", (name, edits) => {
    for (const { shader, find, replace } of edits) {
      expect(joinShader(sources, shader).split(find).length, find).toBe(2);
      expect(replace).not.toBe(find);
    }
    expect(FAULT_NAMES).toContain(name);
  });

  it("leave every other kernel as it is", () => {
    for (const [name, edits] of Object.entries(KERNEL_FAULTS)) {
      for (const kernel of kernels) {
        const code = joinShader(sources, kernel.shader);
        const changed = withFault(kernel.shader, code, name as (typeof FAULT_NAMES)[number]) !== code;
        expect(changed, `${name} in ${kernel.shader}`).toBe(edits.some((e) => e.shader === kernel.shader));
      }
    }
  });
});
