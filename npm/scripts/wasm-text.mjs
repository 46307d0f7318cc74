// Writes bytes as printable text for a script. Base64 hides from a compressor that bytes repeat, which costs a third of
// the download; here a byte is always the same one or two characters. src/wasm-text.ts reads it.

/** The characters of the text: printable, harmless in a string and in HTML; the last two announce a second one. */
const SINGLE = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).filter((c) => !'"\\<^~'.includes(c));
const PREFIXES = ["^", "~"];

/** The text, and which byte each of its symbols stands for: the frequent ones have the short symbols. */
export function encode(bytes) {
  const frequency = new Array(256).fill(0);
  for (const byte of bytes) frequency[byte] += 1;
  const order = [...frequency.keys()].sort((a, b) => frequency[b] - frequency[a]);
  const symbols = [];
  order.forEach((byte, rank) => {
    const second = rank - SINGLE.length;
    symbols[byte] =
      second < 0 ? SINGLE[rank] : PREFIXES[Math.floor(second / SINGLE.length)] + SINGLE[second % SINGLE.length];
  });
  return { order: Buffer.from(order).toString("base64"), text: Array.from(bytes, (byte) => symbols[byte]).join("") };
}
