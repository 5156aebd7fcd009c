import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "web/dist/", "node_modules/", "assembly/", "src/formats/onnx/onnx_pb.ts"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Typed arrays are indexed in numeric loops; the casts there name the element's type.
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: false }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      // Published coefficients keep their published digits.
      "no-loss-of-precision": "off",
      "no-console": "error",
    },
  },
  { files: ["test/**/*.ts", "examples/**/*.ts", "bench/**/*.ts"], rules: { "no-console": "off" } },
  {
    files: ["bin/**/*.js", "scripts/**/*.js", "*.config.js", ".dependency-cruiser.cjs"],
    languageOptions: { globals: { process: "readonly", console: "readonly", module: "writable", URL: "readonly" } },
  },
  {
    // Only the command line, the worker and the page touch the console, the process or the page.
    files: ["src/**/*.ts"],
    ignores: ["src/cli/**", "src/worker/**"],
    rules: {
      "no-restricted-globals": ["error", "process", "window", "document"],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["node:*"], message: "bytes, streams and clocks come in as arguments" }] },
      ],
    },
  },
);
