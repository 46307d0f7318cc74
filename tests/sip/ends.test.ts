/** How calls end: CANCEL and the answers it crosses, answers that are not confirmed, and reasons (RFC 3326). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

let relay: Relay;
before(async () => (relay = await Relay.start({ users: { web: "" }, connectTimeout: 120 })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

/** What SIPp received and sent, by first line, in order. */
function said(sipp: Sipp): string[] {
  const lines = sipp.messages().matchAll(/^(?:SIP\/2\.0 (?<status>\d+)|(?<method>[A-Z]+) sip:.* SIP\/2\.0)/gm);
  return [...lines].map(({ groups }) => groups?.["status"] ?? groups?.["method"] ?? "");
}

describe("a call that the app gives up", () => {
  it("is cancelled once the far end has said something", async () => {
    const sipp = await Sipp.answering(new Called().invited().pause(300).reply(180, "Ringing").cancelled());
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.hangup(call);
    await app.status(call, "FINISH");
    await sipp.done();
    assert.deepEqual(said(sipp).slice(0, 3), ["INVITE", "180", "CANCEL"]);
    await app.close();
  });

  it("is ended with BYE where the answer has crossed the CANCEL", async () => {
    const scenario = new Called().invited().reply(180, "Ringing").asked("CANCEL").confirm();
    const sipp = await Sipp.answering(scenario.answerInvite(200, "OK", {}).asked("ACK").asked("BYE").confirm());
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.status(call, "RING");
    await app.hangup(call);
    await app.status(call, "FINISH");
    await sipp.done();
    await app.close();
  });

  it("is ended with BYE where the far end answers before it has heard of the CANCEL", async () => {
    const scenario = new Called().invited().pause(300).answerInvite(200, "OK", {}).asked("ACK").asked("BYE").confirm();
    const sipp = await Sipp.answering(scenario);
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.hangup(call);
    await app.status(call, "FINISH");
    await sipp.done();
    assert.ok(!said(sipp).includes("CANCEL"));
    await app.close();
  });
});

describe("a caller", () => {
  it("whose CANCEL crosses the answer has a call all the same", async () => {
    const app = await App.local(relay, "web");
    const caller = new Caller().invite().progress().expect(200).cancel().expect(200).acknowledge();
    const sipp = await Sipp.calling("web", relay.sip, caller.bye().expect(200));
    const { callId } = await app.called();
    await app.answer(callId);
    await app.status(callId, "ESTABLISHED");
    await app.status(callId, "FINISH");
    await sipp.done();
    await app.close();
  });

  it("that does not confirm the answer hears it again and again", async () => {
    const app = await App.local(relay, "web");
    const caller = new Caller().invite().progress().expect(200).pause(1800).acknowledge();
    const sipp = await Sipp.calling("web", relay.sip, caller.bye().expect(200));
    const { callId } = await app.called();
    await app.answer(callId);
    await sipp.done();
    const answers = said(sipp).filter((line) => line === "200").length;
    // At once, after 0.5 s and after 1.5 s; and one for the BYE.
    assert.ok(answers >= 4, `${answers} came`);
    await app.close();
  });

  it("that gives up says why, and the app hears it", async () => {
    const app = await App.local(relay, "web");
    const reason = 'Reason: SIP;cause=200;text="Call completed elsewhere"';
    const caller = new Caller().invite().expect(100, { optional: true }).expect(180).cancel([reason]);
    const sipp = await Sipp.calling("web", relay.sip, caller.expect(200).expect(487).acknowledge({ failure: true }));
    const { callId } = await app.called();
    const over = await app.status(callId, "FINISH");
    assert.deepEqual([over["sipStatus"], over["sipReason"]], [200, "Call completed elsewhere"]);
    await sipp.done();
    await app.close();
  });
});

describe("a far end that hangs up", () => {
  for (const [header, status, reason] of [
    ['Q.850;cause=16;text="Normal call clearing"', undefined, "Normal call clearing"],
    ["Q.850;cause=17", undefined, "User busy"],
    ['SIP;cause=480;text="Gone home"', 480, "Gone home"],
  ] as const) {
    it(`with Reason: ${header} tells the app "${reason}"`, async () => {
      const called = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").pause(200);
      const sipp = await Sipp.answering(called.request("BYE", undefined, [`Reason: ${header}`]).answered(200));
      const app = await App.account(relay, sipp.target);
      const over = await app.status(await app.call("anyone"), "FINISH");
      assert.deepEqual([over["sipStatus"], over["sipReason"]], [status, reason]);
      const headers = over["headers"] as { name: string; value: string }[];
      assert.deepEqual(headers.find(({ name }) => name === "Reason")?.value, header);
      await sipp.done();
      await app.close();
    });
  }

  it("refuses with a cause of Q.850, and the app sees it", async () => {
    const headers = ['Reason: Q.850;cause=34;text="No circuit available"'];
    const sipp = await Sipp.answering(new Called().invited().reply(503, "Service Unavailable", { headers }).asked("ACK"));
    const app = await App.account(relay, sipp.target);
    const over = await app.status(await app.call("anyone"), "FAILED");
    assert.equal(over["sipStatus"], 503);
    assert.match(JSON.stringify(over["headers"]), /Q\.850;cause=34/);
    await sipp.done();
    await app.close();
  });
});
