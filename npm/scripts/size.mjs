// Prints what a page downloads before its first call, compressed as a server would send it, and fails over the budget.
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url));
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
const budgets = JSON.parse(read("budget.json").toString());

const loads = [
  { name: "first load", files: ["dist/offhook_sdk_bg.wasm", "dist/index.js"], budget: budgets.firstLoadBrotliBytes },
  { name: "first load, compat", files: ["dist/offhook_sdk_bg.wasm", "dist/compat.js"], budget: budgets.dropInBrotliBytes },
  { name: "drop-in script", files: ["dist/flashphoner.js"], budget: budgets.dropInBrotliBytes },
];
const line = (name, raw, packed, rest = "") =>
  console.log(`${name.padEnd(28)} ${String(raw).padStart(8)} B raw ${String(packed).padStart(8)} B brotli${rest}`);
for (const { name, files, budget } of loads) {
  const sizes = files.map((file) => {
    const bytes = read(file);
    return { file, raw: bytes.length, packed: brotli(bytes) };
  });
  if (files.length > 1) for (const { file, raw, packed } of sizes) line(`  ${file}`, raw, packed);
  const total = (key) => sizes.reduce((sum, size) => sum + size[key], 0);
  line(name, total("raw"), total("packed"), ` of ${budget}`);
  if (total("packed") > budget) {
    console.error(`${name} is over its budget of ${budget} B (npm/budget.json).`);
    process.exitCode = 1;
  }
}
