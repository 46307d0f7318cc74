/** A relay that tells peers other addresses than those it is bound to, as behind a router that leads them to it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Baresip } from "../peers/baresip.ts";
import { folder } from "../peers/folder.ts";
import { hears } from "../peers/hearing.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";

const [SIP, MEDIA] = ["127.0.0.7", "127.0.0.8"];
const [CALLER, CALLEE] = ["127.0.0.41", "127.0.0.31"];
const ALICE = speech(SENTENCES.browser, 16_000);
const BOB = speech(SENTENCES.phone, 16_000);
const advertised = { sip: [`advertised = "${SIP}"`], rtpAdvertised: MEDIA };

let relay: Relay | undefined;
afterEach(async () => {
  await endPrograms((program) => program !== relay?.program);
  await relay?.idle();
  await relay?.stop(["unused-password"]);
  relay = undefined;
});

const quoted = (text: string): string => text.replaceAll(".", "\\.");

describe("advertised addresses", () => {
  for (const transport of ["udp", "tcp"] as const) {
    it(`stand in Via, Contact and the session description over ${transport}, and the bound ones nowhere`, async () => {
      relay = await Relay.start({ connectTimeout: 120, ...advertised });
      const told = quoted(relay.sip.replace(/^[^:]*/, SIP));
      const scenario = new Called().asked("REGISTER").registrar(200, "OK").asked("REGISTER").registrar(200, "OK");
      const registrar = await Sipp.answering(scenario, { transport });
      const callee = await Sipp.answering(new Called().invited().reply(486, "Busy Here").asked("ACK"), { transport });
      const [registering, calling] = [
        await App.account(relay, registrar.target, { register: true, transport }),
        await App.account(relay, callee.target, { transport }),
      ];
      await registering.event("registration", { state: "registered" });
      await calling.status(await calling.call("bob"), "BUSY");
      await registering.close();
      for (const sipp of [registrar, callee]) await sipp.done();
      const [register, invite] = [await registrar.message(/^REGISTER /m), await callee.message(/^INVITE /m)];
      for (const request of [register, invite]) {
        assert.match(request, new RegExp(`^Via: SIP/2\\.0/${transport.toUpperCase()} ${told};`, "m"));
        assert.match(request, new RegExp(`^Contact: <sip:[^@>]+@${told}[;>]`, "m"));
      }
      assert.match(invite, new RegExp(`^c=IN IP4 ${quoted(MEDIA)}\r?$`, "m"));
      const said = [registrar, callee].map((sipp) => sipp.messages()).join("");
      assert.doesNotMatch(said, /127\.0\.0\.2\b/);
      await calling.close();
    });
  }

  it("are where softphones call, hear each other and end their calls, whichever of them does", async () => {
    const phone = (user: string, address: string, answer: "auto" | "manual"): Promise<Baresip> =>
      Baresip.start({ user, address, answer, codecs: ["pcmu"], says: loop(user === "bob" ? BOB : ALICE, 60) });
    const bob = await phone("bob", CALLEE, "auto");
    const trace = join(folder("trace"), "sip.txt");
    const tables = `
[trunks.caller]
host = "${CALLER}"
[trunks.callee]
host = "${bob.uri.replace(/^sip:[^@]*@/, "")}"
addresses = ["${CALLEE}"]
[[routes]]
number = "bob"
from = "any"
trunk = "callee"
`;
    relay = await Relay.start({ everywhere: true, rtp: ["0.0.0.0"], ...advertised, tables, args: ["--sip-trace", trace] });
    const at = relay.sip.replace(/^[^:]*/, SIP);
    for (const ends of ["caller", "callee"] as const) {
      const alice = await phone("alice", CALLER, "manual");
      await alice.dial(`sip:bob@${at}`);
      await Promise.all([alice.event("CALL_ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
      await Promise.all([hears(alice, BOB), hears(bob, ALICE)]);
      const from = bob.events.now();
      await (ends === "caller" ? alice : bob).hangup();
      await (ends === "caller" ? bob.event("CALL_CLOSED", { from }) : alice.event("CALL_CLOSED"));
      await alice.stop();
    }
    const sent = readFileSync(trace, "utf8").split(/^(?=---- )/m).filter((message) => / sent /.test(message));
    const of = (pattern: RegExp): Set<string> => new Set(sent.flatMap((message) => [...message.matchAll(pattern)].map(([, found]) => found)));
    assert.deepEqual(of(/^c=IN IP4 (\S+)/gm), new Set([MEDIA]));
    assert.deepEqual(of(/^Contact: <sip:[^@>]*@([^;>]+)/gm), new Set([at]));
    assert.deepEqual(of(/^Via: SIP\/2\.0\/UDP ([^;]+);branch=[^;]*;rport\r?$/gm), new Set([at]));
  });
});
