// Packs the package and lets publint and attw look at what a consumer would get.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (command, ...args) => execFileSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const out = mkdtempSync(join(tmpdir(), "offhook-pack-"));
try {
  const [{ filename, files }] = JSON.parse(run("npm", "pack", "--json", "--pack-destination", out));
  for (const { path, size } of files) console.log(`${String(size).padStart(8)}  ${path}`);
  const tarball = join(out, filename);
  process.stdout.write(run("npx", "--no-install", "publint", "run", tarball, "--strict"));
  process.stdout.write(run("npx", "--no-install", "attw", tarball, "--profile", "esm-only", "--exclude-entrypoints", "offhook_sdk_bg.wasm", "offhook.global.js", "flashphoner.js"));
} catch (error) {
  process.stdout.write(error.stdout ?? "");
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
