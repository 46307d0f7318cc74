// One configuration for the three packages. The type-aware rules matter most here: an SDK built on
// events and promises is where a floating promise or an unchecked `any` becomes a silent call.
import js from "@eslint/js";
import globals from "globals";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "**/node_modules/",
      "**/dist/",
      "**/target*/",
      "npm/wasm/", // written by wasm-bindgen
      "npm/docs/", // written by typedoc
      "protocol/bindings/", // written by the protocol crate, which tests that it is up to date
      "sdk-wasm/pkg/",
      "tests/output/",
    ],
  },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Numbers read well inside a sentence; objects and undefined do not.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // `describe`/`test` of node:test return promises that the runner itself awaits.
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["test", "it", "describe", "suite", "before", "after", "beforeEach", "afterEach"] },
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.{js,mjs,cjs}"],
    languageOptions: { globals: { ...globals.node } },
  },
  {
    files: ["npm/src/**", "npm/test/**/*.html", "demo-phone/**/*.js", "sdk-wasm/tests/page/**/*.js", "tests/consumers/project/**/*.{js,cjs}"],
    languageOptions: { globals: { ...globals.browser } },
  },
);
