import { readdirSync, readFileSync } from "node:fs";
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import { expect, it } from "vitest";
import { bareShader } from "../../web/build/shader-text.ts";

const names = readdirSync("shaders", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".wgsl"));
const texts = names.map((name) => [name, readFileSync(`shaders/${name}`, "utf8")] as const);

it("a page's shader keeps its lines and loses comments and indentation alone", () => {
  expect(bareShader("// a\nlet x = a / b; // c\n    x += 1;\n")).toBe("\nlet x = a / b;\nx += 1;\n");
  expect(names.length).toBeGreaterThan(20);
  for (const [, text] of texts) {
    const bare = bareShader(text);
    expect(bare.split("\n")).toHaveLength(text.split("\n").length);
    expect(bare).not.toContain("//");
    expect(text).not.toContain("/*");
  }
});

it("what is left declares what the file declares", () => {
  for (const [name, text] of texts) {
    const [own, bare] = [text, bareShader(text)].map((source) => {
      const { entry, functions, uniforms, storage, overrides } = new WgslReflect(source);
      const namesOf = (list: readonly { readonly name: string }[]): string[] => list.map((each) => each.name);
      return [namesOf(entry.compute), namesOf(functions), namesOf(uniforms), namesOf(storage), namesOf(overrides)];
    });
    expect(bare, name).toEqual(own);
  }
});
