import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, refusal, settled } from "./fake-core.js";

test("an outgoing call is NEW, then PENDING at once, then what the core says", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const options = { callee: "echo", visibleName: "Anna" };
  const call = session.createCall(options);
  assert.equal(call.status(), "NEW");
  call.call();
  assert.equal(call.status(), "PENDING");
  assert.deepEqual(bench.core.asked.slice(-2), [["createCall", session.id(), call.id(), options], ["call", call.id()]]);
  const seen: string[] = [];
  for (const status of ["TRYING", "RING", "SESSION_PROGRESS", "RING_MEDIA", "ESTABLISHED", "HOLD", "FINISH"] as const) {
    call.on(status, (c) => seen.push(c.status()));
    bench.call(call, status);
  }
  await settled();
  assert.deepEqual(seen, ["TRYING", "RING", "SESSION_PROGRESS", "RING_MEDIA", "ESTABLISHED", "HOLD", "FINISH"]);
});

test("an outgoing call knows its parties: the login the relay uses, the callee, the name shown", async () => {
  const session = await new Bench().established({ sipOptions: { login: "Anna", visibleName: "Anna B." } });
  const call = session.createCall({ callee: "sip:bob@example.org" });
  assert.equal(call.caller(), "anna");
  assert.equal(call.callee(), "sip:bob@example.org");
  assert.equal(call.visibleName(), "Anna B.");
  assert.equal(call.isIncoming(), false);
});

test("an incoming call is one object everywhere and misses none of its events", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const seen: unknown[] = [];
  session.on("INCOMING_CALL", (call) => {
    seen.push(call);
    call.on("RING", (same) => seen.push(same));
  });
  bench.emit({
    kind: "incoming", sessionId: session.id(), callId: "in-1",
    caller: "bob", callee: "anna", visibleName: "Bob", hasVideo: false,
  });
  bench.emit({ kind: "call", callId: "in-1", status: "RING" });
  await settled();
  const [call] = session.getCalls();
  assert.deepEqual(seen, [call, call]);
  assert.deepEqual([call?.caller(), call?.callee(), call?.visibleName(), call?.isIncoming()], ["bob", "anna", "Bob", true]);
});

test("answer passes its options on, and the status is PENDING at once", async () => {
  const bench = new Bench();
  const call = await bench.incoming(await bench.established());
  bench.call(call, "RING");
  await settled();
  const options = { constraints: { audio: true, video: false } };
  call.answer(options);
  assert.equal(call.status(), "PENDING");
  assert.deepEqual(bench.core.asked.at(-1), ["answer", "in-1", options]);
  assert.throws(() => { call.answer(); }, { message: "Invalid call state", code: "invalidCallState" });
});

test("call() and answer() belong to opposite ends", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const incoming = await bench.incoming(session);
  assert.throws(() => { incoming.call(); }, { message: "Invalid call state" });
  assert.throws(() => { session.createCall({ callee: "echo" }).answer(); }, { message: "Invalid call state" });
});

test("call() a second time is refused", async () => {
  const call = (await new Bench().established()).createCall({ callee: "echo" });
  call.call();
  assert.throws(() => { call.call(); }, { message: "Invalid call state" });
});

test("call() that the core refuses leaves the status as it was", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  bench.core.refusal = refusal({ code: "insecureContext", message: "The microphone needs HTTPS." });
  assert.throws(() => { call.call(); }, { code: "insecureContext" });
  assert.equal(call.status(), "NEW");
});

test("hold, unhold, digits and hang-up reach the core with the call's id", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  call.hold();
  call.unhold();
  call.sendDTMF("12#");
  call.sendDTMF("5", "RFC2833");
  call.hangup();
  const id = call.id();
  assert.deepEqual(bench.core.asked.slice(-5), [
    ["hold", id, false],
    ["unhold", id],
    ["sendDtmf", id, "12#", "RFC2833"],
    ["sendDtmf", id, "5", "RFC2833"],
    ["hangup", id],
  ]);
});

test("the microphone is muted and unmuted, and is muted once the call has ended", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  assert.equal(call.isAudioMuted(), false);
  call.muteAudio();
  assert.equal(call.isAudioMuted(), true);
  call.unmuteAudio();
  assert.equal(call.isAudioMuted(), false);
  bench.call(call, "FINISH");
  await settled();
  assert.equal(call.isAudioMuted(), true);
});

test("nothing follows a terminal status", async () => {
  for (const last of ["FINISH", "BUSY", "FAILED"] as const) {
    const bench = new Bench();
    const session = await bench.established();
    const call = session.createCall({ callee: "echo" });
    const seen: string[] = [];
    for (const status of ["RING", "FINISH", "BUSY", "FAILED"] as const) call.on(status, () => seen.push(status));
    call.on("DTMF", () => seen.push("DTMF"));
    bench.call(call, last);
    bench.call(call, "RING");
    bench.call(call, "FAILED");
    bench.emit({ kind: "dtmf", callId: call.id(), digit: "1", durationMs: 80 });
    await settled();
    assert.deepEqual(seen, [last]);
    assert.deepEqual(session.getCalls(), []);
  }
});

test("on an ended call, hangup does nothing and everything else is refused", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  bench.call(call, "FINISH");
  await settled();
  const before = bench.core.asked.length;
  call.hangup();
  const refused = [
    () => { call.hold(); },
    () => { call.unhold(); },
    () => { call.sendDTMF("1"); },
    () => { call.transfer("bob"); },
    () => { call.attachMedia(); },
    () => { call.call(); },
  ];
  for (const act of refused) assert.throws(act, { message: "Invalid call state" });
  assert.equal(bench.core.asked.length, before);
});

test("a call that ends says why: the reason, the failure with its code, the SIP status", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "nobody" });
  assert.deepEqual([call.getInfo(), call.getErrorInfo(), call.error(), call.getSipStatus()], ["", "", undefined, undefined]);
  const message = "There is no user or number “nobody”.";
  bench.call(call, "FAILED", { error: { code: "notFound", message, sipStatus: 404, sipReason: "Not Found" } });
  await settled();
  assert.deepEqual([call.getInfo(), call.getErrorInfo(), call.getSipStatus()], ["404 Not Found", message, 404]);
  assert.equal(call.error()?.code, "notFound");
  assert.equal(call.error()?.sipReason, "Not Found");
});

test("a reason of the documented list comes first in getInfo", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "x" });
  bench.call(call, "FAILED", { info: "No common codecs", error: { code: "noCommonCodecs", message: "No audio format in common." } });
  await settled();
  assert.equal(call.getInfo(), "No common codecs");
  assert.equal(call.getErrorInfo(), "No audio format in common.");
});

test("digits from the far end arrive as DTMF events with their length", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "dtmf" });
  const digits: unknown[] = [];
  call.on("DTMF", (same, digit) => digits.push(same === call, digit));
  bench.emit({ kind: "dtmf", callId: call.id(), digit: "7", durationMs: 160 });
  await settled();
  assert.deepEqual(digits, [true, { digit: "7", durationMs: 160 }]);
});

test("a listener that hangs up from inside an event is not called from inside its own call", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const call = session.createCall({ callee: "echo" });
  const trail: string[] = [];
  call.on("RING", () => {
    trail.push("ring");
    call.hangup();
    bench.call(call, "FINISH");
    trail.push("hangup returned");
  });
  call.on("FINISH", () => trail.push("finish"));
  bench.call(call, "RING");
  await settled();
  assert.deepEqual(trail, ["ring", "hangup returned", "finish"]);
});
