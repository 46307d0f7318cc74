/** A caller over SIP that heard one phone of several, and is answered by another that speaks something else. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller, type Codec } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const CARRIER = "127.0.0.40";
const FORK = "127.0.0.30";

let relay: Relay;
const at = { relayed: 0, direct: 0 };
before(async () => {
  [at.relayed, at.direct] = [await port(FORK), await port(FORK)];
  const trunk = (name: "relayed" | "direct"): string =>
    `[trunks.${name}]\nhost = "${FORK}:${at[name]}"\naddresses = []\ndirect_media = ${name === "direct"}\n` +
    `[[routes]]\nnumber = "${name === "direct" ? 2 : 1}*"\nfrom = "any"\ntrunk = "${name}"\n`;
  relay = await Relay.start({ rtpInactivity: 120, tables: `[trunks.carrier]\nhost = "${CARRIER}"\ndirect_media = true\n${trunk("relayed")}${trunk("direct")}` });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop());

const only = (codec: Codec): { codecs: Codec[] } => ({ codecs: [codec] });
const RELIABLE = ["Require: 100rel", "RSeq: 1"];

/** One phone is heard in G.711 A-law; another one, with µ-law, answers. */
function fork({ reliable = false } = {}): Called {
  const heard = new Called().invited().reply(183, "Session Progress", { sdp: only("pcma"), tag: "first", ...(reliable && { headers: RELIABLE }) });
  // The other phone rings a little longer: the caller's own PRACK is to come first.
  if (reliable) heard.asked("PRACK").confirm().pause(500);
  return heard.answerInvite(183, "Session Progress", only("pcmu"), { tag: "second" }).pause(200).answerInvite(200, "OK", only("pcmu"), { tag: "second" }).asked("ACK");
}

const both: { codecs: Codec[] } = { codecs: ["pcma", "pcmu"] };
const AGAIN = /^INVITE [^]*^CSeq: \d+ INVITE[^]*m=audio \d+ RTP\/AVP 0\b/m;

for (const way of ["relayed", "direct"] as const) {
  const number = way === "direct" ? "200" : "100";

  describe(`a caller whose media is ${way}`, () => {
    it("is brought over to the phone that answers, once it has acknowledged", async () => {
      const sipp = await Sipp.answering(fork().asked("BYE").confirm(), { port: at[way] });
      const caller = new Caller().invite(both).expect(100, { optional: true }).expect(183).expect(183, { optional: true }).expect(200).acknowledge();
      caller.asked("INVITE").confirm(200, "OK", { ...only("pcmu"), version: 2 }).asked("ACK").pause(200).bye().expect(200);
      const other = await Sipp.calling(number, relay.sip, caller, { address: CARRIER });
      await other.done();
      await sipp.done();
      assert.match(await other.message(AGAIN), /^To: .*<sip:caller@/m);
    });

    it("is, too, where what it heard had arrived for certain", async () => {
      const sipp = await Sipp.answering(fork({ reliable: true }).asked("BYE").confirm(), { port: at[way] });
      const caller = new Caller().invite(both, { headers: ["Supported: 100rel"] }).early(183).prack().expect(200);
      caller.early(183).prack().expect(200).expect(200).acknowledge();
      caller.asked("INVITE").confirm(200, "OK", { ...only("pcmu"), version: 2 }).asked("ACK").pause(200).bye().expect(200);
      const other = await Sipp.calling(number, relay.sip, caller, { address: CARRIER });
      await other.done();
      await sipp.done();
      assert.match(await other.message(AGAIN), /^To: .*<sip:caller@/m);
    });

    it("hears the other one before that, where it takes UPDATE", async () => {
      const sipp = await Sipp.answering(fork({ reliable: true }).asked("BYE").confirm(), { port: at[way] });
      const caller = new Caller().invite(both, { headers: ["Supported: 100rel", "Allow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE"] });
      caller.early(183).prack().expect(200).asked("UPDATE").confirm(200, "OK", { ...only("pcmu"), version: 2 });
      // Nothing is left to be offered after the answer.
      caller.early(183).prack().expect(200).expect(200).acknowledge().pause(300).bye().expect(200);
      const other = await Sipp.calling(number, relay.sip, caller, { address: CARRIER });
      await other.done();
      await sipp.done();
      assert.match(await other.message(/^UPDATE [^]*m=audio \d+ RTP\/AVP 0\b/m), /^To: .*<sip:caller@/m);
    });

    it("is left alone where the phone answers that it heard", async () => {
      const heard = new Called().invited().reply(183, "Session Progress", { sdp: only("pcma"), tag: "first" });
      heard.answerInvite(200, "OK", only("pcma"), { tag: "first" }).asked("ACK").asked("BYE").confirm();
      const sipp = await Sipp.answering(heard, { port: at[way] });
      const caller = new Caller().invite(both).progress().expect(200).acknowledge().pause(500).bye().expect(200);
      const other = await Sipp.calling(number, relay.sip, caller, { address: CARRIER });
      await other.done();
      await sipp.done();
    });
  });
}
