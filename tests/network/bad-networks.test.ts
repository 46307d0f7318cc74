/**
 * A call between a browser and a SIP phone over networks that lose, delay and mix up packets, are gone for a while, or
 * whose NAT forgets: between the browser and the relay, and between the relay and the phone. Sound survives.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BadWay } from "../peers/bad-way.ts";
import { Baresip } from "../peers/baresip.ts";
import { Browser } from "../peers/browser.ts";
import { eventually } from "../peers/deadline.ts";
import { hears } from "../peers/hearing.ts";
import { Impairer } from "../peers/impairer.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { type Sound, loop } from "../sound/wav.ts";
import type { Weather } from "../peers/weather.ts";

const BROWSER = speech(SENTENCES.browser, 48_000);
const PHONE = speech(SENTENCES.phone, 16_000);

/** What networks do, and the least that the relay must make of what it hears over them (MOS, G.107). */
const WEATHERS: readonly [what: string, weather: Weather, least: number][] = [
  ["loses 5 % of the packets", { loss: 0.05 }, 3],
  ["delays them by up to 100 ms, each by another time", { jitter: 100 }, 2.5],
  ["mixes them up and doubles some", { reordered: 0.1, doubled: 0.05 }, 3],
];
/** How long nothing may be heard after a network is back, or a NAT has forgotten (s): a check of the browser's, and a bit. */
const BACK = 4;
const OUTAGE = 3;

let relay: Relay;
let browser: Browser;
let near: BadWay;

before(async () => {
  browser = await Browser.start({ says: BROWSER });
  relay = await Relay.start({
    origins: [browser.origin],
    users: { web: "" },
    destinations: ["127.0.0.30"],
    rtpInactivity: 20,
    advertised: [BadWay.ADDRESS],
    mediaLines: ["webrtc_tcp = false"],
    tables: "[quality]\ninterval = 2",
  });
  near = await BadWay.before(relay.media);
});
after(async () => {
  near.stop();
  await browser.stop();
  await endPrograms();
});

interface Call {
  readonly web: BrowserPhone;
  readonly bob: Baresip;
  readonly far: Impairer;
  readonly id: string;
}

async function call(): Promise<Call> {
  const bob = await Baresip.start({ user: "bob", address: "127.0.0.20", answer: "auto", codecs: ["pcmu"], says: loop(PHONE, 120) });
  const far = await Impairer.before(bob.uri.replace(/^.*@/, ""));
  const web = await browser.phone();
  const { hostname: domain, port } = new URL(`sip://${far.target}`);
  await web.register({ urlServer: relay.url, sipOptions: { login: "web", password: "unused-password", domain, port: Number(port), registerRequired: false } });
  const id = await web.call("bob");
  await Promise.all([web.event(id, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
  await bothHear({ web, bob });
  return { web, bob, far, id };
}

/** From now on, both hear what the other says. */
async function bothHear({ web, bob }: Pick<Call, "web" | "bob">): Promise<void> {
  await web.record();
  const before = bob.heard().samples.length;
  const fresh = {
    heard: (): Sound => {
      const { rate, samples } = bob.heard();
      return { rate, samples: samples.subarray(before) };
    },
  };
  await Promise.all([hears(web, PHONE), hears(fresh, BROWSER)]);
}

async function over({ web, bob, far, id }: Call): Promise<void> {
  await web.hangup(id);
  await Promise.all([web.event(id, "FINISH"), bob.event("CALL_CLOSED")]);
  far.stop();
  await web.kill();
  await bob.program.stop();
}

for (const side of ["near", "far"] as const) {
  describe(side === "near" ? "a network between the browser and the relay" : "a network between the relay and the phone", () => {
    let talk: Call;
    before(async () => (talk = await call()));
    after(() => over(talk));

    const weather = (now: Weather): void => (side === "near" ? near.weather(now) : talk.far.weather(now));
    /** What the relay makes of the direction that comes over that network. */
    const judged = async (): Promise<{ mos: number; packets: number }> => {
      const { own, far } = (await talk.web.stats(talk.id)).relay ?? {};
      const { mos, packets = 0 } = (side === "near" ? own : far)?.received.audio ?? {};
      return { mos: mos ?? 0, packets };
    };

    for (const [what, now, least] of WEATHERS) {
      it(`that ${what} leaves both audible`, async (test) => {
        weather(now);
        const { packets: begun } = await judged();
        await bothHear(talk);
        // Four estimates of two seconds each: those before the weather changed are over.
        const { mos } = await eventually(async () => {
          const now = await judged();
          return now.packets > begun + 400 && now;
        }, "eight seconds of packets", { ms: 20_000, every: 250 });
        weather({});
        test.diagnostic(`MOS ${mos.toFixed(2)}`);
        assert.ok(mos >= least, `MOS ${mos}`);
      });
    }

    it(`that is gone for ${OUTAGE} s does not end the call`, async (test) => {
      weather({ loss: 1 });
      await new Promise((resolve) => setTimeout(resolve, OUTAGE * 1000));
      weather({});
      const back = performance.now();
      await bothHear(talk);
      const seconds = (performance.now() - back) / 1000;
      test.diagnostic(`both heard whole words ${seconds.toFixed(1)} s after it was back`);
      // What is heard is judged by two and a half seconds of it.
      assert.ok(seconds <= BACK + 4, `${seconds.toFixed(1)} s`);
    });

    it("whose NAT forgets its bindings does not end the call", async (test) => {
      const forgotten = performance.now();
      if (side === "near") near.rebind();
      else await talk.far.rebind();
      await bothHear(talk);
      const seconds = (performance.now() - forgotten) / 1000;
      test.diagnostic(`both heard whole words ${seconds.toFixed(1)} s afterwards`);
      assert.ok(seconds <= BACK + 4, `${seconds.toFixed(1)} s`);
    });
  });
}
