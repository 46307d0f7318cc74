/** G.729, spoken by a phone that we did not write: what it says is heard in another codec, and the other way. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Baresip } from "../peers/baresip.ts";
import { eventually } from "../peers/deadline.ts";
import { hears } from "../peers/hearing.ts";
import { Linphone } from "../peers/linphone.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";

const USERS = { bob: "s3cret-of-bob", carol: "s3cret-of-carol" };
const VOICES = { bob: speech(SENTENCES.phone, 16_000), carol: speech(SENTENCES.other, 8000) };

let relay: Relay;
before(async () => {
  relay = await Relay.start({ users: USERS, rtpInactivity: 120, tables: '[registrar]\nalgorithms = ["MD5"]\n' });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop());

describe("a phone that speaks G.729 only", () => {
  for (const [caller, parameters] of [["bob", "annexb=yes"], ["carol", "annexb=yes"], ["carol", "annexb=no"]] as const) {
    it(`is heard by one that speaks PCMU only, and hears it: ${caller} calls, ${parameters}`, async () => {
      const registered = (count: number) => eventually(async () => (await relay.health())["bindings"] === count, "a phone to be registered");
      const bob = await Baresip.start({
        user: "bob",
        password: USERS.bob,
        registrar: relay.sip,
        address: "127.0.0.22",
        says: loop(VOICES.bob, 60),
        codecs: ["pcmu"],
        answer: "auto",
      });
      await registered(1);
      const says = loop(VOICES.carol, 60);
      const carol = await Linphone.start({ user: "carol", password: USERS.carol, registrar: relay.sip, codec: "G729", parameters, says });
      await registered(2);
      if (caller === "carol") carol.dial(`sip:bob@${relay.sip}`);
      else await bob.dial(`sip:carol@${relay.sip}`);
      await bob.event("CALL_ESTABLISHED");
      await Promise.all([hears(bob, VOICES.carol), hears(carol, VOICES.bob)]);
      assert.match(await bob.speaks(), /PCMU/);
      await bob.hangup();
      await eventually(async () => (await relay.health())["legs"] === 0, "both legs to end");
      await Promise.all([bob.stop(), carol.stop()]);
    });
  }
});
