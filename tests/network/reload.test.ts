/** A page that is loaded again takes its session back, and the calls in it. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Baresip } from "../peers/baresip.ts";
import type { Browser } from "../peers/browser.ts";
import { hears, hearsTone } from "../peers/hearing.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { longVoice } from "../e2e/stage.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { ALICE_TONE, type Conversation, bothHeard, browsers, converse, local } from "./conversation.ts";

const PHONE_VOICE = speech(SENTENCES.phone, 16_000);

let first: Browser;
let second: Browser;
let relay: Relay;
const phones: BrowserPhone[] = [];

before(async () => {
  [first, second] = await browsers();
  relay = await Relay.start({ origins: [first.origin], users: { alice: "", bob: "" }, rtpInactivity: 10 });
});

/** Who is kept alive is let go of by the app alone, so every page says goodbye. */
afterEach(async () => {
  await Promise.all(phones.map((phone) => phone.disconnect().catch(() => undefined)));
  await Promise.all(phones.splice(0).map((phone) => phone.kill()));
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});

after(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop(["unused-password"]);
  await endPrograms();
});

async function phone(browser: Browser): Promise<BrowserPhone> {
  const opened = await browser.phone();
  phones.push(opened);
  return opened;
}

/** Alice, whose session is kept alive, and Bob, in a call. */
async function conversation(): Promise<Conversation> {
  const [alice, bob] = [await phone(first), await phone(second)];
  await alice.register(local("alice", relay.url, { keepAlive: true }));
  await bob.register(local("bob", relay.url));
  return converse(alice, bob);
}

/** Loads the page again, and has it take its session back. Returns the calls that it finds. */
async function reload(alice: BrowserPhone): Promise<string[]> {
  const authToken = await alice.token();
  await alice.reload();
  await alice.register({ urlServer: relay.url, keepAlive: true, authToken });
  return alice.found();
}

describe("a page that is loaded again in a call", () => {
  it("takes the call back, and both hear each other again", async () => {
    const call = await conversation();
    const from = call.bob.reports.now();
    assert.deepEqual(await reload(call.alice), [call.out], "the call, under its own name");
    assert.equal(await call.alice.status(call.out), "ESTABLISHED");
    await call.alice.attach(call.out);
    await Promise.all([call.alice.record(), call.bob.record()]);
    await bothHeard(call);
    const told = call.bob.reports.all().slice(from).map((report) => report.event);
    assert.deepEqual(told.filter((event) => event !== "MEDIA"), [], "Bob was told of nothing");
  });

  it("can hold, resume and end the call afterwards", async () => {
    const { alice, bob, out, in: incoming } = await conversation();
    await reload(alice);
    await alice.attach(out);
    await alice.record();
    await bob.record();
    await bothHeard({ alice, bob });
    await alice.act(out, "hold");
    await Promise.all([alice.event(out, "HOLD"), bob.event(incoming, "HOLD")]);
    const [a, b] = [alice.reports.now(), bob.reports.now()];
    await alice.act(out, "unhold");
    await Promise.all([alice.event(out, "ESTABLISHED", { from: a }), bob.event(incoming, "ESTABLISHED", { from: b })]);
    await alice.hangup(out);
    await Promise.all([alice.event(out, "FINISH"), bob.event(incoming, "FINISH")]);
  });

  it("takes the call back twice", async () => {
    const call = await conversation();
    for (let i = 0; i < 2; i++) {
      assert.deepEqual(await reload(call.alice), [call.out]);
      await call.alice.attach(call.out);
    }
    await Promise.all([call.alice.record(), call.bob.record()]);
    await bothHeard(call);
  });

  it("that it has answered, takes it back too", async () => {
    const [alice, bob] = [await phone(first), await phone(second)];
    await alice.register(local("alice", relay.url));
    await bob.register(local("bob", relay.url, { keepAlive: true }));
    const call = await converse(alice, bob);
    assert.deepEqual(await reload(bob), [call.in]);
    await bob.attach(call.in);
    await Promise.all([alice.record(), bob.record()]);
    await bothHeard(call);
    await bob.hangup(call.in);
    await alice.event(call.out, "FINISH");
  });

  it("with a SIP phone, does not break the phone's call", async () => {
    const bob = await Baresip.start({ user: "bob", address: "127.0.0.20", codecs: ["opus"], says: longVoice() });
    const { hostname: domain, port } = new URL(bob.uri.replace(/^sip:[^@]*@/, "sip://"));
    const alice = await phone(first);
    const sipOptions = { login: "web", password: "unused-password", domain, port: Number(port), registerRequired: false };
    await alice.register({ urlServer: relay.url, keepAlive: true, sipOptions });
    const out = await alice.call("bob");
    await bob.event("CALL_INCOMING");
    await bob.accept();
    await alice.event(out, "ESTABLISHED");
    const from = bob.events.now();
    assert.deepEqual(await reload(alice), [out]);
    await alice.attach(out);
    await alice.record();
    await hears(alice, PHONE_VOICE);
    await hearsTone(bob, ALICE_TONE);
    assert.ok(!bob.events.all().slice(from).some((event) => event.type === "CALL_CLOSED"), "the phone's call went on");
    await bob.hangup();
    await alice.event(out, "FINISH");
  });

  it("lets the call end where it has no token", async () => {
    const { alice, bob, in: incoming } = await conversation();
    await alice.disconnect();
    await bob.event(incoming, "FINISH");
    await alice.reload();
  });
});

describe("a page that is loaded again while somebody calls", () => {
  it("is rung anew, and can answer", async () => {
    const [alice, bob] = [await phone(first), await phone(second)];
    await alice.register(local("alice", relay.url, { keepAlive: true }));
    await bob.register(local("bob", relay.url));
    const out = await bob.call("alice");
    await alice.incoming();
    const authToken = await alice.token();
    await alice.reload();
    const from = alice.reports.now();
    await alice.register({ urlServer: relay.url, keepAlive: true, authToken });
    const incoming = await alice.incoming({ from });
    await alice.answer(incoming.id);
    await bob.event(out, "ESTABLISHED");
    await Promise.all([alice.record(), bob.record()]);
    await bothHeard({ alice, bob });
  });
});

describe("a session's token", () => {
  it("of another session, or none, is refused", async () => {
    const alice = await phone(first);
    await alice.connect({ urlServer: relay.url, authToken: "no such token" });
    const failed = await alice.session("FAILED");
    assert.equal(failed.code, "resumeRejected");
  });

  it("that is no longer good opens the session anew where the page says as whom", async () => {
    const alice = await phone(first);
    await alice.register({ ...local("alice", relay.url), authToken: "no such token" });
    assert.deepEqual(await alice.found(), []);
  });
});
