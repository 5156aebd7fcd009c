import { defineConfig } from "vite";
import { budget } from "./web/build/budget.ts";
import { formulas } from "./web/build/formulas.ts";
import { english } from "./web/build/english.ts";
import { shaderText } from "./web/build/shader-text.ts";

/** The page: a static folder that works from any path. */
export default defineConfig({
  root: "web",
  base: "./",
  plugins: [english(), formulas(), shaderText(), budget()],
  build: { outDir: "dist", emptyOutDir: true, target: "es2022", assetsInlineLimit: 0 },
  worker: { format: "es" },
  server: { fs: { allow: [".."] } },
});
