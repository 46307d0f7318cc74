/**
 * A flood: thousands of requests from strangers and of half-open connections take no more memory than the first of them,
 * and no established call is the worse for it.
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, afterEach, before, describe, it } from "node:test";
import { Baresip } from "../peers/baresip.ts";
import { eventually, within } from "../peers/deadline.ts";
import { BareCall, HALF_OPEN, Squatters, Strangers, resident, stranger } from "../peers/flood.ts";
import { hearsTone } from "../peers/hearing.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { longestGap } from "../sound/gaps.ts";
import { tones } from "../sound/sources.ts";

/** The one whom the relay knows: its calls must not suffer. */
const TRUNK = "127.0.0.40";

/** How often a flood is made at least, and after how many the relay's memory must have come to rest. */
const ROUNDS = 5;
const MOST_ROUNDS = 15;
const REQUESTS = 10_000;
/** How far the relay's memory may be apart after the last three rounds, in bytes: what is in one of them takes more. */
const PLATEAU = 2_000_000;
/** The longest hole in a steady sound (s): some packets, which a busy machine loses by itself. A flood lasts for seconds. */
const HOLE = 0.1;
/** How long an answer to BYE may take (ms): it may be sent a second time where the relay's socket was full. */
const PROMPT = 1000;

let relay: Relay;

async function start(strangers: "silent" | "services"): Promise<void> {
  relay = await Relay.start({
    users: { desk: "desk-phone-secret" },
    rtpInactivity: 60,
    // As programs usually begin: what strangers take must not be what calls need.
    descriptors: 1024,
    sip: [`strangers = "${strangers}"`],
    tables: `[registrar]\ndomains = ["relay.example"]\n[trunks.carrier]\nhost = "${TRUNK}"\n`,
  });
}

/** What the relay counts under this name. */
async function count(name: string): Promise<number> {
  return Number((await relay.health())[name]);
}

/** As many connections as strangers may have, and no more. The last of them may not have been accepted yet. */
async function full(): Promise<void> {
  let connections = 0;
  const many = async (): Promise<boolean> => (connections = await count("sipConnections")) > 2000;
  await eventually(many, () => `more than 2000 connections, not ${connections}`);
  assert.ok(connections <= 2048, `${connections} connections`);
}

/** Two calls that are up: one with a tone that comes back, and one to be hung up. */
async function calls(): Promise<{ phone: Baresip; bare: BareCall }> {
  const says = tones([440], 120, 16_000);
  const phone = await Baresip.start({ user: "caller", address: TRUNK, codecs: ["pcmu"], says });
  await phone.dial(`sip:echo@${relay.sip}`);
  await phone.event("CALL_ESTABLISHED");
  await hearsTone(phone, 440);
  return { phone, bare: await BareCall.place(relay, "tone", TRUNK) };
}

/**
 * Goes round and round until the last rounds have taken no memory: an allocator that is new to a load takes some rounds
 * to have what it needs, more on a busy machine, but what grows with every round never comes to rest. Tells how many.
 */
async function plateau(round: () => Promise<void>): Promise<number> {
  const sizes: number[] = [];
  while (sizes.length < ROUNDS || spread(sizes.slice(-3)) >= PLATEAU) {
    assert.ok(sizes.length < MOST_ROUNDS, `the relay grew and grew: ${sizes.join(", ")}`);
    await round();
    sizes.push(resident(relay.program.pid));
  }
  return sizes.length;
}

function spread(sizes: readonly number[]): number {
  return Math.max(...sizes) - Math.min(...sizes);
}

/** The calls are as they were, and one can be ended in the middle of more of it. */
async function unharmed({ phone, bare }: { phone: Baresip; bare: BareCall }, more: () => void): Promise<void> {
  more();
  const answered = await bare.bye();
  assert.ok(answered < PROMPT, `BYE was answered after ${answered} ms`);
  const gap = longestGap(phone.heard());
  assert.ok(gap <= HOLE, `a hole of ${gap} s in ${phone.heard().samples.length / phone.heard().rate} s`);
  await eventually(async () => (await count("calls")) === 1, "one call to be over, and only one");
  await phone.hangup();
  await eventually(async () => (await count("calls")) === 0, "the other call to be over");
}

/** Asks over TCP, as the trunk; tells the first line of the answer. */
async function asked(): Promise<string> {
  const [host, port] = relay.sip.split(":") as [string, string];
  const socket = connect({ host, port: Number(port), localAddress: TRUNK });
  const lines = [
    `OPTIONS sip:${relay.sip} SIP/2.0`,
    `Via: SIP/2.0/TCP ${TRUNK};branch=z9hG4bK-${Math.random()}`,
    `From: <sip:trunk@${TRUNK}>;tag=1`,
    `To: <sip:${relay.sip}>`,
    `Call-ID: ${Math.random()}`,
    "CSeq: 1 OPTIONS",
    "Max-Forwards: 70",
    "Content-Length: 0",
  ];
  try {
    const answer = new Promise<string>((resolve, reject) => {
      socket.once("data", (data) => resolve(data.toString("latin1").split("\r\n")[0] ?? ""));
      socket.once("error", reject).once("close", () => reject(new Error("the relay closed the connection")));
    });
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    return await within(answer, "an answer over TCP", 5000);
  } finally {
    socket.destroy();
  }
}

describe("where policy says silence", () => {
  before(() => start("silent"));
  afterEach(() => endPrograms((program) => program !== relay.program));
  after(() => relay.stop());

  it("10,000 INVITEs, REGISTERs and OPTIONS at a time are met with it, and take no memory", async () => {
    const up = await calls();
    const strangers = await Strangers.at(relay, 200);
    const rounds = await plateau(() => strangers.flood(REQUESTS, relay));
    const ignored = await count("strangersIgnored");
    assert.ok(ignored > 0.99 * rounds * REQUESTS, `only ${ignored} were taken`);
    assert.equal(await count("transactions"), 2, "those of the two calls");
    await unharmed(up, () => strangers.burst(2000));
    assert.equal(strangers.answers, 0);
    strangers.close();
  });

  it("10,000 half-open connections keep nobody out, hear nothing, and are closed", async () => {
    const up = await calls();
    const halfOpen = new Squatters(relay, HALF_OPEN);
    // 256 from one address, and all others are sent away.
    await halfOpen.connect(400, () => stranger(0));
    await eventually(() => halfOpen.left === 256, () => `one address to have 256 connections, not ${halfOpen.left}`);
    await plateau(async () => {
      await halfOpen.connect(2500, (number) => stranger(number % 100));
      await full();
      assert.equal(await asked(), "SIP/2.0 200 OK");
    });
    await unharmed(up, () => void halfOpen.connect(100, stranger));
    assert.equal(await asked(), "SIP/2.0 200 OK");
    await eventually(() => halfOpen.left === 0, () => `${halfOpen.left} connections to be closed`, { ms: 15_000 });
    assert.equal(halfOpen.heard, 0);
    await eventually(async () => (await count("sipConnections")) === 0, "none to be left");
    halfOpen.close();
  });
});

describe("where strangers are answered", () => {
  before(() => start("services"));
  afterEach(() => endPrograms((program) => program !== relay.program));
  after(() => relay.stop());

  it("a source has 50 answers a second and 200 at once", async () => {
    const strangers = await Strangers.at(relay, 5);
    const begun = Date.now();
    await strangers.flood(REQUESTS, relay);
    const seconds = (Date.now() - begun) / 1000;
    const most = 5 * (200 + 50 * (seconds + 1));
    assert.ok(strangers.answered.size >= 5 * 200, `only ${strangers.answered.size} were answered`);
    assert.ok(strangers.answered.size <= most, `${strangers.answered.size} in ${seconds} s were answered`);
    strangers.close();
  });

  it("connections that were answered once and want nothing more keep nobody out", async () => {
    const squatters = new Squatters(relay, ["asks once"]);
    await squatters.connect(2500, (number) => stranger(number % 50));
    await eventually(() => squatters.heard > 0, "some of them to be answered");
    await full();
    assert.equal(await asked(), "SIP/2.0 200 OK");
    squatters.close();
    await eventually(async () => (await count("sipConnections")) === 0, "them to be gone");
  });

  it("10,000 of them at a time take the share of strangers and no more, and no call suffers", async () => {
    const up = await calls();
    const strangers = await Strangers.at(relay, 1000);
    // The first fills the share.
    await strangers.flood(2 * REQUESTS, relay);
    await plateau(() => strangers.flood(REQUESTS, relay));
    const transactions = await count("transactions");
    assert.ok(transactions <= 10_010 && (await count("strangersIgnored")) > 0, `${transactions} transactions`);
    // Whom the relay knows can still begin something.
    await (await BareCall.place(relay, "tone", TRUNK)).bye();
    await unharmed(up, () => strangers.burst(2000));
    strangers.close();
  });
});
