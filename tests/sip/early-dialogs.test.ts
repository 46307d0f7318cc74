/** Calls that a proxy forks: several phones ring, one answers, the others are ended (RFC 3261 sections 12.1 and 13.2.2.4). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Baresip } from "../peers/baresip.ts";
import { eventually } from "../peers/deadline.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const RELIABLE = (rseq: number): string[] => ["Require: 100rel", `RSeq: ${rseq}`];

let relay: Relay;
before(async () => (relay = await Relay.start({ connectTimeout: 120 })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

/** What the relay sent into the dialog with this tag, by method. */
function said(sipp: Sipp, tag: string): string[] {
  const received = sipp.messages().split(/^-{20,}.*$/m).filter((part) => / message received /.test(part));
  const into = received.filter((part) => new RegExp(`^To:.*tag=${tag}\\r?$`, "m").test(part));
  return into.map((part) => /^([A-Z]+) sip:/m.exec(part)?.[1] ?? "?");
}

describe("a call that several phones ring for", () => {
  it("goes on with the one that answers, whichever was heard last", async () => {
    const scenario = new Called().invited().reply(183, "Session Progress", { sdp: {}, tag: "first" });
    scenario.answerInvite(183, "Session Progress", {}, { tag: "second" }).pause(200);
    scenario.answerInvite(200, "OK", {}, { tag: "first" }).asked("ACK").asked("BYE").confirm();
    const sipp = await Sipp.answering(scenario);
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.status(call, "ESTABLISHED");
    await app.hangup(call);
    await sipp.done();
    assert.deepEqual([said(sipp, "first"), said(sipp, "second")], [["ACK", "BYE"], []]);
    await app.close();
  });

  it("confirms what each of them says, in its own dialog", async () => {
    const scenario = new Called().invited().reply(183, "Session Progress", { sdp: {}, tag: "first", headers: RELIABLE(1) });
    scenario.asked("PRACK").confirm().answerInvite(183, "Session Progress", {}, { tag: "second", headers: RELIABLE(900) });
    scenario.asked("PRACK").confirm().answerInvite(200, "OK", undefined, { tag: "second" }).asked("ACK").asked("BYE").confirm();
    const sipp = await Sipp.answering(scenario);
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.status(call, "ESTABLISHED");
    await app.hangup(call);
    await sipp.done();
    assert.deepEqual([said(sipp, "first"), said(sipp, "second")], [["PRACK"], ["PRACK", "ACK", "BYE"]]);
    await app.close();
  });

  it("ends a second answer at once", async () => {
    const scenario = new Called().invited().reply(180, "Ringing", { tag: "first" }).answerInvite(180, "Ringing", undefined, { tag: "second" });
    scenario.answerInvite(200, "OK", {}, { tag: "first" }).asked("ACK");
    scenario.answerInvite(200, "OK", {}, { tag: "second" }).asked("ACK").asked("BYE").confirm();
    const sipp = await Sipp.answering(scenario.asked("BYE").confirm());
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.status(call, "ESTABLISHED");
    await sipp.message(/^BYE [^]*^To:.*tag=second/m);
    await app.hangup(call);
    await sipp.done();
    assert.deepEqual([said(sipp, "first"), said(sipp, "second")], [["ACK", "BYE"], ["ACK", "BYE"]]);
    await app.close();
  });
});

describe("a call that Kamailio forks to two phones of one user", () => {
  it("is answered by one, and stops ringing at the other", async () => {
    const kamailio = await Kamailio.start({ users: { web: "web-password", bob: "bob-password" } });
    const bob = { user: "bob", registrar: kamailio.domain, password: "bob-password" };
    const [desk, mobile] = [await Baresip.start({ ...bob, address: "127.0.0.20" }), await Baresip.start(bob)];
    const saved = (): boolean => (kamailio.program.text().match(/binding of bob saved/g)?.length ?? 0) >= 2;
    await eventually(saved, "both phones to be registered");
    const app = await App.account(relay, kamailio.domain, { login: "web", password: "web-password" });
    const call = await app.call("bob");
    await app.status(call, "RING");
    await Promise.all([desk, mobile].map((phone) => phone.event("CALL_INCOMING")));
    await desk.accept();
    await app.status(call, "ESTABLISHED");
    await mobile.event("CALL_CLOSED");
    await app.hangup(call);
    await desk.event("CALL_CLOSED");
    await app.close();
  });
});
