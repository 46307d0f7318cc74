/** The relay's own numbers: echo, tone, dtmf, busy and noanswer, from a browser and from a SIP phone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Baresip } from "../peers/baresip.ts";
import { hears, hearsTone } from "../peers/hearing.ts";
import { fromMuLaw } from "../sound/g711.ts";
import { SAME, likeness } from "../sound/likeness.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import type { Sound } from "../sound/wav.ts";
import { BROWSER_VOICE, longVoice, stage } from "./stage.ts";

const set = stage({ users: { alice: "" }, unanswered: 5 });
const PHONE_VOICE = speech(SENTENCES.phone, 16_000);

/** Keys to press: enough for five seconds of speech. */
const KEYS = ["1", "4", "7", "2", "5", "8", "0", "3", "6", "9"];

/** What the relay says when these have been pressed: its own recordings, an eighth of a second apart. */
function readBack(keys: readonly string[]): Sound {
  const assets = new URL("../../relay/media/assets/", import.meta.url);
  const parts = keys.map((key) => readFileSync(new URL(`key-${key}.ulaw`, assets)));
  return { rate: 8000, samples: fromMuLaw(Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc(1000, 0xff)]))) };
}

describe("from a browser", () => {
  it("echo sends back what is said", async () => {
    const alice = await set.local("alice");
    const call = await alice.call("echo");
    await alice.event(call, "ESTABLISHED");
    await alice.record();
    await hears(alice, BROWSER_VOICE);
    // Encrypted and authenticated in one (RFC 7714), though Chromium offers AES-CM first.
    assert.equal(await alice.cipher(call), "SRTP_AEAD_AES_128_GCM");
    await alice.hangup(call);
    await alice.event(call, "FINISH");
  });

  it("tone plays 440 Hz", async () => {
    const alice = await set.local("alice");
    const call = await alice.call("tone");
    await alice.event(call, "ESTABLISHED");
    await alice.record();
    await hearsTone(alice, 440);
  });

  it("dtmf speaks the keys", async () => {
    const alice = await set.local("alice");
    const call = await alice.call("dtmf");
    await alice.event(call, "ESTABLISHED");
    await alice.record();
    await alice.press(call, KEYS.join(""));
    await hears(alice, readBack(KEYS));
    const { score } = likeness(await alice.heard(), readBack(KEYS.toReversed()));
    assert.ok(score < SAME, `other keys score ${score}`);
  });

  it("busy is busy", async () => {
    const alice = await set.local("alice");
    const end = await alice.end(await alice.call("busy"));
    assert.deepEqual([end.event, end.code, end.sipStatus], ["BUSY", "busy", 486]);
  });

  it("noanswer rings until nobody answered", async () => {
    const alice = await set.local("alice");
    const call = await alice.call("noanswer");
    await alice.event(call, "RING");
    const end = await alice.end(call);
    assert.deepEqual([end.event, end.code], ["FAILED", "noAnswer"]);
  });

  it("a call that rings can be given up", async () => {
    const alice = await set.local("alice");
    const call = await alice.call("noanswer");
    await alice.event(call, "RING");
    await alice.hangup(call);
    await alice.event(call, "FINISH");
  });

  it("a call held and resumed echoes again", async () => {
    const alice = await set.local("alice");
    const call = await alice.call("echo");
    await alice.event(call, "ESTABLISHED");
    await alice.act(call, "hold");
    await alice.event(call, "HOLD");
    const from = alice.reports.now();
    await alice.act(call, "unhold");
    await alice.event(call, "ESTABLISHED", { from });
    await alice.record();
    await hears(alice, BROWSER_VOICE);
  });
});

describe("from a SIP phone", () => {
  for (const codec of ["opus", "pcmu"] as const) {
    it(`echo sends back what is said in ${codec}`, async () => {
      const phone = await Baresip.start({ user: "bob", address: "127.0.0.20", codecs: [codec], says: longVoice() });
      await phone.dial(`sip:echo@${set.relay.sip}`);
      await phone.event("CALL_ESTABLISHED");
      await hears(phone, PHONE_VOICE);
      await phone.hangup();
      await phone.stop();
    });
  }

  it("tone plays 440 Hz", async () => {
    const phone = await Baresip.start({ user: "bob", address: "127.0.0.20", codecs: ["pcma"] });
    await phone.dial(`sip:tone@${set.relay.sip}`);
    await phone.event("CALL_ESTABLISHED");
    await hearsTone(phone, 440);
  });

  it("dtmf speaks the keys", async () => {
    const phone = await Baresip.start({ user: "bob", address: "127.0.0.20", codecs: ["pcmu"] });
    await phone.dial(`sip:dtmf@${set.relay.sip}`);
    await phone.event("CALL_ESTABLISHED");
    await phone.press(KEYS.join(""));
    await hears(phone, readBack(KEYS));
  });

  it("busy, noanswer and unknown numbers say so", async () => {
    const phone = await Baresip.start({ user: "bob", address: "127.0.0.20" });
    for (const [number, answer] of [["busy", /486/], ["noanswer", /480|408/], ["nobody-here", /404/]] as const) {
      const from = phone.events.now();
      await phone.dial(`sip:${number}@${set.relay.sip}`);
      await phone.event("CALL_CLOSED", { param: answer, from });
    }
  });
});
