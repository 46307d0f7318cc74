/** What the relay serves and what it does not, told in so many words, in a call and out of one (RFC 3261 section 8.2). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const SERVED = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "PRACK", "UPDATE", "REFER", "NOTIFY", "MESSAGE"];

/** Methods of RFCs that the relay does not serve, and one that is of none. */
const REFUSED = [
  ["SUBSCRIBE", 405],
  ["PUBLISH", 405],
  ["DANCE", 501],
] as const;

let relay: Relay;
before(async () => (relay = await Relay.start({ connectTimeout: 120 })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

const listed = (message: string, header: string): string[] => {
  const line = new RegExp(`^${header}: *(.*?)\r?$`, "m").exec(message)?.[1];
  return line?.split(/ *, */) ?? [];
};

/** The relay's response to SIPp's only request of this method. */
function response(sipp: Sipp, code: number, method: string): Promise<string> {
  return sipp.message(new RegExp(`^SIP/2.0 ${code} [^]*^CSeq: *\\d+ ${method}`, "m"));
}

function assertAllows(message: string, ...without: readonly string[]): void {
  const allowed = listed(message, "Allow");
  assert.deepEqual(SERVED.filter((method) => !allowed.includes(method)), [], "everything is allowed that is served");
  assert.ok(without.every((method) => !allowed.includes(method)), `${without.join()} is not`);
}

describe("out of a dialog", () => {
  for (const [method, code] of REFUSED) {
    it(`${method} is refused with ${code}, and told what is allowed`, async () => {
      const sipp = await Sipp.calling("echo", relay.sip, new Caller().request(method).expect(code));
      await sipp.done();
      assertAllows(await response(sipp, code, method), method);
    });
  }

  for (const method of ["INVITE", "OPTIONS", "REGISTER"]) {
    it(`${method} that requires what nobody knows is refused with 420, by name`, async () => {
      const headers = ["Require: timer, levitation", "Require: telepathy"];
      const scenario = new Caller();
      if (method === "INVITE") scenario.invite({}, { headers }).expect(420).acknowledge({ failure: true });
      else scenario.request(method, headers).expect(420);
      const sipp = await Sipp.calling("echo", relay.sip, scenario);
      await sipp.done();
      assert.deepEqual(listed(await response(sipp, 420, method), "Unsupported"), ["levitation", "telepathy"]);
    });
  }

  it("what a proxy has to know is none of the relay's business", async () => {
    const invite = new Caller().invite({}, { headers: ["Proxy-Require: levitation"] });
    await (await Sipp.calling("echo", relay.sip, invite.progress().expect(200).acknowledge().bye().expect(200))).done();
  });

  for (const transport of ["udp", "tcp"] as const) {
    it(`OPTIONS over ${transport} is answered with what the relay can do`, async () => {
      const sipp = await Sipp.calling("anyone", relay.sip, new Caller().options().expect(200), { transport });
      await sipp.done();
      const reply = await response(sipp, 200, "OPTIONS");
      assertAllows(reply, "SUBSCRIBE", "PUBLISH");
      assert.deepEqual(listed(reply, "Accept"), ["application/sdp"]);
      assert.deepEqual(listed(reply, "Supported"), ["100rel", "timer", "replaces", "norefersub"]);
    });
  }
});

describe("within a call", () => {
  it("the caller's strange requests are refused, and the call goes on", async () => {
    const scenario = new Caller().invite().progress().expect(200).acknowledge();
    for (const [method, code] of REFUSED) scenario.request(method, [], { inside: true }).expect(code);
    scenario.request("INFO", ["Require: levitation"], { inside: true }).expect(420);
    scenario.request("OPTIONS", [], { inside: true }).expect(200).bye().expect(200);
    const sipp = await Sipp.calling("echo", relay.sip, scenario);
    await sipp.done();
    for (const [method, code] of REFUSED) assertAllows(await response(sipp, code, method), method);
    assert.deepEqual(listed(await response(sipp, 420, "INFO"), "Unsupported"), ["levitation"]);
    const reply = await response(sipp, 200, "OPTIONS");
    assertAllows(reply);
    assert.ok(listed(reply, "Supported").includes("timer"));
  });

  it("the callee's are, too", async () => {
    const scenario = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK");
    for (const [method, code] of REFUSED) scenario.request(method).answered(code);
    scenario.request("UPDATE", undefined, ["Require: levitation"]).answered(420);
    scenario.request("INVITE", { version: 2 }, ["Require: telepathy"]).answered(420).acknowledge({ failure: true });
    const sipp = await Sipp.answering(scenario.request("OPTIONS").answered(200).asked("BYE").confirm());
    const app = await App.account(relay, sipp.target);
    const call = await app.call("anyone");
    await app.status(call, "ESTABLISHED");
    await response(sipp, 200, "OPTIONS");
    assert.deepEqual(listed(await response(sipp, 420, "UPDATE"), "Unsupported"), ["levitation"]);
    assert.deepEqual(listed(await response(sipp, 420, "INVITE"), "Unsupported"), ["telepathy"]);
    for (const [method, code] of REFUSED) assertAllows(await response(sipp, code, method), method);
    await app.hangup(call);
    await app.status(call, "FINISH");
    await sipp.done();
    await app.close();
  });
});
