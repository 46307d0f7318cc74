/** Softphones that are registered at the relay: they are called, all at once where a user has several, and call. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { Baresip } from "../peers/baresip.ts";
import { eventually } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { hears } from "../peers/hearing.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";

const CARRIER = "127.0.0.41";
const [DESK, HALL] = ["127.0.0.21", "127.0.0.22"];
const PASSWORD = "s3cret-of-alice";
const COLLEAGUE = "127.0.0.23";
const CALLING = speech(SENTENCES.browser, 16_000);
const CALLED = speech(SENTENCES.phone, 16_000);

const trace = join(folder("trace"), "sip.txt");

let relay: Relay;
before(async () => {
  relay = await Relay.start({
    users: { alice: PASSWORD },
    // This baresip gives up at anything else than MD5.
    tables: `[registrar]\nalgorithms = ["MD5"]\n[trunks.carrier]\nhost = "${CARRIER}"\n`,
    args: ["--sip-trace", trace],
  });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  // A phone that is ended withdraws its binding first.
  await relay.idle();
});
after(() => relay.stop());

/** A phone of Alice's, registered: it says so before anybody can listen to it, so the relay is asked. */
async function registered(address: string): Promise<Baresip> {
  const options = { user: "alice", password: PASSWORD, registrar: relay.sip, address, says: loop(CALLED, 60) };
  const before = (await relay.health())["bindings"] as number;
  const phone = await Baresip.start(options);
  await eventually(async () => (await relay.health())["bindings"] === before + 1, "the phone to be registered");
  return phone;
}

/** The messages between the relay and this phone in its latest call, oldest first: the trace is read. */
function latest(phone: string): string[] {
  const messages = readFileSync(trace, "utf8").split(/^(?=.*(?:sent|received) UDP )/m);
  const theirs = messages.filter((message) => /^.*UDP .*\n/.exec(message)?.[0].includes(`${phone}:`));
  const callId = (message: string): string => /^Call-ID: (\S+)/m.exec(message)?.[1] ?? "";
  const invite = theirs.findLast((message) => /^INVITE /m.test(message)) ?? assert.fail("no INVITE");
  return theirs.filter((message) => callId(message) === callId(invite));
}

/** Waits until the phone was cancelled because somebody else has the call. */
async function noMissedCall(phone: string): Promise<void> {
  const isCancel = (message: string): boolean => /^CANCEL /m.test(message);
  await eventually(() => Promise.resolve(latest(phone).some(isCancel)), "a CANCEL in the trace");
  assert.match(latest(phone).find(isCancel) ?? "", /^Reason: SIP;cause=200;text="Call completed elsewhere"\r?$/m);
}

async function carrier(): Promise<Baresip> {
  return Baresip.start({ user: "caller", address: CARRIER, says: loop(CALLING, 60), codecs: ["pcmu"] });
}

describe("a softphone registered at the relay", () => {
  it("is called from a trunk, with sound both ways, and hangs up", async () => {
    const [phone, caller] = [await registered(DESK), await carrier()];
    await caller.dial(`sip:alice@${relay.sip}`);
    await phone.event("CALL_INCOMING");
    await caller.event("CALL_RINGING");
    await phone.accept();
    await Promise.all([phone.event("CALL_ESTABLISHED"), caller.event("CALL_ESTABLISHED")]);
    await Promise.all([hears(caller, CALLED), hears(phone, CALLING)]);
    await phone.hangup();
    await caller.event("CALL_CLOSED");
  });

  it("proves who it is when it calls, and hears itself from the echo", async () => {
    const phone = await registered(DESK);
    await phone.dial(`sip:echo@${relay.sip}`);
    await phone.event("CALL_ESTABLISHED");
    await hears(phone, CALLED);
    await phone.hangup();
  });

  it("withdraws its binding when it ends", async () => {
    const phone = await registered(DESK);
    await phone.stop();
    await eventually(async () => (await relay.health())["bindings"] === 0, "the binding to be gone");
  });
});

describe("a user with two softphones", () => {
  it("is rung at both; the one that answers has the call, and the other stops ringing", async () => {
    const [desk, hall, caller] = [await registered(DESK), await registered(HALL), await carrier()];
    await caller.dial(`sip:alice@${relay.sip}`);
    await Promise.all([desk.event("CALL_INCOMING"), hall.event("CALL_INCOMING")]);
    await hall.accept();
    await Promise.all([hall.event("CALL_ESTABLISHED"), caller.event("CALL_ESTABLISHED")]);
    await desk.event("CALL_CLOSED");
    await noMissedCall(DESK);
    await Promise.all([hears(caller, CALLED), hears(hall, CALLING)]);
    await caller.hangup();
    await hall.event("CALL_CLOSED");
  });

  it("is rung at neither any more when a colleague picks the call up", async () => {
    const [desk, hall, caller] = [await registered(DESK), await registered(HALL), await carrier()];
    await caller.dial(`sip:alice@${relay.sip}`);
    await Promise.all([desk.event("CALL_INCOMING"), hall.event("CALL_INCOMING")]);
    const isRinging = (message: string): boolean => /^SIP\/2\.0 180 /m.test(message);
    await eventually(() => Promise.resolve(latest(DESK).some(isRinging)), "the phone to say that it rings");
    const ringing = latest(DESK).find(isRinging) ?? "";
    const field = (pattern: RegExp): string => pattern.exec(ringing)?.[1] ?? assert.fail(`${pattern} in ${ringing}`);
    const [ours, theirs] = [field(/^From: .*;tag=([^;\s]+)/m), field(/^To: .*;tag=([^;\s]+)/m)];
    const headers = [`Replaces: ${field(/^Call-ID: (\S+)/m)};to-tag=${ours};from-tag=${theirs}`, "Require: replaces"];
    const scenario = new Caller("carol").invite({ codecs: ["pcmu"] }, { headers }).progress().expect(200).acknowledge();
    const colleague = await Sipp.calling("alice", relay.sip, scenario.asked("BYE").confirm(), { address: COLLEAGUE });
    await Promise.all([desk.event("CALL_CLOSED"), hall.event("CALL_CLOSED"), caller.event("CALL_ESTABLISHED")]);
    await Promise.all([noMissedCall(DESK), noMissedCall(HALL)]);
    await caller.hangup();
    await colleague.done();
  });

  it("is busy when both decline, and only then", async () => {
    const [desk, hall] = [await registered(DESK), await registered(HALL)];
    const caller = new Caller().invite().progress().expect(486).acknowledge({ failure: true });
    const uac = await Sipp.calling("alice", relay.sip, caller, { address: CARRIER });
    await Promise.all([desk.event("CALL_INCOMING"), hall.event("CALL_INCOMING")]);
    await desk.hangup();
    await desk.event("CALL_CLOSED");
    assert.equal((await relay.health())["calls"], 1);
    await hall.hangup();
    await uac.done();
  });

  it("is rung no more when the caller gives up", async () => {
    const [desk, hall, caller] = [await registered(DESK), await registered(HALL), await carrier()];
    await caller.dial(`sip:alice@${relay.sip}`);
    await Promise.all([desk.event("CALL_INCOMING"), hall.event("CALL_INCOMING")]);
    await caller.event("CALL_RINGING");
    await caller.hangup();
    await Promise.all([desk.event("CALL_CLOSED"), hall.event("CALL_CLOSED")]);
  });
});
