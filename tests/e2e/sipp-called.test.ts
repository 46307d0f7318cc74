/** The browser calls SIPp: every way a SIP peer can answer, refuse, change and end a call. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import type { BrowserPhone } from "../peers/phone.ts";
import { eventually } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { hears } from "../peers/hearing.ts";
import { Called, STREAMED } from "../peers/scenario.ts";
import { Sipp, type SippOptions } from "../peers/sipp.ts";
import { toALaw } from "../sound/g711.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";
import { BROWSER_VOICE, OTHER_VOICE, stage } from "./stage.ts";

const set = stage({ rtpInactivity: 3, unanswered: 6 });

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

/** A browser's call to SIPp playing this scenario. */
async function calling(scenario: Called, options: SippOptions = {}, callOptions = {}): Promise<Ongoing> {
  const sipp = await Sipp.answering(scenario, options);
  const web = await set.phone();
  await web.register(set.direct(sipp.target, options.transport === "tcp" ? { transport: "tcp" } : {}));
  return { web, sipp, call: await web.call("anyone", callOptions) };
}

/** Answered, with an ACK for it. */
function answered(): Called {
  return new Called().invited().reply(180, "Ringing").reply(200, "OK", { sdp: {} }).asked("ACK");
}

describe("a peer that answers", () => {
  it("with one codec, hears and is heard", async () => {
    const { web, sipp, call } = await calling(answered().asked("BYE").confirm(), { echo: true });
    await web.event(call, "RING");
    await web.event(call, "ESTABLISHED");
    await web.record();
    await hears(web, BROWSER_VOICE);
    await web.hangup(call);
    await web.event(call, "FINISH");
    await sipp.done();
  });

  for (const codec of ["pcmu", "g722", "opus"] as const) {
    it(`with ${codec} alone, hears and is heard`, async () => {
      const scenario = new Called().invited().reply(200, "OK", { sdp: { codecs: [codec] } }).asked("ACK");
      const { web, sipp, call } = await calling(scenario.asked("BYE").confirm(), { echo: true });
      await web.event(call, "ESTABLISHED");
      await web.record();
      await hears(web, BROWSER_VOICE);
      await web.hangup(call);
      await sipp.done();
    });
  }

  it("over TCP, works as over UDP", async () => {
    const { web, sipp, call } = await calling(answered().asked("BYE").confirm(), { echo: true, transport: "tcp" });
    await web.event(call, "ESTABLISHED");
    await web.record();
    await hears(web, BROWSER_VOICE);
    await web.hangup(call);
    await sipp.done();
  });

  it("sees who calls, by number and name", async () => {
    const scenario = new Called().invited().reply(486, "Busy Here").asked("ACK");
    const { web, sipp, call } = await calling(scenario, {}, { visibleName: "Ada Lovelace" });
    await web.end(call);
    assert.match(await sipp.message(/^INVITE /m), /^From: *"?Ada Lovelace"? *<sip:web@/m);
    await sipp.done();
  });

  it("gets keys as events in the media, and its own are told to the app", async () => {
    // What it is sent it sends back: keys come home only if they went out as RFC 4733 events.
    const { web, sipp, call } = await calling(answered().asked("BYE").confirm(), { echo: true });
    await web.event(call, "ESTABLISHED");
    await web.press(call, "19*#");
    await eventually(() => web.digits(call) === "19*#", () => `19*#, got ${web.digits(call)}`);
    await web.hangup(call);
    await sipp.done();
  });

  it("is offered what the app leaves out behind everything else, as the relay would have to translate it", async () => {
    const scenario = new Called().invited().reply(486, "Busy Here").asked("ACK");
    const { web, sipp, call } = await calling(scenario, {}, { stripCodecs: "opus,G722" });
    await web.end(call);
    const invite = await sipp.message(/^INVITE /m);
    const [, formats = ""] = /^m=audio \d+ RTP\/AVP ([\d ]+)/m.exec(invite) ?? [];
    assert.match(formats, /^(0 8|8 0) /);
    const opus = /^a=rtpmap:(\d+) opus/m.exec(invite)?.[1] ?? "none";
    for (const left of [opus, "9"]) assert.ok(formats.split(" ").indexOf(left) > 1, invite);
    await sipp.done();
  });

  it("hangs up, and the browser's call ends", async () => {
    const { web, sipp, call } = await calling(answered().pause(500).request("BYE").answered(200));
    await web.event(call, "ESTABLISHED");
    await web.event(call, "FINISH");
    await sipp.done();
  });

  it("repeats its 200, and gets an ACK for each", async () => {
    const scenario = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").pause(200);
    scenario.answerInvite(200, "OK", {}).asked("ACK").request("BYE").answered(200);
    const { web, sipp, call } = await calling(scenario, { retransmissions: false });
    await web.event(call, "FINISH");
    await sipp.done();
  });

  it("asks OPTIONS during the call, and is answered", async () => {
    const scenario = answered().request("OPTIONS").answered(200).request("BYE").answered(200);
    const { web, sipp, call } = await calling(scenario);
    await web.event(call, "FINISH");
    await sipp.done();
  });
});

describe("a peer that asks for a password", () => {
  for (const [code, reason, header] of [[401, "Unauthorized", "WWW-Authenticate"], [407, "Proxy Authentication Required", "Proxy-Authenticate"]] as const) {
    it(`with ${code}, gets credentials and answers`, async () => {
      const challenge = `${header}: Digest realm="sipp", nonce="a1b2c3d4", qop="auth", algorithm=MD5`;
      const scenario = new Called().invited().reply(code, reason, { headers: [challenge] }).asked("ACK");
      scenario.asked("INVITE").reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm();
      const { web, sipp, call } = await calling(scenario);
      await web.event(call, "ESTABLISHED");
      await web.hangup(call);
      await sipp.done();
      const field = code === 401 ? "Authorization" : "Proxy-Authorization";
      assert.match(await sipp.message(new RegExp(`^${field}:`, "m")), /username="web".*qop=auth/);
    });
  }

  it("and refuses it, fails the call with that reason", async () => {
    const challenge = 'WWW-Authenticate: Digest realm="sipp", nonce="a1b2c3d4", qop="auth", algorithm=MD5';
    const scenario = new Called().invited().reply(401, "Unauthorized", { headers: [challenge] }).asked("ACK");
    scenario.asked("INVITE").reply(401, "Unauthorized", { headers: [challenge] }).asked("ACK");
    const { web, sipp, call } = await calling(scenario);
    const end = await web.end(call);
    assert.deepEqual([end.event, end.code, end.sipStatus], ["FAILED", "unauthorized", 401]);
    await sipp.done();
  });
});

describe("a peer that refuses", () => {
  const refusals: [number, string, string, string][] = [
    [403, "Forbidden", "FAILED", "unauthorized"],
    [404, "Not Found", "FAILED", "notFound"],
    [408, "Request Timeout", "FAILED", "noAnswer"],
    [480, "Temporarily Unavailable", "FAILED", "noAnswer"],
    [486, "Busy Here", "BUSY", "busy"],
    [487, "Request Terminated", "FAILED", "noAnswer"],
    [488, "Not Acceptable Here", "FAILED", "noCommonCodecs"],
    [500, "Server Internal Error", "FAILED", "rejected"],
    [600, "Busy Everywhere", "BUSY", "busy"],
    [603, "Decline", "FAILED", "declined"],
  ];

  it("is understood, whatever its reason", async () => {
    for (const [code, reason, event, failure] of refusals) {
      const { web, sipp, call } = await calling(new Called().invited().reply(code, reason).asked("ACK"));
      const end = await web.end(call);
      assert.deepEqual([end.event, end.code, end.sipStatus], [event, failure, code]);
      assert.ok((end.message ?? "").length > 10, `${code} is explained`);
      await sipp.done();
      await web.kill();
    }
  });

  it("with 302, is followed or explained", async () => {
    const elsewhere = await Sipp.answering(answered().asked("BYE").confirm(), { echo: true });
    const contact = `Contact: <sip:other@${elsewhere.target}>`;
    const scenario = new Called().invited().reply(302, "Moved Temporarily", { headers: [contact] }).asked("ACK");
    const { web, sipp, call } = await calling(scenario);
    await web.event(call, "ESTABLISHED");
    await web.hangup(call);
    await sipp.done();
    await elsewhere.done();
  });

  it("answers with a codec nobody offered, and the call ends with that reason", async () => {
    const scenario = new Called().invited().reply(200, "OK", { sdp: { codecs: ["gsm"] } }).asked("ACK").asked("BYE").confirm();
    const { web, sipp, call } = await calling(scenario);
    const end = await web.end(call);
    assert.deepEqual([end.event, end.code, end.info], ["FAILED", "noCommonCodecs", "No common codecs"]);
    await sipp.done();
  });
});

describe("a peer that lets it ring", () => {
  it("answers nothing at all, and the call fails in time", async () => {
    const { web, call } = await calling(new Called().invited().pause(30_000));
    const end = await web.end(call, { ms: 15_000 });
    assert.equal(end.event, "FAILED");
    assert.ok(["noAnswer", "timeout"].includes(end.code ?? ""), `${end.code}`);
  });

  it("rings for ever, and is given up in time", async () => {
    const scenario = new Called().invited().reply(180, "Ringing").cancelled();
    const { web, sipp, call } = await calling(scenario);
    await web.event(call, "RING");
    const end = await web.end(call, { ms: 15_000 });
    assert.deepEqual([end.event, end.code], ["FAILED", "noAnswer"]);
    await sipp.done();
  });

  it("speaks before it answers (183), and is heard", async () => {
    const scenario = new Called().invited().reply(183, "Session Progress", { sdp: { port: STREAMED } }).speak(spoken);
    const { web, sipp, call } = await calling(scenario.cancelled());
    await web.reports.waitFor((r) => r.id === call && ["SESSION_PROGRESS", "RING_MEDIA"].includes(r.event), "early media");
    await web.record();
    await hears(web, OTHER_VOICE);
    await web.hangup(call);
    await web.event(call, "FINISH");
    await sipp.done();
  });

  it("speaks while it rings (180 with SDP), is heard, and then answers", async () => {
    const scenario = new Called().invited().reply(180, "Ringing", { sdp: { port: STREAMED } }).speak(spoken).pause(4000);
    scenario.reply(200, "OK", { sdp: { port: STREAMED } }).asked("ACK").asked("BYE").confirm();
    const { web, sipp, call } = await calling(scenario);
    await web.event(call, "RING_MEDIA");
    await web.record();
    await web.event(call, "ESTABLISHED");
    await hears(web, OTHER_VOICE);
    await web.hangup(call);
    await sipp.done();
  });
});

describe("a call given up", () => {
  it("while it rings, is cancelled there", async () => {
    const { web, sipp, call } = await calling(new Called().invited().reply(180, "Ringing").cancelled());
    await web.event(call, "RING");
    await web.hangup(call);
    await web.event(call, "FINISH");
    await sipp.done();
  });

  it("before the first provisional answer, is cancelled when that comes", async () => {
    const scenario = new Called().invited().pause(1500).reply(180, "Ringing").cancelled();
    const { web, sipp, call } = await calling(scenario);
    await sipp.message(/^INVITE /m);
    await web.hangup(call);
    const end = await web.end(call);
    assert.equal(end.info, "Normal call clearing");
    await sipp.done();
  });

  it("while the 200 is on its way, is acknowledged and ended", async () => {
    const scenario = new Called().invited().reply(180, "Ringing").asked("CANCEL").confirm();
    const { web, sipp, call } = await calling(crossing(scenario));
    await web.event(call, "RING");
    await web.hangup(call);
    await web.event(call, "FINISH");
    await sipp.done();
  });
});

/** After the CANCEL, answers the INVITE with 200 all the same, and expects ACK and BYE for it. */
function crossing(scenario: Called): Called {
  return scenario.answerInvite(200, "OK", {}).asked("ACK").asked("BYE").confirm();
}

describe("a peer that changes the call", () => {
  it("holds with sendonly and resumes", async () => {
    const scenario = answered().pause(300).request("INVITE", { direction: "sendonly", version: 2 }).answered(200).acknowledge();
    scenario.pause(700).request("INVITE", { version: 3 }).answered(200).acknowledge().asked("BYE").confirm();
    const { web, sipp, call } = await calling(scenario, { echo: true });
    await web.event(call, "HOLD");
    const from = web.reports.now();
    await web.event(call, "ESTABLISHED", { from });
    await web.record();
    await hears(web, BROWSER_VOICE);
    await web.hangup(call);
    await sipp.done();
    assert.match(await sipp.message(/^SIP\/2.0 200[\s\S]*a=(recvonly|inactive)/m), /a=(recvonly|inactive)/);
  });

  it("holds and plays music, which is heard", async () => {
    const scenario = new Called().invited().reply(200, "OK", { sdp: { port: STREAMED } }).asked("ACK").nudged();
    scenario.request("INVITE", { direction: "sendonly", port: STREAMED, version: 2 }).answered(200).acknowledge().speak(spoken);
    const { web, sipp, call } = await calling(scenario.asked("BYE").confirm());
    await web.event(call, "ESTABLISHED");
    await web.record();
    await sipp.nudge();
    await web.event(call, "HOLD");
    await hears(web, OTHER_VOICE);
    assert.equal(await web.status(call), "HOLD");
    await web.hangup(call);
    await sipp.done();
  });

  it("holds with inactive longer than silence may last, and resumes", async () => {
    const scenario = answered().pause(300).request("INVITE", { direction: "inactive", version: 2 }).answered(200).acknowledge();
    scenario.pause(5000).request("INVITE", { version: 3 }).answered(200).acknowledge().asked("BYE").confirm();
    const { web, sipp, call } = await calling(scenario, { echo: true });
    await web.event(call, "HOLD");
    await web.event(call, "ESTABLISHED", { from: web.reports.now() });
    await web.hangup(call);
    await sipp.done();
  });

  it("moves its media to another address, and is heard there", async () => {
    const there = await Sipp.answering(new Called().invited(), { echo: true, address: "127.0.0.31" });
    const moved = { address: there.address, port: there.mediaPort, version: 2 };
    const scenario = answered().pause(300).request("INVITE", moved).answered(200).acknowledge().asked("BYE").confirm();
    const { web, sipp, call } = await calling(scenario);
    await web.event(call, "ESTABLISHED");
    await web.record();
    await hears(web, BROWSER_VOICE);
    await web.hangup(call);
    await sipp.done();
  });

  it("is put on hold by the browser with an offer to send only, and taken back", async () => {
    const scenario = answered().asked("INVITE").confirm(200, "OK", { direction: "recvonly", version: 2 }).asked("ACK");
    scenario.asked("INVITE").confirm(200, "OK", { version: 3 }).asked("ACK").asked("BYE").confirm();
    const { web, sipp, call } = await calling(scenario, { echo: true });
    await web.event(call, "ESTABLISHED");
    await web.act(call, "hold");
    await web.event(call, "HOLD");
    const from = web.reports.now();
    await web.act(call, "unhold");
    await web.event(call, "ESTABLISHED", { from });
    await web.hangup(call);
    await sipp.done();
    assert.match(sipp.messages(), /a=(sendonly|inactive)/);
  });
});

describe("media that does not come", () => {
  it("ends the call after the configured silence", async () => {
    const { web, call } = await calling(answered().asked("BYE").confirm());
    await web.event(call, "ESTABLISHED");
    const end = await web.end(call);
    assert.deepEqual([end.event, end.info], ["FAILED", "Failed by RTP activity"]);
  });

  it("ends the call when the peer vanishes", async () => {
    const { web, sipp, call } = await calling(answered().pause(30_000), { echo: true });
    await web.event(call, "ESTABLISHED");
    await sipp.stop();
    const end = await web.end(call);
    assert.deepEqual([end.event, end.info], ["FAILED", "Failed by RTP activity"]);
  });

  it("is ended there when the tab is killed", async () => {
    const { web, sipp, call } = await calling(answered().asked("BYE").confirm(), { echo: true });
    await web.event(call, "ESTABLISHED");
    await web.kill();
    await sipp.done(6000);
  });
});
