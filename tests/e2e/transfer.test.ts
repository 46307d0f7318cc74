/** Transfers between browsers and softphones: who hears whom afterwards, and what becomes of one that leads nowhere. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Baresip, type BaresipOptions } from "../peers/baresip.ts";
import { hears } from "../peers/hearing.ts";
import { Kamailio } from "../peers/kamailio.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { BROWSER_VOICE, OTHER_VOICE, longVoice, stage } from "./stage.ts";

const set = stage({ secondBrowser: true, users: { web: "", other: "" } });
const PHONE_VOICE = speech(SENTENCES.phone, 16_000);

interface Talk {
  web: BrowserPhone;
  call: string;
  bob: Baresip;
}

/** A softphone calls the browser's user, and they talk. */
async function called(options: Partial<BaresipOptions> = {}): Promise<Talk> {
  const web = await set.local("web");
  const bob = await Baresip.start({ user: "bob", address: "127.0.0.20", says: longVoice(), ...options });
  await bob.dial(`sip:web@${set.relay.sip}`);
  const { id: call } = await web.incoming();
  await web.answer(call);
  await web.event(call, "ESTABLISHED");
  return { web, call, bob };
}

/** The second browser takes what rings there. */
async function takes(other: BrowserPhone): Promise<string> {
  const { id } = await other.incoming();
  await other.answer(id);
  await other.event(id, "ESTABLISHED");
  return id;
}

/** The softphone and the second browser hear each other. */
async function bothHear(bob: Baresip, other: BrowserPhone): Promise<void> {
  await other.record();
  await Promise.all([hears(other, PHONE_VOICE), hears(bob, OTHER_VOICE)]);
}

describe("a blind transfer", () => {
  it("connects a softphone with another browser", async () => {
    const { web, call, bob } = await called();
    const other = await set.local("other", { in: set.secondBrowser });
    await web.transfer(call, "other");
    await web.transferred(call, "TRYING");
    const taken = await takes(other);
    await web.transferred(call, "COMPLETED");
    await web.event(call, "FINISH");
    await bothHear(bob, other);
    await other.hangup(taken);
    await bob.event("CALL_CLOSED");
  });

  it("goes on when the transferor hangs up, and frees a far end from hold", async () => {
    const { web, call, bob } = await called();
    const other = await set.local("other", { in: set.secondBrowser });
    await web.act(call, "holdForTransfer");
    await web.event(call, "HOLD");
    await web.transfer(call, "other");
    await web.transferred(call, "TRYING");
    await web.hangup(call);
    await web.event(call, "FINISH");
    const taken = await takes(other);
    await other.record();
    await hears(other, PHONE_VOICE);
    await other.hangup(taken);
    await bob.event("CALL_CLOSED");
  });

  it("that fails gives the call back as it was", async () => {
    const { web, call, bob } = await called();
    for (const [target, status] of [["busy", 486], ["nobody", 404], ["other", 480]] as const) {
      const from = web.reports.now();
      await web.transfer(call, target);
      assert.equal((await web.transferred(call, "FAILED", { from })).sipStatus, status, target);
    }
    assert.equal(await web.status(call), "ESTABLISHED");
    await web.record();
    await Promise.all([hears(web, PHONE_VOICE), hears(bob, BROWSER_VOICE)]);
    await web.hangup(call);
  });

  it("ends everywhere when the far end hangs up before the target answers", async () => {
    const { web, call, bob } = await called();
    const other = await set.local("other", { in: set.secondBrowser });
    await web.transfer(call, "other");
    const { id } = await other.incoming();
    await bob.hangup();
    await web.event(call, "FINISH");
    await other.event(id, "FINISH");
  });

  it("brings a caller with another codec into line", async () => {
    const web = await set.local("web");
    const caller = new Caller().invite({ codecs: ["opus", "pcma"] }).progress().expect(200).acknowledge();
    // The tone speaks G.711 only.
    const scenario = caller.asked("INVITE").confirm(200, "OK", { codecs: ["pcma"], version: 2 }).asked("ACK").asked("BYE").confirm();
    const sipp = await Sipp.calling("web", set.relay.sip, scenario, { echo: true });
    const { id } = await web.incoming();
    await web.answer(id);
    await web.event(id, "ESTABLISHED");
    await web.transfer(id, "tone");
    await web.transferred(id, "COMPLETED");
    assert.match(await sipp.message(/^INVITE .*\r?\n(?:.*\r?\n)*m=audio \d+ RTP\/AVP 8/m), /PCMA/);
    await web.event(id, "FINISH");
    await sipp.stop();
  });
});

describe("an attended transfer", () => {
  it("makes one call of a softphone's and another browser's", async () => {
    const { web, call, bob } = await called();
    const other = await set.local("other", { in: set.secondBrowser });
    await web.act(call, "holdForTransfer");
    await web.event(call, "HOLD");
    const second = await web.call("other");
    const taken = await takes(other);
    await web.event(second, "ESTABLISHED");
    await web.transfer(call, { call: second });
    await web.transferred(call, "COMPLETED");
    for (const id of [call, second]) await web.event(id, "FINISH");
    const { party } = await other.event(taken, "PARTY_CHANGED");
    assert.match(party ?? "", /bob/);
    await other.record();
    await hears(other, PHONE_VOICE);
    await other.hangup(taken);
    await bob.event("CALL_CLOSED");
  });

  it("makes one call of two callers", async () => {
    // Both speak the same from the start: the softphone's recorder ends with a change of codecs.
    const { web, call, bob } = await called({ codecs: ["pcma"] });
    const from = web.reports.now();
    const held = new Caller("carol").invite().progress().expect(200).acknowledge();
    const sipp = await Sipp.calling("web", set.relay.sip, held.asked("BYE").confirm(), { echo: true });
    const { id: second } = await web.incoming({ from });
    await web.answer(second);
    await web.event(second, "ESTABLISHED");
    await web.transfer(call, { call: second });
    await web.transferred(call, "COMPLETED");
    for (const id of [call, second]) await web.event(id, "FINISH");
    // The second caller gives back what it hears: the softphone's own voice.
    await hears(bob, PHONE_VOICE);
    await bob.hangup();
    await sipp.done();
  });

  it("brings two far ends that speak different codecs into line", async () => {
    const web = await set.local("web");
    const other = await set.local("other", { in: set.secondBrowser });
    const caller = new Caller().invite({ codecs: ["pcma"] }).progress().expect(200).acknowledge().asked("BYE").confirm();
    const sipp = await Sipp.calling("web", set.relay.sip, caller, { echo: true });
    const { id: call } = await web.incoming();
    await web.answer(call);
    await web.event(call, "ESTABLISHED");
    // Between browsers it is Opus.
    const second = await web.call("other");
    const taken = await takes(other);
    await web.event(second, "ESTABLISHED");
    await web.transfer(call, { call: second });
    await web.transferred(call, "COMPLETED");
    await other.record();
    await hears(other, OTHER_VOICE);
    await other.hangup(taken);
    await sipp.done();
  });

  it("joins whom the target's number is already spoken to", async () => {
    const { web, call, bob } = await called();
    const other = await set.local("other", { in: set.secondBrowser });
    const second = await web.call("other");
    const taken = await takes(other);
    await web.event(second, "ESTABLISHED");
    await web.transfer(call, "other");
    await web.transferred(call, "COMPLETED");
    for (const id of [call, second]) await web.event(id, "FINISH");
    await bothHear(bob, other);
    await bob.hangup();
    await other.event(taken, "FINISH");
  });
});

describe("at a registrar", () => {
  const USERS = { web: "web-password", bob: "bob-password", carol: "carol-password" };
  let kamailio: Kamailio;
  before(async () => (kamailio = await Kamailio.start({ users: USERS })));
  after(() => kamailio.stop());

  async function softphone(user: "bob" | "carol", address: string): Promise<Baresip> {
    const from = kamailio.program.output.now();
    const options = { user, password: USERS[user], registrar: kamailio.domain, address, says: longVoice(), answer: "auto" as const };
    const phone = await Baresip.start(options);
    await kamailio.registered(user, true, { from });
    return phone;
  }

  async function talking(): Promise<Talk> {
    const [web, bob] = [await set.phone(), await softphone("bob", "127.0.0.20")];
    const sipOptions = { login: "web", password: set.secret(USERS.web), domain: kamailio.address, port: kamailio.port };
    await web.register({ urlServer: set.relay.url, sipOptions }, "REGISTERED");
    const call = await web.call("bob");
    await web.event(call, "ESTABLISHED");
    return { web, call, bob };
  }

  it("two softphones hear each other after a blind transfer", async () => {
    const { web, call, bob } = await talking();
    const carol = await softphone("carol", "127.0.0.21");
    await web.transfer(call, "carol");
    await web.transferred(call, "COMPLETED", { ms: 20_000 });
    await web.event(call, "FINISH");
    await Promise.all([hears(bob, PHONE_VOICE), hears(carol, PHONE_VOICE)]);
    await carol.hangup();
    await bob.event("CALL_CLOSED");
  });

  it("two softphones hear each other after an attended transfer", async () => {
    const { web, call, bob } = await talking();
    const carol = await softphone("carol", "127.0.0.21");
    const second = await web.call("carol");
    await web.event(second, "ESTABLISHED");
    await web.transfer(call, { call: second });
    await web.transferred(call, "COMPLETED");
    for (const id of [call, second]) await web.event(id, "FINISH");
    await Promise.all([hears(bob, PHONE_VOICE), hears(carol, PHONE_VOICE)]);
    await bob.hangup();
    await carol.event("CALL_CLOSED");
  });

  it("a number that does not exist there leaves the call as it was", async () => {
    const { web, call, bob } = await talking();
    await web.transfer(call, "stranger");
    const failed = await web.transferred(call, "FAILED");
    assert.ok((failed.sipStatus ?? 0) >= 400, `${failed.sipStatus}`);
    await web.record();
    await hears(web, PHONE_VOICE);
    await web.hangup(call);
    await bob.event("CALL_CLOSED");
  });
});

describe("a transfer to somebody who calls out", () => {
  it("is told to the target as a call of the far end's", async () => {
    const { web, call, bob } = await called();
    const other = await set.local("other", { in: set.secondBrowser });
    await web.transfer(call, "other");
    const incoming = await other.incoming();
    assert.match(incoming.caller ?? "", /bob/);
    await other.hangup(incoming.id);
    assert.equal((await web.transferred(call, "FAILED")).sipStatus, 603);
    await web.hangup(call);
    await bob.event("CALL_CLOSED");
  });

  it("shows the far end's name where the account's own must stand", async () => {
    const bob = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK");
    const sipp = await Sipp.answering(bob.asked("BYE").confirm(), { echo: true });
    const web = await set.phone();
    await web.register(set.direct(sipp.target));
    const call = await web.call("bob");
    await web.event(call, "ESTABLISHED");
    // The account's server is busy with its one call: it answers nothing else.
    await web.transfer(call, "carol");
    const invite = await sipp.message(/^INVITE sip:carol@/m);
    assert.match(invite, /^From: "?bob"? <sip:web@/m);
    await web.hangup(call);
    await sipp.stop();
  });
});
