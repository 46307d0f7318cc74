/** Browser to browser through the relay, with no SIP server anywhere. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BrowserPhone } from "../peers/phone.ts";
import { eventually } from "../peers/deadline.ts";
import { hears, hearsNothing } from "../peers/hearing.ts";
import { BROWSER_VOICE, OTHER_VOICE, stage } from "./stage.ts";

const set = stage({ users: { alice: "", bob: "", carol: "", dora: "dora-password" }, unanswered: 8, secondBrowser: true });

/** Alice in one browser, Bob in another, and a call between them that is up. */
async function conversation(): Promise<{ alice: BrowserPhone; bob: BrowserPhone; out: string; in: string }> {
  const [alice, bob] = [await set.local("alice"), await set.local("bob", { in: set.secondBrowser })];
  const out = await alice.call("bob");
  const incoming = (await bob.incoming()).id;
  await alice.event(out, "RING");
  await bob.answer(incoming);
  await Promise.all([alice.event(out, "ESTABLISHED"), bob.event(incoming, "ESTABLISHED")]);
  return { alice, bob, out, in: incoming };
}

describe("a local user's session", () => {
  it("is established under the user's own name", async () => {
    const alice = await set.phone();
    const established = await alice.register({ urlServer: set.relay.url, sipOptions: { login: "alice" } });
    assert.equal(established.login, "alice");
    const from = alice.reports.now();
    await alice.disconnect();
    await alice.session("DISCONNECTED", { from });
  });

  it("is refused with a wrong password, an absent one, or an unknown name", async () => {
    const phone = await set.phone();
    for (const sipOptions of [{ login: "dora", password: "guessed-password" }, { login: "dora" }, { login: "stranger" }]) {
      const from = phone.reports.now();
      await phone.connect({ urlServer: set.relay.url, sipOptions });
      const failed = await phone.session("FAILED", { from });
      assert.equal(failed.code, "unauthorized");
      assert.ok((failed.message ?? "").length > 10, "says why in a sentence");
    }
    set.secret("guessed-password");
    await set.local("dora", { password: "dora-password" });
  });
});

describe("a call between browsers", () => {
  it("rings, is answered, carries sound both ways, and ends at both ends when the caller hangs up", async () => {
    const [alice, bob] = [await set.local("alice"), await set.local("bob", { in: set.secondBrowser })];
    const out = await alice.call("bob", { visibleName: "Alice Liddell" });
    assert.equal(await alice.status(out), "PENDING");
    const incoming = await bob.incoming();
    assert.equal(incoming.status, "NEW");
    assert.equal(incoming.caller, "alice");
    assert.equal(incoming.visibleName, "Alice Liddell");
    await Promise.all([alice.event(out, "RING"), bob.event(incoming.id, "RING")]);
    await bob.answer(incoming.id);
    await Promise.all([alice.event(out, "ESTABLISHED"), bob.event(incoming.id, "ESTABLISHED")]);

    await Promise.all([alice.record(), bob.record()]);
    await Promise.all([hears(alice, OTHER_VOICE), hears(bob, BROWSER_VOICE)]);

    await alice.hangup(out);
    const ends = await Promise.all([alice.event(out, "FINISH"), bob.event(incoming.id, "FINISH")]);
    for (const end of ends) assert.equal(end.info, "Normal call clearing");
  });

  it("ends at both ends when the called side hangs up", async () => {
    const call = await conversation();
    await call.bob.hangup(call.in);
    await Promise.all([call.alice.event(call.out, "FINISH"), call.bob.event(call.in, "FINISH")]);
  });

  it("falls silent while it is held and speaks again afterwards", async () => {
    const { alice, bob, out, in: incoming } = await conversation();
    await Promise.all([alice.record(), bob.record()]);
    await hears(bob, BROWSER_VOICE);
    await alice.act(out, "hold");
    await Promise.all([alice.event(out, "HOLD"), bob.event(incoming, "HOLD")]);
    await Promise.all([hearsNothing(alice), hearsNothing(bob)]);
    const [a, b] = [alice.reports.now(), bob.reports.now()];
    await alice.act(out, "unhold");
    await Promise.all([alice.event(out, "ESTABLISHED", { from: a }), bob.event(incoming, "ESTABLISHED", { from: b })]);
    await Promise.all([hears(alice, OTHER_VOICE), hears(bob, BROWSER_VOICE)]);
  });

  it("carries keys both ways", async () => {
    const { alice, bob, out, in: incoming } = await conversation();
    await alice.press(out, "159#");
    await bob.press(incoming, "*0D");
    await eventually(() => bob.digits(incoming) === "159#", () => `bob to get 159#, got ${bob.digits(incoming)}`);
    await eventually(() => alice.digits(out) === "*0D", () => `alice to get *0D, got ${alice.digits(out)}`);
  });

  it("is silent to the far end while the microphone is muted", async () => {
    const { alice, bob, out } = await conversation();
    await bob.record();
    await hears(bob, BROWSER_VOICE);
    await alice.act(out, "muteAudio");
    assert.equal(await alice.act(out, "isAudioMuted"), true);
    await hearsNothing(bob);
    await alice.act(out, "unmuteAudio");
    await hears(bob, BROWSER_VOICE);
  });

  it("declined, tells the caller so", async () => {
    const [alice, bob] = [await set.local("alice"), await set.local("bob")];
    const out = await alice.call("bob");
    const incoming = (await bob.incoming()).id;
    await bob.event(incoming, "RING");
    await bob.hangup(incoming);
    const end = await alice.end(out);
    assert.deepEqual([end.event, end.code, end.sipStatus], ["FAILED", "declined", 603]);
    assert.equal((await bob.end(incoming)).event, "FINISH");
  });

  it("declined by somebody on the phone, is busy", async () => {
    const { bob } = await conversation();
    const carol = await set.local("carol");
    const from = bob.reports.now();
    const out = await carol.call("bob");
    const incoming = (await bob.incoming({ from })).id;
    await bob.hangup(incoming);
    const end = await carol.end(out);
    assert.deepEqual([end.event, end.code, end.sipStatus], ["BUSY", "busy", 486]);
  });

  it("given up while it rings, stops ringing", async () => {
    const [alice, bob] = [await set.local("alice"), await set.local("bob")];
    const out = await alice.call("bob");
    const incoming = (await bob.incoming()).id;
    await alice.event(out, "RING");
    await alice.hangup(out);
    await Promise.all([alice.event(out, "FINISH"), bob.event(incoming, "FINISH")]);
  });

  it("answered by nobody, ends with that reason", async () => {
    const [alice] = [await set.local("alice"), await set.local("bob")];
    const end = await alice.end(await alice.call("bob"), { ms: 15_000 });
    assert.deepEqual([end.event, end.code], ["FAILED", "noAnswer"]);
  });

  it("to nobody known, or nobody there, ends with that reason", async () => {
    const alice = await set.local("alice");
    const unknown = await alice.end(await alice.call("nobody-of-that-name"));
    assert.deepEqual([unknown.event, unknown.code, unknown.sipStatus], ["FAILED", "notFound", 404]);
    const away = await alice.end(await alice.call("carol"));
    assert.deepEqual([away.event, away.code, away.sipStatus], ["FAILED", "noAnswer", 480]);
  });

  it("ends within seconds when a tab is killed", async () => {
    const { alice, bob, in: incoming } = await conversation();
    await alice.kill();
    const end = await bob.end(incoming, { ms: 6000 });
    assert.ok(["FINISH", "FAILED"].includes(end.event));
  });

  it("survives others' calls coming and going", async () => {
    const [alice, bob, carol] = [await set.local("alice"), await set.local("bob", { in: set.secondBrowser }), await set.local("carol")];
    const toBob = await alice.call("bob");
    await bob.answer((await bob.incoming()).id);
    await alice.event(toBob, "ESTABLISHED");
    const toAlice = await carol.call("alice");
    const incoming = (await alice.incoming()).id;
    await alice.answer(incoming);
    await carol.event(toAlice, "ESTABLISHED");
    await carol.hangup(toAlice);
    await alice.event(incoming, "FINISH");
    await bob.record();
    await hears(bob, BROWSER_VOICE);
    assert.equal(await alice.status(toBob), "ESTABLISHED");
  });
});
