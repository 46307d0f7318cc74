/** What a call is like, in the page: a phone whose packets get lost is told of, and the relay's figures of both sides. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import type { RelayLeg, RelayStats } from "offhook";
import { Baresip } from "../peers/baresip.ts";
import { eventually } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { Impairer } from "../peers/impairer.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { longVoice, stage } from "./stage.ts";

const RECORDS = join(folder("records"), "calls.jsonl");
const tables = `[quality]\ninterval = 2\n[records]\npath = ${JSON.stringify(RECORDS)}`;
const set = stage({ users: { web: "" }, rtpInactivity: 20, tables });
let network: Impairer | undefined;
afterEach(() => network?.stop());

async function conversation(): Promise<{ web: BrowserPhone; call: string; network: Impairer }> {
  const bob = await Baresip.start({ user: "bob", address: "127.0.0.20", answer: "auto", codecs: ["pcmu"], says: longVoice() });
  network = await Impairer.before(bob.uri.replace(/^.*@/, ""));
  const web = await set.phone();
  await web.register(set.direct(network.target));
  const call = await web.call("bob");
  await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
  return { web, call, network };
}

/** What is kept of a call, as far as it is looked at here. */
interface CallRecord extends Record<"caller" | "callee" | "endedBy" | "reason" | "started" | "answered" | "ended", string> {
  readonly legs: readonly (RelayLeg & { readonly kind: string })[];
}

interface Figures {
  own: RelayLeg;
  far: RelayLeg;
}

/** The relay's figures of both sides, once they are like this. The phone reports what it hears every 5 s or so. */
function figures(web: BrowserPhone, call: string, fit: (figures: Figures) => boolean): Promise<Figures> {
  let last: RelayStats | undefined;
  return eventually(
    async () => {
      last = (await web.stats(call)).relay;
      const both = last?.far === undefined ? undefined : { own: last.own, far: last.far };
      return both !== undefined && fit(both) ? both : undefined;
    },
    () => `other figures than ${JSON.stringify(last)}`,
    { ms: 25_000 },
  );
}

describe("a call over a bad network", () => {
  it("is told to be bad when the phone's packets get lost, and good again afterwards", async () => {
    const { web, call, network } = await conversation();
    const relay = await figures(web, call, ({ own, far }) =>
      [own.received, own.sent, far.received, far.sent].every(({ audio }) => audio.packets > 50 && (audio.mos ?? 0) > 4));
    assert.deepEqual([relay.far.received.audio.codec, relay.own.sent.audio.codec], ["PCMU", "PCMU"]);
    assert.ok((relay.far.roundTripMs ?? Infinity) < 1000, JSON.stringify(relay));
    assert.equal(relay.far.received.audio.concealedMs, 0);

    const from = web.reports.now();
    network.weather({ loss: 0.2 });
    const hereBadly = await web.quality(call, { bad: true, hearer: "own", side: "far" }, { from });
    const { mos = 9, loss = 0, causes } = hereBadly.quality ?? {};
    assert.deepEqual(causes, ["loss"]);
    assert.ok(mos < 3.1 && loss > 0.1, JSON.stringify(hereBadly.quality));
    const thereBadly = await web.quality(call, { bad: true, hearer: "far", side: "far" }, { from, ms: 25_000 });
    assert.deepEqual(thereBadly.quality?.causes, ["loss"]);

    network.weather({});
    await web.quality(call, { bad: false, hearer: "own", side: "far" }, { from });
    await web.quality(call, { bad: false, hearer: "far", side: "far" }, { from, ms: 25_000 });
    const told = web.reports.all().filter(({ id, event }) => id === call && event === "QUALITY");
    assert.deepEqual(told.filter(({ quality }) => quality?.side === "own"), [], "the page's own network is well");

    await figures(web, call, ({ far: { received: { audio } } }) => audio.lost > 10 && (audio.mosLowest ?? 9) < 3.1);
    await web.hangup(call);
    await web.event(call, "FINISH");

    const line = await eventually(() => readFileSync(RECORDS, "utf8").split("\n").find((text) => text !== ""), () => "a call record");
    const record = JSON.parse(line) as CallRecord;
    assert.deepEqual([record.caller, record.callee, record.endedBy, record.reason], ["web", "bob", "caller", "hungUp"]);
    assert.ok(Date.parse(record.started) <= Date.parse(record.answered) && Date.parse(record.answered) < Date.parse(record.ended), line);
    const phone = record.legs.find(({ kind }) => kind === "sip");
    assert.ok((phone?.received.audio.lost ?? 0) > 10 && (phone?.received.audio.mosLowest ?? 9) < 3.1, line);
    assert.doesNotMatch(line, /unused-password/);
  });
});
