/** Attended transfers over SIP: the one far end is asked to take the other's call, or the relay joins the two itself. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Baresip } from "../peers/baresip.ts";
import { hears } from "../peers/hearing.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";

/** Both far ends are behind the same gateway. */
const PBX = "127.0.0.20";
const TRUNK = `[trunks.pbx]\nhost = "${PBX}"\n`;
const CAN = ["Allow: INVITE, ACK, BYE, CANCEL, REFER, NOTIFY", "Supported: replaces"];
const VOICE = speech(SENTENCES.phone, 16_000);

let relay: Relay;
before(async () => {
  relay = await Relay.start({ connectTimeout: 120, rtpInactivity: 120, users: { web: "" }, tables: TRUNK });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

const calling = (name: string, headers = CAN): Caller =>
  new Caller(name).invite({}, { headers }).progress().expect(200).acknowledge();

/** The app's call with somebody behind the gateway. */
async function taken(app: App, scenario: Caller): Promise<{ call: string; sipp: Sipp }> {
  const from = app.wire.received.now();
  const sipp = await Sipp.calling("web", relay.sip, scenario, { address: PBX });
  const { callId } = (await app.event("incomingCall", {}, { from })) as unknown as { callId: string };
  await app.answer(callId);
  await app.status(callId, "ESTABLISHED");
  return { call: callId, sipp };
}

/** Both calls of the app's, of which the first is to be transferred to the second. */
async function both(bob: Caller, carol: Caller) {
  const app = await App.local(relay, "web");
  const [first, second] = [await taken(app, bob), await taken(app, carol)];
  await app.ask("transfer", { callId: first.call, withCall: second.call });
  return { app, first, second };
}

const field = (text: string, pattern: RegExp): string => pattern.exec(text)?.[1] ?? assert.fail(`${pattern} in ${text}`);

describe("an attended transfer of two far ends behind the same server", () => {
  it("asks the one to take the other's call, which it names exactly", async () => {
    const bob = calling("bob").asked("REFER").confirm(202, "Accepted");
    bob.notify("active;expires=60", "SIP/2.0 100 Trying").expect(200);
    bob.notify("terminated;reason=noresource", "SIP/2.0 200 OK").expect(200).asked("BYE").confirm();
    const { app, first, second } = await both(bob, calling("carol").asked("BYE").confirm());
    for (const status of ["TRYING", "COMPLETED"]) await app.event("transfer", { callId: first.call, status });
    for (const { call } of [first, second]) await app.status(call, "FINISH");
    await first.sipp.done();
    await second.sipp.done();

    const refer = await first.sipp.message(/^REFER /m);
    const ok = await second.sipp.message(/^SIP\/2\.0 200 [^]*CSeq: 1 INVITE/m);
    const to = field(refer, /^Refer-To: <sip:carol@127\.0\.0\.20:\d+[^?>]*\?Replaces=([^>]*)>\r?$/m);
    // RFC 3891 section 3: to-tag is that of the dialog's end which is to be replaced at, and that is carol's.
    const carols = [field(ok, /^Call-ID: (\S+)/m), field(ok, /^From: .*;tag=([^;\s]+)/m), field(ok, /^To: .*;tag=([^;\s]+)/m)];
    assert.equal(decodeURIComponent(to), `${carols[0]};to-tag=${carols[1]};from-tag=${carols[2]}`);
    assert.match(refer, /^Referred-By: <sip:web@/m);
    await app.close();
  });

  for (const [what, steps, code] of [
    ["is not let through", (bob: Caller) => bob.confirm(202, "Accepted").notify("terminated;reason=noresource", "SIP/2.0 481 Gone").expect(200), 481],
    ["declines", (bob: Caller) => bob.confirm(603, "Decline"), 603],
  ] as const) {
    it(`leaves both calls as they were where the one ${what}`, async () => {
      const bob = steps(calling("bob").asked("REFER")).asked("BYE").confirm();
      const { app, first, second } = await both(bob, calling("carol").asked("BYE").confirm());
      assert.equal((await app.event("transfer", { callId: first.call, status: "FAILED" }))["sipStatus"], code);
      for (const { call, sipp } of [first, second]) {
        await app.hangup(call);
        await app.status(call, "FINISH");
        await sipp.done();
      }
      await app.close();
    });
  }

  it("is made by the relay after all where the one does no such thing", async () => {
    const bob = calling("bob").asked("REFER").confirm(405, "Method Not Allowed").bye().expect(200);
    const { app, first, second } = await both(bob, calling("carol").asked("BYE").confirm());
    for (const { call } of [first, second]) await app.status(call, "FINISH");
    // Nobody but bob has hung up: carol's BYE is that of the call they had with each other.
    await first.sipp.done();
    await second.sipp.done();
    await app.close();
  });

  it("is made by the relay where the other knows no Replaces", async () => {
    const bob = calling("bob").asked("BYE").confirm();
    const { app, first, second } = await both(bob, calling("carol", CAN.slice(0, 1)).pause(1500).bye().expect(200));
    await app.event("transfer", { callId: first.call, status: "COMPLETED" });
    for (const { call, sipp } of [first, second]) {
      await app.status(call, "FINISH");
      await sipp.done();
    }
    await app.close();
  });
});

describe("legs that the relay joins for far ends that do not know REFER", () => {
  /** She says something over and over, and hears what comes back. */
  const carols = (): Promise<Baresip> =>
    Baresip.start({ user: "carol", address: "127.0.0.21", says: loop(VOICE, 60), codecs: ["pcma"], answer: "auto" });

  /** A caller who gives back what it hears, in a call with the app. */
  async function echoing(app: App, at: Relay): Promise<{ call: string; echo: Sipp }> {
    const scenario = calling("bob", []).asked("BYE").confirm();
    const echo = await Sipp.calling("web", at.sip, scenario, { echo: true });
    const { callId: call } = await app.called();
    await app.answer(call);
    await app.status(call, "ESTABLISHED");
    return { call, echo };
  }

  it("hear each other after a blind transfer", async () => {
    const phone = await carols();
    const table = `[trunks.desk]\nhost = "${phone.uri.split("@")[1]}"\n[[routes]]\nnumber = "carol"\ntrunk = "desk"\n`;
    const own = await Relay.start({ connectTimeout: 120, rtpInactivity: 120, users: { web: "" }, tables: table });
    const app = await App.local(own, "web");
    const { call, echo } = await echoing(app, own);
    await app.ask("transfer", { callId: call, target: "carol" });
    await app.event("transfer", { callId: call, status: "COMPLETED" });
    await app.status(call, "FINISH");
    // What she hears is what the other gives back: her own voice.
    await hears(phone, VOICE);
    await phone.hangup();
    await echo.done();
    await app.close();
    await own.stop();
  });

  it("hear each other after an attended one", async () => {
    const app = await App.local(relay, "web");
    const { call: first, echo } = await echoing(app, relay);
    const phone = await carols();
    const from = app.wire.received.now();
    await phone.dial(`sip:web@${relay.sip}`);
    const { callId: second } = (await app.event("incomingCall", {}, { from })) as unknown as { callId: string };
    await app.answer(second);
    await app.status(second, "ESTABLISHED");
    await app.ask("transfer", { callId: first, withCall: second });
    await app.event("transfer", { callId: first, status: "COMPLETED" });
    for (const call of [first, second]) await app.status(call, "FINISH");
    await hears(phone, VOICE);
    await phone.hangup();
    await echo.done();
    await app.close();
  });
});
