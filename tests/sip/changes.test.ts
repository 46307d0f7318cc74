/** Changes of a session that goes on: UPDATE, both sides at once, and those that ask for an offer. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { eventually } from "../peers/deadline.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const HELD = { direction: "sendonly", version: 2 } as const;
const GRANTED = { direction: "recvonly", version: 2 } as const;

let relay: Relay;
before(async () => (relay = await Relay.start({ users: { web: "" }, connectTimeout: 120 })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

/** A call of the app's that SIPp has taken, and goes on with this scenario. */
async function taken(scenario: (called: Called) => Called): Promise<{ app: App; call: string; sipp: Sipp }> {
  const called = new Called().invited().reply(180, "Ringing").reply(200, "OK", { sdp: {} }).asked("ACK");
  const sipp = await Sipp.answering(scenario(called).asked("BYE").confirm());
  const app = await App.account(relay, sipp.target);
  const call = await app.call("anyone");
  await app.status(call, "ESTABLISHED");
  return { app, call, sipp };
}

async function over({ app, call, sipp }: { app: App; call: string; sipp: Sipp }): Promise<void> {
  await app.hangup(call);
  await sipp.done();
  await app.close();
}

/** A call of SIPp's that the app has taken. */
async function placed(scenario: (caller: Caller) => Caller): Promise<{ app: App; call: string; sipp: Sipp }> {
  const app = await App.local(relay, "web");
  const caller = new Caller().invite().progress().expect(200).acknowledge().pause(200);
  const sipp = await Sipp.calling("web", relay.sip, scenario(caller).bye().expect(200));
  const { callId } = await app.called();
  await app.answer(callId);
  await app.status(callId, "ESTABLISHED");
  return { app, call: callId, sipp };
}

describe("an UPDATE of the far end's", () => {
  it("holds the call and takes it up again", async () => {
    const both = await taken((called) =>
      called.request("UPDATE", HELD).answered(200).pause(300).request("UPDATE", { version: 3 }).answered(200),
    );
    await both.app.status(both.call, "HOLD");
    await both.app.status(both.call, "ESTABLISHED", { from: both.app.wire.received.now() });
    const answers = both.sipp.messages().split(/^-{20,}.*$/m).filter((part) => /^CSeq: \d+ UPDATE/m.test(part) && /SIP\/2\.0 200/.test(part));
    assert.match(answers[0] ?? "", /^a=recvonly\r?$/m);
    await over(both);
  });

  it("does so from a caller, too", async () => {
    const { app, call, sipp } = await placed((caller) => caller.update(HELD).expect(200).pause(300).update({ version: 3 }).expect(200));
    await app.status(call, "HOLD");
    await sipp.done();
    await app.status(call, "FINISH");
    await app.close();
  });

  it("without a description changes nothing", async () => {
    const both = await taken((called) => called.request("UPDATE").answered(200));
    assert.match(await both.sipp.message(/^SIP\/2\.0 200[^]*^CSeq: \d+ UPDATE/m), /^Content-Length: 0\r?$/m);
    await over(both);
  });

  it("that meets a re-INVITE of the relay's is pending (491), and the relay's goes on", async () => {
    const both = await taken((called) =>
      called.reinvited().request("UPDATE", HELD).answered(491).answerInvite(200, "OK", GRANTED).asked("ACK"),
    );
    await both.app.ask("hold", { callId: both.call });
    await both.app.status(both.call, "HOLD");
    await over(both);
  });
});

describe("a re-INVITE of both sides at once", () => {
  it("is pending at the relay while its own has no answer", async () => {
    const both = await taken((called) =>
      called.reinvited().request("INVITE", HELD).answered(491).acknowledge({ failure: true }).answerInvite(200, "OK", GRANTED).asked("ACK"),
    );
    await both.app.ask("hold", { callId: both.call });
    await both.app.status(both.call, "HOLD");
    await over(both);
  });

  it("is tried again after a while where the far end says that it is pending", async () => {
    const both = await taken((called) =>
      called.asked("INVITE").confirm(491, "Request Pending").asked("ACK").asked("INVITE").confirm(200, "OK", GRANTED).asked("ACK"),
    );
    await both.app.ask("hold", { callId: both.call });
    await both.app.status(both.call, "HOLD", { ms: 10_000 });
    await over(both);
  });
});

describe("a re-INVITE without a description", () => {
  it("of the callee's is answered with an offer, whose answer comes in the ACK", async () => {
    const both = await taken((called) => called.request("INVITE").answered(200).acknowledge({ description: { direction: "sendrecv", version: 2 } }));
    const offers = (): number => both.sipp.messages().match(/^m=audio \d+ RTP\/AVP/gm)?.length ?? 0;
    await eventually(() => offers() >= 3, () => `an offer to a re-INVITE without one: ${both.sipp.messages()}`);
    await over(both);
  });

  it("of the caller's is, too", async () => {
    const { app, call, sipp } = await placed((caller) =>
      caller.reinvite().progress().expect(200).acknowledge({ description: { direction: "sendrecv", version: 2 } }),
    );
    await sipp.done();
    await app.status(call, "FINISH");
    await app.close();
  });
});
