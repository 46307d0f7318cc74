/** A folder of its own for every peer, gone when the tests are. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders = new Set<string>();
process.on("exit", () => {
  if (process.env["OFFHOOK_KEEP_FOLDERS"]) return;
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function folder(purpose: string): string {
  const path = mkdtempSync(join(tmpdir(), `offhook-${purpose}-`));
  folders.add(path);
  return path;
}
