/** Transfers over SIP, as transferor, transferee and target: what goes over the wire and what the app hears of it. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

let relay: Relay;
before(async () => (relay = await Relay.start({ connectTimeout: 120, rtpInactivity: 120, users: { web: "", other: "" } })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

const ALLOW = "Allow: INVITE, ACK, BYE, CANCEL, REFER, NOTIFY";

/** A phone that can be asked to call somebody else, in a call with the app. */
function transferee(): Called {
  return new Called().invited().reply(200, "OK", { sdp: {}, headers: [ALLOW] }).asked("ACK").asked("REFER");
}

async function talking(scenario: Called, at = relay): Promise<{ app: App; call: string; sipp: Sipp }> {
  const sipp = await Sipp.answering(scenario);
  const app = await App.account(at, sipp.target);
  const call = await app.call("bob");
  await app.status(call, "ESTABLISHED");
  return { app, call, sipp };
}

/** Takes so many NOTIFYs of how a transfer goes. */
function notified(scenario: Caller, times: number): void {
  for (let time = 0; time < times; time++) scenario.asked("NOTIFY").confirm();
}

describe("as transferor", () => {
  it("asks a far end that can to call the target, and tells its progress", async () => {
    const scenario = transferee().confirm(202, "Accepted");
    scenario.notify("active;expires=60", "SIP/2.0 100 Trying").answered(200);
    scenario.notify("active;expires=60", "SIP/2.0 180 Ringing").answered(200);
    scenario.notify("terminated;reason=noresource", "SIP/2.0 200 OK").answered(200).asked("BYE").confirm();
    const { app, call, sipp } = await talking(scenario);
    await app.ask("transfer", { callId: call, target: "carol" });
    for (const status of ["TRYING", "RING", "COMPLETED"]) await app.event("transfer", { callId: call, status });
    await app.status(call, "FINISH");
    const refer = await sipp.message(/^REFER /m);
    assert.match(refer, /^Refer-To: <sip:carol@127\.0\.0\.30:\d+>\r?$/m);
    assert.match(refer, /^Referred-By: <sip:web@127\.0\.0\.30>\r?$/m);
    await sipp.done();
    await app.close();
  });

  it("keeps the call when the far end does not reach the target, with code and reason", async () => {
    const scenario = transferee().confirm(202, "Accepted");
    scenario.notify("terminated;reason=noresource", "SIP/2.0 486 Out to lunch").answered(200).asked("BYE").confirm();
    const { app, call, sipp } = await talking(scenario);
    await app.ask("transfer", { callId: call, target: "carol" });
    const failed = await app.event("transfer", { callId: call, status: "FAILED" });
    assert.deepEqual([failed["sipStatus"], failed["sipReason"]], [486, "Out to lunch"]);
    await app.hangup(call);
    await app.status(call, "FINISH");
    await sipp.done();
    await app.close();
  });

  it("keeps the call when the far end declines", async () => {
    const { app, call, sipp } = await talking(transferee().confirm(603, "Decline").asked("BYE").confirm());
    await app.ask("transfer", { callId: call, target: "carol" });
    assert.equal((await app.event("transfer", { callId: call, status: "FAILED" }))["sipStatus"], 603);
    await app.hangup(call);
    await sipp.done();
    await app.close();
  });

  it("calls the target itself for a far end that does no such thing", async () => {
    // The account's server is busy with its one call: it answers nothing else, and hangs up in the end.
    const scenario = transferee().confirm(405, "Method Not Allowed").pause(1500).request("BYE").answered(200);
    // An INVITE that nobody answers is waited for for half a minute; this relay is not.
    const own = await Relay.start({ connectTimeout: 120 });
    const { app, call, sipp } = await talking(scenario, own);
    await app.ask("transfer", { callId: call, target: "carol" });
    await app.event("transfer", { callId: call, status: "TRYING" });
    await sipp.message(/^INVITE sip:carol@/m);
    await app.status(call, "FINISH");
    await sipp.stop();
    await app.close();
    await own.program.kill();
  });
});

/** A caller's dialog with the relay, as a Replaces header names it. */
async function dialog(sipp: Sipp): Promise<{ callId: string; ours: string; theirs: string }> {
  const ok = await sipp.message(/^SIP\/2\.0 200 [^]*CSeq: 1 INVITE/m);
  const field = (pattern: RegExp): string => pattern.exec(ok)?.[1] ?? assert.fail(`${pattern} in ${ok}`);
  return {
    callId: field(/^Call-ID: (\S+)/m),
    theirs: field(/^From: .*;tag=([^;\s]+)/m),
    ours: field(/^To: .*;tag=([^;\s]+)/m),
  };
}

/** Somebody calls this local user, who answers. */
async function taken(user: string, scenario: Caller): Promise<{ app: App; call: string; sipp: Sipp }> {
  const app = await App.local(relay, user);
  const sipp = await Sipp.calling(user, relay.sip, scenario);
  const { callId } = await app.called();
  await app.answer(callId);
  await app.status(callId, "ESTABLISHED");
  return { app, call: callId, sipp };
}

const calling = (name: string): Caller => new Caller(name).invite().progress().expect(200).acknowledge();

describe("as transferee", () => {
  it("calls whom a phone's REFER names, tells it how that goes, and shows the app who is there now", async () => {
    const scenario = calling("bob").pause(200).refer(`<sip:other@${relay.sip}>`).expect(202);
    notified(scenario, 3);
    const other = await App.local(relay, "other");
    const { app, call, sipp } = await taken("web", scenario.asked("BYE").confirm());
    const { callId } = await other.called();
    await other.answer(callId);
    assert.equal((await app.event("party", { callId: call }))["user"], "other");
    await sipp.done();
    for (const line of ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "terminated;reason=noresource"]) {
      assert.ok(sipp.messages().includes(line), line);
    }
    await app.hangup(call);
    await other.status(callId, "FINISH");
    await app.close();
    await other.close();
  });

  it("keeps the call when there is nobody to be called, and says so", async () => {
    const scenario = calling("bob").pause(200).refer(`<sip:nobody@${relay.sip}>`).expect(202);
    notified(scenario, 2);
    const { app, call, sipp } = await taken("web", scenario.bye().expect(200));
    await sipp.done();
    assert.match(sipp.messages(), /^SIP\/2\.0 404 /m);
    await app.status(call, "FINISH");
    await app.close();
  });

  it("does not call strangers' hosts for strangers", async () => {
    const scenario = calling("bob").pause(200).refer("<sip:premium@127.0.0.99>").expect(403).bye().expect(200);
    const { app, call, sipp } = await taken("web", scenario);
    await sipp.done();
    await app.status(call, "FINISH");
    await app.close();
  });

  it("joins two calls of a phone's, of which it names the other", async () => {
    const second = await taken("other", calling("bob").asked("BYE").confirm());
    const { callId, ours, theirs } = await dialog(second.sipp);
    const replaces = encodeURIComponent(`${callId};to-tag=${ours};from-tag=${theirs}`);
    const scenario = calling("bob").pause(200).refer(`<sip:other@${relay.sip}?Replaces=${replaces}>`).expect(202);
    notified(scenario, 2);
    const first = await taken("web", scenario.asked("BYE").confirm());
    await first.sipp.done();
    await second.sipp.done();
    assert.equal((await first.app.event("party", { callId: first.call }))["user"], "other");
    await first.app.hangup(first.call);
    await second.app.status(second.call, "FINISH");
    await first.app.close();
    await second.app.close();
  });
});

describe("as target", () => {
  it("lets a caller take the place of whom it names exactly", async () => {
    const { app, call, sipp } = await taken("web", calling("bob").asked("BYE").confirm());
    const { callId, ours, theirs } = await dialog(sipp);
    const headers = [`Replaces: ${callId};to-tag=${ours};from-tag=${theirs}`, "Require: replaces"];
    const carol = new Caller("carol").invite({}, { headers }).progress().expect(200).acknowledge().asked("BYE").confirm();
    const newcomer = await Sipp.calling("web", relay.sip, carol, { address: "127.0.0.20" });
    assert.equal((await app.event("party", { callId: call }))["user"], "carol@127.0.0.20");
    await sipp.done();
    await app.hangup(call);
    await newcomer.done();
    await app.close();
  });

  for (const [what, code, change] of [
    ["a guess", 481, (name: string) => name.replace("to-tag=", "to-tag=x")],
    ["one that must not be answered yet", 486, (name: string) => `${name};early-only`],
  ] as const) {
    it(`refuses ${what} with ${code}, and the call goes on`, async () => {
      const { app, call, sipp } = await taken("web", calling("bob").asked("BYE").confirm());
      const { callId, ours, theirs } = await dialog(sipp);
      const headers = [`Replaces: ${change(`${callId};to-tag=${ours};from-tag=${theirs}`)}`];
      const carol = new Caller("carol").invite({}, { headers }).progress().expect(code).acknowledge({ failure: true });
      const newcomer = await Sipp.calling("web", relay.sip, carol, { address: "127.0.0.20" });
      await newcomer.done();
      await app.hangup(call);
      await sipp.done();
      await app.close();
    });
  }
});
