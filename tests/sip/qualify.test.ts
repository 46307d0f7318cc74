/** Trunks that are asked with OPTIONS whether they are there: a dead one gets no calls until it answers again. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { eventually } from "../peers/deadline.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const CARRIER = "127.0.0.40";
const FIRST = "127.0.0.30";
const SECOND = "127.0.0.31";

let relay: Relay | undefined;
afterEach(async () => {
  await endPrograms((program) => program !== relay?.program);
  await relay?.idle();
  await relay?.stop();
  relay = undefined;
});

/** Answers one OPTIONS. */
const alive = (): Called => new Called().asked("OPTIONS").registrar(200, "OK", [], { contact: false });

async function becomes(state: "up" | "down"): Promise<void> {
  const states = async (): Promise<unknown> => (await relay?.health())?.["trunks"];
  const is = async (): Promise<boolean> => JSON.stringify(await states()) === JSON.stringify({ first: state });
  await eventually(is, `the first trunk to be ${state}`, { ms: 20_000 });
}

describe("a trunk that is asked", () => {
  it("is up while it answers, gets no calls when it does not, and is up again when it does", async () => {
    const [first, second] = [await port(FIRST), await port(SECOND)];
    const answering = await Sipp.answering(alive(), { address: FIRST, port: first });
    relay = await Relay.start({
      tables: `
[trunks.carrier]
host = "${CARRIER}"
[trunks.first]
host = "${FIRST}:${first}"
addresses = []
qualify = 5
[trunks.second]
host = "${SECOND}:${second}"
addresses = []
[[routes]]
number = "1*"
from = "any"
trunk = ["first", "second"]
[[routes]]
number = "2*"
from = "any"
trunk = "first"
`,
    });
    await becomes("up");
    const asked = await answering.message(/^OPTIONS /m);
    assert.match(asked, new RegExp(`^OPTIONS sip:${FIRST}:${first} SIP/2.0`, "m"));
    await answering.done();

    await becomes("down");
    const taken = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm();
    const last = await Sipp.answering(taken, { address: SECOND, port: second });
    const began = Date.now();
    const placed = new Caller().invite().progress().expect(200).acknowledge().bye().expect(200);
    await (await Sipp.calling("100", relay.sip, placed, { address: CARRIER })).done();
    await last.done();
    assert.ok(Date.now() - began < 3_500, "the dead trunk was waited for");
    const refused = new Caller().invite().progress().expect(503).acknowledge({ failure: true });
    await (await Sipp.calling("200", relay.sip, refused, { address: CARRIER })).done();

    const again = await Sipp.answering(alive(), { address: FIRST, port: first });
    await becomes("up");
    await again.done();
  });
});
