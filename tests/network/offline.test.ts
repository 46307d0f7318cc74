/** A browser that is told that it has no network, and that it has one again. */
import assert from "node:assert/strict";
import { after, afterEach, before, it } from "node:test";
import type { Browser } from "../peers/browser.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { type Conversation, bothHeard, browsers, converse, gap, listenAnew, local } from "./conversation.ts";

let first: Browser;
let second: Browser;
let relay: Relay;
const phones: BrowserPhone[] = [];

before(async () => {
  [first, second] = await browsers();
  relay = await Relay.start({ origins: [first.origin], users: { alice: "", bob: "" }, grace: 20, rtpInactivity: 20 });
});

afterEach(async () => {
  await Promise.all(phones.map((phone) => phone.disconnect().catch(() => undefined)));
  await Promise.all(phones.splice(0).map((phone) => phone.kill()));
  await relay.idle();
});

after(async () => {
  await Promise.all([first.stop(), second.stop()]);
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop();
  await endPrograms();
});

/** A session that asks for signs of life every half second. */
async function conversation(): Promise<Conversation> {
  const [alice, bob] = [await first.phone(), await second.phone()];
  phones.push(alice, bob);
  await alice.register(local("alice", relay.url, { receiveProbes: 2, probesInterval: 500 }));
  await bob.register(local("bob", relay.url));
  return converse(alice, bob);
}

it("a session comes back by itself as soon as the browser is online again, and the call is heard", async (test) => {
  const call = await conversation();
  await listenAnew(call);
  const from = call.alice.reports.now();
  await call.alice.offline(true);
  await call.alice.session("RECONNECTING", { from });
  // Attempts fail meanwhile, and the pauses between them grow.
  await gap(call, 4);
  const online = performance.now();
  await call.alice.offline(false);
  await call.alice.session("RECONNECTED", { from, ms: 3000 });
  await bothHeard(call, 5000);
  test.diagnostic(`heard ${Math.round(performance.now() - online)} ms after the browser was online again`);
  assert.equal(await call.alice.status(call.out), "ESTABLISHED");
  assert.equal(await call.alice.sessionStatus(), "ESTABLISHED");
  await call.alice.hangup(call.out);
  await call.bob.event(call.in, "FINISH");
});

it("a session that is opened offline fails with a reason, and can be opened once the browser is online", async () => {
  const alice = await first.phone();
  phones.push(alice);
  // The module is there before the network goes.
  await alice.register(local("alice", relay.url));
  const from = alice.reports.now();
  await alice.disconnect();
  await alice.session("DISCONNECTED", { from });
  await alice.offline(true);
  await alice.connect(local("alice", relay.url));
  const failed = await alice.session("FAILED", { from, ms: 15_000 });
  assert.equal(failed.code, "relayUnreachable");
  await alice.offline(false);
  await alice.register(local("alice", relay.url));
});
