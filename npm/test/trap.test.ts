import assert from "node:assert/strict";
import { test } from "node:test";
import { guardExports, onTrap } from "../src/trap.js";

// (module (func (export "fine") (result i32) i32.const 7) (func (export "trap") unreachable))
const MODULE = Uint8Array.from([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x60, 0x00, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x03, 0x03,
  0x02, 0x00, 0x01, 0x07, 0x0f, 0x02, 0x04, 0x66, 0x69, 0x6e, 0x65, 0x00, 0x00, 0x04, 0x74, 0x72, 0x61, 0x70, 0x00, 0x01,
  0x0a, 0x0a, 0x02, 0x04, 0x00, 0x41, 0x07, 0x0b, 0x03, 0x00, 0x00, 0x0b,
]);

type Fn = () => unknown;

function instance(): Record<"fine" | "trap", Fn> & Record<string, WebAssembly.ExportValue> {
  return new WebAssembly.Instance(new WebAssembly.Module(MODULE)).exports as never;
}

test("a guarded module works as before, until it traps; then it is not entered again", () => {
  const causes: unknown[] = [];
  onTrap((cause) => causes.push(cause));
  const guarded = guardExports(instance(), () => []) as Record<"fine" | "trap", Fn>;
  assert.equal(guarded.fine(), 7);
  assert.throws(guarded.trap, WebAssembly.RuntimeError);
  assert.equal(guarded.fine(), undefined);
  assert.equal(guarded.trap(), undefined);
  assert.equal(causes.length, 1);
});

test("only the last to load the module is told of its trap", () => {
  const told: string[] = [];
  onTrap(() => told.push("first"));
  onTrap(() => told.push("second"));
  assert.throws(guardExports(instance(), () => [])["trap"] as Fn, WebAssembly.RuntimeError);
  assert.deepEqual(told, ["second"]);
});

test("a trap closes what the module held of the browser, and nothing else", (t) => {
  const closed: string[] = [];
  class MediaStreamTrack { stop(): void { closed.push("microphone"); } }
  class RTCPeerConnection { close(): void { closed.push("peer connection"); } }
  class WebSocket { close(): void { closed.push("socket"); } }
  class HTMLMediaElement { remove(): void { closed.push("video"); } }
  const fakes = { MediaStreamTrack, RTCPeerConnection, WebSocket, HTMLMediaElement };
  for (const [name, type] of Object.entries(fakes)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value: type, configurable: true });
    t.after(() => { if (before) Object.defineProperty(globalThis, name, before); else Reflect.deleteProperty(globalThis, name); });
  }
  const held = new WebAssembly.Table({ initial: 5, element: "externref" });
  held.set(0, new MediaStreamTrack());
  held.set(1, new RTCPeerConnection());
  held.set(2, new WebSocket());
  held.set(3, new HTMLMediaElement());
  held.set(4, { close: () => closed.push("somebody else's") });
  const all = ["microphone", "peer connection", "socket", "video"];
  const inTable = guardExports({ ...instance(), held }, () => []) as Record<"trap", Fn>;
  assert.throws(inTable.trap);
  assert.deepEqual(closed.splice(0), all);
  const inArray = guardExports(instance(), () => [7, undefined, ...Array.from({ length: 5 }, (_, at) => held.get(at) as unknown)]);
  assert.throws(inArray["trap"] as Fn);
  assert.deepEqual(closed, all);
});
