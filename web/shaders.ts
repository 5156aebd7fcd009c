/** The shaders' text by path, as the engine wants it. */
const modules: Record<string, string> = import.meta.glob("../shaders/**/*.wgsl", {
  query: "?raw",
  import: "default",
  eager: true,
});

export const shaders = Object.fromEntries(
  Object.entries(modules).map(([path, text]) => [path.replace("../shaders/", ""), text]),
);
