/** What descriptions may say, for all and trunk by trunk, and what of them reaches the far end (`srtp`, `codecs`, `ice`). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller, type Description } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const CALLEE = "127.0.0.31";
/** Calls from here are those of a trunk with these rules. */
const FROM = { plain: "127.0.0.41", secure: "127.0.0.42", direct: "127.0.0.43", stripped: "127.0.0.44" } as const;

let relay: Relay;
let callee: number;
const apps: App[] = [];
before(async () => {
  callee = await port(CALLEE);
  const trunk = (name: string, host: string, rules: readonly string[]): string =>
    [`[trunks.${name}]`, `host = "${host}"`, ...rules, ""].join("\n");
  const towards = (name: string, rules: readonly string[]): string =>
    trunk(name, `${CALLEE}:${callee}`, ["addresses = []", ...rules]) +
    `[[routes]]\nnumber = "${name}"\nfrom = "any"\ntrunk = "${name}"\n`;
  const secure = ['srtp = "required"', 'codecs = ["g722", "pcmu"]'];
  const [direct, stripped] = [["direct_media = true"], ["direct_media = true", 'ice = "strip"']];
  const tables = [
    trunk("fromplain", FROM.plain, []),
    trunk("fromsecure", FROM.secure, secure),
    trunk("fromdirect", FROM.direct, direct),
    trunk("fromstripped", FROM.stripped, stripped),
    towards("plain", []),
    towards("secure", secure),
    towards("direct", direct),
    towards("stripped", stripped),
  ].join("");
  relay = await Relay.start({ users: { web: "" }, connectTimeout: 120, rtpInactivity: 60, tables, sip: ['codecs = ["pcma", "pcmu", "opus"]'] });
});
afterEach(async () => {
  for (const app of apps.splice(0)) app.wire.cut();
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

/** What the callee was offered and the caller was answered, in a call of this trunk's to that. */
async function call(from: keyof typeof FROM, to: string, offer: Description, answer: Description): Promise<{ offered: string; answered: string }> {
  const called = new Called().invited().reply(200, "OK", { sdp: answer }).asked("ACK").asked("BYE").confirm();
  const uas = await Sipp.answering(called, { address: CALLEE, port: callee });
  const caller = new Caller().invite(offer).progress().expect(200).acknowledge().bye().expect(200);
  const uac = await Sipp.calling(to, relay.sip, caller, { address: FROM[from] });
  await Promise.all([uac.done(), uas.done()]);
  return { offered: await uas.message(/^INVITE /m), answered: await uac.message(/^SIP\/2.0 200[^]*^m=/m) };
}

/** A call of this trunk's that is refused before it leads anywhere. */
async function refused(from: keyof typeof FROM, number: string, code: number, offer: string): Promise<void> {
  const scenario = new Caller().offering(offer).progress().expect(code).acknowledge({ failure: true });
  await (await Sipp.calling(number, relay.sip, scenario, { address: FROM[from] })).done();
}

/** A description with these sections. */
const sections = (...lines: readonly string[]): string =>
  ["v=0", "o=- 1 1 IN IP4 [media_ip]", "s=-", "c=IN IP4 [media_ip]", "t=0 0", ...lines].join("\n");

const lines = (message: string, pattern: RegExp): string[] => message.split(/\r?\n/).filter((line) => pattern.test(line));

const ICE = ["a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdef012345", "a=ice-options:trickle", "a=candidate:1 1 udp 2130706431 127.0.0.9 5004 typ host"];
const OF_ICE = /^a=(ice-|candidate|end-of)/;

describe("what a trunk speaks", () => {
  it("is what the operator says for all, in that order", async () => {
    const { offered, answered } = await call("plain", "plain", { codecs: ["opus", "g722", "pcmu", "pcma"] }, { codecs: ["pcmu", "pcma"] });
    assert.match(offered, /^m=audio \d+ RTP\/AVP 8 0 111( 101| 110)*\r?$/m);
    assert.match(answered, /^m=audio \d+ RTP\/AVP 8 0\r?$/m);
  });

  it("is what is said of it alone, where something is", async () => {
    const plain: Description = { codecs: ["pcmu", "pcma"] };
    const refuses = new Called().invited().reply(488, "Not Acceptable Here").asked("ACK");
    const uas = await Sipp.answering(refuses, { address: CALLEE, port: callee });
    const caller = new Caller().invite(plain).progress().expect(488).acknowledge({ failure: true });
    await (await Sipp.calling("secure", relay.sip, caller, { address: FROM.plain })).done();
    await uas.done();
    const offered = await uas.message(/^INVITE /m);
    // What the caller speaks comes first; what could be translated for it is behind that.
    assert.match(offered, /^m=audio \d+ RTP\/SAVP 0 9( 101)?\r?$/m);
    assert.match(offered, /^a=crypto:1 AES_CM_128_HMAC_SHA1_80 /m);
  });

  it("is asked of its own calls, too", async () => {
    await refused("secure", "echo", 488, sections("m=audio [media_port] RTP/AVP 0"));
    await refused("secure", "echo", 488, sections("m=audio [media_port] RTP/SAVP 8", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"));
  });
});

describe("packet times", () => {
  it("of either end reach the other", async () => {
    const { offered, answered } = await call("plain", "plain", { lines: ["a=ptime:30", "a=maxptime:60"] }, { lines: ["a=ptime:40", "a=maxptime:80"] });
    assert.deepEqual(lines(offered, /^a=(max)?ptime/), ["a=ptime:30", "a=maxptime:60"]);
    assert.deepEqual(lines(answered, /^a=(max)?ptime/), ["a=ptime:40", "a=maxptime:80"]);
  });

  it("that nobody can mean are asked of nobody", async () => {
    const { offered } = await call("plain", "plain", { lines: ["a=ptime:99999", "a=maxptime:-1"] }, {});
    assert.deepEqual(lines(offered, /^a=(max)?ptime/), ["a=ptime:20"]);
  });
});

describe("the events that a far end takes", () => {
  it("are sent it as events, and other keys as INFO", async () => {
    const events = { codecs: ["pcma", "telephone-event"], lines: ["a=fmtp:101 0-11,16"] } as const;
    const called = new Called().invited().reply(200, "OK", { sdp: events }).asked("ACK").asked("INFO").confirm().asked("BYE").confirm();
    const sipp = await Sipp.answering(called);
    const app = await App.account(relay, sipp.target);
    apps.push(app);
    const id = await app.call("anyone");
    await app.status(id, "ESTABLISHED");
    await app.ask("dtmf", { callId: id, digits: "5D" });
    assert.match(await sipp.message(/^INFO /m), /^Signal=D\r?$/m);
    await app.hangup(id);
    await app.status(id, "FINISH");
    await sipp.done();
    assert.equal(sipp.messages().match(/^INFO /gm)?.length, 1, "the 5 went as an event");
  });
});

describe("ICE", () => {
  const video = ["m=video 6000 RTP/AVP 99", "a=rtpmap:99 H264/90000", "a=fmtp:99 profile-level-id=42801F;packetization-mode=1;sprop-parameter-sets=Z0KAHpWgUH5PIAA=,aM48gA=="];

  it("passes where the media does not go through the relay, as does what is said of H.264", async () => {
    const { offered, answered } = await call("direct", "direct", { lines: [...ICE, ...video] }, { lines: [...ICE, ...video] });
    for (const message of [offered, answered]) {
      assert.deepEqual(lines(message, OF_ICE), ICE);
      assert.deepEqual(lines(message, /:99 |^m=video/), video);
    }
  });

  for (const [from, to] of [["direct", "stripped"], ["stripped", "direct"]] as const) {
    it(`does not from ${from} to ${to}, either way, where the operator says so`, async () => {
      const { offered, answered } = await call(from, to, { lines: [...ICE, ...video] }, { lines: [...ICE, ...video] });
      for (const message of [offered, answered]) {
        assert.deepEqual(lines(message, OF_ICE), []);
        assert.deepEqual(lines(message, /:99 |^m=video/), video);
      }
    });
  }

  const webrtc = sections(
    "a=group:BUNDLE 0 1",
    "m=audio [media_port] UDP/TLS/RTP/SAVPF 8", ...ICE, "a=setup:actpass", "a=mid:0", "a=rtcp-mux",
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => "AB").join(":")}`,
    "m=video [media_port] UDP/TLS/RTP/SAVPF 102 103", ...ICE, "a=setup:actpass", "a=mid:1", "a=rtcp-mux",
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => "AB").join(":")}`,
    "a=rtpmap:102 H264/90000", "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    "a=rtpmap:103 H264/90000", "a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=4d001f",
  );

  it("is answered where it is offered with DTLS, with H.264 as it was offered", async () => {
    const scenario = new Caller().offering(webrtc).progress().expect(200).acknowledge().bye().expect(200);
    const sipp = await Sipp.calling("echo", relay.sip, scenario, { address: FROM.plain });
    await sipp.done();
    const answer = await sipp.message(/^SIP\/2.0 200[^]*^m=/m);
    assert.ok(lines(answer, /^a=ice-ufrag:/).length > 0 && lines(answer, /^a=ice-lite/).length === 1, answer);
    assert.ok(lines(answer, /^a=fmtp:102 .*packetization-mode=1;profile-level-id=42e01f/).length === 1, answer);
  });

  it("is not where the operator says so", async () => {
    await refused("stripped", "echo", 488, webrtc);
  });
});
