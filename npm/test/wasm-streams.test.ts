import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { join, split } from "../src/wasm-streams.js";

const HEAD = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
/** One function type, () -> (), and one function of it per body. */
const around = (...bodies: number[][]): number[] => [
  ...HEAD, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, bodies.length + 1, bodies.length, ...bodies.map(() => 0),
];

function withCode(...bodies: number[][]): Uint8Array<ArrayBuffer> {
  const code = [bodies.length, ...bodies.flatMap((body) => [body.length, ...body])];
  // Long enough for two bytes of LEB128, and short enough.
  const length = code.length < 128 ? [code.length] : [(code.length % 128) | 128, Math.floor(code.length / 128)];
  return Uint8Array.from([...around(...bodies), 10, ...length, ...code, 0x00, 0x03, 0x01, 0x78, 0x07]);
}

/** Every kind of operand, by the instruction that has it; none of it has to make sense. */
const BODIES: Record<string, number[]> = {
  "nothing": [0, 0x0b],
  "local variables": [2, 3, 0x7f, 1, 0x7e, 0x20, 0, 0x21, 1, 0x22, 2, 0x0b],
  "blocks in blocks": [0, 0x02, 0x40, 0x03, 0x40, 0x04, 0x40, 0x05, 0x0b, 0x0b, 0x0c, 0, 0x0d, 1, 0x0b, 0x0b],
  "a table of branches": [0, 0x0e, 2, 0, 1, 2, 0x0b],
  "calls": [0, 0x10, 0x80, 0x01, 0x11, 3, 0, 0x0b],
  "memory": [0, 0x28, 2, 0x90, 0x08, 0x36, 0, 4, 0x3f, 0, 0x40, 0, 0x0b],
  "numbers": [0, 0x41, 0x7f, 0x41, 0xff, 0xff, 0xff, 0xff, 0x07, 0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f, 0x0b],
  "floats": [0, 0x43, 0x0b, 0x0b, 0x0b, 0x0b, 0x44, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b],
  "globals, arithmetic and conversions": [0, 0x23, 1, 0x24, 2, 0x6a, 0xc0, 0xfc, 4, 0x1a, 0x1b, 0x0f, 0x0b],
  "tables": [0, 0x41, 0, 0x25, 1, 0x26, 0, 0x0b],
  "copying and filling": [0, 0xfc, 10, 0, 0, 0xfc, 11, 0, 0x0b],
};

for (const [name, body] of Object.entries(BODIES)) {
  test(`a function is put together again as it was: ${name}`, () => {
    const wasm = withCode(body);
    assert.deepEqual(join(split(wasm) as Uint8Array<ArrayBuffer>), wasm);
  });
}

test("all of them in one module are, too, with what stands before and after the code", () => {
  const wasm = withCode(...Object.values(BODIES));
  assert.deepEqual(join(split(wasm) as Uint8Array<ArrayBuffer>), wasm);
});

test("an instruction that is not known stops the build, rather than breaking the script", () => {
  for (const unknown of [[0xfd, 0], [0x06, 0x40], [0xfc, 12, 0, 0]]) {
    assert.throws(() => split(withCode([0, ...unknown, 0x0b])), /is not known/);
  }
  assert.throws(() => split(Uint8Array.from(HEAD)), /has no code/);
  assert.throws(() => split(withCode([0, 0x02, 0x40, 0x0b]).subarray(0, -5)), /ends before its end/);
});

test("the package's own module is put together again byte for byte", () => {
  const file = new URL("../dist/offhook_sdk_bg.wasm", import.meta.url);
  assert.ok(existsSync(file), "the package is not built: npm run build");
  const wasm = new Uint8Array(readFileSync(file));
  assert.deepEqual(join(split(wasm) as Uint8Array<ArrayBuffer>), wasm);
});
