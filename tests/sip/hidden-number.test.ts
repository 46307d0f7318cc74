/** Calls that do not show who makes them (RFC 3323, RFC 3325): to an account's server, over trunks, and from trunks on. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const GATEWAY = "127.0.0.30";
const TRUNKS = (trusted: number, other: number): string => `
[trunks.trusted]
host = "${GATEWAY}:${trusted}"
addresses = []
assert_identity = true
[trunks.other]
host = "${GATEWAY}:${other}"
addresses = []
[trunks.carrier]
host = "127.0.0.20"
[[routes]]
number = "1*"
trunk = "trusted"
from = "any"
[[routes]]
number = "2*"
trunk = "other"
from = "any"
`;

let relay: Relay;
let trusted: number;
let other: number;
before(async () => {
  [trusted, other] = [await port(GATEWAY), await port(GATEWAY)];
  relay = await Relay.start({ connectTimeout: 120, users: { web: "", desk: "" }, tables: TRUNKS(trusted, other) });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

const busy = (): Called => new Called().invited().reply(486, "Busy Here").asked("ACK");

/** The INVITE of a call of the app's. */
async function invited(app: App, sipp: Sipp, callee: string, fields: Record<string, unknown>): Promise<string> {
  const call = await app.call(callee, fields);
  await app.status(call, "BUSY");
  await sipp.done();
  await app.close();
  return sipp.message(/^INVITE /m);
}

const ANONYMOUS = /^From: "Anonymous" <sip:anonymous@anonymous\.invalid>;tag=\S+\r?$/m;

describe("a hidden number", () => {
  it("is not shown by an account, to its own server either", async () => {
    const sipp = await Sipp.answering(busy());
    const app = await App.account(relay, sipp.target, { visibleName: "Webster" });
    const invite = await invited(app, sipp, "bob", { anonymous: true });
    assert.match(invite, ANONYMOUS);
    assert.match(invite, /^Privacy: id\r?$/m);
    assert.doesNotMatch(invite, /^P-Asserted-Identity:|Webster|sip:web@/m);
  });

  it("is told to a trunk that is trusted with it", async () => {
    const sipp = await Sipp.answering(busy(), { port: trusted });
    const invite = await invited(await App.local(relay, "web"), sipp, "100", { anonymous: true });
    assert.match(invite, ANONYMOUS);
    assert.match(invite, /^Privacy: id\r?$/m);
    assert.match(invite, /^P-Asserted-Identity: <sip:web@127\.0\.0\.30>\r?$/m);
  });

  it("is not told to whom such a trunk sends the call on", async () => {
    const elsewhere = await Sipp.answering(busy(), { address: "127.0.0.10" });
    const moved = new Called().invited().reply(302, "Moved Temporarily", { headers: [`Contact: <sip:100@${elsewhere.target}>`] }).asked("ACK");
    const sipp = await Sipp.answering(moved, { port: trusted });
    const invite = await invited(await App.local(relay, "web"), elsewhere, "100", { anonymous: true });
    await sipp.done();
    assert.match(await sipp.message(/^INVITE /m), /^P-Asserted-Identity: <sip:web@/m);
    assert.match(invite, ANONYMOUS);
    assert.match(invite, /^Privacy: id\r?$/m);
    assert.doesNotMatch(invite, /^P-Asserted-Identity:|sip:web@/m);
  });

  it("is told to no other trunk", async () => {
    const sipp = await Sipp.answering(busy(), { port: other });
    const invite = await invited(await App.local(relay, "web"), sipp, "200", { anonymous: true });
    assert.match(invite, ANONYMOUS);
    assert.doesNotMatch(invite, /^P-Asserted-Identity:|sip:web@/m);
  });

  it("is not shown to another browser", async () => {
    const [app, desk] = [await App.local(relay, "web", { visibleName: "Webster" }), await App.local(relay, "desk")];
    const call = await app.call("desk", { anonymous: true });
    const incoming = await desk.called();
    assert.deepEqual([incoming["caller"], incoming["visibleName"]], ["anonymous", undefined]);
    await desk.hangup(incoming.callId);
    await app.status(call, "FAILED");
    await app.close();
    await desk.close();
  });

  for (const [where, number, at, asserted] of [
    ["a trusted trunk with whom the network asserts", "100", () => trusted, /^P-Asserted-Identity: "The Boss" <sip:\+49301@/m],
    ["another without", "200", () => other, undefined],
  ] as const) {
    it(`of a trunk's call stays hidden over ${where}`, async () => {
      const sipp = await Sipp.answering(busy(), { port: at() });
      const headers = ['P-Asserted-Identity: "The Boss" <sip:+49301@pbx.example>', "Privacy: id"];
      const scenario = new Caller("anonymous").invite({}, { headers }).progress().expect(486).acknowledge({ failure: true });
      const caller = await Sipp.calling(number, relay.sip, scenario, { address: "127.0.0.20" });
      await caller.done();
      await sipp.done();
      const invite = await sipp.message(/^INVITE /m);
      assert.match(invite, ANONYMOUS);
      assert.match(invite, /^Privacy: id\r?$/m);
      if (asserted) assert.match(invite, asserted);
      else assert.doesNotMatch(invite, /49301/);
    });
  }
});

describe("a number that is not hidden", () => {
  it("is asserted to a trunk that wants it so, and shown", async () => {
    const sipp = await Sipp.answering(busy(), { port: trusted });
    const invite = await invited(await App.local(relay, "web"), sipp, "100", {});
    assert.match(invite, /^From: <sip:web@127\.0\.0\.30>;tag=/m);
    assert.match(invite, /^P-Asserted-Identity: <sip:web@127\.0\.0\.30>\r?$/m);
    assert.doesNotMatch(invite, /^Privacy:/m);
  });
});
