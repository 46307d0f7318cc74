/** A browser's keys: as SIP INFO both ways and in both forms, and in the middle of its sound. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { BrowserPhone } from "../peers/phone.ts";
import { eventually } from "../peers/deadline.ts";
import { type Packet, RtpPeer } from "../peers/rtp.ts";
import { Called, Caller, type Key } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { keysIn, played } from "../sound/dtmf.ts";
import { stage } from "./stage.ts";

// SIP ends of these tests say nothing for longer than silence may usually last.
const set = stage({ users: { web: "" }, rtpInactivity: 60 });

/** The end of media of the test that runs. */
let rtp: RtpPeer | undefined;
afterEach(() => {
  rtp?.close();
  rtp = undefined;
});

function taken(): Called {
  return new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK");
}

async function calling(scenario: Called): Promise<{ web: BrowserPhone; sipp: Sipp; call: string }> {
  const sipp = await Sipp.answering(scenario, { echo: true });
  const web = await set.phone();
  await web.register(set.direct(sipp.target));
  const call = await web.call("anyone");
  await web.event(call, "ESTABLISHED");
  return { web, sipp, call };
}

/** The bodies of the INFO requests SIPp received, repetitions left out. */
function infos(sipp: Sipp): string[] {
  const parts = sipp.messages().split(/^-{20,}.*$/m).filter((part) => / message received /.test(part) && /^INFO /m.test(part));
  const once = new Map(parts.map((part) => [/^CSeq: (\d+)/m.exec(part)?.[1], part]));
  return [...once.values()].map((part) => (/^Content-Length: .*\r?\n\r?\n([^]*)/m.exec(part)?.[1] ?? "").trim());
}

describe("keys of the app", () => {
  for (const [type, kind, body] of [
    ["INFO", "application/dtmf", (key: string) => key],
    ["INFO_RELAY", "application/dtmf-relay", (key: string) => `Signal=${key}\r\nDuration=160`],
  ] as const) {
    it(`arrive one by one as ${kind}`, async () => {
      const scenario = taken();
      for (let key = 0; key < 3; key++) scenario.asked("INFO").confirm();
      const { web, sipp, call } = await calling(scenario.asked("BYE").confirm());
      await web.press(call, "12#", type);
      await eventually(() => infos(sipp).length === 3, () => `three keys, got ${infos(sipp).join(" ")}`);
      assert.deepEqual(infos(sipp), ["1", "2", "#"].map(body));
      assert.match(await sipp.message(/^INFO /m), new RegExp(`^Content-Type: ${kind}\r?$`, "m"));
      await web.hangup(call);
      await sipp.done();
    });
  }

  it("that the peer does not take as INFO reach it as events, and the call goes on", async () => {
    const media = (rtp = await RtpPeer.open());
    const answer = { sdp: media.describes({ codecs: ["pcma", "telephone-event"] }) };
    const scenario = new Called().invited().reply(200, "OK", answer).asked("ACK").asked("INFO").confirm(415, "Unsupported Media Type");
    const { web, sipp, call } = await calling(scenario.asked("BYE").confirm());
    await web.press(call, "123", "INFO");
    const keys = (): string => [...new Map(media.events(101).map(({ timestamp, key }) => [timestamp, key])).values()].join("");
    await eventually(() => keys() === "123", () => `123, got ${keys()}`);
    assert.equal(await web.status(call), "ESTABLISHED");
    assert.equal(infos(sipp).length, 1, "INFO is not tried again");
    await web.hangup(call);
    await sipp.done();
  });
});

describe("keys of a peer", () => {
  const one: Key = { type: "application/dtmf", body: "7" };
  const other: Key = { type: "application/dtmf-relay", body: "Signal=*\nDuration=250" };

  it("reach the app in both forms", async () => {
    const scenario = taken().pause(300).info(one).answered(200).info(other).answered(200);
    const { web, sipp, call } = await calling(scenario.asked("BYE").confirm());
    await eventually(() => web.digits(call) === "7*", () => `7*, got ${web.digits(call)}`);
    await web.hangup(call);
    await sipp.done();
  });

  it("that calls reach the app too, and what is no key is refused", async () => {
    const web = await set.local("web");
    const caller = new Caller().invite().progress().expect(200).acknowledge();
    const scenario = caller.info(one).expect(200).info({ type: "application/dtmf", body: "flash" }).expect(400);
    const sipp = await Sipp.calling("web", set.relay.sip, scenario.asked("BYE").confirm(), { echo: true });
    const { id } = await web.incoming();
    await web.answer(id);
    await eventually(() => web.digits(id) === "7", () => `7, got ${web.digits(id)}`);
    await sipp.message(/^SIP\/2.0 400/m);
    await web.hangup(id);
    await sipp.done();
  });
});

/** Whether packet follows packet, without a number left out. */
function isUnbroken(packets: readonly Packet[]): boolean {
  return packets.every((packet, at) => at === 0 || packet.sequence === ((packets[at - 1]?.sequence ?? 0) + 1) % 2 ** 16);
}

describe("keys in the middle of sound", () => {
  it("are events whose time is that of the sound around them, at the clock of the codec that is spoken by then", async () => {
    const media = (rtp = await RtpPeer.open());
    const first = media.describes({ codecs: ["opus", "telephone-event/48000"] });
    const then = media.describes({ codecs: ["pcma", "telephone-event"], version: 2 });
    const scenario = new Called().invited().reply(200, "OK", { sdp: first }).asked("ACK").pause(2000);
    scenario.request("INVITE", then).answered(200).acknowledge().asked("BYE").confirm();
    const sipp = await Sipp.answering(scenario);
    const web = await set.phone();
    await web.register(set.direct(sipp.target));
    const call = await web.call("anyone");
    await web.event(call, "ESTABLISHED");
    const keys = "0123456789*#ABCD";
    await web.press(call, keys);
    const ends = (): string => {
      const events = [...media.events(110), ...media.events(101)].filter(({ end }) => end);
      return [...new Map(events.map(({ timestamp, key }) => [timestamp, key])).values()].join("");
    };
    await eventually(() => ends() === keys, () => `each key once, got ${ends()}`);
    await eventually(() => media.packets.all().at(-1)?.type === 8, "sound in the other codec");
    const packets = media.packets.all();
    assert.ok(isUnbroken(packets), "no number is left out");
    assert.equal(new Set(packets.map(({ source }) => source)).size, 1);
    assert.ok(media.events(110).length > 10 && media.events(101).length > 10, "keys on both clocks");
    // Wherever the clock is the same, time has passed as on the wall: not less than nothing, and no more than three seconds.
    const clock = ({ type }: Packet): number => (type === 111 || type === 110 ? 48_000 : 8000);
    for (const [at, packet] of packets.slice(1).entries()) {
      const before = packets[at] ?? packet;
      const passed = (packet.timestamp - before.timestamp) | 0;
      assert.ok(passed >= 0 && passed < 3 * clock(packet), `${passed} ticks from ${before.type} to ${packet.type}`);
    }
    await web.hangup(call);
    await sipp.done();
  });

  it("are tones for a peer that knows nothing else, and its tones reach the app", async () => {
    const media = (rtp = await RtpPeer.open());
    const answer = { sdp: media.describes({ codecs: ["pcma"] }), headers: ["Allow: INVITE, ACK, BYE, CANCEL"] };
    const sipp = await Sipp.answering(new Called().invited().reply(200, "OK", answer).asked("ACK").asked("BYE").confirm());
    const web = await set.phone();
    await web.register(set.direct(sipp.target));
    const call = await web.call("anyone");
    await web.event(call, "ESTABLISHED");
    media.sendsTo(await sipp.message(/^INVITE /m));
    const sound = played("3#", "a-law");
    const frames = Array.from({ length: sound.length / 160 }, (_, at) => sound.subarray(at * 160, (at + 1) * 160));
    await media.speak(8, 1000, 160, frames);
    await eventually(() => web.digits(call) === "3#", () => `3#, got ${web.digits(call)}`);
    await web.press(call, "147*");
    const heard = (): string => keysIn(Buffer.concat(media.packets.all().map(({ payload }) => payload)), "a-law");
    await eventually(() => heard() === "147*", () => `147* to be heard, got ${heard()}`, { every: 250 });
    assert.ok(isUnbroken(media.packets.all()), "no number is left out");
    await web.hangup(call);
    await sipp.done();
  });
});
