import { order, text } from "#wasm-text";
import { join } from "./wasm-streams.js";
import { decode } from "./wasm-text.js";

/** The module's bytes, from the text that the build put into the script. */
export function inlineSource(): Uint8Array<ArrayBuffer> {
  return join(decode(order, text));
}
