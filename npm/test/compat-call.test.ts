// Flashphoner: calls.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CompatBench, refusal, settled } from "./fake-core.js";

const CAMERA = { width: 320, height: 240 };

/** The options that the core got with the latest request of that name. */
function options(bench: CompatBench, name: string): Record<string, unknown> {
  return bench.requests(name).at(-1)?.at(-1) as Record<string, unknown>;
}

test("createCall: constraints default to microphone and a small picture, or to those of init", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  session.createCall({ callee: "echo" });
  assert.deepEqual(options(bench, "createCall").constraints, { audio: true, video: CAMERA });
  assert.equal(options(bench, "createCall").receiveVideo, true);

  const other = new CompatBench();
  void other.flashphoner.init({ constraints: { audio: true }, logger: { enableLogs: false } });
  (await other.established()).createCall({ callee: "echo" });
  assert.deepEqual(options(other, "createCall").constraints, { audio: true, video: false });
});

test("createCall: who sends no picture receives none", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const received = (given: object): unknown => {
    session.createCall({ callee: "echo", ...given });
    return options(bench, "createCall").receiveVideo;
  };
  assert.equal(received({ constraints: { audio: true, video: false }, receiveVideo: true }), false);
  assert.equal(received({ constraints: { audio: true, video: true }, receiveVideo: false }), false);
  assert.equal(received({ constraints: { audio: false, video: false }, receiveVideo: true }), true);
});

test("createCall: stripCodecs, sdpHook, sipSDP, sipHeaders, custom, cacheLocalResources, useControls reach the core", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const given = {
    stripCodecs: "SILK,G722", sdpHook: () => "", sipSDP: ["b=AS:64"], sipHeaders: ["X-A: 1"], custom: { a: 1 },
    cacheLocalResources: true, useControls: true, videoContentHint: "detail" as const, receiveAudio: false,
  };
  session.createCall({ callee: "echo", ...given });
  const reached = options(bench, "createCall");
  for (const [name, value] of Object.entries(given)) assert.equal(reached[name], value, name);
});

test("createCall: visibleName defaults to the login, caller is the login that the server said", async () => {
  const bench = new CompatBench();
  const session = await bench.established({ sipOptions: { login: "Anna" } });
  const call = session.createCall({ callee: "bob" });
  assert.deepEqual([call.caller(), call.callee(), call.visibleName(), call.status()], ["anna", "bob", "anna", "NEW"]);
});

test("call.on: one callback per status, which gets the call", async () => {
  const bench = new CompatBench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  const seen: unknown[] = [];
  assert.equal(call.on("RING", () => seen.push("replaced")).on("RING", (...args) => seen.push(...args)), call);
  bench.call(call, "RING");
  await settled();
  assert.deepEqual(seen, [call]);
  assert.throws(() => call.on(null as never, () => undefined), { message: "Event can't be null" });
  assert.throws(() => call.on("RING", null as never), { message: "Callback needs to be a valid function" });
});

test("call.call: only in NEW; PENDING at once", async () => {
  const bench = new CompatBench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  call.call();
  assert.equal(call.status(), "PENDING");
  assert.throws(() => { call.call(); }, { message: "Invalid call state" });
});

test("call.call: what the browser refuses at once is a FAILED event, with Local error", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const call = session.createCall({ callee: "echo" });
  bench.core.refusal = refusal({ code: "insecureContext", message: "The microphone needs HTTPS." });
  const seen: string[] = [];
  call.on("FAILED", (failed) => seen.push(failed.getInfo(), failed.getErrorInfo()));
  call.call();
  assert.equal(call.status(), "PENDING");
  await settled();
  assert.deepEqual(seen, ["Local error", "The microphone needs HTTPS."]);
  assert.deepEqual(session.getCalls(), []);
});

test("createCall: what the core refuses of the options fails the call when it is made", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  bench.core.refusal = refusal({ code: "invalidField", message: "The header “Via” is the stack's.", field: "sipHeaders" });
  const call = session.createCall({ callee: "echo", sipHeaders: ["Via: x"] });
  let code: unknown;
  call.on("FAILED", (failed) => { code = failed.error()?.code; });
  call.call();
  await settled();
  assert.equal(code, "invalidField");
  assert.deepEqual(bench.requests("call"), []);
});

test("call.answer: constraints default to microphone and camera, without the camera if the offer has no picture", async () => {
  for (const hasVideo of [true, false]) {
    const bench = new CompatBench();
    const call = await bench.incoming(await bench.established(), { hasVideo });
    call.answer();
    assert.deepEqual(options(bench, "answer").constraints, { audio: true, video: hasVideo && CAMERA });
    assert.equal(call.status(), "PENDING");
  }
});

test("call.answer: takes two displays in place of options, as early versions did", async () => {
  const bench = new CompatBench();
  const call = await bench.incoming(await bench.established());
  const [local, remote] = [{ nodeType: 1 }, { nodeType: 1 }] as unknown as [HTMLElement, HTMLElement];
  (call as unknown as { answer: (...displays: HTMLElement[]) => void }).answer(local, remote);
  const { localVideoDisplay, remoteVideoDisplay } = options(bench, "answer");
  assert.deepEqual([localVideoDisplay === local, remoteVideoDisplay === remote], [true, true]);
});

test("call.answer: only in NEW and RING", async () => {
  const bench = new CompatBench();
  const call = await bench.incoming(await bench.established());
  bench.call(call, "FINISH");
  await settled();
  assert.throws(() => { call.answer(); }, { message: "Invalid call state" });
});

test("call.hangup in NEW and PENDING is told to the server, for either end", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const fresh = session.createCall({ callee: "echo" });
  const pending = session.createCall({ callee: "echo" });
  pending.call();
  const incoming = await bench.incoming(session, { callId: "in-2" });
  for (const call of [fresh, pending, incoming]) call.hangup();
  assert.deepEqual(bench.requests("hangup"), [fresh, pending, incoming].map((call) => [call.id()]));
});

test("BUSY without a listener for it raises FAILED too, and the status stays BUSY", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const seen: string[] = [];
  const deaf = session.createCall({ callee: "busy" }).on("FAILED", (call) => seen.push(`FAILED ${call.status()} ${call.getInfo()}`));
  const knowing = session.createCall({ callee: "busy" }).on("FAILED", () => seen.push("wrong")).on("BUSY", () => seen.push("BUSY"));
  bench.call(deaf, "BUSY", { sipStatus: 486, sipReason: "Busy Here" });
  bench.call(knowing, "BUSY", { sipStatus: 486, sipReason: "Busy Here" });
  await settled();
  assert.deepEqual(seen, ["FAILED BUSY 486 Busy Here", "BUSY"]);
});

test("requests at the wrong moment are a WARN, never an exception: hold, holdForTransfer, unhold, transfer, sendDTMF, hangup", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const call = session.createCall({ callee: "echo" });
  const warnings: string[] = [];
  session.on("WARN", ({ info }) => warnings.push(info));
  const acts = [
    () => { call.hold(); },
    () => { call.holdForTransfer(); },
    () => { call.unhold(); },
    () => { call.transfer("bob"); },
    () => { call.sendDTMF(5); },
    () => { call.hangup(); },
  ];
  for (const act of acts) {
    bench.core.refusal = refusal({ code: "invalidCallState", message: "Not connected." });
    act();
  }
  assert.deepEqual(warnings, [], "not while the app is still in its call");
  await settled();
  assert.deepEqual(warnings, acts.map(() => "Not connected."));
});

test("muting, volume and hanging up do nothing on a call that has ended", async () => {
  const bench = new CompatBench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  bench.call(call, "FINISH");
  await settled();
  const before = bench.core.asked.length;
  call.muteAudio();
  call.unmuteAudio();
  call.muteVideo();
  call.unmuteVideo();
  call.setVolume(50);
  call.hangup();
  assert.equal(call.setAudioOutputId("speaker"), undefined);
  assert.deepEqual([call.isAudioMuted(), call.isVideoMuted(), call.getVolume()], [true, true, -1]);
  assert.equal(bench.core.asked.length, before);
});

test("the order of an incoming call: INCOMING_CALL with NEW, RING, PENDING once answered, ESTABLISHED, FINISH", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const seen: string[] = [];
  session.on("INCOMING_CALL", (call) => {
    seen.push(`INCOMING_CALL ${call.status()}`);
    for (const status of ["RING", "ESTABLISHED", "FINISH"] as const) call.on(status, () => seen.push(call.status()));
  });
  const call = await bench.incoming(session);
  bench.call(call, "RING");
  await settled();
  call.answer();
  seen.push(call.status());
  bench.call(call, "ESTABLISHED");
  bench.call(call, "FINISH");
  await settled();
  assert.deepEqual(seen, ["INCOMING_CALL NEW", "RING", "PENDING", "ESTABLISHED", "FINISH"]);
});

test("a lost session gives its calls an event and an end", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const call = session.createCall({ callee: "echo" });
  const seen: string[] = [];
  call.on("FAILED", () => seen.push("call"));
  session.on("DISCONNECTED", () => seen.push("session"));
  bench.session(session, "DISCONNECTED", { code: "relayLost", message: "The connection to the relay was lost." });
  await settled();
  assert.deepEqual(seen, ["call", "session"]);
  assert.equal(call.status(), "FAILED");
});

test("answer with options that cannot be used ends the call on the wire too", async () => {
  const bench = new CompatBench();
  const session = await bench.established();
  const call = await bench.incoming(session);
  bench.core.refusal = refusal({ code: "invalidField", message: "A header needs a colon.", field: "sipHeaders" });
  call.answer({ sipHeaders: ["nocolon"] });
  assert.deepEqual(bench.requests("hangup"), [[call.id()]]);
  await settled();
  assert.equal(call.status(), "FAILED");
});
