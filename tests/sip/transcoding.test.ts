/** Phones that have no codec in common, and the sound between them. */
import { after, afterEach, before, describe, it } from "node:test";
import { Baresip, type BaresipOptions } from "../peers/baresip.ts";
import { eventually } from "../peers/deadline.ts";
import { hears } from "../peers/hearing.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";

const [CARRIER, DESK] = ["127.0.0.41", "127.0.0.21"];
const PASSWORD = "s3cret-of-alice";
const CALLING = speech(SENTENCES.browser, 16_000);
const CALLED = speech(SENTENCES.phone, 16_000);

let relay: Relay;
before(async () => {
  relay = await Relay.start({
    users: { alice: PASSWORD },
    // This baresip gives up at anything else than MD5.
    tables: `[registrar]\nalgorithms = ["MD5"]\n[trunks.carrier]\nhost = "${CARRIER}"\n`,
  });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop());

type Codecs = NonNullable<BaresipOptions["codecs"]>;

async function registered(codecs: Codecs): Promise<Baresip> {
  const options = { user: "alice", password: PASSWORD, registrar: relay.sip, address: DESK, says: loop(CALLED, 60), codecs };
  const before = (await relay.health())["bindings"] as number;
  const phone = await Baresip.start(options);
  await eventually(async () => (await relay.health())["bindings"] === before + 1, "the phone to be registered");
  return phone;
}

describe("phones without a codec in common", () => {
  for (const [one, other] of [["opus", "pcmu"], ["pcma", "opus"], ["g722", "pcma"], ["opus", "g722"]] as const) {
    it(`hear each other, one in ${one} and one in ${other}`, async () => {
      const [phone, caller] = [await registered([other]), await Baresip.start({ user: "caller", address: CARRIER, says: loop(CALLING, 60), codecs: [one] })];
      await caller.dial(`sip:alice@${relay.sip}`);
      await phone.event("CALL_INCOMING");
      await phone.accept();
      await Promise.all([phone.event("CALL_ESTABLISHED"), caller.event("CALL_ESTABLISHED")]);
      await Promise.all([hears(caller, CALLED), hears(phone, CALLING)]);
      // A softphone that speaks Opus presses keys on a clock of 8 kHz, and takes them on no other.
      const [presser, told] = one === "opus" ? [caller, phone] : [phone, caller];
      await presser.press("1");
      await told.keys("1");
      await phone.hangup();
      await caller.event("CALL_CLOSED");
    });
  }
});
