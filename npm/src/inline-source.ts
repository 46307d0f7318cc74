import text from "#wasm-base64";

/** The module's bytes, from the text that the build put into the script. */
export function inlineSource(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
