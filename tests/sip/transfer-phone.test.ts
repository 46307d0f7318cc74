/** Transfers by a phone that is registered at the relay: they lead where its user may call, and a stranger's do not. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Baresip } from "../peers/baresip.ts";
import { eventually } from "../peers/deadline.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const GATEWAY = "127.0.0.30";
const PASSWORD = "alice-password";

let relay: Relay;
let gateway: number;
before(async () => {
  gateway = await port(GATEWAY);
  const route = '[[routes]]\nnumber = "0*"\nfrom = "users"\ntrunk = "gateway"\nstrip = 1\n';
  // This phone knows nothing better.
  const tables = `[registrar]\nalgorithms = ["MD5"]\n[trunks.gateway]\nhost = "${GATEWAY}:${gateway}"\n${route}`;
  relay = await Relay.start({ users: { alice: PASSWORD }, tables });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.zero((name) => ["calls", "legs"].includes(name), 15_000);
});
after(() => relay.stop([PASSWORD]));

describe("a phone in a call with a service number", () => {
  it("of a user's has the relay dial out for it", async () => {
    const sipp = await Sipp.answering(new Called().invited().reply(486, "Busy Here").asked("ACK"), { port: gateway });
    const phone = await Baresip.start({ user: "alice", password: PASSWORD, registrar: relay.sip, address: "127.0.0.21", codecs: ["pcma"] });
    await eventually(async () => (await relay.health())["bindings"] === 1, "the phone to be registered");
    await phone.dial(`sip:echo@${relay.sip}`);
    await phone.event("CALL_ESTABLISHED");
    await phone.transfer(`sip:0100@${relay.sip}`);
    const invite = await sipp.message(/^INVITE sip:100@/m);
    assert.match(invite, /^Max-Forwards: /m);
    await sipp.done();
    // The gateway was busy: the call goes on, and is the phone's to end.
    await phone.hangup();
    await phone.stop();
  });

  it("of a stranger's has not", async () => {
    const sipp = await Sipp.answering(new Called().invited().reply(486, "Busy Here").asked("ACK"), { port: gateway });
    const phone = await Baresip.start({ user: "mallory", address: "127.0.0.22", codecs: ["pcma"] });
    await phone.dial(`sip:echo@${relay.sip}`);
    await phone.event("CALL_ESTABLISHED");
    const from = phone.events.now();
    await phone.transfer(`sip:0100@${relay.sip}`);
    await phone.event("TRANSFER_FAILED", { from });
    assert.equal(sipp.messages(), "");
    await phone.hangup();
    await sipp.stop();
  });
});
