/** Provisional responses that arrive for certain (RFC 3262), and early media with and without them. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const CARRIER = "127.0.0.40";
const CALLEE = "127.0.0.30";
const RELIABLE = (rseq: number): string[] => ["Require: 100rel", `RSeq: ${rseq}`];

let relay: Relay;
let callee: number;

before(async () => {
  callee = await port(CALLEE);
  relay = await Relay.start({
    users: { web: "" },
    connectTimeout: 120,
    tables: `
[trunks.carrier]
host = "${CARRIER}"
[trunks.callee]
host = "${CALLEE}:${callee}"
addresses = []
[[routes]]
number = "1*"
from = "any"
trunk = "callee"
`,
  });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop());

describe("a callee's provisional responses", () => {
  it("are confirmed with PRACK, and the answer in one of them holds", async () => {
    const early = new Called().invited().reply(183, "Session Progress", { sdp: {}, headers: RELIABLE(4711) }).asked("PRACK");
    const sipp = await Sipp.answering(early.confirm().answerInvite(200, "OK").asked("ACK").asked("BYE").confirm());
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.status(call, "SESSION_PROGRESS");
    await app.status(call, "ESTABLISHED");
    assert.match(await sipp.message(/^INVITE /m), /^Supported: .*100rel/m);
    assert.match(await sipp.message(/^PRACK /m), /^RAck: 4711 1 INVITE\r?$/m);
    assert.match(await sipp.message(/^ACK /m), /^CSeq: 1 ACK\r?$/m);
    await app.hangup(call);
    await sipp.done();
    await app.close();
  });

  it("are confirmed once, however often they come, and in their order", async () => {
    const headers = (rseq: number): { headers: string[] } => ({ headers: RELIABLE(rseq) });
    const scenario = new Called().invited().reply(180, "Ringing", headers(1)).asked("PRACK").confirm();
    // One that came before, and one that comes too early: neither is confirmed.
    scenario.answerInvite(180, "Ringing", undefined, headers(1)).answerInvite(183, "Session Progress", undefined, headers(3));
    scenario.answerInvite(183, "Session Progress", {}, headers(2)).asked("PRACK").confirm();
    const sipp = await Sipp.answering(scenario.answerInvite(200, "OK").asked("ACK").asked("BYE").confirm());
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.status(call, "ESTABLISHED");
    await app.hangup(call);
    await sipp.done();
    const confirmed = [...sipp.messages().matchAll(/^RAck: (\d+)/gm)].map(([, rseq]) => rseq);
    assert.deepEqual(confirmed, ["1", "2"]);
    await app.close();
  });

  it("bring early media without PRACK, too", async () => {
    const scenario = new Called().invited().reply(183, "Session Progress", { sdp: {} }).pause(200);
    const sipp = await Sipp.answering(scenario.answerInvite(200, "OK", {}).asked("ACK").asked("BYE").confirm());
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.event("callSdp", { callId: call, kind: "answer" });
    await app.status(call, "SESSION_PROGRESS");
    await app.status(call, "ESTABLISHED");
    await app.hangup(call);
    await sipp.done();
    assert.doesNotMatch(sipp.messages(), /^PRACK /m);
    await app.close();
  });
});

describe("an UPDATE before the answer (RFC 3311)", () => {
  it("of the callee's moves its early media", async () => {
    const early = new Called().invited().reply(183, "Session Progress", { sdp: {}, headers: RELIABLE(1) }).asked("PRACK").confirm();
    const moved = early.request("UPDATE", { version: 2 }).answered(200).answerInvite(200, "OK");
    const sipp = await Sipp.answering(moved.asked("ACK").asked("BYE").confirm());
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.status(call, "ESTABLISHED");
    assert.match(await sipp.message(/^SIP\/2\.0 200[^]*^CSeq: \d+ UPDATE/m), /^m=audio \d+ RTP\/AVP 8/m);
    await app.hangup(call);
    await sipp.done();
    await app.close();
  });

  it("of the caller's is answered at once, and passed on after the answer", async () => {
    const scenario = new Called().invited().reply(183, "Session Progress", { sdp: {} }).pause(800).answerInvite(200, "OK", {});
    scenario.asked("ACK").asked("INVITE").confirm(200, "OK", { direction: "recvonly", version: 2 }).asked("ACK");
    const uas = await Sipp.answering(scenario.asked("BYE").confirm(), { address: CALLEE, port: callee });
    const caller = new Caller().invite({}, { headers: ["Supported: 100rel"] }).early(183).prack().expect(200);
    caller.update({ direction: "sendonly", version: 2 }).expect(200).expect(200).acknowledge().pause(500);
    const uac = await Sipp.calling("100", relay.sip, caller.bye().expect(200), { address: CARRIER });
    await uac.done();
    await uas.done();
    assert.match(await uac.message(/^SIP\/2\.0 200[^]*^CSeq: \d+ UPDATE/m), /^a=recvonly\r?$/m);
    assert.match(await uas.message(/^INVITE [^]*^To:.*tag=/m), /^a=sendonly\r?$/m);
  });
});

/** A call from trunk to trunk whose callee lets something be heard before it answers. */
async function passedOn(caller: Caller, pause: number): Promise<Sipp> {
  const scenario = new Called().invited().reply(183, "Session Progress", { sdp: {} }).pause(pause);
  const uas = await Sipp.answering(scenario.answerInvite(200, "OK", {}).asked("ACK").asked("BYE").confirm(), {
    address: CALLEE,
    port: callee,
  });
  const uac = await Sipp.calling("100", relay.sip, caller, { address: CARRIER });
  await uac.done();
  await uas.done();
  return uac;
}

describe("the relay's own provisional responses", () => {
  it("with a description arrive for certain where the caller can confirm them", async () => {
    const invite = new Caller().invite({}, { headers: ["Supported: 100rel"] });
    const uac = await passedOn(invite.early(183).prack().expect(200).expect(200).acknowledge().bye().expect(200), 500);
    assert.match(await uac.message(/SIP\/2\.0 183/), /^Require: 100rel\r?$/m);
    // The answer has arrived; the 200 does not repeat it.
    assert.match(await uac.message(/SIP\/2\.0 200 OK[^]*CSeq: 1 INVITE/), /^Content-Length: 0\r?$/m);
  });

  it("are repeated until they are confirmed, and the 200 waits for that", async () => {
    const invite = new Caller().invite({}, { headers: ["Supported: 100rel"] });
    const late = invite.early(183).pause(1200).prack().expect(200).expect(200).acknowledge();
    const uac = await passedOn(late.bye().expect(200), 0);
    const lines = [...uac.messages().matchAll(/^(SIP\/2\.0 \d+|PRACK)/gm)].map(([, line]) => line);
    const [early, prack] = [lines.filter((line) => line === "SIP/2.0 183").length, lines.indexOf("PRACK")];
    assert.ok(early >= 2, `${early} of them came`);
    assert.ok(!lines.slice(0, prack).includes("SIP/2.0 200"), lines.join(", "));
  });

  it("are confirmed with a new offer, and the 200 waits for its answer, too", async () => {
    const invite = new Caller().invite({}, { headers: ["Supported: 100rel"] });
    const late = invite.early(183).pause(700).prack({ port: 6000, version: 2 }).expect(200).expect(200).acknowledge();
    const uac = await passedOn(late.bye().expect(200), 0);
    assert.match(await uac.message(/^SIP\/2\.0 200[^]*^CSeq: 2 PRACK/m), /^m=audio [1-9]\d* RTP\/AVP 8/m);
    assert.match(await uac.message(/^SIP\/2\.0 200[^]*^CSeq: 1 INVITE/m), /^Content-Length: 0\r?$/m);
    const codes = [...uac.messages().matchAll(/^CSeq: (\d+ \w+)\r?\n/gm)].map(([, cseq]) => cseq);
    assert.ok(codes.lastIndexOf("2 PRACK") < codes.indexOf("1 ACK"), codes.join(", "));
  });

  it("may be confirmed after the answer, and with a new offer even then", async () => {
    const app = await App.local(relay, "web");
    const invite = new Caller().invite({}, { headers: ["Require: 100rel"] }).early(180).expect(200);
    const confirmed = invite.prack({ direction: "sendonly", version: 2 }).expect(200).acknowledge().bye().expect(200);
    const uac = await Sipp.calling("web", relay.sip, confirmed);
    const { callId } = await app.called();
    await app.answer(callId);
    await uac.done();
    assert.match(await uac.message(/^SIP\/2\.0 200[^]*^CSeq: 2 PRACK/m), /^a=recvonly\r?$/m);
    await app.status(callId, "HOLD");
    await app.status(callId, "FINISH");
    await app.close();
  });

  it("need no confirmation where the caller cannot give one", async () => {
    const uac = await passedOn(new Caller().invite().expect(100, { optional: true }).expect(183).expect(200).acknowledge().bye().expect(200), 200);
    assert.doesNotMatch(await uac.message(/SIP\/2\.0 183/), /^RSeq:/m);
  });

  it("offer a caller something that offers nothing and requires them", async () => {
    const app = await App.local(relay, "web");
    const invite = new Caller().inviteWithoutSdp(["Require: 100rel"]).early(180).prack({}).expect(200);
    const uac = await Sipp.calling("web", relay.sip, invite.expect(200).acknowledge().bye().expect(200));
    const { callId } = await app.called();
    assert.match(await uac.message(/SIP\/2\.0 180/), /^m=audio \d+ RTP\/AVP/m);
    await uac.message(/^SIP\/2\.0 200[^]*CSeq: 2 PRACK/m);
    await app.answer(callId);
    await uac.done();
    await app.status(callId, "FINISH");
    await app.close();
  });
});
