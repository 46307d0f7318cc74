/** The calls of `e2e/` made from Firefox: what is heard at each end, and that Firefox and Chromium can speak to each other. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { BROWSER_VOICE, longVoice } from "../e2e/stage.ts";
import { Baresip } from "../peers/baresip.ts";
import { Browser } from "../peers/browser.ts";
import { eventually } from "../peers/deadline.ts";
import { Firefox, outerAddress } from "../peers/firefox.ts";
import { hears, hearsNothing, hearsTone } from "../peers/hearing.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { SENTENCES, speech } from "../sound/sources.ts";

/** What Firefox says (Hz): no harmonic of 50 Hz hum, nor of the relay's own tone. */
const TONE = 730;
/** How long speech may take to be heard whole (ms): two browsers and a sound card share a machine that may be small. */
const PATIENCE = 30_000;
const PHONE_VOICE = speech(SENTENCES.phone, 16_000);

let firefox: Firefox;
let chromium: Browser;
let relay: Relay;
const phones: BrowserPhone[] = [];

before(async () => {
  firefox = await Firefox.start({ tone: TONE });
  chromium = await Browser.start({ says: BROWSER_VOICE, origin: firefox.origin });
  relay = await Relay.start({ origins: [firefox.origin], media: outerAddress(), users: { alice: "", bob: "" } });
});

afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.kill()));
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});

after(async () => {
  await Promise.all([firefox.stop(), chromium.stop()]);
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop(["unused-password"]);
  await endPrograms();
});

/** A tab with an open session of a local user. */
async function local(login: string, browser: Browser | Firefox = firefox): Promise<BrowserPhone> {
  const phone = await browser.phone();
  phones.push(phone);
  await phone.register({ urlServer: relay.url, sipOptions: { login } });
  return phone;
}

describe("Firefox", () => {
  it("hears itself at the relay's echo", async () => {
    const alice = await local("alice");
    const call = await alice.call("echo");
    await alice.event(call, "ESTABLISHED");
    await alice.record();
    await hearsTone(alice, TONE);
    await alice.hangup(call);
    await alice.event(call, "FINISH");
  });

  it("hears the relay's tone", async () => {
    const alice = await local("alice");
    const call = await alice.call("tone");
    await alice.event(call, "ESTABLISHED");
    await alice.record();
    await hearsTone(alice, 440);
  });

  for (const codec of ["opus", "pcmu"] as const) {
    it(`calls a SIP phone in ${codec}, and both hear each other`, async () => {
      const phone = await Baresip.start({ user: "bob", address: "127.0.0.20", codecs: [codec], says: longVoice() });
      const { hostname: domain, port } = new URL(phone.uri.replace(/^sip:[^@]*@/, "sip://"));
      const alice = await firefox.phone();
      phones.push(alice);
      const sipOptions = { login: "web", password: "unused-password", domain, port: Number(port), registerRequired: false };
      await alice.register({ urlServer: relay.url, sipOptions });
      const call = await alice.call("bob");
      await phone.event("CALL_INCOMING");
      await alice.event(call, "RING");
      await phone.accept();
      await alice.event(call, "ESTABLISHED");
      await alice.record();
      await Promise.all([hears(alice, PHONE_VOICE, PATIENCE), hearsTone(phone, TONE, PATIENCE)]);
      await phone.hangup();
      await alice.event(call, "FINISH");
    });
  }

  it("is told what is wrong when nobody is there", async () => {
    const alice = await local("alice");
    const end = await alice.end(await alice.call("nobody-of-that-name"));
    assert.deepEqual([end.event, end.code, end.sipStatus], ["FAILED", "notFound", 404]);
  });
});

describe("Firefox and Chromium", () => {
  /** A call between them that is up; `caller` is who makes it. */
  async function conversation(caller: "firefox" | "chromium"): Promise<{ alice: BrowserPhone; bob: BrowserPhone; out: string; in: string }> {
    const browsers = caller === "firefox" ? [firefox, chromium] : [chromium, firefox];
    const [alice, bob] = [await local("alice", browsers[0]), await local("bob", browsers[1])];
    const out = await alice.call("bob");
    const incoming = (await bob.incoming()).id;
    await alice.event(out, "RING");
    await bob.answer(incoming);
    await Promise.all([alice.event(out, "ESTABLISHED"), bob.event(incoming, "ESTABLISHED")]);
    await Promise.all([alice.record(), bob.record()]);
    return { alice, bob, out, in: incoming };
  }

  it("hear each other when Firefox calls", async () => {
    const { alice, bob, out, in: incoming } = await conversation("firefox");
    await Promise.all([hears(alice, BROWSER_VOICE, PATIENCE), hearsTone(bob, TONE, PATIENCE)]);
    await bob.hangup(incoming);
    await alice.event(out, "FINISH");
  });

  it("hear each other when Chromium calls, and again after a hold", async () => {
    const { alice, bob, out, in: incoming } = await conversation("chromium");
    await Promise.all([hearsTone(alice, TONE, PATIENCE), hears(bob, BROWSER_VOICE, PATIENCE)]);
    await bob.act(incoming, "hold");
    await Promise.all([alice.event(out, "HOLD"), bob.event(incoming, "HOLD")]);
    await Promise.all([hearsNothing(alice), hearsNothing(bob)]);
    const from = bob.reports.now();
    await bob.act(incoming, "unhold");
    await bob.event(incoming, "ESTABLISHED", { from });
    await Promise.all([alice.record(), bob.record()]);
    await Promise.all([hearsTone(alice, TONE, PATIENCE), hears(bob, BROWSER_VOICE, PATIENCE)]);
  });

  it("carry keys both ways, and silence while muted", async () => {
    const { alice, bob, out, in: incoming } = await conversation("firefox");
    await hearsTone(bob, TONE);
    await alice.press(out, "159#");
    await bob.press(incoming, "*0D");
    await eventually(() => bob.digits(incoming) === "159#", () => `bob to get 159#, got ${bob.digits(incoming)}`);
    await eventually(() => alice.digits(out) === "*0D", () => `alice to get *0D, got ${alice.digits(out)}`);
    await alice.act(out, "muteAudio");
    await hearsNothing(bob);
  });
});
