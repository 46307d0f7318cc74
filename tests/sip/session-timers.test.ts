/** Session timers (RFC 4028): agreed upon in both roles, kept by either side, and what becomes of a silent far end. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

/** The shortest interval there is. */
const SHORTEST = 90;
const UPDATES = "Allow: INVITE, ACK, CANCEL, BYE, UPDATE";

let relay: Relay;
before(async () => {
  const sip = [`session_expires = 120`, `min_se = ${SHORTEST}`];
  relay = await Relay.start({ users: { web: "" }, connectTimeout: 120, rtpInactivity: 120, sip });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

/** A call of the app's that SIPp takes on these terms. */
async function taken(terms: string[], then: (called: Called) => Called): Promise<{ app: App; call: string; sipp: Sipp }> {
  const called = new Called().invited().reply(200, "OK", { sdp: {}, headers: terms }).asked("ACK");
  const sipp = await Sipp.answering(then(called), { seconds: 120 });
  const app = await App.account(relay, sipp.target);
  const call = await app.call("anyone");
  await app.status(call, "ESTABLISHED");
  return { app, call, sipp };
}

/** A call of SIPp's that the app takes. */
async function placed(app: App, caller: Caller): Promise<{ call: string; sipp: Sipp }> {
  const from = app.wire.received.now();
  const sipp = await Sipp.calling("web", relay.sip, caller, { seconds: 120 });
  const call = String((await app.event("incomingCall", {}, { from }))["callId"]);
  await app.answer(call);
  await app.status(call, "ESTABLISHED");
  return { call, sipp };
}

/** What a caller says of the session, whom it wants to refresh it. */
const terms = (refresher: "uac" | "uas"): string[] => ["Supported: timer", `Session-Expires: ${SHORTEST};refresher=${refresher}`];

describe("the interval of a session", () => {
  it("is asked for, and longer where the callee wants that (422)", async () => {
    const called = new Called().invited().reply(422, "Session Interval Too Small", { headers: ["Min-SE: 300"] }).asked("ACK");
    called.asked("INVITE").reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm();
    const sipp = await Sipp.answering(called);
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.status(call, "ESTABLISHED");
    assert.match(await sipp.message(/^CSeq: 1 INVITE/m), /^Session-Expires: 120\r?$/m);
    const again = await sipp.message(/^CSeq: 2 INVITE/m);
    assert.match(again, /^Session-Expires: 300\r?$/m);
    assert.match(again, /^Min-SE: 300\r?$/m);
    await app.hangup(call);
    await sipp.done();
    await app.close();
  });

  it("is refused where a caller's is too short (422), and taken when it is long enough", async () => {
    const app = await App.local(relay, "web");
    const asks = (seconds: number): { headers: string[] } => ({ headers: ["Supported: timer", `Session-Expires: ${seconds}`] });
    const caller = new Caller().invite({}, asks(60)).expect(100, { optional: true }).expect(422).acknowledge({ failure: true });
    caller.invite({}, asks(90)).progress().expect(200).acknowledge();
    const sipp = await Sipp.calling("web", relay.sip, caller.bye().expect(200));
    const { callId } = await app.called();
    assert.match(await sipp.message(/SIP\/2\.0 422/), /^Min-SE: 90\r?$/m);
    await app.answer(callId);
    const answer = await sipp.message(/SIP\/2\.0 200[^]*CSeq: \d+ INVITE/);
    assert.match(answer, /^Session-Expires: 90;refresher=uac\r?$/m);
    assert.match(answer, /^Require: timer\r?$/m);
    await sipp.done();
    await app.close();
  });
});

describe("a session with an interval of 90 seconds", () => {
  it("is refreshed by the relay, by UPDATE or re-INVITE as the far end can, before a hold that comes meanwhile, is refreshed by either side as the caller wants it, and ends where the far end owes it", async () => {
    const ours = `Session-Expires: ${SHORTEST};refresher=uac`;
    const confirmed = ["Require: timer", ours];
    const held = (called: Called): Called =>
      called.reinvited().nudged().answerInvite(200, "OK", { version: 2 }, { headers: confirmed }).asked("ACK")
        .asked("INVITE").confirm(200, "OK", { direction: "recvonly", version: 3 }, confirmed).asked("ACK").asked("BYE").confirm();
    const [update, invite, hold, silent] = await Promise.all([
      taken([UPDATES, ...confirmed], (called) => called.asked("UPDATE").confirm(200, "OK", undefined, confirmed).asked("BYE").confirm()),
      taken(confirmed, (called) => called.asked("INVITE").confirm(200, "OK", {}, confirmed).asked("ACK").asked("BYE").confirm()),
      taken(confirmed, held),
      taken([`Session-Expires: ${SHORTEST};refresher=uas`], (called) => called.asked("BYE").confirm()),
    ]);
    const web = await App.local(relay, "web");
    const begun = (refresher: "uac" | "uas"): Caller =>
      new Caller().invite({}, { headers: [...terms(refresher), UPDATES] }).progress().expect(200).acknowledge();
    const byUs = await placed(web, begun("uas").asked("UPDATE").confirm(200, "OK", undefined, confirmed).asked("BYE").confirm());
    // Without its refresh this one would be over half a minute before it hangs up.
    const alive = begun("uac").pause(40_000).update(undefined, terms("uac")).expect(200).pause(35_000).bye().expect(200);
    const byThem = await placed(web, alive);
    const refresh = await Promise.all([
      update.sipp.message(/^UPDATE /m, { ms: 60_000 }),
      invite.sipp.message(/^INVITE [^]*^To:.*tag=/m, { ms: 60_000 }),
      byUs.sipp.message(/^UPDATE /m, { ms: 60_000 }),
    ]);
    for (const message of refresh) assert.match(message, /^Session-Expires: 90;refresher=uac\r?$/m);
    // The sound is offered as it was. The pictures that SIPp has not taken are not offered again.
    const offers = [...invite.sipp.messages().matchAll(/^o=-[^]*?(^m=audio[^]*?)(^m=video \d+)/gm)].map(([, ...parts]) => parts);
    assert.equal(offers.length, 2);
    assert.equal(new Set(offers.map(([sound]) => sound)).size, 1, offers.join("\n"));
    assert.deepEqual(offers.map(([, pictures]) => pictures === "m=video 0"), [false, true]);
    await hold.sipp.message(/^INVITE [^]*^To:.*tag=/m, { ms: 60_000 });
    await hold.app.ask("hold", { callId: hold.call });
    await hold.sipp.nudge();
    await hold.app.status(hold.call, "HOLD");
    await hold.sipp.message(/^INVITE [^]*^a=sendonly/m);
    const over = await silent.app.status(silent.call, "FAILED", { ms: 60_000 });
    assert.equal((over["error"] as { code?: string }).code, "peerLost");
    assert.match(await silent.sipp.message(/^BYE /m), /^Reason: SIP;cause=408/m);
    for (const { app, call, sipp } of [update, invite, hold]) {
      await app.hangup(call);
      await sipp.done();
      await app.close();
    }
    await silent.sipp.done();
    await silent.app.close();
    await web.hangup(byUs.call);
    await byUs.sipp.done();
    await byThem.sipp.done(60_000);
    assert.match(await byThem.sipp.message(/^CSeq: 2 UPDATE/m), /^Session-Expires: 90;refresher=uac\r?$/m);
    await web.status(byThem.call, "FINISH");
    await web.close();
  });
});
