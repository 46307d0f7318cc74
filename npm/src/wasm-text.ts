const PREFIXES = "^~";

/** Reads what scripts/wasm-text.mjs wrote. */
export function decode(order: string, text: string): Uint8Array<ArrayBuffer> {
  const singles = new Map<string, number>();
  for (let code = 32; code < 127; code++) {
    const symbol = String.fromCharCode(code);
    if (!'"\\<^~'.includes(symbol)) singles.set(symbol, singles.size);
  }
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let offset = 0;
  for (const symbol of text) {
    const prefix = PREFIXES.indexOf(symbol);
    if (prefix >= 0) {
      offset = singles.size * (prefix + 1);
    } else {
      bytes[length++] = offset + (singles.get(symbol) ?? 0);
      offset = 0;
    }
  }
  const ranked = atob(order);
  return bytes.slice(0, length).map((rank) => ranked.charCodeAt(rank));
}
