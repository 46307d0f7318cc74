/** Sound that is encrypted with keys in the session descriptions, with a softphone that does so too. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Baresip, type BaresipOptions } from "../peers/baresip.ts";
import { hears } from "../peers/hearing.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";

const CALLER = "127.0.0.41";
const CALLEE = "127.0.0.31";
const VOICE = speech(SENTENCES.phone, 16_000);

/** A relay whose calls from one address go to a softphone or a SIPp at the other. */
async function relaying(policy: "off" | "offered" | "required", callee: number): Promise<Relay> {
  return Relay.start({
    sip: [`srtp = "${policy}"`],
    tables: `
[trunks.caller]
host = "${CALLER}"
srtp = "offered"
[trunks.callee]
host = "${CALLEE}:${callee}"
addresses = []
[[routes]]
number = "bob"
from = "any"
trunk = "callee"
`,
  });
}

function softphone(options: Partial<BaresipOptions>): Promise<Baresip> {
  return Baresip.start({ user: "bob", says: loop(VOICE, 60), answer: "auto", codecs: ["pcmu"], ...options });
}

let relay: Relay | undefined;
afterEach(async () => {
  await endPrograms((program) => program !== relay?.program);
  await relay?.idle();
  await relay?.stop();
  relay = undefined;
});

describe("a softphone that encrypts", () => {
  for (const srtp of ["srtp", "srtp-mand", "srtp-mandf"] as const) {
    it(`is heard and hears (${srtp})`, async () => {
      relay = await relaying("required", 5060);
      const alice = await softphone({ user: "alice", address: CALLER, srtp });
      await alice.dial(`sip:echo@${relay.sip}`);
      await alice.event("CALL_ESTABLISHED");
      await hears(alice, VOICE);
      await alice.hangup();
    });
  }

  it("is called by the relay, and speaks with one that does not", async () => {
    const bob = await softphone({ address: CALLEE, srtp: "srtp-mand" });
    relay = await relaying("required", Number(bob.uri.split(":").at(-1)));
    const alice = await softphone({ user: "alice", address: CALLER });
    await alice.dial(`sip:bob@${relay.sip}`);
    await Promise.all([alice.event("CALL_ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await Promise.all([hears(alice, VOICE), hears(bob, VOICE)]);
    await alice.hangup();
  });
});

describe("a peer that does not encrypt", () => {
  const placed = (): Caller => new Caller("+4930123").invite().progress();

  it("is called once more in the clear where encryption is only offered", async () => {
    const sip = await port(CALLEE);
    relay = await relaying("offered", sip);
    const refused = new Called().invited().reply(488, "Not Acceptable Here").asked("ACK");
    const taken = refused.invited().reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm();
    const uas = await Sipp.answering(taken, { address: CALLEE, port: sip });
    const uac = await Sipp.calling("bob", relay.sip, placed().expect(200).acknowledge().bye().expect(200), { address: CALLER });
    const secure = await uas.message(/m=audio \d+ RTP\/SAVP /);
    assert.match(secure, /a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[\w+/]{40}\r?\n/);
    assert.doesNotMatch(await uas.message(/m=audio \d+ RTP\/AVP /), /crypto/);
    await Promise.all([uac.done(), uas.done()]);
  });

  it("is not called in the clear where encryption is required", async () => {
    const sip = await port(CALLEE);
    relay = await relaying("required", sip);
    const uas = await Sipp.answering(new Called().invited().reply(488, "Not Acceptable Here").asked("ACK"), { address: CALLEE, port: sip });
    const uac = await Sipp.calling("bob", relay.sip, placed().expect(488).acknowledge({ failure: true }), { address: CALLER });
    await Promise.all([uac.done(), uas.done()]);
  });
});
