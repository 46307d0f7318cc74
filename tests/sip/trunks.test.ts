/** Calls from one SIP peer to another, with the relay between them. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { eventually } from "../peers/deadline.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const CARRIER = "127.0.0.40";
const CALLEE = "127.0.0.30";

let relay: Relay;
/** Where SIPp takes the calls of each route. */
let relayed: number;
let direct: number;

before(async () => {
  [relayed, direct] = [await port(CALLEE), await port(CALLEE)];
  relay = await Relay.start({
    users: { web: "" },
    connectTimeout: 120,
    tables: `
[trunks.carrier]
host = "${CARRIER}"
direct_media = true
[trunks.relayed]
host = "${CALLEE}:${relayed}"
addresses = []
[trunks.direct]
host = "${CALLEE}:${direct}"
addresses = []
direct_media = true
[[routes]]
number = "1*"
from = "any"
trunk = "relayed"
[[routes]]
number = "2*"
from = "any"
trunk = "direct"
strip = 1
prepend = "+49"
`,
  });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop());

/** INVITE, ringing, 200, ACK. */
function placed(): Caller {
  return new Caller("+4930123").invite().progress().expect(200).acknowledge();
}

function taken(): Called {
  return new Called().invited().reply(180, "Ringing").reply(200, "OK", { sdp: {} }).asked("ACK");
}

/** A scenario's call of this number, and the scenario that takes it. */
async function call(number: "100" | "200", caller: Caller, called: Called): Promise<{ uac: Sipp; uas: Sipp }> {
  const sip = number === "100" ? relayed : direct;
  const uas = await Sipp.answering(called, { address: CALLEE, port: sip });
  const uac = await Sipp.calling(number, relay.sip, caller, { address: CARRIER });
  return { uac, uas };
}

async function done({ uac, uas }: { uac: Sipp; uas: Sipp }): Promise<void> {
  await uac.done();
  await uas.done();
}

for (const [number, how] of [["100", "through the relay"], ["200", "directly"]] as const) {
  describe(`a call from trunk to trunk whose media goes ${how}`, () => {
    it("is ended by the caller", async () => {
      await done(await call(number, placed().bye().expect(200), taken().asked("BYE").confirm()));
    });

    it("is ended by the callee", async () => {
      await done(await call(number, placed().asked("BYE").confirm(), taken().pause(200).request("BYE").answered(200)));
    });

    it("is refused with the callee's code and phrase", async () => {
      const called = new Called().invited().reply(180, "Ringing").reply(486, "Busy Here").asked("ACK");
      const caller = new Caller().invite().progress().expect(486).acknowledge({ failure: true });
      await done(await call(number, caller, called));
    });

    it("is given up by the caller", async () => {
      const caller = new Caller().invite().expect(100, { optional: true }).expect(180).cancel();
      const both = await call(number, caller.expect(200).expect(487).acknowledge({ failure: true }), new Called().invited().reply(180, "Ringing").cancelled());
      await done(both);
    });

    it("is held by the caller", async () => {
      const caller = placed().reinvite({ direction: "sendonly", version: 2 }).progress().expect(200).acknowledge();
      const called = taken().asked("INVITE").confirm(200, "OK", { direction: "recvonly", version: 2 }).asked("ACK");
      await done(await call(number, caller.pause(200).bye().expect(200), called.asked("BYE").confirm()));
    });
  });
}

describe("the media of a call from trunk to trunk", () => {
  it("has the relay's address at both ends, unless both leave it to each other", async () => {
    const both = await call("100", placed().pause(1000).bye().expect(200), taken().asked("BYE").confirm());
    const offer = await both.uas.message(/INVITE sip:100@/);
    assert.match(offer, /c=IN IP4 127\.0\.0\.2\r?\n/);
    assert.match(await both.uac.message(/SIP\/2\.0 200 OK[^]*m=audio/), /c=IN IP4 127\.0\.0\.2\r?\n/);
    assert.equal((await relay.health())["rtpPorts"], 2);
    await done(both);
  });

  it("is where the ends say it is, and the relay holds no port, when both leave it to each other", async () => {
    const both = await call("200", placed().pause(1000).bye().expect(200), taken().asked("BYE").confirm());
    const offer = await both.uas.message(/INVITE sip:%2[Bb]4900@|INVITE sip:\+4900@/);
    assert.ok(offer.includes(`m=audio ${both.uac.mediaPort} `) && offer.includes(`c=IN IP4 ${CARRIER}`), offer);
    const answer = await both.uac.message(/SIP\/2\.0 200 OK[^]*m=audio/);
    assert.ok(answer.includes(`m=audio ${both.uas.mediaPort} `) && answer.includes(`c=IN IP4 ${CALLEE}`), answer);
    const health = await relay.health();
    assert.deepEqual([health["calls"], health["rtpPorts"], health["mediaLegs"]], [1, 0, 0]);
    await done(both);
  });
});

describe("hops", () => {
  it("are one less at the far end, and a call without any goes no further", async () => {
    const both = await call("100", placed().bye().expect(200), taken().asked("BYE").confirm());
    assert.match(await both.uas.message(/INVITE sip:100@/), /Max-Forwards: 69\r?\n/);
    await done(both);
    const caller = new Caller().hops(0).invite().expect(100, { optional: true }).expect(483).acknowledge({ failure: true });
    const uac = await Sipp.calling("100", relay.sip, caller, { address: CARRIER });
    await uac.done();
  });
});

describe("a route", () => {
  it("is not for strangers", async () => {
    const caller = new Caller().invite().expect(100, { optional: true }).expect(404).acknowledge({ failure: true });
    const uac = await Sipp.calling("100", relay.sip, caller, { address: "127.0.0.66" });
    await uac.done();
  });

  it("leads a browser's user out", async () => {
    const uas = await Sipp.answering(taken().asked("BYE").confirm(), { address: CALLEE, port: direct });
    const app = await App.local(relay, "web");
    const id = await app.call("20123");
    await app.status(id, "ESTABLISHED");
    const invite = await uas.message(/INVITE sip:/);
    assert.match(invite, /INVITE sip:(\+|%2B)490123@/i);
    assert.match(invite, /From: .*<sip:web@127\.0\.0\.30>/);
    await app.hangup(id);
    await uas.done();
    await app.close();
  });
});

describe("a trunk", () => {
  it("reaches users by their names", async () => {
    const app = await App.local(relay, "web");
    const uac = await Sipp.calling("web", relay.sip, placed().bye().expect(200), { address: CARRIER });
    const incoming = await app.called();
    await app.answer(incoming.callId);
    await uac.done();
    await app.status(incoming.callId, "FINISH");
    await eventually(async () => (await relay.health())["calls"] === 0, "the call to be over");
    await app.close();
  });
});
