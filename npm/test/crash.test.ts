import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, settled } from "./fake-core.js";

test("a module that cannot be loaded fails the session with wasmFailed", async () => {
  const bench = new Bench();
  bench.loadError = new Error("HTTP 404");
  const session = await bench.opened();
  assert.equal(session.status(), "FAILED");
  assert.equal(session.error()?.code, "wasmFailed");
  assert.deepEqual((session.error()?.cause as Error).message, "HTTP 404");
  await assert.rejects(bench.offhook.init(), { code: "wasmFailed" });
});

test("after a failed load the next session tries again", async () => {
  const bench = new Bench();
  bench.loadError = new Error("offline");
  await bench.opened();
  bench.loadError = undefined;
  const session = await bench.opened();
  assert.equal(session.status(), "PENDING");
  assert.deepEqual(bench.core.asked.map(([name]) => name), ["openSession"]);
});

test("many sessions and inits share one load", async () => {
  const bench = new Bench();
  await Promise.all([bench.offhook.init(), bench.opened(), bench.opened(), bench.offhook.init()]);
  assert.equal(bench.loads, 1);
});

test("a trap in a request throws sdkCrashed and fails everything, calls before sessions", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const other = await bench.established();
  const call = session.createCall({ callee: "echo" });
  const seen: string[] = [];
  call.on("FAILED", () => seen.push("call"));
  session.on("FAILED", () => seen.push("session"));
  other.on("FAILED", () => seen.push("other"));
  bench.core.refusal = new WebAssembly.RuntimeError("unreachable");
  assert.throws(() => { call.call(); }, { code: "sdkCrashed" });
  assert.deepEqual(seen, []);
  await settled();
  assert.deepEqual(seen, ["call", "session", "other"]);
  assert.equal(call.error()?.code, "sdkCrashed");
  assert.equal(session.error()?.code, "sdkCrashed");
});

test("a trap in a browser's callback fails everything as well", async () => {
  const bench = new Bench();
  const session = await bench.established();
  bench.crash(new WebAssembly.RuntimeError("unreachable"));
  await settled();
  assert.equal(session.status(), "FAILED");
  assert.deepEqual(bench.offhook.getSessions(), []);
});

test("after a trap the core is never entered again, and new sessions fail with the reason", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const call = session.createCall({ callee: "echo" });
  bench.crash(new WebAssembly.RuntimeError("unreachable"));
  const before = bench.core.asked.length;
  assert.throws(() => { call.hangup(); }, { code: "sdkCrashed" }, "between the trap and its event");
  await settled();
  session.disconnect();
  const next = await bench.opened();
  assert.equal(next.status(), "FAILED");
  assert.equal(next.error()?.code, "sdkCrashed");
  await assert.rejects(bench.offhook.init(), { code: "sdkCrashed" });
  assert.equal(bench.core.asked.length, before);
});

test("an exception of the core that is no failure is told as internal, with its cause kept", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  bench.core.refusal = new Error("odd");
  assert.throws(() => { call.call(); }, (error: Error) => (error.cause as Error).message === "odd");
});
