/**
 * Packages as they were published, for tests that need other people's pages untouched. Nothing of them is kept in the
 * repository: npm fetches the pinned version, its digest is checked, and the files stay in the build folder.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Published {
  readonly name: string;
  readonly version: string;
  /** As `npm view name@version dist.integrity` gives it: SHA-512, base64. */
  readonly integrity: string;
}

/** The SDK whose apps must run with ours in its place. */
export const ORIGINAL: Published = {
  name: "@flashphoner/websdk",
  version: "2.0.276",
  integrity: "sha512-SOe+B/zVE/oqc0QsEhBhInasWZl3K3VpX2u3w57wGvIczsR8Ua09C0rMavvPQ58LMC3Tnm+uZOB15C91g4CbpA==",
};

/** What the original's own test suite is written for. */
export const MOCHA: Published = {
  name: "mocha",
  version: "2.5.3",
  integrity: "sha512-jNt2iEk9FPmZLzL+sm4FNyOIDYXf2wUU6L4Cc8OIKK/kzgMHKPi4YhTZqG4bW4kQVdIv6wutDybRhXfdnujA1Q==",
};
export const CHAI: Published = {
  name: "chai",
  version: "3.5.0",
  integrity: "sha512-eRYY0vPS2a9zt5w5Z0aCeWbrXTEyvk7u/Xf71EzNObrjSCPgMm1Nku/D/u2tiqHBX5j40wWhj54YJLtgn8g55A==",
};

const CACHE = new URL("../../target/published/", import.meta.url).pathname;
const DOWNLOAD = 120_000;
const run = promisify(execFile);

/** The folder with the package's files, fetched unless it is there. */
export async function published(wanted: Published): Promise<string> {
  const folder = join(CACHE, `${wanted.name.replace("/", "+")}-${wanted.version}`);
  if (!existsSync(folder)) await fetchInto(folder, wanted);
  return folder;
}

/** Another test may do the same at the same time: who comes second throws its copy away. */
async function fetchInto(folder: string, wanted: Published): Promise<void> {
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, "draft-"));
  try {
    const tarball = await download(draft, wanted);
    verify(tarball, wanted);
    await run("tar", ["-xzf", tarball, "-C", draft]);
    if (!existsSync(folder)) renameSync(join(draft, "package"), folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** By npm's own hands, so that a mirror or a proxy set up for npm serves here too. */
async function download(draft: string, { name, version }: Published): Promise<string> {
  const wanted = `${name}@${version}`;
  try {
    const { stdout } = await run("npm", ["pack", wanted, "--loglevel=error", "--fetch-retries=1"], { cwd: draft, timeout: DOWNLOAD });
    return join(draft, stdout.trim().split("\n").at(-1) ?? "");
  } catch (error) {
    const why = error instanceof Error ? error.message.trim() : "";
    throw new Error(
      `${wanted} is not in ${CACHE} and could not be fetched from npm. These tests need that package as it was ` +
        `published: connect this machine to the npm registry once, or run them without the step. npm said: ${why}`,
      { cause: error },
    );
  }
}

function verify(tarball: string, { name, version, integrity }: Published): void {
  const digest = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  if (digest !== integrity) throw new Error(`npm gave another ${name}@${version} than the pinned one: ${digest}`);
}
