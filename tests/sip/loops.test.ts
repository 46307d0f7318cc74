/** Requests that come twice, or go round (RFC 3261 sections 8.2.2.2 and 16.3): merged ones, and hops that are used up. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const GATEWAY = "127.0.0.30";

let relay: Relay;
let gateway: number;
before(async () => {
  gateway = await port(GATEWAY);
  const tables = `[trunks.gateway]\nhost = "${GATEWAY}:${gateway}"\n[trunks.carrier]\nhost = "127.0.0.40"\n[[routes]]\nnumber = "1*"\nfrom = "any"\ntrunk = "gateway"\n`;
  relay = await Relay.start({ connectTimeout: 120, users: { web: "" }, tables });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

describe("an INVITE that comes a second way", () => {
  it("is refused with 482 while the first rings, and the first is a call all the same", async () => {
    const app = await App.local(relay, "web");
    const caller = new Caller().invite().expect(100, { optional: true }).expect(180).merged();
    const sipp = await Sipp.calling("web", relay.sip, caller.expect(482).acknowledge({ failure: true }).expect(200).acknowledge().bye().expect(200));
    const { callId } = await app.called();
    await sipp.message(/^SIP\/2\.0 482 /m);
    await app.answer(callId);
    await app.status(callId, "FINISH");
    await sipp.done();
    assert.equal(app.wire.received.all().filter((message) => message.type === "incomingCall").length, 1);
    await app.close();
  });
});

describe("hops", () => {
  it("are one less beyond the relay", async () => {
    const sipp = await Sipp.answering(new Called().invited().reply(486, "Busy Here").asked("ACK"), { port: gateway });
    const caller = new Caller().hops(5).invite().progress().expect(486).acknowledge({ failure: true });
    const other = await Sipp.calling("100", relay.sip, caller, { address: "127.0.0.40" });
    await other.done();
    await sipp.done();
    assert.match(await sipp.message(/^INVITE /m), /^Max-Forwards: 4\r?$/m);
  });

  it("that are used up end a call that would go round for ever", async () => {
    const caller = new Caller().hops(0).invite().progress().expect(483).acknowledge({ failure: true });
    const other = await Sipp.calling("100", relay.sip, caller, { address: "127.0.0.40" });
    await other.done();
  });

  it("are not looked at for a number that is here", async () => {
    const caller = new Caller().hops(0).invite().progress().expect(200).acknowledge().bye().expect(200);
    const other = await Sipp.calling("echo", relay.sip, caller);
    await other.done();
  });
});
