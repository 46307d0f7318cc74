/** Browsers and softphones that are left with no common codec, and hear each other all the same. */
import { describe, it } from "node:test";
import { Baresip, type BaresipOptions } from "../peers/baresip.ts";
import { hears } from "../peers/hearing.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { BROWSER_VOICE, longVoice, stage } from "./stage.ts";

// Opus on the lossy leg, whatever the other is.
const set = stage({ users: { web: "" }, tables: '[browsers]\ncodecs = ["opus", "pcmu"]\n' });
const PHONE_VOICE = speech(SENTENCES.phone, 16_000);

function softphone(options: Partial<BaresipOptions> = {}): Promise<Baresip> {
  return Baresip.start({ user: "bob", address: "127.0.0.20", says: longVoice(), answer: "auto", ...options });
}

describe("a browser and a softphone without a common codec", () => {
  for (const [left, strip, codec] of [["Opus", "PCMU", "g722"], ["PCMU", "opus", "opus"]] as const) {
    it(`hear each other: a browser left with ${left} calls ${codec}`, async () => {
      const bob = await softphone({ codecs: [codec] });
      const web = await set.phone();
      await web.register(set.direct(bob.uri.replace(/^.*@/, "")));
      const call = await web.call("bob", { stripCodecs: strip });
      await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
      await web.record();
      await Promise.all([hears(web, PHONE_VOICE), hears(bob, BROWSER_VOICE)]);
      await web.act(call, "hold");
      await web.event(call, "HOLD");
      const from = web.reports.now();
      await web.act(call, "unhold");
      await web.event(call, "ESTABLISHED", { from });
      await hears(web, PHONE_VOICE);
      await web.hangup(call);
      await Promise.all([web.event(call, "FINISH"), bob.event("CALL_CLOSED")]);
    });
  }

  it("hear each other: one that speaks PCMA calls a browser that may not", async () => {
    const [bob, web] = [await softphone({ codecs: ["pcma"] }), await set.local("web")];
    await bob.dial(`sip:web@${set.relay.sip}`);
    const { id: call } = await web.incoming();
    await web.answer(call);
    await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await web.record();
    await Promise.all([hears(web, PHONE_VOICE), hears(bob, BROWSER_VOICE)]);
    await bob.hangup();
    await web.event(call, "FINISH");
  });
});
