// Builds dist/: the ES modules, those with the WebAssembly inside, the classic scripts, and the types.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import { build } from "esbuild";
import { shorten } from "./wasm-names.mjs";
import { encode } from "./wasm-text.mjs";

const root = new URL("..", import.meta.url);
const path = (name) => fileURLToPath(new URL(name, root));
const glue = path("wasm/offhook_sdk.js");
const wasm = path("wasm/offhook_sdk_bg.wasm");

if (!existsSync(glue) || !existsSync(wasm)) {
  console.error("npm/wasm/ is empty: build the WebAssembly first, with `cargo xtask build`.");
  process.exit(1);
}

rmSync(path("dist"), { recursive: true, force: true });
mkdirSync(path("dist"));
const module = shorten(readFileSync(wasm));
writeFileSync(path("dist/offhook_sdk_bg.wasm"), module.wasm);

const { split, join } = await source("src/wasm-streams.ts");
const streams = split(module.wasm);
if (!module.wasm.equals(join(streams))) throw new Error("The module cannot be put together again from its streams.");

const shared = {
  bundle: true,
  minify: true,
  sourcemap: true,
  target: "es2022",
  legalComments: "none",
  plugins: [{ name: "wasm", setup: wasmNames }],
  logLevel: "warning",
};
await build({ ...shared, entryPoints: ["index", "inline", "compat"].map((name) => path(`src/${name}.ts`)), outdir: path("dist"), format: "esm" });
await build({
  ...shared,
  entryPoints: [path("src/global.ts")],
  outfile: path("dist/offhook.global.js"),
  format: "iife",
  globalName: "Offhook",
});
await build({
  ...shared,
  entryPoints: [path("src/flashphoner.ts")],
  outfile: path("dist/flashphoner.js"),
  format: "iife",
  globalName: "made",
  // A script tag gets a global, `require` and AMD loaders their module.
  banner: { js: "(function(root,make){" +
    'if(typeof module==="object"&&module.exports)module.exports=make();' +
    'else if(typeof define==="function"&&define.amd)define([],make);' +
    'else root.Flashphoner=make()' +
    '})(typeof self!=="undefined"?self:this,function(){' },
  footer: { js: "return made.Flashphoner});" },
});
// In a package of ES modules, `require` takes a CommonJS module by its name only.
copyFileSync(path("dist/flashphoner.js"), path("dist/flashphoner.cjs"));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "-p", path("tsconfig.build.json")], { stdio: "inherit" });

/** A source of the package, for this script. */
async function source(name) {
  const { outputFiles } = await build({ entryPoints: [path(name)], bundle: true, write: false, format: "esm" });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

/** Gives the generated files the names that the sources import, and puts the guard of src/trap.ts in their way. */
function wasmNames(builder) {
  builder.onResolve({ filter: /^#glue$/ }, () => ({ path: glue }));
  builder.onResolve({ filter: /^#wasm-text$/ }, () => ({ path: wasm, namespace: "text" }));
  builder.onLoad({ filter: /offhook_sdk_bg\.wasm$/, namespace: "text" }, () => {
    const { order, text } = encode(streams);
    return { contents: `export const order = ${JSON.stringify(order)}, text = ${JSON.stringify(text)};`, loader: "js" };
  });
  builder.onLoad({ filter: /offhook_sdk\.js$/ }, () => ({
    contents: `import { guardExports } from ${JSON.stringify(path("src/trap.ts"))};\n${guarded(readFileSync(glue, "utf8"))}`,
    loader: "js",
  }));
}

/** The glue keeps the module's exports in one variable. A glue that does not is one this build does not know. */
function guarded(source) {
  const parts = source.split("wasm = instance.exports;");
  if (parts.length !== 2) throw new Error("wasm-bindgen's output has changed: cannot find where it keeps the exports.");
  // What the module holds of the browser is in an array of the glue's, or in a table that it exports.
  const held = /^let heap = /m.test(source) ? "heap" : "[]";
  return (
    renamed(parts.join(`wasm = guardExports(instance.exports, () => ${held});`))
      // The module's address is the facade's to choose; without this line bundlers would see two.
      .replace(/module_or_path = new URL\('offhook_sdk_bg\.wasm', import\.meta\.url\);/, "throw new TypeError('no module given');")
  );
}

/** The glue with the module's short names. */
function renamed(source) {
  const known = (names, name) => names.get(name) ?? fail(`wasm-bindgen's output has changed: ${name} is not in the module.`);
  return source
    .replace(/"\.\/offhook_sdk_bg\.js": import0/, "_: import0")
    .replace(/^ {8}(__wb\w+)(?=: function)/gm, (_, name) => known(module.imports, name))
    .replace(/(?<=\bwasm\.)\w+/g, (name) => known(module.exports, name));
}

function fail(message) {
  throw new Error(message);
}
