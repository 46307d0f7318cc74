// JavaScript callers give numbers and nothing where texts are due: the module must never see them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "../src/call.js";
import { Bench, settled } from "./fake-core.js";

async function connected(bench: Bench): Promise<Call> {
  const call = (await bench.established()).createCall({ callee: "echo" });
  bench.call(call, "ESTABLISHED");
  await settled();
  return call;
}

test("transfer: a number is dialled as its text", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  call.transfer(1003 as unknown as string);
  assert.deepEqual(bench.requests("transfer"), [[call.id(), "1003", undefined]]);
});

test("transfer: to nobody is an empty text, which the core refuses", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  call.transfer(null as unknown as string);
  assert.deepEqual(bench.requests("transfer"), [[call.id(), "", undefined]]);
});

test("switchMic, switchCam: an id may be a number or null", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  await call.switchMic(3 as unknown as string);
  await call.switchCam(null as unknown as string);
  assert.deepEqual(bench.requests("switchMic"), [[call.id(), "3"]]);
  assert.deepEqual(bench.requests("switchCam"), [[call.id(), undefined]]);
});

test("setAudioOutputId: nothing is the usual output", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  void call.setAudioOutputId(null as unknown as string);
  assert.deepEqual(bench.requests("setAudioOutput"), [[call.id(), ""]]);
});

test("createCall option constraints: null is no picture and no output of choice", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const constraints = { audio: { outputId: null }, video: null } as unknown as MediaStreamConstraints;
  const call = session.createCall({ callee: "echo", constraints });
  assert.equal(call.status(), "NEW");
  assert.deepEqual(bench.requests("setAudioOutput"), []);
});

test("a logger that throws takes no event with it", async (context) => {
  const reported = context.mock.method(console, "error", () => undefined);
  const bench = new Bench();
  const fail = (): never => { throw new Error("full"); };
  const customLogger = { error: fail, warn: fail, info: fail, debug: fail, trace: fail };
  const session = await bench.established({ logger: { severity: "TRACE", customLogger } });
  assert.equal(session.status(), "ESTABLISHED");
  assert.ok(reported.mock.callCount() > 0);
});
