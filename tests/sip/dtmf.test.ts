/** Keys between apps and SIP peers: as telephone-events in RTP (RFC 4733), as INFO, and as tones in the sound. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { eventually } from "../peers/deadline.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { type EventPacket, RtpPeer } from "../peers/rtp.ts";
import { Called, Caller, type Codec } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { type Law, keysIn, played, stretches } from "../sound/dtmf.ts";
import { toALaw } from "../sound/g711.ts";
import { SENTENCES, speech } from "../sound/sources.ts";

const CARRIER = "127.0.0.40";
const CALLEE = "127.0.0.30";

let relay: Relay;
/** Where SIPp takes the calls of the carrier. */
let trunk: number;
/** The ends of media of the test that runs. */
let ends: RtpPeer[] = [];

before(async () => {
  trunk = await port(CALLEE);
  relay = await Relay.start({
    users: { web: "" },
    connectTimeout: 120,
    rtpInactivity: 120,
    tables: `
[trunks.carrier]
host = "${CARRIER}"
[trunks.callee]
host = "${CALLEE}:${trunk}"
addresses = []
[[routes]]
number = "1*"
from = "any"
trunk = "callee"
`,
  });
});
afterEach(async () => {
  ends.forEach((end) => end.close());
  ends = [];
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

async function media(address = CALLEE): Promise<RtpPeer> {
  const end = await RtpPeer.open(address);
  ends.push(end);
  return end;
}

interface Call {
  readonly app: App;
  readonly sipp: Sipp;
  readonly rtp: RtpPeer;
  readonly id: string;
}

/** An app's call that SIPp answers with these codecs, with what happens then. */
async function calling(codecs: readonly Codec[], then = (called: Called): Called => called, headers: string[] = []): Promise<Call> {
  const rtp = await media();
  const called = new Called().invited().reply(200, "OK", { sdp: rtp.describes({ codecs }), headers }).asked("ACK");
  const sipp = await Sipp.answering(then(called).asked("BYE").confirm());
  const app = await App.account(relay, sipp.target);
  const id = await app.call("anyone");
  await app.status(id, "ESTABLISHED");
  await sipp.message(/^ACK /m);
  rtp.sendsTo(await sipp.message(/^INVITE /m));
  return { app, sipp, rtp, id };
}

async function over({ app, sipp, id }: Call): Promise<void> {
  await app.hangup(id);
  await sipp.done();
  await app.close();
}

/** The number the relay's offer gives to this format. */
function offered(offer: string, format: string): number {
  const number = new RegExp(`^a=rtpmap:(\\d+) ${format}`, "m").exec(offer)?.[1];
  assert.ok(number !== undefined, `${format} in ${offer}`);
  return Number(number);
}

/** The events that came, one list for each: an event is one timestamp. */
function pressed(events: readonly EventPacket[]): EventPacket[][] {
  const keys = new Map<number, EventPacket[]>();
  for (const event of events) keys.set(event.timestamp, [...(keys.get(event.timestamp) ?? []), event]);
  return [...keys.values()];
}

async function ended(rtp: RtpPeer, type: number, count: number): Promise<EventPacket[][]> {
  const ends = (): number => rtp.events(type).filter((event) => event.end).length;
  await eventually(() => ends() === 3 * count, () => `${3 * count} end packets, got ${ends()}`);
  return pressed(rtp.events(type));
}

/** What RFC 4733 section 2.5.1 asks of one event. */
function isWellMade(packets: readonly EventPacket[], clock: number): void {
  const tick = clock / 50;
  assert.deepEqual(packets.map((packet) => packet.marker), packets.map((_, at) => at === 0), "the first is marked, no other");
  assert.deepEqual(packets.map((packet) => packet.end), packets.map((_, at) => at >= packets.length - 3), "the end is told thrice");
  assert.equal(new Set(packets.map((packet) => packet.key)).size, 1);
  const durations = packets.map((packet) => packet.duration);
  assert.ok(durations.every((duration, at) => at === 0 || duration >= (durations[at - 1] ?? 0)), `${durations.join(" ")} grow`);
  assert.ok(Math.abs((durations[0] ?? 0) - tick) <= tick / 2, `the first tells 20 ms: ${durations.join(" ")}`);
  assert.deepEqual(durations.slice(-3).map((duration) => duration / (clock / 1000)), [100, 100, 100], "100 ms at the end");
}

describe("keys of an app in RTP", () => {
  for (const [codec, events, type, clock] of [
    ["pcma", "telephone-event", 101, 8000],
    ["opus", "telephone-event/48000", 110, 48_000],
    ["opus", "telephone-event", 101, 8000],
  ] as const) {
    it(`are events at ${clock} Hz beside ${codec} where that is agreed`, async () => {
      const call = await calling([codec, events]);
      await call.app.ask("dtmf", { callId: call.id, digits: "4#D" });
      const keys = await ended(call.rtp, type, 3);
      assert.deepEqual(keys.map(([first]) => first.key), ["4", "#", "D"]);
      keys.forEach((packets) => isWellMade(packets, clock));
      const all = call.rtp.packets.all();
      assert.ok(all.every((packet, at) => at === 0 || packet.sequence === ((all[at - 1]?.sequence ?? 0) + 1) % 2 ** 16), "no number is left out");
      // Each event's time is that of its beginning, on the clock of the sound it stands in.
      const [one, other] = [keys[0]?.[0]?.timestamp ?? 0, keys[1]?.[0]?.timestamp ?? 0];
      const apart = ((other - one) >>> 0) / (clock / 1000);
      assert.ok(apart >= 200 && apart < 1000, `${apart} ms from key to key`);
      await over(call);
    });
  }
});

describe("keys of a peer in RTP", () => {
  for (const [codec, events, clock] of [["pcma", "telephone-event", 8000], ["opus", "telephone-event/48000", 48_000]] as const) {
    it(`at ${clock} Hz reach the app once each, with their length`, async () => {
      const call = await calling([codec, events]);
      const type = offered(await call.sipp.message(/^INVITE /m), `telephone-event/${clock}`);
      let timestamp = 5000;
      for (const key of "7*7") timestamp = await call.rtp.press(type, timestamp, clock / 50, key);
      await eventually(() => told(call.app).length >= 3, () => `three keys, got ${JSON.stringify(told(call.app))}`);
      assert.deepEqual(told(call.app), [["7", 100], ["*", 100], ["7", 100]]);
      await over(call);
    });
  }

  it("whose end is lost reach the app all the same", async () => {
    const call = await calling(["pcma", "telephone-event"]);
    const type = offered(await call.sipp.message(/^INVITE /m), "telephone-event/8000");
    call.rtp.send(type, 800, Buffer.from([5, 10, 0, 160]), true);
    call.rtp.send(type, 800, Buffer.from([5, 10, 1, 64]));
    await call.app.event("dtmf");
    assert.deepEqual(told(call.app), [["5", 40]]);
    await over(call);
  });
});

/** Keys the app was told, and how many milliseconds each was pressed. */
function told(app: App): unknown[] {
  return app.wire.received.all().filter((event) => event.type === "dtmf").map((event) => [event["digit"], event["durationMs"]]);
}

describe("keys from one SIP peer to another", () => {
  it("are pressed again on the clock that the other knows, in the middle of sound on its own", async () => {
    const [one, other] = [await media(CARRIER), await media()];
    const answer = other.describes({ codecs: ["opus", "telephone-event"] });
    const called = new Called().invited().reply(200, "OK", { sdp: answer }).asked("ACK").asked("BYE").confirm();
    const uas = await Sipp.answering(called, { address: CALLEE, port: trunk });
    const offer = one.describes({ codecs: ["opus", "pcma", "telephone-event/48000", "telephone-event"] });
    const caller = new Caller("+4930123").invite(offer).progress().expect(200).acknowledge();
    const uac = await Sipp.calling("100", relay.sip, caller.pause(4000).bye().expect(200), { address: CARRIER });
    await uas.message(/^ACK /m);
    one.sendsTo(await uac.message(/^SIP\/2.0 200[^]*\nm=audio/m));
    const sound = Array.from({ length: 10 }, () => Buffer.from("sound"));
    let timestamp = await one.speak(111, 1_000_000, 960, sound);
    timestamp = await one.press(110, timestamp, 960, "9");
    const press = (await ended(other, 101, 1))[0] ?? [];
    await one.speak(111, timestamp, 960, sound);
    await eventually(() => other.packets.all().filter((packet) => packet.type === 111).length === 20, "all of the sound");
    isWellMade(press, 8000);
    const all = other.packets.all();
    assert.ok(all.every((packet, at) => at === 0 || packet.sequence === ((all[at - 1]?.sequence ?? 0) + 1) % 2 ** 16), "no number is left out");
    assert.equal(new Set(all.map((packet) => packet.source)).size, 1);
    // From the last sound before it and to the first after it no more and no less time passes than did.
    const from = all.findIndex((packet) => packet.type === 101);
    const [before, after] = [all[from - 1]?.timestamp ?? 0, all[from + press.length]?.timestamp ?? 0];
    const [begin, end] = [((press[0]?.timestamp ?? 0) - before) >>> 0, (after - before) >>> 0];
    assert.ok(begin > 0 && begin < 2 * 48_000, `the event begins ${begin} ticks after the sound`);
    assert.ok(end > begin + 0.1 * 48_000 && end < 4 * 48_000, `sound goes on ${end} ticks later`);
    await uac.done();
    await uas.done();
  });
});

describe("keys from a SIP peer that knows no events to one that does, and back,", () => {
  it("become events, and are no longer in the sound; and become tones", async () => {
    const [one, other] = [await media(CARRIER), await media()];
    const answer = other.describes({ codecs: ["pcma", "telephone-event"] });
    const called = new Called().invited().reply(200, "OK", { sdp: answer }).asked("ACK").asked("BYE").confirm();
    const uas = await Sipp.answering(called, { address: CALLEE, port: trunk });
    const caller = new Caller("+4930123").invite(one.describes({ codecs: ["pcma"] })).progress().expect(200).acknowledge();
    const uac = await Sipp.calling("100", relay.sip, caller.pause(5000).bye().expect(200), { address: CARRIER });
    await uas.message(/^ACK /m);
    one.sendsTo(await uac.message(/^SIP\/2.0 200[^]*\nm=audio/m));
    const offer = await uas.message(/^INVITE /m);
    other.sendsTo(offer);
    await one.speak(8, 4000, 160, frames(played("58", "a-law")));
    await eventually(() => other.events(101).filter((event) => event.end).length === 6, "two keys");
    assert.deepEqual(pressed(other.events(101)).map(([first]) => first.key), ["5", "8"]);
    const sound = other.packets.all().filter((packet) => packet.type === 8).map((packet) => packet.payload);
    assert.equal(keysIn(Buffer.concat(sound), "a-law"), "");
    await other.press(offered(offer, "telephone-event/8000"), 4000, 160, "#");
    await hears(one, 8, "a-law", "#");
    await uac.done();
    await uas.done();
  });
});

describe("keys of an app as INFO", () => {
  for (const [method, kind, body] of [
    ["info", "application/dtmf", "3"],
    ["infoRelay", "application/dtmf-relay", "Signal=3\r\nDuration=160"],
  ] as const) {
    it(`are ${kind} where it says ${method}, though events are agreed`, async () => {
      const call = await calling(["pcma", "telephone-event"], (called) => called.asked("INFO").confirm());
      await call.app.ask("dtmf", { callId: call.id, digits: "3", method });
      const info = await call.sipp.message(/^INFO /m);
      assert.match(info, new RegExp(`^Content-Type: ${kind}\r?$`, "m"));
      assert.equal(info.split("\r\n\r\n")[1]?.trim(), body);
      await over(call);
      assert.deepEqual(call.rtp.events(101), []);
    });
  }

  it("are application/dtmf-relay where it says nothing and events are not agreed", async () => {
    const call = await calling(["pcma"], (called) => called.asked("INFO").confirm());
    await call.app.ask("dtmf", { callId: call.id, digits: "3" });
    assert.match(await call.sipp.message(/^INFO /m), /^Content-Type: application\/dtmf-relay\r?$/m);
    await over(call);
  });
});

describe("keys of a peer as INFO", () => {
  for (const [type, body, key] of [
    ["application/dtmf", "7", ["7", 160]],
    ["application/dtmf-relay", "Signal=*\nDuration=250", ["*", 250]],
  ] as const) {
    it(`reach the app as ${type}`, async () => {
      const call = await calling(["pcma", "telephone-event"], (called) => called.pause(200).info({ type, body }).answered(200));
      await call.app.event("dtmf");
      assert.deepEqual(told(call.app), [key]);
      await over(call);
    });
  }
});

const WITHOUT_INFO = "Allow: INVITE, ACK, BYE, CANCEL";
const LAWS = [["pcma", "a-law", 8], ["pcmu", "mu-law", 0]] as const;

/** What the peer hears, once it has heard these keys: they are all of it. */
async function hears(rtp: RtpPeer, type: number, law: Law, keys: string): Promise<Buffer[]> {
  const heard = (): Buffer[] => rtp.packets.all().filter((packet) => packet.type === type).map((packet) => packet.payload);
  const found = (): string => keysIn(Buffer.concat(heard()), law);
  await eventually(() => found() === keys, () => `${keys} to be heard, got ${found()}`, { every: 250 });
  return heard();
}

describe("keys of an app as tones", () => {
  for (const [codec, law, type] of LAWS) {
    it(`are heard by a peer that agreed to no events and takes no INFO, in ${codec}`, async () => {
      const call = await calling([codec], undefined, [WITHOUT_INFO]);
      await call.app.ask("dtmf", { callId: call.id, digits: "0123456789*#ABCD" });
      const frames = await hears(call.rtp, type, law, "0123456789*#ABCD");
      for (const { loud, ms } of stretches(frames).slice(0, -1)) assert.ok(ms >= 80, `${ms} ms of ${loud ? "a tone" : "silence"}`);
      const all = call.rtp.packets.all();
      assert.ok(all.every((packet, at) => at === 0 || packet.sequence === ((all[at - 1]?.sequence ?? 0) + 1) % 2 ** 16), "no number is left out");
      assert.ok(all.every((packet, at) => at === 0 || (packet.timestamp - (all[at - 1]?.timestamp ?? 0)) >>> 0 === 160), "frame follows frame");
      await over(call);
      assert.ok(!call.sipp.messages().includes("\nINFO "));
    });
  }

  it("are heard by a peer that refuses them as INFO, and none is lost", async () => {
    const call = await calling(["pcma"], (called) => called.asked("INFO").confirm(415, "Unsupported Media Type"));
    await call.app.ask("dtmf", { callId: call.id, digits: "42#" });
    await hears(call.rtp, 8, "a-law", "42#");
    await over(call);
  });

  it("stand beside Opus where G.711 was agreed, too", async () => {
    const call = await calling(["opus", "pcma"], undefined, [WITHOUT_INFO]);
    await call.app.ask("dtmf", { callId: call.id, digits: "7" });
    await hears(call.rtp, 8, "a-law", "7");
    await over(call);
  });

  it("are made in Opus for a peer that agreed to nothing else", async () => {
    const call = await calling(["opus"], undefined, [WITHOUT_INFO]);
    await call.app.ask("dtmf", { callId: call.id, digits: "7" });
    // Nobody speaks in this call: what comes is the key, 100 ms of it at least.
    const heard = (): number => call.rtp.packets.all().filter((packet) => packet.type === 111).length;
    await eventually(() => heard() >= 5, () => `five packets of Opus, got ${heard()}`);
    await over(call);
  });
});

describe("keys of a peer as tones", () => {
  for (const [codec, law, type] of LAWS) {
    it(`reach the app where neither events nor INFO are agreed, in ${codec}`, async () => {
      const call = await calling([codec], undefined, [WITHOUT_INFO]);
      const sound = played("159D*0#", law);
      await call.rtp.speak(type, 4000, 160, frames(sound));
      await eventually(() => told(call.app).length >= 7, () => `seven keys, got ${JSON.stringify(told(call.app))}`);
      const heard = told(call.app) as [string, number][];
      assert.equal(heard.map(([key]) => key).join(""), "159D*0#");
      assert.ok(heard.every(([, ms]) => ms >= 80 && ms <= 120), JSON.stringify(heard));
      await over(call);
    });
  }

  it("of a caller reach the app, and the app's reach the caller", async () => {
    const rtp = await media();
    const app = await App.local(relay, "web");
    const caller = new Caller().invite(rtp.describes({ codecs: ["pcmu"] }), { headers: [WITHOUT_INFO] }).progress().expect(200);
    const sipp = await Sipp.calling("web", relay.sip, caller.acknowledge().asked("BYE").confirm());
    const { callId } = await app.called();
    await app.answer(callId);
    await app.status(callId, "ESTABLISHED");
    rtp.sendsTo(await sipp.message(/^SIP\/2.0 200[^]*\nm=audio/m));
    await rtp.speak(0, 4000, 160, frames(played("A1", "mu-law")));
    await eventually(() => told(app).length >= 2, () => `two keys, got ${JSON.stringify(told(app))}`);
    assert.deepEqual((told(app) as [string, number][]).map(([key]) => key), ["A", "1"]);
    await app.ask("dtmf", { callId, digits: "96" });
    await hears(rtp, 0, "mu-law", "96");
    await app.hangup(callId);
    await sipp.done();
    await app.close();
  });

  it("are made and heard in G.722, too: those of the app come back from a tape", async () => {
    const call = await calling(["g722"], undefined, [WITHOUT_INFO]);
    await call.app.ask("dtmf", { callId: call.id, digits: "38C#" });
    const played = call.rtp.packets;
    // Not at once: that would be the echo of a line, which is no key.
    await eventually(() => Date.now() - (played.all().at(-1)?.at ?? Infinity) > 500, "the last tone to be over");
    const tape = played.all().filter(({ type }) => type === 9).map(({ payload }) => payload);
    assert.deepEqual(told(call.app), []);
    await call.rtp.speak(9, 4000, 160, tape);
    await eventually(() => told(call.app).length >= 4, () => `four keys, got ${JSON.stringify(told(call.app))}`);
    assert.deepEqual((told(call.app) as [string, number][]).map(([key]) => key), ["3", "8", "C", "#"]);
    await over(call);
  });

  it("are not listened for where events are agreed", async () => {
    const call = await calling(["pcma", "telephone-event"], undefined, [WITHOUT_INFO]);
    const type = offered(await call.sipp.message(/^INVITE /m), "telephone-event/8000");
    await call.rtp.speak(8, 4000, 160, frames(played("1", "a-law")));
    await call.rtp.press(type, 9000, 160, "2");
    await call.app.event("dtmf");
    assert.deepEqual(told(call.app), [["2", 100]]);
    await over(call);
  });

  it("are not heard in what a person says", async () => {
    const call = await calling(["pcma"], undefined, [WITHOUT_INFO]);
    const said = toALaw(speech(SENTENCES.phone, 8000).samples);
    await call.rtp.speak(8, 4000, 160, frames(Buffer.concat([said, played("#", "a-law")])));
    await call.app.event("dtmf");
    assert.deepEqual((told(call.app) as [string, number][]).map(([key]) => key), ["#"]);
    await over(call);
  });
});

/** Payloads of 20 ms. */
function frames(sound: Buffer): Buffer[] {
  return Array.from({ length: Math.floor(sound.length / 160) }, (_, at) => sound.subarray(at * 160, (at + 1) * 160));
}
