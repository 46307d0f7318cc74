// What a call does with sound, picture and devices.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Call } from "../src/call.js";
import { Bench, refusal, settled } from "./fake-core.js";

async function connected(bench: Bench): Promise<Call> {
  const call = (await bench.established()).createCall({ callee: "echo" });
  bench.call(call, "ESTABLISHED");
  await settled();
  return call;
}

/** The browser's reports of a call with sound and picture both ways. */
function reports(): RTCStatsReport {
  const all: (RTCStats & Record<string, unknown>)[] = [
    { id: "C1", type: "codec", timestamp: 1, mimeType: "audio/opus", clockRate: 48_000 },
    { id: "C2", type: "codec", timestamp: 1, mimeType: "video/VP8", clockRate: 90_000 },
    { id: "S1", type: "media-source", timestamp: 1, kind: "audio", audioLevel: 0.25 },
    { id: "S2", type: "media-source", timestamp: 1, kind: "video", width: 640, height: 480, framesPerSecond: 25 },
    {
      id: "O1", type: "outbound-rtp", timestamp: 1, kind: "audio", codecId: "C1", mediaSourceId: "S1", bytesSent: 1_000,
      packetsSent: 10, retransmittedPacketsSent: 0, ssrc: 7,
    },
    {
      id: "O2", type: "outbound-rtp", timestamp: 1, kind: "video", codecId: "C2", mediaSourceId: "S2", bytesSent: 9_000,
      frameWidth: 320, frameHeight: 240, framesPerSecond: 20, pliCount: 2, qualityLimitationReason: "cpu",
      qualityLimitationDurations: { none: 1, cpu: 4, bandwidth: 0, other: 0 },
    },
    {
      id: "I1", type: "inbound-rtp", timestamp: 1, kind: "audio", codecId: "C1", bytesReceived: 2_000, packetsReceived: 20,
      packetsLost: 1, audioLevel: 0.5,
    },
    { id: "P0", type: "candidate-pair", timestamp: 1, state: "failed", nominated: false, availableOutgoingBitrate: 1 },
    { id: "P1", type: "candidate-pair", timestamp: 1, state: "succeeded", nominated: true, availableOutgoingBitrate: 300_000 },
  ];
  return new Map(all.map((report) => [report.id, report]));
}

test("muteVideo, unmuteVideo, isVideoMuted", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  call.muteVideo();
  assert.equal(call.isVideoMuted(), true);
  call.unmuteVideo();
  assert.equal(call.isVideoMuted(), false);
  assert.deepEqual(bench.requests("setVideoMuted"), [[call.id(), true], [call.id(), false]]);
});

test("setVolume, getVolume: from 0 to 100, -1 without remote sound", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  assert.equal(call.getVolume(), -1);
  call.setVolume(40);
  assert.equal(call.getVolume(), 40);
});

test("setAudioOutputId: nothing to wait for before media, a promise afterwards", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  assert.equal(call.setAudioOutputId("speaker"), undefined);
  bench.core.sounding = true;
  await call.setAudioOutputId("headset");
  assert.deepEqual(bench.requests("setAudioOutput").map(([, id]) => id), ["speaker", "headset"]);
});

test("setAudioOutputId: a device that cannot be used rejects with a code", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  bench.core.sounding = true;
  bench.core.rejection = refusal({ code: "notFound", message: "There is no such device." });
  await assert.rejects(call.setAudioOutputId("gone") ?? Promise.resolve(), { name: "OffhookError", code: "notFound" });
});

test("constraints.audio.outputId chooses the speaker, of a call made and of one answered", async () => {
  const bench = new Bench();
  const session = await bench.established();
  const made = session.createCall({ callee: "echo", constraints: { audio: { outputId: "a" } } });
  const incoming = await bench.incoming(session);
  incoming.answer({ constraints: { audio: { outputId: "b" } } });
  assert.deepEqual(bench.requests("setAudioOutput"), [[made.id(), "a"], [incoming.id(), "b"]]);
});

test("switchMic, switchCam: the id of the device in use; the next one without an id", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  assert.equal(await call.switchMic("mic-7"), "mic-7");
  assert.equal(await call.switchMic(), "mic-2");
  assert.equal(await call.switchCam("cam-7"), "cam-7");
  assert.equal(await call.switchCam(), "cam-2");
});

test("switchMic, switchCam: without another device they reject with the documented texts", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  for (const [device, name] of [["mics", "microphone"], ["cams", "camera"]] as const) {
    const message = `Number of ${device} is less than 2 or ${name} is already used by other application`;
    bench.core.rejection = refusal({ code: "cannotSwitch", message });
    await assert.rejects(device === "mics" ? call.switchMic() : call.switchCam(), { message, code: "cannotSwitch" });
  }
});

test("switchMic, switchCam, switchToScreen, switchToCam: only while ESTABLISHED or HOLD", async () => {
  const bench = new Bench();
  const call = (await bench.established()).createCall({ callee: "echo" });
  const acts = [() => call.switchMic(), () => call.switchCam(), () => call.switchToScreen(), () => call.switchToCam()];
  for (const act of acts) await assert.rejects(act(), { message: "Invalid call state" });
  bench.call(call, "HOLD");
  await settled();
  for (const act of acts) await act();
});

test("switchToScreen, switchToCam reach the core", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  await call.switchToScreen("window");
  await call.switchToCam();
  assert.deepEqual(bench.core.asked.slice(-2), [["switchToScreen", call.id(), "window"], ["switchToCam", call.id()]]);
});

test("getStats: sound and picture of both directions in the documented shape", async () => {
  const bench = new Bench();
  bench.core.reports = reports();
  const call = await connected(bench);
  assert.deepEqual(await call.getStats(), {
    outboundStream: {
      audio: { codec: "opus", codecRate: 48_000, audioLevel: 0.25, bytesSent: 1_000, packetsSent: 10 },
      video: {
        codec: "VP8", codecRate: 90_000, bytesSent: 9_000, width: 320, height: 240, framesPerSecond: 20, pliCount: 2,
        qualityLimitationReason: "cpu", qualityLimitationDurations: 4,
      },
    },
    inboundStream: {
      audio: {
        codec: "opus", codecRate: 48_000, bytesReceived: 2_000, packetsReceived: 20, packetsLost: 1, audioLevel: 0.5,
      },
    },
    otherStats: { availableOutgoingBitrate: 300_000 },
  });
});

test("getStats: what the relay knows of both sides goes along", async () => {
  const bench = new Bench();
  bench.core.reports = reports();
  bench.core.relayFigures = '{"own":{"received":{"audio":{"mos":4.2}}},"far":{}}';
  const { relay, inboundStream } = await (await connected(bench)).getStats();
  assert.deepEqual(relay, { own: { received: { audio: { mos: 4.2 } } }, far: {} });
  assert.equal(inboundStream.audio?.packetsReceived, 20);
});

test("getStats: a relay that says nothing does not keep the browser's figures back", async (t: TestContext) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const bench = new Bench();
  bench.core.reports = reports();
  const call = await connected(bench);
  bench.core.relayStats = () => new Promise(() => undefined);
  const stats = call.getStats();
  await settled();
  t.mock.timers.tick(2000);
  assert.equal((await stats).relay, undefined);
});

test("QUALITY tells who hears it badly, where it was spoilt, and why", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  const seen: unknown[] = [];
  call.on("QUALITY", (same, quality) => seen.push(same === call, quality));
  const quality = { bad: true, hearer: "own", side: "far", causes: ["loss"], mos: 2.6, loss: 0.2, jitterMs: 3 };
  bench.emit({ kind: "quality", callId: call.id(), quality: JSON.stringify(quality) });
  await settled();
  assert.deepEqual(seen, [true, quality]);
});

test("getStats(callback): the same for a callback", async () => {
  const bench = new Bench();
  bench.core.reports = reports();
  const call = await connected(bench);
  let packets: unknown;
  await call.getStats((stats) => { packets = stats.inboundStream.audio?.packetsReceived; });
  assert.equal(packets, 20);
});

test("getStats(callback, true): the browser's own reports by their type", async () => {
  const bench = new Bench();
  bench.core.reports = reports();
  const call = await connected(bench);
  let types: unknown;
  await call.getStats((native) => {
    types = Object.entries(native).map(([type, all]) => [type, all.map(({ id }) => id).join(" ")]);
  }, true);
  assert.deepEqual(types, [
    ["codec", "C1 C2"], ["media-source", "S1 S2"], ["outbound-rtp", "O1 O2"], ["inbound-rtp", "I1"], ["candidate-pair", "P0 P1"],
  ]);
});

test("getStats without media: the promise rejects with the documented text, a callback is not called", async (t: TestContext) => {
  t.mock.method(console, "warn", () => undefined);
  const bench = new Bench();
  const call = await connected(bench);
  bench.core.rejection = refusal({ code: "invalidCallState", message: "Cannot get PeerConnection stats" });
  await assert.rejects(call.getStats(), { message: "Cannot get PeerConnection stats" });
  await call.getStats(() => assert.fail("called"));
  bench.call(call, "FINISH");
  await settled();
  await assert.rejects(call.getStats(), { message: "Cannot get PeerConnection stats" });
});

test("MEDIA tells that the media looks for a new way, and that it has found one", async () => {
  const bench = new Bench();
  const call = await connected(bench);
  const seen: unknown[] = [];
  call.on("MEDIA", (same, { state }) => seen.push(same === call, state));
  bench.emit({ kind: "media", callId: call.id(), state: "restarting" });
  bench.emit({ kind: "media", callId: call.id(), state: "restored" });
  await settled();
  assert.deepEqual(seen, [true, "restarting", true, "restored"]);
});
