/** Hold in the ways of the field: by either end, by both, with music and without, and what the app hears of it. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Baresip } from "../peers/baresip.ts";
import { hears, hearsNothing, hearsTone } from "../peers/hearing.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { RtpEnd } from "../peers/rtp-end.ts";
import { Called, Caller, type Description } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { SENTENCES, speech, tones } from "../sound/sources.ts";
import { loop } from "../sound/wav.ts";

/** How a far end says that it holds, and what it is answered. */
const DIALECTS: readonly [string, Description, string][] = [
  ["sendonly", { direction: "sendonly" }, "recvonly"],
  ["inactive", { direction: "inactive" }, "inactive"],
  ["c=0.0.0.0", { address: "0.0.0.0" }, "recvonly"],
  ["c=0.0.0.0 and sendonly", { address: "0.0.0.0", direction: "sendonly" }, "recvonly"],
  ["c=0.0.0.0 and inactive", { address: "0.0.0.0", direction: "inactive" }, "inactive"],
];

const CALLER = "127.0.0.41";
const CALLEE = "127.0.0.31";
const [VOICE, MUSIC] = [440, 1000];

let relay: Relay;
let callee: number;
const apps: App[] = [];
before(async () => {
  callee = await port(CALLEE);
  const tables = `
[trunks.caller]
host = "${CALLER}"
[trunks.callee]
host = "${CALLEE}:${callee}"
addresses = []
[[routes]]
number = "bob"
from = "any"
trunk = "callee"
`;
  relay = await Relay.start({ users: { web: "" }, connectTimeout: 120, rtpInactivity: 60, tables });
});
afterEach(async () => {
  for (const app of apps.splice(0)) app.wire.cut();
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

/** A call of an app's with SIPp, whoever made it. */
interface Both {
  readonly app: App;
  readonly call: string;
  readonly sipp: Sipp;
}

/** The directions that SIPp was told in INVITEs and in answers to its own, in their order. */
function told(sipp: Sipp): (string | undefined)[] {
  const received = sipp.messages().split(/^-{20,}.*$/m).filter((part) => / message received /.test(part));
  const descriptions = received.filter((part) => /^CSeq: *\d+ INVITE/m.test(part) && /^m=audio/m.test(part));
  return descriptions.map((part) => /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(part)?.[1]);
}

/** What SIPp does in a call, told from either side. */
interface Turns {
  /** Waits for a nudge, then offers this. */
  readonly offers: (description: Description) => void;
  /** Takes the relay's offer with this. */
  readonly takes: (description: Description) => void;
  /** Refuses the relay's offer. */
  readonly refuses: (code: number, reason: string) => void;
}

function turns(scenario: Called | Caller): Turns {
  let version = 1;
  return {
    offers(description) {
      scenario.nudged();
      if (scenario instanceof Called) scenario.request("INVITE", { ...description, version: ++version }).answered(200).acknowledge();
      else scenario.reinvite({ ...description, version: ++version }).expect(100, { optional: true }).expect(200).acknowledge();
    },
    takes(description) {
      scenario.asked("INVITE").confirm(200, "OK", { ...description, version: ++version }).asked("ACK");
    },
    refuses(code, reason) {
      scenario.asked("INVITE").confirm(code, reason).asked("ACK");
    },
  };
}

/** Call between an app and SIPp that goes as `play` says; the app hangs up in the end. */
async function between(side: "callee" | "caller", play: (turns: Turns) => void): Promise<Both> {
  if (side === "callee") {
    const scenario = new Called().invited().reply(180, "Ringing").reply(200, "OK", { sdp: {} }).asked("ACK");
    play(turns(scenario));
    const sipp = await Sipp.answering(scenario.asked("BYE").confirm());
    const app = await App.account(relay, sipp.target);
    apps.push(app);
    const call = await app.call("anyone");
    await app.status(call, "ESTABLISHED");
    return { app, call, sipp };
  }
  const app = await App.local(relay, "web");
  apps.push(app);
  const scenario = new Caller().invite().progress().expect(200).acknowledge();
  play(turns(scenario));
  const sipp = await Sipp.calling("web", relay.sip, scenario.asked("BYE").confirm());
  const { callId } = await app.called();
  await app.answer(callId);
  await app.status(callId, "ESTABLISHED");
  return { app, call: callId, sipp };
}

async function over({ app, call, sipp }: Both): Promise<void> {
  await app.hangup(call);
  await app.status(call, "FINISH");
  await sipp.done();
  await app.close();
}

/** Does something, and waits until the app is told this status thereupon. */
async function shows({ app, call }: Both, status: string, act: () => Promise<unknown>): Promise<void> {
  const from = app.wire.received.now();
  await act();
  await app.status(call, status, { from });
}

for (const side of ["callee", "caller"] as const) {
  describe(`a ${side} that holds the app`, () => {
    for (const [dialect, hold, answer] of DIALECTS) {
      it(`with ${dialect}, is understood, and takes it back`, async () => {
        const both = await between(side, (turns) => {
          turns.offers(hold);
          turns.offers({});
        });
        await shows(both, "HOLD", () => both.sipp.nudge());
        await shows(both, "ESTABLISHED", () => both.sipp.nudge());
        await over(both);
        assert.deepEqual(told(both.sipp).slice(-2), [answer, "sendrecv"]);
      });
    }
  });

  describe(`a ${side} that the app holds`, () => {
    for (const [dialect, answer] of [
      ["recvonly", { direction: "recvonly" }],
      ["inactive", { direction: "inactive" }],
      ["sendrecv, as if it did not know", {}],
      ["c=0.0.0.0", { address: "0.0.0.0" }],
    ] as readonly [string, Description][]) {
      it(`answers ${dialect}, and is taken back`, async () => {
        const both = await between(side, (turns) => {
          turns.takes(answer);
          turns.takes({});
        });
        await shows(both, "HOLD", () => both.app.ask("hold", { callId: both.call }));
        await shows(both, "ESTABLISHED", () => both.app.ask("unhold", { callId: both.call }));
        await over(both);
        assert.deepEqual(told(both.sipp).slice(-2), ["sendonly", "sendrecv"]);
      });
    }
  });

  describe(`a ${side} and an app that hold each other`, () => {
    it("and take it back one after the other, the app first", async () => {
      const both = await between(side, (turns) => {
        turns.takes({ direction: "recvonly" });
        turns.offers({ direction: "sendonly" });
        turns.takes({ direction: "sendonly" });
        turns.offers({});
      });
      await shows(both, "HOLD", () => both.app.ask("hold", { callId: both.call }));
      await shows(both, "HOLD", () => both.sipp.nudge());
      await shows(both, "HOLD", () => both.app.ask("unhold", { callId: both.call }));
      await shows(both, "ESTABLISHED", () => both.sipp.nudge());
      await over(both);
      assert.deepEqual(told(both.sipp).slice(-4), ["sendonly", "inactive", "recvonly", "sendrecv"]);
    });

    it("and take it back one after the other, the far end first", async () => {
      const both = await between(side, (turns) => {
        turns.offers({ direction: "sendonly" });
        turns.takes({ direction: "inactive" });
        turns.offers({ direction: "recvonly" });
        turns.takes({});
      });
      await shows(both, "HOLD", () => both.sipp.nudge());
      await shows(both, "HOLD", () => both.app.ask("hold", { callId: both.call }));
      await shows(both, "HOLD", () => both.sipp.nudge());
      await shows(both, "ESTABLISHED", () => both.app.ask("unhold", { callId: both.call }));
      await over(both);
      assert.deepEqual(told(both.sipp).slice(-4), ["recvonly", "inactive", "sendonly", "sendrecv"]);
    });

    it("with c=0.0.0.0, as long as either does", async () => {
      const both = await between(side, (turns) => {
        turns.offers({ address: "0.0.0.0" });
        turns.takes({ address: "0.0.0.0", direction: "inactive" });
        turns.takes({ address: "0.0.0.0", direction: "sendonly" });
        turns.offers({});
      });
      await shows(both, "HOLD", () => both.sipp.nudge());
      await shows(both, "HOLD", () => both.app.ask("hold", { callId: both.call }));
      await shows(both, "HOLD", () => both.app.ask("unhold", { callId: both.call }));
      await shows(both, "ESTABLISHED", () => both.sipp.nudge());
      await over(both);
    });
  });
}

describe("a far end that refuses to be held", () => {
  it("is not, and the app hears why", async () => {
    const both = await between("callee", (turns) => {
      turns.refuses(488, "Not Acceptable Here");
      turns.takes({ direction: "recvonly" });
    });
    const from = both.app.wire.received.now();
    await both.app.ask("hold", { callId: both.call });
    const told = await both.app.status(both.call, "ESTABLISHED", { from });
    assert.equal((told["error"] as Record<string, unknown>)["sipStatus"], 488);
    await shows(both, "HOLD", () => both.app.ask("hold", { callId: both.call }));
    await over(both);
  });
});

describe("what is heard", () => {
  /** A call from trunk to trunk of two that speak; the callee holds so, and takes it back. */
  async function speaking(hold: Description): Promise<{ uac: Sipp; uas: Sipp; ears: RtpEnd; musician: RtpEnd }> {
    const [ears, musician] = [await RtpEnd.open(CALLER), await RtpEnd.open(CALLEE)];
    const media = (end: RtpEnd): Description => ({ codecs: ["pcmu"], port: end.port });
    const called = new Called().invited().reply(200, "OK", { sdp: media(musician) }).asked("ACK");
    const { offers } = turns(called);
    offers({ ...media(musician), ...hold });
    offers(media(musician));
    const uas = await Sipp.answering(called.asked("BYE").confirm(), { address: CALLEE, port: callee });
    const caller = new Caller().invite(media(ears)).progress().expect(200).acknowledge();
    // The hold reaches the other end, too, which says what it is answered.
    const { takes } = turns(caller);
    takes({ ...media(ears), direction: hold.direction === "inactive" ? "inactive" : "recvonly" });
    takes(media(ears));
    const uac = await Sipp.calling("bob", relay.sip, caller.nudged().bye().expect(200), { address: CALLER });
    ears.say(tones([VOICE], 1, 8000), await uac.message(/^SIP\/2.0 200[^]*^m=audio/m));
    musician.say(tones([MUSIC], 1, 8000), await uas.message(/^INVITE[^]*^m=audio/m));
    await Promise.all([hearsTone(ears, MUSIC), hearsTone(musician, VOICE)]);
    return { uac, uas, ears, musician };
  }

  async function finished({ uac, uas, ears, musician }: Awaited<ReturnType<typeof speaking>>): Promise<void> {
    await uac.nudge();
    await Promise.all([uac.done(), uas.done()]);
    ears.close();
    musician.close();
  }

  for (const [dialect, hold] of DIALECTS) {
    const plays = hold.direction !== "inactive";
    it(`from a far end that holds with ${dialect} is ${plays ? "its music" : "nothing"}, and it hears nothing`, async () => {
      const all = await speaking(hold);
      await all.uas.nudge();
      await hearsNothing(all.musician);
      if (plays) await hearsTone(all.ears, MUSIC);
      else await hearsNothing(all.ears);
      await all.uas.nudge();
      await Promise.all([hearsTone(all.ears, MUSIC), hearsTone(all.musician, VOICE)]);
      await finished(all);
    });
  }

  it("from a softphone is its voice, but while it holds", async () => {
    const ears = await RtpEnd.open(CALLEE);
    const media: Description = { codecs: ["pcmu"], port: ears.port };
    const called = new Called().invited().reply(200, "OK", { sdp: media }).asked("ACK");
    const { takes } = turns(called);
    takes({ ...media, direction: "recvonly" });
    takes(media);
    const uas = await Sipp.answering(called.asked("BYE").confirm(), { address: CALLEE, port: callee });
    const voice = speech(SENTENCES.phone, 16_000);
    const alice = await Baresip.start({ user: "alice", address: CALLER, says: loop(voice, 60), codecs: ["pcmu"] });
    await alice.dial(`sip:bob@${relay.sip}`);
    await alice.event("CALL_ESTABLISHED");
    ears.say(tones([MUSIC], 1, 8000), await uas.message(/^INVITE[^]*^m=audio/m));
    await hears({ heard: () => ears.heard(6) }, speech(SENTENCES.phone, 8000));
    await hearsTone(alice, MUSIC);
    await alice.hold();
    await uas.message(/^INVITE[^]*^a=sendonly/m);
    await hearsNothing(ears);
    await alice.resume();
    await hears({ heard: () => ears.heard(6) }, speech(SENTENCES.phone, 8000));
    await alice.hangup();
    await uas.done();
    ears.close();
  });
});
