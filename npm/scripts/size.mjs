// Prints what a page downloads before its first call, compressed as a server would send it, and fails over the budget.
import { readFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url));
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
const { firstLoadBrotliBytes: budget } = JSON.parse(read("budget.json").toString());

const files = ["dist/offhook_sdk_bg.wasm", "dist/index.js"].map((name) => {
  const bytes = read(name);
  return { name, raw: bytes.length, brotli: brotli(bytes) };
});
const total = {
  name: "first load",
  raw: files.reduce((sum, file) => sum + file.raw, 0),
  brotli: files.reduce((sum, file) => sum + file.brotli, 0),
};
for (const { name, raw, brotli: packed } of [...files, total]) {
  console.log(`${name.padEnd(28)} ${String(raw).padStart(8)} B raw ${String(packed).padStart(8)} B brotli`);
}
if (total.brotli > budget) {
  console.error(`Over the budget of ${budget} B (npm/budget.json).`);
  process.exit(1);
}
console.log(`Within the budget of ${budget} B.`);
