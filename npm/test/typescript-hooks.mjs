import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";

/** Sources import each other by the names that they will have once built. */
export async function resolve(specifier, context, next) {
  const ours = specifier.startsWith(".") && context.parentURL?.endsWith(".ts");
  return next(ours ? specifier.replace(/\.js$/, ".ts") : specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const sourcefile = fileURLToPath(url);
  const { code } = await transform(await readFile(sourcefile, "utf8"), {
    loader: "ts",
    sourcefile,
    sourcemap: "inline",
    target: "es2022",
  });
  return { format: "module", source: code, shortCircuit: true };
}
