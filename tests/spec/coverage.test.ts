/** No row of the original's specification is without a test of its name, or a line that says why it is not ours. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import { BETTER, NOT_OURS, ROWS } from "./rows.ts";

const FOLDER = new URL(".", import.meta.url).pathname;
const GUIDE = new URL("../../docs/migration.md", import.meta.url).pathname;

const tests = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".test.ts") && name !== "coverage.test.ts")
  .map((name) => readFileSync(`${FOLDER}${name}`, "utf8"))
  .join("\n");

/** In a title as `name:`, or as a name in a table that titles are made of. */
function tested(row: string): boolean {
  const name = row.replace(/[.]/g, "\\$&");
  return new RegExp(`["\`( ]${name}(:|"|,)`).test(tests);
}

describe("the original's specification", () => {
  it("has a test for every row", () => {
    assert.deepEqual(ROWS.filter((row) => !tested(row)), []);
  });

  it("has a test for everything that is better here", () => {
    assert.deepEqual(BETTER.filter((title) => !tests.includes(`"${title}`)), []);
  });

  it("is explained to its users where it is not ours", () => {
    const guide = readFileSync(GUIDE, "utf8");
    assert.deepEqual(NOT_OURS.filter((word) => !guide.includes(`\`${word}\``)), []);
  });
});
