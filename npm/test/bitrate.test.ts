// How much a picture may take, as the browser is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withBitrate } from "../src/bitrate.js";
import type { MediaChoice } from "../src/options.js";

const SDP = [
  "v=0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "c=IN IP4 0.0.0.0",
  "a=rtpmap:111 opus/48000/2",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "c=IN IP4 0.0.0.0",
  "a=rtpmap:96 VP8/90000",
  "a=rtpmap:97 H264/90000",
  "a=fmtp:97 packetization-mode=1",
  "",
].join("\r\n");

function told(options: MediaChoice, sdpString = SDP): string[] {
  return (withBitrate(options).sdpHook?.({ sdpString }) ?? "").split("\r\n");
}

test("createCall option constraints: maxBitrate and minBitrate limit every codec of the picture, not the sound", () => {
  const lines = told({ constraints: { video: { maxBitrate: 500, minBitrate: 200 } } });
  assert.deepEqual(lines, [
    "v=0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=rtpmap:111 opus/48000/2",
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
    "c=IN IP4 0.0.0.0",
    "b=AS:500",
    "a=rtpmap:96 VP8/90000",
    "a=fmtp:96 x-google-max-bitrate=500;x-google-min-bitrate=200",
    "a=rtpmap:97 H264/90000",
    "a=fmtp:97 packetization-mode=1;x-google-max-bitrate=500;x-google-min-bitrate=200",
    "",
  ]);
});

test("createCall option constraints: a minBitrate alone sets no upper limit", () => {
  const lines = told({ constraints: { video: { minBitrate: 200 } } });
  assert.ok(!lines.some((line) => line.startsWith("b=")));
  assert.ok(lines.includes("a=fmtp:96 x-google-min-bitrate=200"));
});

test("the app's sdpHook comes first", () => {
  const constraints = { video: { maxBitrate: 300 } };
  const hooked = told({ constraints, sdpHook: ({ sdpString }) => sdpString.replace("opus", "OPUS") });
  assert.ok(hooked.includes("a=rtpmap:111 OPUS/48000/2"));
  assert.ok(hooked.includes("b=AS:300"));
  assert.ok(told({ constraints, sdpHook: () => null }).includes("b=AS:300"));
});

test("options without limits stay as they are, and so do limits that are none", () => {
  for (const video of [true, {}, { maxBitrate: 0 }, { maxBitrate: Number.NaN }]) {
    const options = { constraints: { video } };
    assert.equal(withBitrate(options), options);
  }
});
