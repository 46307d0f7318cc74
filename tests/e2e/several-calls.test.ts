/** Several SIP calls of one browser at once, and holds from both sides. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hears } from "../peers/hearing.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import { BROWSER_VOICE, stage } from "./stage.ts";

const set = stage({ users: { web: "" } });

/** Calls, is answered, and is held (and resumed) so often. */
function placed(name: string, changes: readonly ("hold" | "resume")[]): Caller {
  const caller = new Caller(name).invite().progress().expect(200).acknowledge();
  changes.forEach((change, at) => {
    const direction = change === "hold" ? "recvonly" : "sendrecv";
    caller.asked("INVITE").confirm(200, "OK", { direction, version: at + 2 }).asked("ACK");
  });
  return caller;
}

async function takes(web: BrowserPhone, caller: Caller): Promise<{ sipp: Sipp; call: string }> {
  const from = web.reports.now();
  const sipp = await Sipp.calling("web", set.relay.sip, caller, { echo: true });
  const { id: call } = await web.incoming({ from });
  return { sipp, call };
}

describe("several calls", () => {
  it("are held, answered, swapped and ended each on its own", async () => {
    const web = await set.local("web");
    const first = await takes(web, placed("first", ["hold", "resume"]).asked("BYE").confirm());
    await web.answer(first.call);
    await web.event(first.call, "ESTABLISHED");
    const second = await takes(web, placed("second", ["hold"]).asked("BYE").confirm());
    await web.act(first.call, "hold");
    await web.event(first.call, "HOLD");
    await web.answer(second.call);
    await web.event(second.call, "ESTABLISHED");
    await web.act(second.call, "hold");
    await web.event(second.call, "HOLD");
    const from = web.reports.now();
    await web.act(first.call, "unhold");
    await web.event(first.call, "ESTABLISHED", { from });
    await web.hangup(second.call);
    await web.event(second.call, "FINISH");
    await second.sipp.done();
    assert.equal(await web.status(first.call), "ESTABLISHED");
    await web.record();
    await hears(web, BROWSER_VOICE);
    await web.hangup(first.call);
    await first.sipp.done();
  });

  it("go on when another one is given up", async () => {
    const web = await set.local("web");
    const first = await takes(web, placed("first", []).asked("BYE").confirm());
    await web.answer(first.call);
    await web.event(first.call, "ESTABLISHED");
    const gone = new Caller("gone").invite().expect(100, { optional: true }).expect(180).pause(300).cancel().expect(200).expect(487);
    const second = await takes(web, gone.acknowledge({ failure: true }));
    await web.event(second.call, "FINISH");
    assert.equal(await web.status(first.call), "ESTABLISHED");
    await web.hangup(first.call);
    await first.sipp.done();
    await second.sipp.done();
  });
});

describe("a call held from both sides", () => {
  it("is heard again when both have resumed", async () => {
    const web = await set.local("web");
    const caller = placed("both", ["hold"]).pause(300);
    caller.reinvite({ direction: "sendonly", version: 3 }).expect(100, { optional: true }).expect(200).acknowledge();
    caller.asked("INVITE").confirm(200, "OK", { direction: "sendonly", version: 4 }).asked("ACK").pause(300);
    caller.reinvite({ version: 5 }).expect(100, { optional: true }).expect(200).acknowledge();
    const { sipp, call } = await takes(web, caller.asked("BYE").confirm());
    await web.answer(call);
    await web.event(call, "ESTABLISHED");
    await web.act(call, "hold");
    await web.event(call, "HOLD");
    assert.match(await sipp.message(/^SIP\/2.0 200 OK[^]*a=inactive/m), /a=inactive/);
    const from = web.reports.now();
    await web.act(call, "unhold");
    await web.event(call, "ESTABLISHED", { from });
    await web.record();
    await hears(web, BROWSER_VOICE);
    await web.hangup(call);
    await sipp.done();
  });
});
