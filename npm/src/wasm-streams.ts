/**
 * A module's code taken apart into streams of like things, for the scripts that carry the module inside: instructions
 * with instructions, local variables with local variables. A compressor sees more in that than in the mixture, a tenth
 * of the whole download. The build takes apart ({@link split}), the script puts together ({@link join}); both walk
 * through the code in the same way, so that nothing but the streams has to be stored. The binary format is that of the
 * WebAssembly specification, sections 5.4 and 5.5.
 */

const CODE_SECTION = 10;

const enum Stream {
  Locals,
  Instructions,
  Types,
  Branches,
  Calls,
  Local,
  Globals,
  Alignments,
  Offsets,
  Numbers,
  LongNumbers,
  Floats,
  Others,
  Count,
}

/** Moves the next thing of a stream, a number in LEB128 or so many bytes, and says what it is. */
type Move = (stream: Stream, bytes?: number) => number;

/** Bytes to read from, or to write to. */
interface Tape {
  bytes: Uint8Array;
  at: number;
}

/** What {@link join} makes the module of. */
export function split(wasm: Uint8Array): Uint8Array {
  const code = codeSection(wasm);
  const source: Tape = { bytes: wasm, at: code.body };
  const functions = number(source);
  const streams = newStreams(wasm.length);
  for (let left = functions; left > 0; left--) {
    number(source);
    walk((stream, bytes) => moved(source, tape(streams, stream), bytes));
  }
  const parts = [wasm.subarray(0, code.start), wasm.subarray(code.end), ...streams.map(written)];
  const whole = tapeOf(wasm.length * 2);
  put(whole, functions);
  for (const part of parts) put(whole, part.length);
  for (const part of parts) append(whole, part);
  return written(whole);
}

/** The module. */
export function join(parts: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const source: Tape = { bytes: parts, at: 0 };
  const functions = number(source);
  const lengths = Array.from({ length: 2 + Stream.Count }, () => number(source));
  let start = source.at;
  const [before, after, ...streams] = lengths.map((length) => ({ bytes: parts.subarray(start, (start += length)), at: 0 }));
  const code = tapeOf(parts.length * 2);
  put(code, functions);
  const body = tapeOf(parts.length);
  for (let left = functions; left > 0; left--) {
    body.at = 0;
    walk((stream, bytes) => moved(tape(streams, stream), body, bytes));
    put(code, body.at);
    append(code, written(body));
  }
  const module = tapeOf(parts.length * 2);
  append(module, before?.bytes);
  put(module, CODE_SECTION);
  put(module, code.at);
  append(module, written(code));
  append(module, after?.bytes);
  return module.bytes.slice(0, module.at);
}

/** Through one function: its local variables, and its instructions up to the end that belongs to its beginning. */
function walk(move: Move): void {
  for (let groups = move(Stream.Locals); groups > 0; groups--) {
    move(Stream.Locals);
    move(Stream.Locals, 1);
  }
  for (let depth = 1; depth > 0; ) {
    const instruction = move(Stream.Instructions, 1);
    if (instruction >= 0x02 && instruction <= 0x04) depth += 1;
    else if (instruction === 0x0b) depth -= 1;
    operands(instruction, move);
  }
}

/** What follows an instruction (section 5.4). One that is not known here stops the build. */
function operands(instruction: number, move: Move): void {
  const is = (first: number, last: number): boolean => instruction >= first && instruction <= last;
  if (is(0x02, 0x04)) move(Stream.Types);
  else if (is(0x0c, 0x0d)) move(Stream.Branches);
  else if (instruction === 0x0e) for (let left = move(Stream.Branches); left >= 0; left--) move(Stream.Branches);
  else if (instruction === 0x10) move(Stream.Calls);
  else if (instruction === 0x11) {
    move(Stream.Types);
    move(Stream.Others);
  } else if (is(0x20, 0x22)) move(Stream.Local);
  else if (is(0x23, 0x24)) move(Stream.Globals);
  else if (is(0x25, 0x26)) move(Stream.Others);
  else if (is(0x28, 0x3e)) {
    move(Stream.Alignments);
    move(Stream.Offsets);
  } else if (is(0x3f, 0x40)) move(Stream.Others);
  else if (instruction === 0x41) move(Stream.Numbers);
  else if (instruction === 0x42) move(Stream.LongNumbers);
  else if (instruction === 0x43) move(Stream.Floats, 4);
  else if (instruction === 0x44) move(Stream.Floats, 8);
  else if (instruction === 0xfc) bulk(move);
  else if (!(is(0x00, 0x01) || instruction === 0x05 || instruction === 0x0b || instruction === 0x0f || is(0x1a, 0x1b) || is(0x45, 0xc4))) {
    throw new Error(`instruction ${instruction} is not known`);
  }
}

/** Conversions have no operands, copying and filling memory have one for each memory. */
function bulk(move: Move): void {
  const instruction = move(Stream.Others);
  if (instruction === 10) move(Stream.Others, 2);
  else if (instruction === 11) move(Stream.Others, 1);
  else if (instruction > 7) throw new Error(`instruction 0xfc ${instruction} is not known`);
}

function moved(from: Tape, to: Tape, bytes?: number): number {
  const start = from.at;
  if (start >= from.bytes.length) throw new Error("the code ends before its end");
  const value = bytes === undefined ? number(from) : (from.bytes[start] ?? 0);
  if (bytes !== undefined) from.at += bytes;
  for (let at = start; at < from.at; at++) to.bytes[to.at++] = from.bytes[at] ?? 0;
  return value;
}

/** An unsigned number in LEB128; of a signed one the length is right, which is enough. */
function number(from: Tape): number {
  let value = 0;
  for (let factor = 1; ; factor *= 0x80) {
    const byte = from.bytes[from.at++] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
}

function put(to: Tape, value: number): void {
  for (; value >= 0x80; value = Math.floor(value / 0x80)) to.bytes[to.at++] = (value % 0x80) | 0x80;
  to.bytes[to.at++] = value;
}

function append(to: Tape, bytes: Uint8Array = new Uint8Array()): void {
  to.bytes.set(bytes, to.at);
  to.at += bytes.length;
}

function tapeOf(length: number): Tape & { bytes: Uint8Array<ArrayBuffer> } {
  return { bytes: new Uint8Array(length), at: 0 };
}

function newStreams(length: number): Tape[] {
  return Array.from({ length: Stream.Count }, () => tapeOf(length));
}

function tape(streams: readonly Tape[], stream: Stream): Tape {
  const found = streams[stream];
  if (!found) throw new Error("a stream is missing");
  return found;
}

function written({ bytes, at }: Tape): Uint8Array {
  return bytes.subarray(0, at);
}

/** Where the code is: its section, and what is in it. */
function codeSection(wasm: Uint8Array): { start: number; body: number; end: number } {
  const source: Tape = { bytes: wasm, at: 8 };
  while (source.at < wasm.length) {
    const start = source.at;
    const id = wasm[source.at++];
    const size = number(source);
    if (id === CODE_SECTION) return { start, body: source.at, end: source.at + size };
    source.at += size;
  }
  throw new Error("the module has no code");
}
