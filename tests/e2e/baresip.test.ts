/** A real softphone on the other side, without a SIP server between: the relay calls it and is called by it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Baresip, type BaresipOptions } from "../peers/baresip.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { eventually } from "../peers/deadline.ts";
import { hears, hearsNothing } from "../peers/hearing.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { BROWSER_VOICE, longVoice, stage } from "./stage.ts";

const set = stage({ users: { web: "" }, rtpInactivity: 3 });
const PHONE_VOICE = speech(SENTENCES.phone, 16_000);

function softphone(options: Partial<BaresipOptions> = {}): Promise<Baresip> {
  return Baresip.start({ user: "bob", address: "127.0.0.20", says: longVoice(), ...options });
}

/** A session whose account lives at the softphone itself. */
async function caller(phone: Baresip): Promise<BrowserPhone> {
  const browser = await set.phone();
  await browser.register(set.direct(phone.uri.replace(/^.*@/, "")));
  return browser;
}

async function conversation(options: Partial<BaresipOptions> = {}): Promise<{ web: BrowserPhone; bob: Baresip; call: string }> {
  const bob = await softphone({ answer: "auto", ...options });
  const web = await caller(bob);
  const call = await web.call("bob");
  await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
  return { web, bob, call };
}

describe("calling a softphone", () => {
  for (const codec of ["opus", "g722", "pcmu", "pcma"] as const) {
    it(`carries sound both ways in ${codec}`, async () => {
      const { web, bob, call } = await conversation({ codecs: [codec] });
      await web.record();
      await Promise.all([hears(web, PHONE_VOICE), hears(bob, BROWSER_VOICE)]);
      await web.hangup(call);
      await Promise.all([web.event(call, "FINISH"), bob.event("CALL_CLOSED")]);
    });
  }

  it("rings first, and ends here when the phone hangs up", async () => {
    const bob = await softphone();
    const web = await caller(bob);
    const call = await web.call("bob");
    const incoming = await bob.event("CALL_INCOMING");
    assert.match(incoming.peeruri ?? "", /^sip:web@/);
    await web.event(call, "RING");
    await bob.accept();
    await web.event(call, "ESTABLISHED");
    await bob.hangup();
    await web.event(call, "FINISH");
  });

  it("declined there, is busy here", async () => {
    const bob = await softphone();
    const web = await caller(bob);
    const call = await web.call("bob");
    await bob.event("CALL_INCOMING");
    await bob.hangup();
    const end = await web.end(call);
    assert.deepEqual([end.event, end.sipStatus], ["BUSY", 486]);
  });

  it("given up here, stops ringing there", async () => {
    const bob = await softphone();
    const web = await caller(bob);
    const call = await web.call("bob");
    await Promise.all([web.event(call, "RING"), bob.event("CALL_INCOMING")]);
    await web.hangup(call);
    await Promise.all([web.event(call, "FINISH"), bob.event("CALL_CLOSED")]);
  });

  it("carries keys both ways", async () => {
    const { web, bob, call } = await conversation({ codecs: ["pcmu"] });
    await web.press(call, "147*");
    await bob.keys("147*");
    await bob.press("369#");
    await eventually(() => web.digits(call) === "369#", () => `369#, got ${web.digits(call)}`);
  });

  it("carries keys beside Opus too", async () => {
    const { web, bob, call } = await conversation({ codecs: ["opus"] });
    await web.press(call, "42");
    await bob.keys("42");
    await bob.press("17");
    await eventually(() => web.digits(call) === "17", () => `17, got ${web.digits(call)}`);
  });

  it("held here falls silent, outlives the wait, and speaks again", async () => {
    const { web, bob, call } = await conversation({ codecs: ["g722"] });
    await web.record();
    await Promise.all([hears(web, PHONE_VOICE), hears(bob, BROWSER_VOICE)]);
    await web.act(call, "hold");
    await web.event(call, "HOLD");
    await hearsNothing(web);
    const from = web.reports.now();
    await web.act(call, "unhold");
    await web.event(call, "ESTABLISHED", { from });
    await hears(web, PHONE_VOICE);
    await web.press(call, "5");
    await bob.keys("5");
  });

  it("held there is shown here, and resumed too", async () => {
    const { web, bob, call } = await conversation({ codecs: ["pcma"] });
    await hears(bob, BROWSER_VOICE);
    await bob.hold();
    await web.event(call, "HOLD");
    const from = web.reports.now();
    await bob.resume();
    await web.event(call, "ESTABLISHED", { from });
    await web.record();
    await hears(web, PHONE_VOICE);
    // Its recorder has ended with the hold; keys take the same way as sound.
    await web.press(call, "5");
    await bob.keys("5");
  });

  it("ends there within seconds when the tab is killed", async () => {
    const { web, bob } = await conversation();
    await web.kill();
    await bob.event("CALL_CLOSED", { ms: 6000 });
  });

  it("ends here when the phone vanishes", async () => {
    const { web, bob, call } = await conversation();
    await bob.kill();
    const end = await web.end(call);
    assert.deepEqual([end.event, end.info], ["FAILED", "Failed by RTP activity"]);
  });
});

describe("called by a softphone", () => {
  async function called(bob: Baresip): Promise<{ web: BrowserPhone; call: string }> {
    const web = await set.local("web");
    await bob.dial(`sip:web@${set.relay.sip}`);
    const incoming = await web.incoming();
    assert.match(incoming.caller ?? "", /bob/);
    await web.event(incoming.id, "RING");
    await bob.event("CALL_RINGING");
    return { web, call: incoming.id };
  }

  for (const codec of ["opus", "pcma"] as const) {
    it(`carries sound both ways in ${codec}`, async () => {
      const bob = await softphone({ codecs: [codec] });
      const { web, call } = await called(bob);
      await web.answer(call);
      await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
      await web.record();
      await Promise.all([hears(web, PHONE_VOICE), hears(bob, BROWSER_VOICE)]);
      await bob.hangup();
      await web.event(call, "FINISH");
    });
  }

  it("hangs up there when the browser does", async () => {
    const bob = await softphone();
    const { web, call } = await called(bob);
    await web.answer(call);
    await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await web.hangup(call);
    await Promise.all([web.event(call, "FINISH"), bob.event("CALL_CLOSED")]);
  });

  it("declined here, is refused there", async () => {
    const bob = await softphone();
    const { web, call } = await called(bob);
    await web.hangup(call);
    await bob.event("CALL_CLOSED", { param: /603/ });
    await web.event(call, "FINISH");
  });

  it("given up there, stops ringing here", async () => {
    const bob = await softphone();
    const { web, call } = await called(bob);
    await bob.hangup();
    await web.event(call, "FINISH");
  });

  it("carries keys both ways and can be held here", async () => {
    const bob = await softphone({ codecs: ["pcmu"] });
    const { web, call } = await called(bob);
    await web.answer(call);
    await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await web.press(call, "11");
    await bob.keys("11");
    await bob.press("9");
    await eventually(() => web.digits(call) === "9", "the key 9");
    await web.act(call, "hold");
    await web.event(call, "HOLD");
    const from = web.reports.now();
    await web.act(call, "unhold");
    await web.event(call, "ESTABLISHED", { from });
  });
});
