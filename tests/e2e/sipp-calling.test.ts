/** SIPp calls the browser: every way a SIP peer can place, change and end a call. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import type { BrowserPhone } from "../peers/phone.ts";
import { eventually } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { hears } from "../peers/hearing.ts";
import { Caller, STREAMED } from "../peers/scenario.ts";
import { Sipp, type SippOptions } from "../peers/sipp.ts";
import { toALaw } from "../sound/g711.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";
import { BROWSER_VOICE, OTHER_VOICE, stage } from "./stage.ts";

const set = stage({ users: { web: "" }, rtpInactivity: 4, unanswered: 6 });

let spoken: string;
before(() => {
  spoken = join(folder("speech"), "spoken.al");
  writeFileSync(spoken, toALaw(loop(speech(SENTENCES.phone, 8000), 30).samples));
});

interface Ongoing {
  web: BrowserPhone;
  sipp: Sipp;
  call: string;
}

/** SIPp calls the browser's user at the relay, and it rings. */
async function ringing(scenario: Caller, options: SippOptions = {}): Promise<Ongoing> {
  const web = await set.local("web");
  const sipp = await Sipp.calling("web", set.relay.sip, scenario, options);
  const incoming = await web.incoming();
  await web.event(incoming.id, "RING");
  return { web, sipp, call: incoming.id };
}

/** INVITE, ringing, 200, ACK. */
function placed(caller = new Caller()): Caller {
  return caller.invite().progress().expect(200).acknowledge();
}

async function talking(scenario: Caller, options: SippOptions = { echo: true }): Promise<Ongoing> {
  const ongoing = await ringing(scenario, options);
  await ongoing.web.answer(ongoing.call);
  await ongoing.web.event(ongoing.call, "ESTABLISHED");
  return ongoing;
}

describe("a caller", () => {
  it("is announced by number and name", async () => {
    const scenario = new Caller("+4930123", "Grace Hopper").invite().progress().expect(603).acknowledge({ failure: true });
    const { web, sipp, call } = await ringing(scenario);
    const report = web.reports.all().find((r) => r.event === "INCOMING_CALL");
    assert.match(report?.caller ?? "", /\+4930123/);
    assert.equal(report?.visibleName, "Grace Hopper");
    await web.hangup(call);
    await sipp.done();
  });

  it("is heard and hears, and the browser hangs up", async () => {
    const { web, sipp, call } = await talking(placed().asked("BYE").confirm());
    await web.record();
    await hears(web, BROWSER_VOICE);
    await web.hangup(call);
    await web.event(call, "FINISH");
    await sipp.done();
  });

  it("speaks, and hangs up", async () => {
    const scenario = new Caller().invite({ port: STREAMED }).progress().expect(200).acknowledge().speak(spoken);
    const { web, sipp, call } = await talking(scenario.pause(5000).bye().expect(200), {});
    await web.record();
    await hears(web, OTHER_VOICE);
    await web.event(call, "FINISH");
    await sipp.done();
  });

  it("over TCP, talks as over UDP", async () => {
    const { web, sipp, call } = await talking(placed().asked("BYE").confirm(), { echo: true, transport: "tcp" });
    await web.record();
    await hears(web, BROWSER_VOICE);
    await web.hangup(call);
    await sipp.done();
  });

  it("who offers nothing is offered something, and talks", async () => {
    const scenario = new Caller().inviteWithoutSdp().progress().expect(200).acknowledge({ description: {} });
    const { web, sipp, call } = await talking(scenario.asked("BYE").confirm());
    assert.match(await sipp.message(/^SIP\/2.0 200/m), /m=audio/);
    await web.record();
    await hears(web, BROWSER_VOICE);
    await web.hangup(call);
    await sipp.done();
  });

  it("who gives up is taken off the screen", async () => {
    const scenario = new Caller().invite().expect(100, { optional: true }).expect(180).pause(500).cancel().expect(200).expect(487);
    const { web, sipp, call } = await ringing(scenario.acknowledge({ failure: true }));
    await web.event(call, "FINISH");
    await sipp.done();
  });

  it("is declined with 603", async () => {
    const { web, sipp, call } = await ringing(new Caller().invite().progress().expect(603).acknowledge({ failure: true }));
    await web.hangup(call);
    await sipp.done();
    await web.event(call, "FINISH");
  });

  it("is busy when somebody on the phone declines", async () => {
    const first = await talking(placed().asked("BYE").confirm());
    const from = first.web.reports.now();
    const busy = new Caller("another").invite().progress().expect(486).acknowledge({ failure: true });
    const second = await Sipp.calling("web", set.relay.sip, busy);
    await first.web.hangup((await first.web.incoming({ from })).id);
    await second.done();
    await first.web.hangup(first.call);
    await first.sipp.done();
  });

  it("is told in time that nobody answers", async () => {
    const scenario = new Caller().invite().progress().expect(480).acknowledge({ failure: true });
    const { web, sipp, call } = await ringing(scenario);
    await sipp.done();
    await web.end(call);
  });

  it("of nobody known, or nobody there, is told so", async () => {
    for (const [user, code] of [["stranger", 404], ["web", 480]] as const) {
      const scenario = new Caller().invite().expect(100, { optional: true }).expect(code).acknowledge({ failure: true });
      await (await Sipp.calling(user, set.relay.sip, scenario)).done();
    }
  });

  it("with no codec in common is refused with 488", async () => {
    const web = await set.local("web");
    const scenario = new Caller().invite({ codecs: ["gsm"] }).expect(100, { optional: true }).expect(488);
    const sipp = await Sipp.calling("web", set.relay.sip, scenario.acknowledge({ failure: true }));
    await sipp.done();
    assert.equal(web.reports.all().some((report) => report.event === "INCOMING_CALL"), false);
  });

  it("is answered in each codec it may have", async () => {
    for (const codec of ["pcmu", "g722", "opus"] as const) {
      const scenario = new Caller().invite({ codecs: [codec] }).progress().expect(200).acknowledge().asked("BYE").confirm();
      const { web, sipp, call } = await talking(scenario);
      await web.record();
      await hears(web, BROWSER_VOICE);
      await web.hangup(call);
      await sipp.done();
      await web.disconnect();
      await web.kill();
    }
  });

  it("asking OPTIONS is answered, in a call or out of one", async () => {
    await (await Sipp.calling("web", set.relay.sip, new Caller().options().expect(200))).done();
  });
});

describe("a caller who changes the call", () => {
  for (const direction of ["sendonly", "inactive"] as const) {
    it(`holds with ${direction} longer than silence may last, and resumes`, async () => {
      const scenario = placed().pause(300).reinvite({ direction, version: 2 }).expect(100, { optional: true }).expect(200).acknowledge();
      scenario.pause(direction === "inactive" ? 5500 : 500).reinvite({ version: 3 }).expect(100, { optional: true }).expect(200).acknowledge();
      const { web, sipp, call } = await talking(scenario.asked("BYE").confirm());
      await web.event(call, "HOLD");
      await web.event(call, "ESTABLISHED", { from: web.reports.now() });
      await web.record();
      await hears(web, BROWSER_VOICE);
      await web.hangup(call);
      await sipp.done();
    });
  }

  it("is held by the browser and taken back", async () => {
    const scenario = placed().asked("INVITE").confirm(200, "OK", { direction: "recvonly", version: 2 }).asked("ACK");
    scenario.asked("INVITE").confirm(200, "OK", { version: 3 }).asked("ACK").asked("BYE").confirm();
    const { web, sipp, call } = await talking(scenario);
    await web.act(call, "hold");
    await web.event(call, "HOLD");
    const from = web.reports.now();
    await web.act(call, "unhold");
    await web.event(call, "ESTABLISHED", { from });
    await web.hangup(call);
    await sipp.done();
  });

  it("presses keys in its media, and the app is told", async () => {
    const scenario = new Caller().invite().progress().expect(200).acknowledge();
    for (const key of ["1", "2", "star"]) scenario.pause(900).play(`/usr/share/sip-tester/dtmf_2833_${key}.pcap`);
    const { web, sipp, call } = await talking(scenario.asked("BYE").confirm());
    await eventually(() => web.digits(call) === "12*", () => `12*, got ${web.digits(call)}`);
    await web.hangup(call);
    await sipp.done();
  });
});

describe("a caller who is gone", () => {
  it("ends the browser's call after the configured silence", async () => {
    const { web, sipp, call } = await talking(placed().pause(30_000));
    await web.record();
    await hears(web, BROWSER_VOICE);
    await sipp.stop();
    const end = await web.end(call);
    assert.deepEqual([end.event, end.info], ["FAILED", "Failed by RTP activity"]);
  });

  it("is hung up when the tab is killed", async () => {
    const { web, sipp } = await talking(placed().asked("BYE").confirm());
    await web.kill();
    await sipp.done(6000);
  });
});
