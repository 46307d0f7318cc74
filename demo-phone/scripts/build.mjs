// Builds dist/, a folder that any web server can serve as it is.
import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const resolve = createRequire(import.meta.url).resolve;

let wasm;
try {
  wasm = resolve("offhook/offhook_sdk_bg.wasm");
} catch {
  wasm = "";
}
if (!existsSync(wasm)) {
  console.error("The offhook package is not built: run `cargo xtask build`, or `npm run build -w npm` first.");
  process.exit(1);
}

rmSync(path("dist"), { recursive: true, force: true });
mkdirSync(path("dist"));
for (const file of ["index.html", "icon.svg"]) copyFileSync(path(`src/${file}`), path(`dist/${file}`));
// The SDK looks for the module beside the script that it is bundled into.
copyFileSync(wasm, path("dist/offhook_sdk_bg.wasm"));

await build({
  entryPoints: { phone: path("src/main.ts"), style: path("src/style.css") },
  outdir: path("dist"),
  bundle: true,
  minify: true,
  sourcemap: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
});
