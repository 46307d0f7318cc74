// Shortens the names by which the module and its glue know each other: they carry hashes, which no compressor shortens.
// The binary format is that of the WebAssembly specification, section 5.5.

const IMPORTS = 2;
const EXPORTS = 7;

/** The module with short names, and which names they stand for. All imports come from one module, called `_` then. */
export function shorten(wasm) {
  const imports = new Map();
  const exports = new Map();
  const parts = [wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const size = leb(wasm, at + 1);
    const body = wasm.subarray(size.next, size.next + size.value);
    at = size.next + size.value;
    const rewritten = id === IMPORTS ? shortImports(body, imports) : id === EXPORTS ? shortExports(body, exports) : body;
    parts.push(Uint8Array.of(id), encoded(rewritten.length), rewritten);
  }
  return { wasm: Buffer.concat(parts), imports, exports };
}

function shortImports(body, names) {
  const count = leb(body, 0);
  const parts = [body.subarray(0, count.next)];
  let at = count.next;
  for (let left = count.value; left > 0; left--) {
    const module = text(body, at);
    const name = text(body, module.next);
    const end = descriptionEnd(body, name.next);
    parts.push(bytes("_"), bytes(short(name.value, names)), body.subarray(name.next, end));
    at = end;
  }
  return Buffer.concat(parts);
}

function shortExports(body, names) {
  const count = leb(body, 0);
  const parts = [body.subarray(0, count.next)];
  let at = count.next;
  for (let left = count.value; left > 0; left--) {
    const name = text(body, at);
    const index = leb(body, name.next + 1);
    parts.push(bytes(short(name.value, names)), body.subarray(name.next, index.next));
    at = index.next;
  }
  return Buffer.concat(parts);
}

/** What is imported is a function here, which its type describes. Anything else is a module this build does not know. */
function descriptionEnd(body, at) {
  if (body[at] !== 0) throw new Error("The module imports something that is no function.");
  return leb(body, at + 1).next;
}

function short(name, names) {
  const known = names.get(name) ?? `$${names.size.toString(36)}`;
  names.set(name, known);
  return known;
}

function text(body, at) {
  const length = leb(body, at);
  const next = length.next + length.value;
  return { value: Buffer.from(body.subarray(length.next, next)).toString("utf8"), next };
}

function bytes(name) {
  return Buffer.concat([encoded(name.length), Buffer.from(name)]);
}

/** Reads an unsigned integer in LEB128. */
function leb(body, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = body[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
}

function encoded(value) {
  const parts = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) parts.push((value % 0x80) | 0x80);
  parts.push(value);
  return Uint8Array.from(parts);
}
