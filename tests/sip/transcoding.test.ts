/** Softphones with one codec each, registered at the relay: whatever two of them speak, they hear each other. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Baresip, type BaresipOptions } from "../peers/baresip.ts";
import { eventually } from "../peers/deadline.ts";
import { hears, hearsTone } from "../peers/hearing.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";

type Codec = NonNullable<BaresipOptions["codecs"]>[number];

const USERS = { alice: "s3cret-of-alice", bob: "s3cret-of-bob", carol: "s3cret-of-carol" };
const ADDRESSES = { alice: "127.0.0.21", bob: "127.0.0.22", carol: "127.0.0.23" };
const VOICES = {
  alice: speech(SENTENCES.browser, 16_000),
  bob: speech(SENTENCES.phone, 16_000),
  carol: speech(SENTENCES.other, 16_000),
};

// This baresip gives up at anything else than MD5.
const REGISTRAR = '[registrar]\nalgorithms = ["MD5"]\n';

let relay: Relay;
before(async () => {
  relay = await Relay.start({ users: { ...USERS, web: "" }, connectTimeout: 120, rtpInactivity: 120, tables: REGISTRAR, sip: ['transfer = "relay"'] });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop());

/** A user's phone that speaks this codec only, registered. */
async function phone(user: keyof typeof USERS, codec: Codec, at = relay): Promise<Baresip> {
  const before = (await at.health())["bindings"] as number;
  const options = { user, password: USERS[user], registrar: at.sip, address: ADDRESSES[user], says: loop(VOICES[user], 60) };
  const started = await Baresip.start({ ...options, codecs: [codec], answer: "auto" });
  await eventually(async () => (await at.health())["bindings"] === before + 1, `${user}'s phone to be registered`);
  return started;
}

describe("two softphones without a common codec", () => {
  for (const [one, other] of [["opus", "pcmu"], ["pcma", "opus"], ["g722", "pcma"], ["opus", "g722"]] as const) {
    it(`hear each other: ${one} calls ${other}`, async () => {
      const [alice, bob] = [await phone("alice", one), await phone("bob", other)];
      await alice.dial(`sip:bob@${relay.sip}`);
      await Promise.all([alice.event("CALL_ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
      await Promise.all([hears(alice, VOICES.bob), hears(bob, VOICES.alice)]);
      await alice.hangup();
      await bob.event("CALL_CLOSED");
    });
  }

  it("press keys that the other is told", async () => {
    const [alice, bob] = [await phone("alice", "opus"), await phone("bob", "pcma")];
    await alice.dial(`sip:bob@${relay.sip}`);
    await Promise.all([alice.event("CALL_ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await hears(bob, VOICES.alice);
    await alice.press("47#");
    await bob.keys("47#");
    await bob.press("19");
    await alice.keys("19");
    await alice.hangup();
    await bob.event("CALL_CLOSED");
  });

  it("hold and go on", async () => {
    const [alice, bob] = [await phone("alice", "g722"), await phone("bob", "opus")];
    await alice.dial(`sip:bob@${relay.sip}`);
    await Promise.all([alice.event("CALL_ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await hears(bob, VOICES.alice);
    const held = bob.events.now();
    await alice.hold();
    await bob.event("CALL_REMOTE_SDP", { from: held });
    const resumed = bob.events.now();
    await alice.resume();
    await bob.event("CALL_REMOTE_SDP", { from: resumed });
    // Its recorder has ended with the hold; keys take the same way as sound.
    await alice.press("5");
    await bob.keys("5");
    await alice.hangup();
    await bob.event("CALL_CLOSED");
  });

  it("are refused where no more calls may be transcoded", async () => {
    const other = await Relay.start({ users: USERS, tables: REGISTRAR, limits: ["transcoded_calls = 0"] });
    const [alice, bob] = [await phone("alice", "g722", other), await phone("bob", "pcmu", other)];
    await alice.dial(`sip:bob@${other.sip}`);
    await alice.event("CALL_CLOSED", { param: /488/ });
    await Promise.all([alice.stop(), bob.stop()]);
    await other.stop();
  });
});

describe("a call between ends that have never met", () => {
  it("is joined by a merge, whatever they speak", async () => {
    const [bob, carol] = [await phone("bob", "pcmu"), await phone("carol", "g722")];
    const app = await App.local(relay, "web");
    const [first, second] = [await app.call("bob"), await app.call("carol")];
    for (const call of [first, second]) await app.status(call, "ESTABLISHED");
    await app.ask("transfer", { callId: first, withCall: second });
    await app.event("transfer", { callId: first, status: "COMPLETED" });
    await Promise.all([hears(bob, VOICES.carol), hears(carol, VOICES.bob)]);
    await bob.hangup();
    await carol.event("CALL_CLOSED");
    await app.close();
  });

  it("is joined by a phone's transfer, whatever they speak", async () => {
    const [alice, bob] = [await phone("alice", "opus"), await phone("bob", "opus")];
    const carol = await phone("carol", "pcma");
    await alice.dial(`sip:bob@${relay.sip}`);
    await Promise.all([alice.event("CALL_ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await bob.transfer(`sip:carol@${relay.sip}`);
    await Promise.all([carol.event("CALL_ESTABLISHED"), bob.event("CALL_CLOSED")]);
    await Promise.all([hears(alice, VOICES.carol), hears(carol, VOICES.alice)]);
    await alice.hangup();
    await carol.event("CALL_CLOSED");
  });
});

describe("a service number", () => {
  for (const codec of ["opus", "g722"] as const) {
    it(`is heard in ${codec}`, async () => {
      const alice = await phone("alice", codec);
      await alice.dial(`sip:tone@${relay.sip}`);
      await alice.event("CALL_ESTABLISHED");
      await hearsTone(alice, 440);
      await alice.hangup();
    });
  }
});

describe("what is spoken on a trunk", () => {
  const [OFFICE, CARRIER] = ["127.0.0.42", "127.0.0.41"];

  it("is its own where that is preferred, though both ends know another", async () => {
    const carrier = await Baresip.start({ user: "carrier", address: CARRIER, says: loop(VOICES.bob, 60), codecs: ["pcma", "opus"], answer: "auto" });
    const host = carrier.uri.replace(/^.*@/, "");
    const tables = [
      `[trunks.office]\nhost = "${OFFICE}"`,
      `[trunks.lan]\nhost = "${host}"\ncodecs = ["pcma", "opus"]\ntranscode = "preferred"`,
      '[[routes]]\nnumber = "carrier"\nfrom = "any"\ntrunk = "lan"\n',
    ];
    const other = await Relay.start({ tables: tables.join("\n"), rtpInactivity: 60 });
    const alice = await Baresip.start({ user: "alice", address: OFFICE, says: loop(VOICES.alice, 60), codecs: ["opus", "pcma"] });
    await alice.dial(`sip:carrier@${other.sip}`);
    await Promise.all([alice.event("CALL_ESTABLISHED"), carrier.event("CALL_ESTABLISHED")]);
    await Promise.all([hears(alice, VOICES.bob), hears(carrier, VOICES.alice)]);
    assert.match(await alice.speaks(), /opus/i);
    assert.match(await carrier.speaks(), /PCMA/);
    await alice.hangup();
    await carrier.event("CALL_CLOSED");
    await Promise.all([alice.stop(), carrier.stop()]);
    await other.stop();
  });
});
