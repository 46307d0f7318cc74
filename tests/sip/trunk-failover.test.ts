/** Several trunks of one route: the next takes the call that one cannot take. */
import { after, afterEach, before, describe, it } from "node:test";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Silent } from "../peers/silent.ts";
import { Sipp } from "../peers/sipp.ts";

const CARRIER = "127.0.0.40";
const FIRST = "127.0.0.30";
const SECOND = "127.0.0.31";

let relay: Relay;
let silent: Silent;
let ports: { first: number; second: number };

before(async () => {
  ports = { first: await port(FIRST), second: await port(SECOND) };
  silent = await Silent.start(FIRST);
  const closed = await port(FIRST);
  relay = await Relay.start({
    tables: `
[trunks.carrier]
host = "${CARRIER}"
[trunks.first]
host = "${FIRST}:${ports.first}"
addresses = []
[trunks.closed]
host = "${FIRST}:${closed}"
transport = "tcp"
addresses = []
[trunks.silent]
host = "${FIRST}:${silent.port}"
addresses = []
[trunks.second]
host = "${SECOND}:${ports.second}"
addresses = []
[[routes]]
number = "1*"
from = "any"
trunk = ["first", "second"]
[[routes]]
number = "2*"
from = "any"
trunk = ["closed", "second"]
[[routes]]
number = "3*"
from = "any"
trunk = ["silent", "closed", "second"]
`,
  });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(async () => {
  // Its INVITE is repeated to the silent one for as long as it would be to any (RFC 3261 timer B).
  await relay.zero((name) => name === "dialogs", 40_000);
  silent.stop();
  await relay.stop();
});

const placed = (): Caller => new Caller().invite().progress().expect(200).acknowledge().bye().expect(200);
const taken = (): Called =>
  new Called().invited().reply(180, "Ringing").reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm();

/** A call of this number, taken by the last trunk of its route. */
async function through(number: string, caller: Caller): Promise<void> {
  const last = await Sipp.answering(taken(), { address: SECOND, port: ports.second });
  const uac = await Sipp.calling(number, relay.sip, caller, { address: CARRIER });
  await uac.done();
  await last.done();
}

describe("a call whose first trunk", () => {
  it("says 503 goes over the next", async () => {
    const busy = new Called().invited().reply(503, "Service Unavailable").asked("ACK");
    const first = await Sipp.answering(busy, { address: FIRST, port: ports.first });
    await through("100", placed());
    await first.done();
  });

  it("refuses the connection goes over the next", async () => {
    await through("200", placed());
  });

  it("is silent goes over the next, and the one after that", async () => {
    await through("300", placed());
  });

  it("rings and then says 503 goes no further, and the caller does not take the relay for overloaded", async () => {
    const busy = new Called().invited().reply(180, "Ringing").reply(503, "Service Unavailable").asked("ACK");
    const first = await Sipp.answering(busy, { address: FIRST, port: ports.first });
    const caller = new Caller().invite().progress().expect(500).acknowledge({ failure: true });
    const uac = await Sipp.calling("100", relay.sip, caller, { address: CARRIER });
    await uac.done();
    await first.done();
  });

  it("says that the callee is busy goes no further", async () => {
    const busy = new Called().invited().reply(486, "Busy Here").asked("ACK");
    const first = await Sipp.answering(busy, { address: FIRST, port: ports.first });
    const caller = new Caller().invite().progress().expect(486).acknowledge({ failure: true });
    const uac = await Sipp.calling("100", relay.sip, caller, { address: CARRIER });
    await uac.done();
    await first.done();
  });
});
