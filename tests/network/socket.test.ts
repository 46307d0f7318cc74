/** The socket to the relay is lost and made again: what calls, events and requests make of it. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Browser } from "../peers/browser.ts";
import { Cable } from "../peers/cable.ts";
import { eventually } from "../peers/deadline.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { type Conversation, bothHeard, browsers, converse, gap, local, unnoticed } from "./conversation.ts";

/** Seconds a session outlives its socket: more than a busy machine needs to make it again after it was away for two. */
const GRACE = 8;

let first: Browser;
let second: Browser;
let relay: Relay;
let cable: Cable;
const phones: BrowserPhone[] = [];

before(async () => {
  [first, second] = await browsers();
  relay = await Relay.start({ origins: [first.origin], users: { alice: "", bob: "", carol: "" }, grace: GRACE, rtpInactivity: 20 });
});

afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.kill()));
  cable.cut();
  await relay.idle({ ms: GRACE * 1000 + 10_000 });
});

after(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop();
  await endPrograms();
});

async function phone(browser: Browser): Promise<BrowserPhone> {
  const opened = await browser.phone();
  phones.push(opened);
  return opened;
}

/** Alice behind a cable, Bob not, and a call between them. */
async function conversation(further: Parameters<typeof local>[2] = {}): Promise<Conversation> {
  cable = await Cable.to(relay.url);
  const [alice, bob] = [await phone(first), await phone(second)];
  await alice.register(local("alice", cable.url, further));
  await bob.register(local("bob", relay.url));
  return converse(alice, bob);
}

describe("a socket that is lost", () => {
  it("and made again leaves the call's sound whole, and the call can be held afterwards", async () => {
    const call = await conversation();
    await unnoticed(call, 4, async () => {
      const from = call.alice.reports.now();
      cable.cut();
      await call.alice.session("RECONNECTING", { from });
      // Longer than a first attempt takes, shorter than the grace time.
      await gap(call, 2);
      await cable.mend();
      await call.alice.session("RECONNECTED", { from });
    });
    await call.alice.act(call.out, "hold");
    await Promise.all([call.alice.event(call.out, "HOLD"), call.bob.event(call.in, "HOLD")]);
  });

  it("keeps the session's status, and says what happened", async () => {
    const { alice } = await conversation();
    const from = alice.reports.now();
    cable.cut();
    const lost = await alice.session("RECONNECTING", { from });
    assert.ok((lost.message ?? "").length > 10, "says why in a sentence");
    assert.equal(lost.status, "ESTABLISHED");
    await cable.mend();
    await alice.session("RECONNECTED", { from });
    assert.equal(await alice.sessionStatus(), "ESTABLISHED");
    const statuses = alice.reports.all().slice(from).filter((report) => report.from === "session").map((report) => report.event);
    assert.deepEqual(statuses, ["RECONNECTING", "RECONNECTED"]);
  });

  it("loses no event: what happened meanwhile arrives in order, once", async () => {
    const { alice, bob, in: incoming } = await conversation();
    const carol = await phone(second);
    await carol.register(local("carol", relay.url));
    const from = alice.reports.now();
    cable.cut();
    await alice.session("RECONNECTING", { from });
    await bob.press(incoming, "12");
    const given = await carol.call("alice");
    await eventually(async () => (await relay.health())["calls"] === 2, "the relay to know of the second call");
    await carol.hangup(given);
    await carol.end(given);
    await bob.press(incoming, "3");
    await cable.mend();
    await alice.session("RECONNECTED", { from });
    await eventually(() => alice.reports.all().slice(from).some((report) => report.digit === "3"), "the last key");
    await bob.press(incoming, "4");
    await eventually(() => alice.reports.all().slice(from).some((report) => report.digit === "4"), "a key in the present");
    const story = alice.reports.all().slice(from).map((report) => report.digit ?? report.event);
    const told = story.filter((event) => event !== "RING" && event !== "MEDIA");
    assert.deepEqual(told, ["RECONNECTING", "RECONNECTED", "1", "2", "INCOMING_CALL", "FINISH", "3", "4"]);
  });

  it("keeps what the app asks for meanwhile until it is back", async () => {
    const { alice, bob, out, in: incoming } = await conversation();
    const from = alice.reports.now();
    cable.cut();
    await alice.session("RECONNECTING", { from });
    await alice.press(out, "77");
    await alice.act(out, "hold");
    await cable.mend();
    await alice.session("RECONNECTED", { from });
    await Promise.all([alice.event(out, "HOLD", { from }), bob.event(incoming, "HOLD")]);
    await eventually(() => bob.digits(incoming) === "77", () => `bob to get 77, got ${bob.digits(incoming)}`);
  });

  it("does not keep a call alive that is hung up meanwhile", async () => {
    const { alice, bob, out, in: incoming } = await conversation();
    const from = alice.reports.now();
    cable.cut();
    await alice.session("RECONNECTING", { from });
    await alice.hangup(out);
    assert.equal((await alice.end(out)).event, "FINISH");
    await cable.mend();
    await alice.session("RECONNECTED", { from });
    assert.equal((await bob.end(incoming)).event, "FINISH");
  });

  it("for longer than the grace time ends the call with a reason at both ends, and the session opens again", async () => {
    const { alice, bob, out, in: incoming } = await conversation();
    const from = alice.reports.now();
    cable.cut();
    const there = await bob.end(incoming, { ms: GRACE * 1000 + 5000 });
    await cable.mend();
    const here = await alice.end(out, { ms: GRACE * 1000 + 20_000 });
    for (const end of [there, here]) {
      assert.deepEqual([end.event, end.code], ["FAILED", "peerLost"]);
      assert.ok((end.message ?? "").length > 10, "says why in a sentence");
    }
    await alice.session("ESTABLISHED", { from, ms: 20_000 });
    await converse(alice, bob);
  });

  it("without a word is noticed by its silence", async () => {
    const call = await conversation({ receiveProbes: 2, probesInterval: 500 });
    await unnoticed(call, 3, async () => {
      const from = call.alice.reports.now();
      cable.swallow();
      await call.alice.session("RECONNECTING", { from, ms: 4000 });
      await cable.mend();
      await call.alice.session("RECONNECTED", { from });
    });
  });

  it("is not tried for again where the app does not want it", async () => {
    const { alice, bob, out, in: incoming } = await conversation({ reconnectTimeout: 0 });
    cable.cut();
    assert.equal((await alice.end(out)).code, "relayLost");
    assert.equal((await alice.session("DISCONNECTED")).code, "relayLost");
    await bob.end(incoming, { ms: GRACE * 1000 + 5000 });
  });

  it("leaves another call of the far end alone", async () => {
    const call = await conversation();
    const carol = await phone(second);
    await carol.register(local("carol", relay.url));
    const from = call.bob.reports.now();
    const toBob = await carol.call("bob");
    const waiting = (await call.bob.incoming({ from })).id;
    cable.cut();
    await call.bob.hangup(waiting);
    await carol.end(toBob);
    await cable.mend();
    await call.alice.session("RECONNECTED");
    await bothHeard(call);
  });
});
