/** Who is at the far end, as the app is shown; and what a name may hold. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import type { Message } from "../peers/wire.ts";

const TRUNK = '[trunks.pbx]\nhost = "127.0.0.20"\n';

let relay: Relay;
before(async () => {
  relay = await Relay.start({ connectTimeout: 120, rtpInactivity: 120, users: { web: "" }, tables: TRUNK });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

/** What the app is told of a call from "Bob" with these headers. */
async function called(address: string, headers: readonly string[]): Promise<Message> {
  const app = await App.local(relay, "web");
  const scenario = new Caller("bob", "Bob").invite({}, { headers }).progress().expect(603).acknowledge({ failure: true });
  const sipp = await Sipp.calling("web", relay.sip, scenario, { address });
  const incoming = await app.called();
  await app.hangup(incoming.callId);
  await sipp.done();
  await app.close();
  return incoming;
}

const names = (incoming: Message): string[] =>
  (incoming["headers"] as { name: string }[] | undefined)?.map(({ name }) => name) ?? [];

describe("a caller", () => {
  const asserted = 'P-Asserted-Identity: "The Boss" <sip:+49301@pbx.example>';

  it("is who the trunk asserts", async () => {
    const incoming = await called("127.0.0.20", [asserted, "Diversion: <sip:100@pbx.example>;reason=user-busy;counter=1"]);
    assert.deepEqual([incoming["caller"], incoming["visibleName"]], ["+49301", "The Boss"]);
    assert.ok(names(incoming).includes("Diversion"));
  });

  it("is who it says where nobody vouches for more, which stays a header", async () => {
    const incoming = await called("127.0.0.30", [asserted]);
    assert.deepEqual([incoming["caller"], incoming["visibleName"]], ["bob@127.0.0.30", "Bob"]);
    assert.ok(names(incoming).includes("P-Asserted-Identity"));
  });

  it("is who Remote-Party-ID says where nothing else is asserted", async () => {
    const older = 'Remote-Party-ID: "The Boss" <sip:+49301@pbx.example>;party=calling;screen=yes;privacy=off';
    const incoming = await called("127.0.0.20", [older]);
    assert.deepEqual([incoming["caller"], incoming["visibleName"]], ["+49301", "The Boss"]);
    const both = await called("127.0.0.20", ['Remote-Party-ID: "Nobody" <sip:1@pbx.example>;party=calling', asserted]);
    assert.deepEqual([both["caller"], both["visibleName"]], ["+49301", "The Boss"]);
    const stranger = await called("127.0.0.30", [older]);
    assert.deepEqual([stranger["caller"], stranger["visibleName"]], ["bob@127.0.0.30", "Bob"]);
  });

  for (const [what, headers] of [
    ["Privacy: id", [asserted, "Privacy: id"]],
    ["Privacy: header", [asserted, "Privacy: header"]],
    ["Privacy: user", [asserted, "Privacy: user;critical"]],
    ["a private Remote-Party-ID", ['Remote-Party-ID: "The Boss" <sip:+49301@pbx.example>;party=calling;privacy=full']],
  ] as const) {
    it(`that does not want to be known by ${what} is anonymous`, async () => {
      const incoming = await called("127.0.0.20", headers);
      assert.deepEqual([incoming["caller"], incoming["visibleName"]], ["anonymous", undefined]);
      assert.doesNotMatch(JSON.stringify(incoming), /The Boss|49301/);
    });
  }
});

describe("a call that was sent on", () => {
  const diversion = ['Diversion: "Desk" <sip:100@pbx.example>;reason=user-busy;counter=1;privacy=off', "Diversion: <tel:+49302>;reason=unconditional"];

  it("tells who had it sent on, by Diversion", async () => {
    const incoming = await called("127.0.0.20", diversion);
    const [desk, number] = [{ user: "100", displayName: "Desk", reason: "user-busy", counter: 1 }, { user: "+49302", reason: "unconditional" }];
    assert.deepEqual(incoming["diversions"], [desk, number]);
  });

  it("tells who had it sent on, by History-Info", async () => {
    const history = "History-Info: <sip:100@pbx.example>;index=1, <sip:200@pbx.example;cause=408>;index=1.1;mp=1, <sip:web@pbx.example;cause=302>;index=1.1.1;mp=1.1";
    const incoming = await called("127.0.0.20", [history]);
    assert.deepEqual(incoming["diversions"], [{ user: "200", reason: "unconditional" }, { user: "100", reason: "no-answer" }]);
  });

  it("hides who is not to be known", async () => {
    const incoming = await called("127.0.0.20", ["Diversion: <sip:100@pbx.example>;reason=away;privacy=full"]);
    assert.deepEqual([incoming["diversions"], names(incoming).includes("Diversion")], [[{ user: "anonymous", reason: "away" }], false]);
  });

  for (const [what, headers] of [
    ["of the whole message", ["Diversion: <sip:secret@pbx.example>;reason=away", "Privacy: history"]],
    ["of an entry that diverted nobody", ["History-Info: <sip:secret@pbx.example?Privacy=history>;index=1, <sip:web@pbx.example>;index=1.1"]],
    ["of an entry beside a Diversion", ["Diversion: <sip:100@pbx.example>;reason=away", "History-Info: <sip:secret@pbx.example?Privacy=history>;index=1"]],
  ] as const) {
    it(`keeps the privacy ${what}`, async () => {
      const incoming = await called("127.0.0.20", headers);
      assert.doesNotMatch(JSON.stringify(incoming), /secret/);
    });
  }

  it("is believed of a trunk only", async () => {
    const incoming = await called("127.0.0.30", diversion);
    assert.deepEqual([incoming["diversions"], names(incoming).includes("Diversion")], [undefined, true]);
  });

  it("is a call all the same where that cannot be read", async () => {
    const hostile = ['Diversion: "open <sip:a@b', "Diversion: <sip:%0d%0aVia@b>;reason=\"\\\"", `Diversion: ${"<sip:a@b>,".repeat(100)}<sip:a@b>`, "History-Info: ;;index=1"];
    const incoming = await called("127.0.0.20", hostile);
    assert.ok((incoming["diversions"] as unknown[]).length <= 16);
  });
});

describe("a callee", () => {
  it("that is somebody else is told when it answers", async () => {
    const headers = ['P-Asserted-Identity: "Front desk" <sip:9@127.0.0.30>'];
    const scenario = new Called().invited().reply(200, "OK", { sdp: {}, headers }).asked("ACK").asked("BYE").confirm();
    const sipp = await Sipp.answering(scenario);
    const app = await App.account(relay, sipp.target);
    const call = await app.call("bob");
    const party = await app.event("party", { callId: call });
    assert.deepEqual([party["user"], party["displayName"]], ["9", "Front desk"]);
    await app.hangup(call);
    await sipp.done();
    await app.close();
  });
});

describe("a visible name", () => {
  for (const [name, written] of [
    ["Zoë 😀", '"Zoë 😀"'],
    ['"><sip:boss@127.0.0.30>;tag=1', '"\\"><sip:boss@127.0.0.30>;tag=1"'],
    ["\\", '"\\\\"'],
    ["a, b <sip:c@d>\\\"", '"a, b <sip:c@d>\\\\\\""'],
  ] as const) {
    it(`${JSON.stringify(name)} is a name and nothing else`, async () => {
      const scenario = new Called().invited().reply(486, "Busy Here").asked("ACK");
      const sipp = await Sipp.answering(scenario);
      const app = await App.account(relay, sipp.target, { visibleName: name });
      const call = await app.call("bob");
      await app.status(call, "BUSY");
      const invite = Buffer.from(await sipp.message(/^INVITE /m), "latin1").toString("utf8");
      const from = /^From: (.*?)\r?$/m.exec(invite)?.[1] ?? "";
      assert.equal(from.replace(/;tag=[0-9a-f]+$/, ""), `${written} <sip:web@127.0.0.30>`);
      assert.equal(invite.match(/^From:/gm)?.length, 1);
      await sipp.done();
      await app.close();
    });
  }

  it("or number that would begin a line or a header is refused at the door", async () => {
    const sipp = await Sipp.answering(new Called().invited().reply(486, "Busy Here").asked("ACK"));
    const app = await App.account(relay, sipp.target);
    await assert.rejects(app.call("bob", { visibleName: "Eve\r\nVia: x" }), /visibleName/);
    await assert.rejects(app.call("bob\r\nVia: x"), /callee/);
    await assert.rejects(app.call("<sip:bob@127.0.0.30>;x"), /callee/);
    await sipp.stop();
    await app.close();
  });
});
