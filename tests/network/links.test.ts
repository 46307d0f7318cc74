/** A browser whose network changes under a call: from one link to another, told of it or not. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Browser } from "../peers/browser.ts";
import { eventually } from "../peers/deadline.ts";
import { type Listener, hearsTone } from "../peers/hearing.ts";
import { type Link, Namespace } from "../peers/namespace.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { ALICE_TONE, BOB_TONE, type Conversation, bothHeard, browsersAcross, converse, gap, listenAnew, local } from "./conversation.ts";

/** How soon there must be sound again (s) once it is missed. */
const RESUMED = 2;
/** How long Chromium takes to believe in a change of addresses (s): it waits for two seconds, and looks every two. */
const BELIEVED = 4;
/** How long is listened for what is missing (s): longer than anything may be. */
const WATCHED = 8;
/** What a busy machine adds (s). */
const SLACK = 0.5;

let namespace: Namespace;
let one: Link;
let other: Link;
let inside: Browser;
let outside: Browser;
let relay: Relay;
const phones: BrowserPhone[] = [];

before(async () => {
  namespace = await Namespace.create();
  [one, other] = [namespace.link(), namespace.link()];
  one.plug();
  [inside, outside] = await browsersAcross(namespace, one);
});

/** A relay that takes media at these addresses, and its WebSocket at this one. */
async function relayAt(listen: string, advertised: readonly string[]): Promise<void> {
  relay = await Relay.start({
    origins: [inside.origin],
    users: { alice: "", bob: "" },
    grace: 20,
    rtpInactivity: 20,
    listen,
    media: "0.0.0.0",
    advertised,
  });
}

afterEach(async () => {
  await Promise.all(phones.map((phone) => phone.disconnect().catch(() => undefined)));
  await Promise.all(phones.splice(0).map((phone) => phone.kill()));
  await relay.idle();
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop();
  one.plug();
  other.unplug();
});

after(async () => {
  await Promise.all([inside.stop(), outside.stop()]);
  await endPrograms();
});

async function conversation(...plugged: readonly Link[]): Promise<Conversation> {
  const [alice, bob] = [await inside.phone(), await outside.phone()];
  phones.push(alice, bob);
  const known = async (): Promise<boolean> => {
    const addresses = await alice.addresses();
    return plugged.every((link) => addresses.includes(link.inner)) && addresses.length === plugged.length;
  };
  await eventually(known, "the browser to know its links", { every: 250 });
  await alice.register(local("alice", relay.url, { receiveProbes: 2, probesInterval: 500 }));
  await bob.register(local("bob", relay.url));
  const call = await converse(alice, bob);
  await listenAnew(call);
  return call;
}

/** For how long the two did not hear each other in the seconds that follow (s). At the end of them they must. */
async function outage(call: Conversation): Promise<number> {
  const silent = await gap(call, WATCHED);
  const now = (phone: BrowserPhone): Listener => ({ heard: () => phone.heard(0.5) });
  await Promise.all([hearsTone(now(call.alice), BOB_TONE, 1000), hearsTone(now(call.bob), ALICE_TONE, 1000)]);
  return silent;
}

describe("a browser in a call", () => {
  it("moves from one network to another, and is heard again within two seconds of knowing it", async (test) => {
    await relayAt(one.address, [one.address]);
    const call = await conversation(one);
    const from = call.alice.reports.now();
    other.plug();
    one.unplug();
    const silent = await outage(call);
    test.diagnostic(`not heard for ${silent.toFixed(2)} s, of which Chromium takes up to ${BELIEVED} to notice`);
    await call.alice.session("RECONNECTED", { from });
    assert.ok(silent <= BELIEVED + RESUMED + SLACK, `${silent.toFixed(2)} s`);
    assert.equal(await call.alice.status(call.out), "ESTABLISHED");
    await call.alice.hangup(call.out);
    await call.bob.event(call.in, "FINISH");
  });

  it("loses one of two networks, and is heard again within two seconds", async (test) => {
    other.plug();
    await relayAt(one.address, [one.address, other.address]);
    const call = await conversation(one, other);
    const from = call.alice.reports.now();
    one.unplug();
    const silent = await outage(call);
    test.diagnostic(`not heard for ${silent.toFixed(2)} s`);
    await call.alice.session("RECONNECTED", { from });
    assert.ok(silent <= RESUMED + SLACK, `${silent.toFixed(2)} s`);
  });

  it("whose way to the relay goes dead without a word finds the relay's other address", async (test) => {
    other.plug();
    await relayAt(other.address, [one.address, other.address]);
    const call = await conversation(one, other);
    one.swallow();
    const silent = await outage(call);
    one.pass();
    test.diagnostic(`not heard for ${silent.toFixed(2)} s`);
    assert.ok(silent <= RESUMED + SLACK, `${silent.toFixed(2)} s`);
    assert.equal(await call.alice.status(call.out), "ESTABLISHED");
  });

  it("without any network for a while comes back to its call", async (test) => {
    await relayAt(one.address, [one.address]);
    const call = await conversation(one);
    const from = call.alice.reports.now();
    one.unplug();
    await call.alice.session("RECONNECTING", { from });
    await gap(call, 3);
    const plugged = performance.now();
    one.plug();
    await bothHeard(call);
    const took = (performance.now() - plugged) / 1000;
    test.diagnostic(`heard ${took.toFixed(2)} s after the network was back`);
    await call.alice.session("RECONNECTED", { from });
    assert.equal(await call.alice.status(call.out), "ESTABLISHED");
  });
});
