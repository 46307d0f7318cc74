/** Calls that are sent on (3xx): only to where calls may go, whoever says so. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

let relay: Relay;
before(async () => (relay = await Relay.start({ connectTimeout: 120, destinations: ["127.0.0.30", "127.0.0.31", "localhost"] })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password"]));

/** Answers the call with where it is to go. */
function sends(...contacts: string[]): Promise<Sipp> {
  const headers = contacts.map((contact) => `Contact: ${contact}`);
  return Sipp.answering(new Called().invited().reply(302, "Moved Temporarily", { headers }).asked("ACK"));
}

function takes(): Called {
  return new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm();
}

describe("a call that is sent on", () => {
  it("goes to an address that calls may go to", async () => {
    const next = await Sipp.answering(takes(), { address: "127.0.0.31" });
    const first = await sends(`<sip:carol@${next.target}>`);
    const app = await App.account(relay, first.target);
    const call = await app.call("bob");
    await app.status(call, "ESTABLISHED");
    await first.done();
    assert.match(await next.message(/^INVITE sip:carol@/m), /^CSeq: 2 INVITE\r?$/m);
    await app.hangup(call);
    await next.done();
    await app.close();
  });

  it("goes to the address wanted most among those that may be called", async () => {
    const next = await Sipp.answering(takes(), { address: "127.0.0.31" });
    const first = await sends("<sip:mallory@127.0.0.66>", `<sip:bob@127.0.0.31:1>;q=0.2`, `<sip:dave@${next.target}>;q=0.8`);
    const app = await App.account(relay, first.target);
    const call = await app.call("bob");
    await app.status(call, "ESTABLISHED");
    await app.hangup(call);
    await next.done();
    await app.close();
  });

  it("goes by name where the name may be called", async () => {
    const next = await Sipp.answering(takes(), { address: "127.0.0.1" });
    const first = await sends(`<sip:carol@localhost:${next.port}>`);
    const app = await App.account(relay, first.target);
    const call = await app.call("bob");
    await app.status(call, "ESTABLISHED");
    await app.hangup(call);
    await next.done();
    await app.close();
  });

  for (const contact of ["<sip:carol@127.0.0.66>", "<sip:carol@elsewhere.example>"]) {
    it(`fails where ${contact} is no place for calls, and the app hears why`, async () => {
      const first = await sends(contact);
      const app = await App.account(relay, first.target);
      const over = await app.status(await app.call("bob"), "FAILED");
      const error = over["error"] as { code?: string };
      assert.deepEqual([over["sipStatus"], error.code], [302, "destinationForbidden"]);
      await first.done();
      await app.close();
    });
  }

  it("goes in no circles", async () => {
    const scenario = new Called().invited();
    const headers = ["Contact: <sip:bob@[local_ip]:[local_port]>"];
    for (let turn = 0; turn < 6; turn++) {
      if (turn > 0) scenario.asked("INVITE");
      scenario.reply(302, "Moved Temporarily", { headers }).asked("ACK");
    }
    const sipp = await Sipp.answering(scenario);
    const app = await App.account(relay, sipp.target);
    const over = await app.status(await app.call("bob"), "FAILED");
    assert.equal(over["sipStatus"], 302);
    await sipp.done();
    await app.close();
  });
});
