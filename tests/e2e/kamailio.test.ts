/** A SIP account at a registrar with digest: registration, and calls to and from a softphone with an account there. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Baresip, type BaresipOptions } from "../peers/baresip.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { eventually } from "../peers/deadline.ts";
import { hears } from "../peers/hearing.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { SENTENCES, speech } from "../sound/sources.ts";
import { BROWSER_VOICE, longVoice, stage } from "./stage.ts";

const set = stage();
const PHONE_VOICE = speech(SENTENCES.phone, 16_000);
const USERS = { web: "web-password", bob: "bob-password", second: "second-password" };

let kamailio: Kamailio;
before(async () => (kamailio = await Kamailio.start({ users: USERS })));
after(() => kamailio.stop());

type User = keyof typeof USERS;

function account(user: User, server = kamailio, password = set.secret(USERS[user])) {
  const sipOptions = { login: user, password, domain: server.address, port: server.port };
  return { urlServer: set.relay.url, sipOptions };
}

async function registered(user: User = "web"): Promise<BrowserPhone> {
  const phone = await set.phone();
  await phone.register(account(user), "REGISTERED");
  return phone;
}

async function softphone(options: Partial<BaresipOptions> = {}, server = kamailio): Promise<Baresip> {
  const from = server.program.output.now();
  const bob = await Baresip.start({
    user: "bob",
    password: USERS.bob,
    registrar: server.domain,
    address: "127.0.0.20",
    says: longVoice(),
    ...options,
  });
  await server.registered("bob", true, { from });
  return bob;
}

describe("registration", () => {
  it("is made with digest, and removed when the session ends", async () => {
    const from = kamailio.program.output.now();
    const web = await registered();
    await kamailio.registered("web", true, { from });
    const events = web.reports.all().map((report) => report.event);
    assert.deepEqual(events, ["CONNECTED", "ESTABLISHED", "REGISTERED"]);
    await web.disconnect();
    await web.session("DISCONNECTED");
    await kamailio.registered("web", false, { from });
  });

  it("is removed when the tab is killed", async () => {
    const from = kamailio.program.output.now();
    const web = await registered();
    await web.kill();
    await kamailio.registered("web", false, { from });
  });

  it("is refused with a wrong password and for a user unknown there", async () => {
    for (const sipOptions of [account("web", kamailio, set.secret("a-wrong-guess")).sipOptions, { ...account("web").sipOptions, login: "stranger" }]) {
      const phone = await set.phone();
      await phone.connect({ urlServer: set.relay.url, sipOptions });
      const refused = await phone.reports.waitFor((r) => r.from === "session" && r.code === "unauthorized", "a refusal");
      assert.ok(refused.sipStatus === 401 || refused.sipStatus === 403, `${refused.sipStatus}`);
      assert.ok((refused.message ?? "").length > 10);
    }
  });

  it("uses SHA-256 where the registrar asks for it", async () => {
    const strict = await Kamailio.start({ users: USERS, algorithm: "SHA-256" });
    const web = await set.phone();
    await web.register(account("web", strict), "REGISTERED");
    await web.disconnect();
    await strict.registered("web", false);
    await strict.stop();
  });

  it("works over TCP, as do calls", async () => {
    // A server of its own: the relay keeps the connection for as long as the server does.
    const server = await Kamailio.start({ users: USERS });
    const [web, bob] = [await set.phone(), await softphone({ registrar: server.domain, answer: "auto" }, server)];
    const { urlServer, sipOptions } = account("web", server);
    await web.register({ urlServer, sipOptions: { ...sipOptions, transport: "tcp" } }, "REGISTERED");
    const call = await web.call("bob");
    await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await web.record();
    await hears(web, PHONE_VOICE);
    await web.hangup(call);
    await web.event(call, "FINISH");
    const from = bob.events.now();
    await bob.dial(`sip:web@${server.domain}`);
    const incoming = (await web.incoming()).id;
    await web.answer(incoming);
    await Promise.all([web.event(incoming, "ESTABLISHED"), bob.event("CALL_ESTABLISHED", { from })]);
    await bob.hangup();
    await web.event(incoming, "FINISH");
    await server.stop();
  });

  it("is renewed before it expires, with a nonce that has gone stale", async () => {
    const brief = await Kamailio.start({ users: USERS, expires: 6, nonceExpires: 2 });
    const web = await set.phone();
    await web.register(account("web", brief), "REGISTERED");
    await brief.registered("web");
    await brief.registered("web", true, { from: brief.program.output.now() });
    assert.equal(await web.sessionStatus(), "REGISTERED");
    await web.disconnect();
    await brief.registered("web", false);
    await brief.stop();
  });

  it("to a server that does not answer fails within its deadline", async () => {
    const phone = await set.phone();
    const { urlServer, sipOptions } = account("web");
    await phone.connect({ urlServer, sipOptions: { ...sipOptions, domain: "127.0.0.10", port: 9 } });
    const failed = (r: { from: string; code?: string }): boolean => r.from === "session" && r.code !== undefined;
    const report = await phone.reports.waitFor(failed, "a failed registration", { ms: 40_000 });
    assert.ok(["timeout", "unreachable"].includes(report.code ?? ""), `${report.code}`);
  });
});

describe("a call to an account", () => {
  it("rings, carries sound both ways, and ends at both ends", async () => {
    const [web, bob] = [await registered(), await softphone()];
    const call = await web.call("bob");
    await bob.event("CALL_INCOMING");
    await web.event(call, "RING");
    await bob.accept();
    await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await web.record();
    await Promise.all([hears(web, PHONE_VOICE), hears(bob, BROWSER_VOICE)]);
    await web.hangup(call);
    await Promise.all([web.event(call, "FINISH"), bob.event("CALL_CLOSED")]);
  });

  it("can be held and resumed from both ends, and carries keys", async () => {
    const [web, bob] = [await registered(), await softphone({ answer: "auto" })];
    const call = await web.call("bob");
    await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await web.press(call, "13");
    await bob.keys("13");
    await bob.press("7");
    await eventually(() => web.digits(call) === "7", "the key 7");
    await web.act(call, "hold");
    await web.event(call, "HOLD");
    let from = web.reports.now();
    await web.act(call, "unhold");
    await web.event(call, "ESTABLISHED", { from });
    from = web.reports.now();
    await bob.hold();
    await web.event(call, "HOLD", { from });
    await bob.resume();
    await web.event(call, "ESTABLISHED", { from });
    await bob.hangup();
    await web.event(call, "FINISH");
  });

  it("declined, given up, or to nobody, says so", async () => {
    const [web, bob] = [await registered(), await softphone()];
    const declined = await web.call("bob");
    await bob.event("CALL_INCOMING");
    await bob.hangup();
    assert.equal((await web.end(declined)).event, "BUSY");
    const from = bob.events.now();
    const given = await web.call("bob");
    await Promise.all([web.event(given, "RING"), bob.event("CALL_INCOMING", { from })]);
    await web.hangup(given);
    await Promise.all([web.event(given, "FINISH"), bob.event("CALL_CLOSED", { from })]);
    const nobody = await web.end(await web.call("second"));
    assert.deepEqual([nobody.event, nobody.code], ["FAILED", "notFound"]);
  });
});

describe("a call from an account", () => {
  async function called(bob: Baresip, web: BrowserPhone): Promise<string> {
    await bob.dial(`sip:web@${kamailio.domain}`);
    const incoming = await web.incoming();
    assert.match(incoming.caller ?? "", /bob/);
    await web.event(incoming.id, "RING");
    await bob.event("CALL_RINGING");
    return incoming.id;
  }

  it("rings, carries sound both ways, and ends at both ends", async () => {
    const [web, bob] = [await registered(), await softphone({ codecs: ["g722"] })];
    const call = await called(bob, web);
    await web.answer(call);
    await Promise.all([web.event(call, "ESTABLISHED"), bob.event("CALL_ESTABLISHED")]);
    await web.record();
    await Promise.all([hears(web, PHONE_VOICE), hears(bob, BROWSER_VOICE)]);
    await bob.hangup();
    await web.event(call, "FINISH");
  });

  it("declined here, is refused there", async () => {
    const [web, bob] = [await registered(), await softphone()];
    await web.hangup(await called(bob, web));
    await bob.event("CALL_CLOSED", { param: /603/ });
  });

  it("given up there, stops ringing here", async () => {
    const [web, bob] = [await registered(), await softphone()];
    const call = await called(bob, web);
    await bob.hangup();
    await web.event(call, "FINISH");
  });

  it("from another browser's account passes through the server like any other", async () => {
    const [web, second] = [await registered(), await registered("second")];
    const call = await web.call("second");
    const incoming = (await second.incoming()).id;
    await second.answer(incoming);
    await Promise.all([web.event(call, "ESTABLISHED"), second.event(incoming, "ESTABLISHED")]);
    await web.record();
    await hears(web, BROWSER_VOICE);
    await second.hangup(incoming);
    await web.event(call, "FINISH");
  });
});
