import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "../src/wasm-text.js";

const script = new URL("../scripts/wasm-text.mjs", import.meta.url).href;
const { encode } = (await import(script)) as { encode: (bytes: Uint8Array) => { order: string; text: string } };

test("bytes written as text are read back, whichever are frequent", () => {
  const every = Uint8Array.from({ length: 256 }, (_, at) => at);
  const skewed = Uint8Array.from({ length: 5_000 }, (_, at) => (at * at) % 251);
  for (const bytes of [new Uint8Array(), every, Uint8Array.from(every, (byte) => 255 - byte), skewed]) {
    const { order, text } = encode(bytes);
    assert.deepEqual(decode(order, text), bytes);
  }
});

test("the text stands in a script as it is: printable, without quotes, backslashes or tags", () => {
  const { text } = encode(Uint8Array.from({ length: 256 }, (_, at) => at));
  assert.match(text, /^[ !#-;=-[\]-~]+$/);
});
