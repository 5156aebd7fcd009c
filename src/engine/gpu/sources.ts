/** Shader texts by path below shaders/, and how a shader is joined with the library files that its header names. */

/** Path below shaders/ → text. */
export type ShaderSources = Readonly<Record<string, string>>;

/** The whole text of a shader: the library files of its `// uses:` line, whole and in order, then the shader itself. */
export function joinShader(sources: ShaderSources, path: string): string {
  const text = sources[path];
  if (text === undefined) throw new RangeError(`no shader ${path}`);
  const uses = /^\/\/ uses: (.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  return [
    ...uses.map((name) => {
      const library = sources[name];
      if (library === undefined) throw new RangeError(`${path} uses ${name}, which is not there`);
      return library;
    }),
    text,
  ].join("\n");
}
