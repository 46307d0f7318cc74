/** Whole calls over TLS, over TCP and over IPv6 with peers that are not ours: who speaks is heard, both ways. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { Baresip, type BaresipOptions } from "../peers/baresip.ts";
import { Authority } from "../peers/certificates.ts";
import { folder } from "../peers/folder.ts";
import { hears } from "../peers/hearing.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { type Sound, loop } from "../sound/wav.ts";

const CALLER = "127.0.0.41";
const CALLEE = "127.0.0.31";
const RELAY = "127.0.0.2";
const ALICE = speech(SENTENCES.browser, 16_000);
const BOB = speech(SENTENCES.phone, 16_000);

let relay: Relay | undefined;
afterEach(async () => {
  await endPrograms((program) => program !== relay?.program);
  await relay?.idle();
  await relay?.stop();
  relay = undefined;
});

function softphone(user: string, says: Sound, options: Partial<BaresipOptions>): Promise<Baresip> {
  return Baresip.start({ user, says: loop(says, 60), answer: user === "bob" ? "auto" : "manual", codecs: ["pcmu"], ...options });
}

/** The tables of a relay whose calls to Bob go to this softphone. Connections of softphones leave from anywhere. */
function leading(callee: string, more = ""): string {
  return `
[trunks.caller]
host = "${CALLER}"
addresses = ["${CALLER}", "127.0.0.1", "::1"]
${more}
[trunks.callee]
host = "${callee}"
addresses = []
${more}
[[routes]]
number = "bob"
from = "any"
trunk = "callee"
`;
}

const at = (phone: Baresip): string => phone.uri.replace(/^sip:[^@]*@/, "");

/** Alice calls Bob; each hears the other; Bob hangs up. */
async function conversing(alice: Baresip, bob: Baresip, uri: string): Promise<void> {
  await alice.dial(uri);
  await Promise.all([alice.event("CALL_ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
  await Promise.all([hears(alice, BOB), hears(bob, ALICE)]);
  await bob.hangup();
  await alice.event("CALL_CLOSED");
}

describe("a call over TLS", () => {
  it("is made and taken by softphones, with encrypted sound both ways", async () => {
    const authority = new Authority();
    const own = (address: string): { certificate: string; key: string; authority: string } => ({
      ...authority.certificate(`IP:${address}`),
      authority: authority.file,
    });
    const secure = { transport: "tls", srtp: "srtp-mand" } as const;
    const bob = await softphone("bob", BOB, { address: CALLEE, tls: own(CALLEE), ...secure });
    const [tls, { certificate, key }] = [await port(RELAY), authority.certificate(`IP:${RELAY}`)];
    const trace = join(folder("trace"), "sip.txt");
    relay = await Relay.start({
      sip: [
        `tls = "${RELAY}:${tls}"`,
        `tls_certificate = "${certificate}"`,
        `tls_key = "${key}"`,
        `tls_ca = "${authority.file}"`,
      ],
      tables: leading(at(bob), 'transport = "tls"\nsrtp = "required"'),
      args: ["--sip-trace", trace],
    });
    const alice = await softphone("alice", ALICE, { address: CALLER, tls: own(CALLER), ...secure });
    await conversing(alice, bob, `sip:bob@${RELAY}:${tls};transport=tls`);
    const seen = readFileSync(trace, "utf8");
    assert.match(seen, new RegExp(`sent TLS 127\\.0\\.0\\.\\d+:\\d+ > ${at(bob).replaceAll(".", "\\.")}, [^]*?m=audio \\d+ RTP/SAVP `));
    // From the first to the last nothing of it went any other way.
    assert.doesNotMatch(seen, /(sent|received) (UDP|TCP) /);
    assert.doesNotMatch(seen, /inline:[^x]/);
  });
});

describe("a call over TCP", () => {
  it("is made and taken by softphones, with sound both ways", async () => {
    const bob = await softphone("bob", BOB, { address: CALLEE, transport: "tcp" });
    const trace = join(folder("trace"), "sip.txt");
    relay = await Relay.start({ tables: leading(at(bob), 'transport = "tcp"'), args: ["--sip-trace", trace] });
    const alice = await softphone("alice", ALICE, { address: CALLER, transport: "tcp" });
    await conversing(alice, bob, `sip:bob@${relay.sip};transport=tcp`);
    assert.doesNotMatch(readFileSync(trace, "utf8"), /(sent|received) UDP /);
  });
});

describe("a call over IPv6", () => {
  it("is made and taken by softphones, with sound over IPv6 both ways", async () => {
    const bob = await softphone("bob", BOB, { address: "::1" });
    const trace = join(folder("trace"), "sip.txt");
    relay = await Relay.start({ v6: true, rtp: ["::1"], tables: leading(at(bob)), args: ["--sip-trace", trace] });
    const alice = await softphone("alice", ALICE, { address: "::1" });
    await conversing(alice, bob, `sip:bob@${await relay.sip6("udp")}`);
    const seen = readFileSync(trace, "utf8");
    assert.match(seen, /c=IN IP6 ::1\r?\n/);
    assert.doesNotMatch(seen, /IN IP4/);
  });

  it("is joined with one over IPv4, each with media of its own family, whoever calls", async () => {
    const bob = await softphone("bob", BOB, { address: CALLEE });
    relay = await Relay.start({ v6: true, rtp: ["127.0.0.2", "::1"], tables: leading(at(bob)) });
    const alice = await softphone("alice", ALICE, { address: "::1" });
    await conversing(alice, bob, `sip:bob@${await relay.sip6("udp")}`);
    await relay.idle();
    await relay.stop();
    await endPrograms();

    const other = await softphone("bob", BOB, { address: "::1" });
    relay = await Relay.start({ v6: true, rtp: ["127.0.0.2", "::1"], tables: leading(at(other)) });
    const caller = await softphone("alice", ALICE, { address: CALLER });
    await conversing(caller, other, `sip:bob@${relay.sip}`);
  });

  it("is refused with 488 where the relay has media of the other family only", async () => {
    relay = await Relay.start({ v6: true });
    const caller = new Caller().invite().progress().expect(488).acknowledge({ failure: true });
    const uac = await Sipp.calling("echo", await relay.sip6("udp"), caller, { address: "::1" });
    await uac.done();
  });
});
