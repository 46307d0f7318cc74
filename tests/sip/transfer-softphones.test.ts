/** Transfers that real softphones make, at a registrar: they are asked by REFER and call each other by themselves. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Baresip } from "../peers/baresip.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";

const USERS = { web: "web-password", bob: "bob-password", carol: "carol-password" };

let relay: Relay;
let kamailio: Kamailio;
before(async () => {
  relay = await Relay.start({ connectTimeout: 120, rtpInactivity: 120 });
  kamailio = await Kamailio.start({ users: USERS });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program && program !== kamailio.program);
  await relay.idle();
});
after(async () => {
  await relay.stop(Object.values(USERS));
  await kamailio.stop();
});

async function softphone(user: "bob" | "carol", address: string): Promise<Baresip> {
  const from = kamailio.program.output.now();
  const phone = await Baresip.start({ user, password: USERS[user], registrar: kamailio.domain, address, answer: "auto" });
  await kamailio.registered(user, true, { from });
  return phone;
}

async function talking(): Promise<{ app: App; call: string; bob: Baresip }> {
  const bob = await softphone("bob", "127.0.0.20");
  const account = { login: "web", password: USERS.web };
  const app = await App.account(relay, `${kamailio.address}:${kamailio.port}`, account);
  const call = await app.call("bob");
  await app.status(call, "ESTABLISHED");
  return { app, call, bob };
}

describe("a softphone at a registrar", () => {
  it("calls whom it is transferred to by itself", async () => {
    const { app, call } = await talking();
    const carol = await softphone("carol", "127.0.0.21");
    await app.ask("transfer", { callId: call, target: "carol" });
    await app.event("transfer", { callId: call, status: "COMPLETED" });
    await app.status(call, "FINISH");
    const { peeruri } = await carol.event("CALL_ESTABLISHED");
    assert.match(peeruri ?? "", /bob@/, "bob himself has called, not the relay for him");
    await carol.hangup();
    await app.close();
  });

  it("says why it could not, and the call goes on", async () => {
    const { app, call, bob } = await talking();
    await app.ask("transfer", { callId: call, target: "stranger" });
    const failed = await app.event("transfer", { callId: call, status: "FAILED" });
    assert.ok(Number(failed["sipStatus"]) >= 400, String(failed["sipStatus"]));
    await app.hangup(call);
    await bob.event("CALL_CLOSED");
    await app.close();
  });

  it("ends up with the other one after an attended transfer", async () => {
    const { app, call } = await talking();
    const carol = await softphone("carol", "127.0.0.21");
    const second = await app.call("carol");
    await app.status(second, "ESTABLISHED");
    await app.ask("transfer", { callId: call, withCall: second });
    await app.event("transfer", { callId: call, status: "COMPLETED" });
    for (const id of [call, second]) await app.status(id, "FINISH");
    await carol.hangup();
    await app.close();
  });
});
