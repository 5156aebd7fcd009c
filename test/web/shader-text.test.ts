import { readdirSync, readFileSync } from "node:fs";
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import { expect, it } from "vitest";
import type { ShaderSources } from "../../src/engine/gpu/sources.ts";
import { joinShader } from "../../src/engine/gpu/sources.ts";
import { bareShader } from "../../web/build/shader-text.ts";

const names = readdirSync("shaders", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".wgsl"));
const texts = names.map((name) => [name, readFileSync(`shaders/${name}`, "utf8")] as const);

it("a page's shader keeps its lines and loses comments and indentation alone", () => {
  expect(bareShader("// a\nlet x = a / b; // c\n    x += 1;\n")).toBe("\nlet x = a / b;\nx += 1;\n");
  expect(names.length).toBeGreaterThan(20);
  for (const [, text] of texts) {
    const bare = bareShader(text);
    expect(bare.split("\n")).toHaveLength(text.split("\n").length);
    expect(bare.replace(/^\/\/ uses: .*$/m, "")).not.toContain("//");
    expect(text).not.toContain("/*");
  }
});

it("what is left declares what the file declares, with the pieces that it names", () => {
  const [whole, stripped] = [texts, texts.map(([name, text]) => [name, bareShader(text)] as const)].map((all) =>
    Object.fromEntries(all),
  ) as [ShaderSources, ShaderSources];
  for (const [name] of texts) {
    const [own, bare] = [whole, stripped].map((sources) => {
      const { entry, functions, uniforms, storage, overrides } = new WgslReflect(joinShader(sources, name));
      const namesOf = (list: readonly { readonly name: string }[]): string[] => list.map((each) => each.name);
      return [namesOf(entry.compute), namesOf(functions), namesOf(uniforms), namesOf(storage), namesOf(overrides)];
    });
    expect(bare, name).toEqual(own);
  }
});
