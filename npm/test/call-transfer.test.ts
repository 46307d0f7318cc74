// Holding, transferring and keys; headers and custom data.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transfer } from "../src/call.js";
import { Bench, settled } from "./fake-core.js";

test("hold, holdForTransfer: the core is told which", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  call.hold();
  call.holdForTransfer();
  assert.deepEqual(bench.requests("hold"), [[call.id(), false], [call.id(), true]]);
});

test("transfer: to a target, or to the far end of another call", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const first = session.createCall({ callee: "bob" });
  const second = session.createCall({ callee: "carol" });
  first.transfer("sip:dave@example.org");
  first.transfer(second);
  assert.deepEqual(bench.requests("transfer"), [
    [first.id(), "sip:dave@example.org", undefined],
    [first.id(), undefined, second.id()],
  ]);
});

test("TRANSFER tells how it goes, and the call's status stays", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "bob" });
  bench.call(call, "HOLD");
  const seen: Transfer[] = [];
  call.on("TRANSFER", (_, transfer) => seen.push(transfer));
  const event = { kind: "transfer", callId: call.id(), target: "carol" } as const;
  const error = { code: "busy", message: "carol is busy." };
  bench.emit({ ...event, status: "TRYING" });
  bench.emit({ ...event, status: "RING", sipStatus: 180 });
  bench.emit({ ...event, status: "FAILED", sipStatus: 486, sipReason: "Busy Here", error });
  await settled();
  assert.deepEqual(seen.slice(0, 2), [{ status: "TRYING", target: "carol" }, { status: "RING", target: "carol", sipStatus: 180 }]);
  assert.deepEqual([seen[2]?.status, seen[2]?.sipReason, seen[2]?.error?.code], ["FAILED", "Busy Here", "busy"]);
  assert.equal(call.status(), "HOLD");
});

test("PARTY_CHANGED: an outgoing call has another callee then, an incoming one another caller", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const outgoing = session.createCall({ callee: "bob" });
  const incoming = await bench.incoming(session);
  const seen: unknown[] = [];
  for (const call of [outgoing, incoming]) call.on("PARTY_CHANGED", (_, party) => seen.push(party));
  bench.emit({ kind: "party", callId: outgoing.id(), user: "carol" });
  bench.emit({ kind: "party", callId: incoming.id(), user: "dave", displayName: "Dave D." });
  await settled();
  assert.deepEqual(seen, [{ user: "carol" }, { user: "dave", displayName: "Dave D." }]);
  assert.equal(outgoing.callee(), "carol");
  assert.deepEqual([incoming.caller(), incoming.visibleName()], ["dave", "Dave D."]);
});

test("sendDTMF: RFC2833 unless INFO or INFO_RELAY is asked for; numbers are texts", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "ivr" });
  call.sendDTMF("12#");
  call.sendDTMF(7, "INFO");
  call.sendDTMF("*", "INFO_RELAY");
  const id = call.id();
  assert.deepEqual(bench.requests("sendDtmf"), [[id, "12#", "RFC2833"], [id, "7", "INFO"], [id, "*", "INFO_RELAY"]]);
});

test("sipHeaders: those of an incoming call can be read, by any case of the name", async () => {
  const bench = new Bench();
  const session = await bench.established();
  bench.emit({
    kind: "incoming", sessionId: session.id(), callId: "in-1", caller: "bob", callee: "anna", hasVideo: true,
    headers: [{ name: "X-Account", value: "7" }, { name: "Subject", value: "Order" }],
  });
  await settled();
  const [call] = session.getCalls();
  assert.deepEqual([call?.getHeader("x-account"), call?.getHeader("X-Other"), call?.getHeaders().length], ["7", undefined, 2]);
  assert.equal(call?.hasVideo(), true);
});

test("sipHeaders: those of the latest answer to an outgoing call can be read", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "bob" });
  bench.call(call, "RING", { headers: [{ name: "X-Queue", value: "3" }] });
  bench.call(call, "ESTABLISHED");
  await settled();
  assert.equal(call.getHeader("X-Queue"), "3");
  bench.call(call, "HOLD", { headers: [{ name: "X-Queue", value: "4" }] });
  await settled();
  assert.equal(call.getHeader("X-Queue"), "4");
});

test("getDiversions: who had an incoming call sent on, the latest first", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const diversions = [{ user: "desk", displayName: "Desk", reason: "user-busy", counter: 1 }, { user: "anonymous" }];
  const parties = { sessionId: session.id(), caller: "bob", callee: "anna", hasVideo: false };
  bench.emit({ kind: "incoming", callId: "in-1", diversions, ...parties });
  bench.emit({ kind: "incoming", callId: "in-2", ...parties });
  await settled();
  assert.deepEqual(session.getCalls().map((call) => call.getDiversions()), [diversions, []]);
});

test("anonymous: a call that hides its caller says so to the core", async () => {
  const bench = new Bench();
  (await bench.established()).createCall({ callee: "bob", anonymous: true });
  const [options] = bench.requests("createCall").map((request) => request.at(-1) as { anonymous?: boolean });
  assert.equal(options?.anonymous, true);
});

test("custom: an incoming call has what the caller's app sent, an outgoing one its own", async () => {
  const bench = new Bench();
  const session = await bench.established();
  assert.deepEqual(session.createCall({ callee: "bob", custom: { order: 7 } }).getCustom(), { order: 7 });
  for (const [custom, expected] of [['{"order":8}', { order: 8 }], ["plain words", "plain words"], [undefined, undefined]] as const) {
    const parties = { callId: `in ${custom ?? ""}`, caller: "bob", callee: "anna", hasVideo: false };
    bench.emit({ kind: "incoming", sessionId: session.id(), ...parties, ...(custom && { custom }) });
    await settled();
    assert.deepEqual(session.getCalls().at(-1)?.getCustom(), expected);
  }
});

test("getInfo, getSipStatus, getSipReason: what SIP said, in its words", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "bob" });
  bench.call(call, "BUSY", { sipStatus: 486, sipReason: "Busy Here", error: { code: "busy", message: "bob is busy." } });
  await settled();
  assert.deepEqual(
    [call.getInfo(), call.getErrorInfo(), call.getSipStatus(), call.getSipReason(), call.error()?.code],
    ["486 Busy Here", "bob is busy.", 486, "Busy Here", "busy"],
  );
});

test("getInfo: Local error for what the browser refused, with the sentence in getErrorInfo", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "bob" });
  bench.call(call, "FAILED", { error: { code: "microphoneDenied", message: "The microphone was refused." } });
  await settled();
  assert.deepEqual([call.getInfo(), call.getErrorInfo()], ["Local error", "The microphone was refused."]);
});

test("several calls at once: each has its own events, and forgets none of the others", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const first = session.createCall({ callee: "bob" });
  const second = await bench.incoming(session);
  bench.call(first, "HOLD");
  bench.call(second, "ESTABLISHED");
  await settled();
  assert.deepEqual([first.status(), second.status()], ["HOLD", "ESTABLISHED"]);
  bench.call(second, "FINISH");
  await settled();
  assert.deepEqual(session.getCalls(), [first]);
});

test("a call without a listener for BUSY fails, and one with a listener does not", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const seen: string[] = [];
  const deaf = session.createCall({ callee: "a" }).on("FAILED", (call) => seen.push(call.status()));
  const knowing = session.createCall({ callee: "b" }).on("BUSY", () => seen.push("heard")).on("FAILED", () => seen.push("wrong"));
  bench.call(deaf, "BUSY");
  bench.call(knowing, "BUSY");
  await settled();
  assert.deepEqual(seen, ["BUSY", "heard"]);
});
