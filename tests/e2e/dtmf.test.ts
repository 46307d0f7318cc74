/** Keys as SIP INFO, both ways and in both forms. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BrowserPhone } from "../peers/phone.ts";
import { eventually } from "../peers/deadline.ts";
import { Called, Caller, type Key } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { stage } from "./stage.ts";

const set = stage({ users: { web: "" } });

function taken(): Called {
  return new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK");
}

async function calling(scenario: Called): Promise<{ web: BrowserPhone; sipp: Sipp; call: string }> {
  const sipp = await Sipp.answering(scenario, { echo: true });
  const web = await set.phone();
  await web.register(set.direct(sipp.target));
  const call = await web.call("anyone");
  await web.event(call, "ESTABLISHED");
  return { web, sipp, call };
}

/** The bodies of the INFO requests SIPp received, repetitions left out. */
function infos(sipp: Sipp): string[] {
  const parts = sipp.messages().split(/^-{20,}.*$/m).filter((part) => / message received /.test(part) && /^INFO /m.test(part));
  const once = new Map(parts.map((part) => [/^CSeq: (\d+)/m.exec(part)?.[1], part]));
  return [...once.values()].map((part) => (/^Content-Length: .*\r?\n\r?\n([^]*)/m.exec(part)?.[1] ?? "").trim());
}

describe("keys of the app", () => {
  for (const [type, kind, body] of [
    ["INFO", "application/dtmf", (key: string) => key],
    ["INFO_RELAY", "application/dtmf-relay", (key: string) => `Signal=${key}\r\nDuration=160`],
  ] as const) {
    it(`arrive one by one as ${kind}`, async () => {
      const scenario = taken();
      for (let key = 0; key < 3; key++) scenario.asked("INFO").confirm();
      const { web, sipp, call } = await calling(scenario.asked("BYE").confirm());
      await web.press(call, "12#", type);
      await eventually(() => infos(sipp).length === 3, () => `three keys, got ${infos(sipp).join(" ")}`);
      assert.deepEqual(infos(sipp), ["1", "2", "#"].map(body));
      assert.match(await sipp.message(/^INFO /m), new RegExp(`^Content-Type: ${kind}\r?$`, "m"));
      await web.hangup(call);
      await sipp.done();
    });
  }

  it("that the peer does not take are a warning, and the call goes on", async () => {
    const { web, sipp, call } = await calling(taken().asked("INFO").confirm(415, "Unsupported Media Type").asked("BYE").confirm());
    await web.press(call, "123", "INFO");
    const warning = await web.session("WARN");
    assert.equal(warning.sipStatus, 415);
    assert.equal(await web.status(call), "ESTABLISHED");
    assert.equal(infos(sipp).length, 1, "the others are not tried");
    await web.hangup(call);
    await sipp.done();
  });
});

describe("keys of a peer", () => {
  const one: Key = { type: "application/dtmf", body: "7" };
  const other: Key = { type: "application/dtmf-relay", body: "Signal=*\nDuration=250" };

  it("reach the app in both forms", async () => {
    const scenario = taken().pause(300).info(one).answered(200).info(other).answered(200);
    const { web, sipp, call } = await calling(scenario.asked("BYE").confirm());
    await eventually(() => web.digits(call) === "7*", () => `7*, got ${web.digits(call)}`);
    await web.hangup(call);
    await sipp.done();
  });

  it("that calls reach the app too, and what is no key is refused", async () => {
    const web = await set.local("web");
    const caller = new Caller().invite().progress().expect(200).acknowledge();
    const scenario = caller.info(one).expect(200).info({ type: "application/dtmf", body: "flash" }).expect(400);
    const sipp = await Sipp.calling("web", set.relay.sip, scenario.asked("BYE").confirm(), { echo: true });
    const { id } = await web.incoming();
    await web.answer(id);
    await eventually(() => web.digits(id) === "7", () => `7, got ${web.digits(id)}`);
    await sipp.message(/^SIP\/2.0 400/m);
    await web.hangup(id);
    await sipp.done();
  });
});
