/** What a SIP caller hears before its call is answered. */
import { after, afterEach, before, describe, it } from "node:test";
import { hearsNothing, hearsTone } from "../peers/hearing.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { RtpEnd } from "../peers/rtp-end.ts";
import { Called, Caller, type Description } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { tones } from "../sound/sources.ts";

const [CALLER, CALLEE, ELSEWHERE] = ["127.0.0.41", "127.0.0.31", "127.0.0.42"];
const ANNOUNCEMENT = 700;

let relay: Relay;
let callee: number;
before(async () => {
  callee = await port(CALLEE);
  const tables = `
[trunks.caller]
host = "${CALLER}"
[trunks.callee]
host = "${CALLEE}:${callee}"
[[routes]]
number = "bob"
from = "any"
trunk = "callee"
`;
  relay = await Relay.start({ users: { web: "" }, tables });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop());

/** A trunk's call that hears an announcement before it is answered; where its sound is, and whether it confirms with PRACK. */
async function announced(where: string, prack: boolean, heard: (ears: RtpEnd) => Promise<void>): Promise<void> {
  const [ears, announcer] = [await RtpEnd.open(where), await RtpEnd.open(CALLEE)];
  const media = (end: RtpEnd, address: string): Description => ({ codecs: ["pcmu"], port: end.port, address });
  const called = new Called().invited().reply(183, "Session Progress", { sdp: media(announcer, CALLEE) }).nudged();
  const uas = await Sipp.answering(called.answerInvite(200, "OK", media(announcer, CALLEE)).asked("ACK").asked("BYE").confirm(), {
    address: CALLEE,
    port: callee,
  });
  const early = new Caller().invite(media(ears, where), prack ? { headers: ["Supported: 100rel"] } : {});
  const answered = prack ? early.early(183).prack().expect(200).expect(200) : early.progress().expect(200);
  const uac = await Sipp.calling("bob", relay.sip, answered.acknowledge().nudged().bye().expect(200), { address: CALLER });
  announcer.say(tones([ANNOUNCEMENT], 1, 8000), await uas.message(/^INVITE[^]*^m=audio/m));
  await uac.message(/^SIP\/2.0 183[^]*^m=audio/m);
  await heard(ears);
  await uas.nudge();
  await uac.message(/^SIP\/2.0 200/m);
  await hearsTone(ears, ANNOUNCEMENT);
  await uac.nudge();
  await Promise.all([uac.done(), uas.done()]);
  ears.close();
  announcer.close();
}

describe("an announcement before the answer", () => {
  it("is heard by a trunk that calls from where its sound is", () => announced(CALLER, false, (ears) => hearsTone(ears, ANNOUNCEMENT)));

  it("is heard by a caller whose sound is elsewhere once it has confirmed with PRACK", () =>
    announced(ELSEWHERE, true, (ears) => hearsTone(ears, ANNOUNCEMENT)));

  it("is not sent to an address that a caller only claims", () => announced(ELSEWHERE, false, (ears) => hearsNothing(ears)));
});
