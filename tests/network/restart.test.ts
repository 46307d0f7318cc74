/** The relay is started again under its sessions: they come back by themselves, and the app sees what became of its calls. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { SessionOptions } from "offhook";
import { BROWSER_VOICE, longVoice } from "../e2e/stage.ts";
import { Baresip } from "../peers/baresip.ts";
import { Browser } from "../peers/browser.ts";
import { hears } from "../peers/hearing.ts";
import { Kamailio } from "../peers/kamailio.ts";
import type { BrowserPhone } from "../peers/phone.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { SENTENCES, speech } from "../sound/sources.ts";

const PHONE_VOICE = speech(SENTENCES.phone, 16_000);
const USERS = { web: "web-account-password", bob: "bob-account-password" };

let browser: Browser;
let relay: Relay;
let kamailio: Kamailio;
const phones: BrowserPhone[] = [];

before(async () => {
  kamailio = await Kamailio.start({ users: USERS });
  browser = await Browser.start({ says: BROWSER_VOICE });
  relay = await Relay.start({ origins: [browser.origin], users: { alice: "" } });
});

afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.kill()));
  await endPrograms((program) => program !== relay.program && program !== kamailio.program);
  await relay.idle();
});

after(async () => {
  await browser.stop();
  await relay.zero((name) => !["transactions", "sipConnections"].includes(name), 40_000);
  await relay.stop(Object.values(USERS));
  await endPrograms();
});

async function phone(): Promise<BrowserPhone> {
  const opened = await browser.phone();
  phones.push(opened);
  return opened;
}

function account(): SessionOptions {
  const sipOptions = { login: "web", password: USERS.web, domain: kamailio.address, port: kamailio.port };
  return { urlServer: relay.url, sipOptions };
}

async function softphone(): Promise<Baresip> {
  const from = kamailio.program.output.now();
  const options = { user: "bob", password: USERS.bob, registrar: kamailio.domain, address: "127.0.0.20", says: longVoice() };
  const bob = await Baresip.start(options);
  await kamailio.registered("bob", true, { from });
  return bob;
}

/** How a call that the restart ends is reported. */
const OUTCOMES = { "in good order": "shuttingDown", "by a power cut": "peerLost" } as const;

for (const how of ["in good order", "by a power cut"] as const) {
  describe(`a relay that ends ${how} and starts again`, () => {
    it("gets its sessions back, which register again and can be called", async () => {
      const web = await phone();
      await web.register(account(), "REGISTERED");
      const bob = await softphone();
      const [from, saved] = [web.reports.now(), kamailio.program.output.now()];
      await relay.restart(how);
      await web.session("ESTABLISHED", { from, ms: 20_000 });
      await web.session("REGISTERED", { from });
      await kamailio.registered("web", true, { from: saved });
      const events = web.reports.all().slice(from).filter((report) => report.from === "session").map((report) => report.event);
      assert.equal(events[0], "RECONNECTING");
      assert.deepEqual(events.filter((event) => event === "FAILED" || event === "DISCONNECTED"), []);

      await bob.dial(`sip:web@${kamailio.domain}`);
      const incoming = await web.incoming({ from });
      await web.answer(incoming.id);
      await web.event(incoming.id, "ESTABLISHED");
      await web.record();
      await Promise.all([hears(web, PHONE_VOICE), hears(bob, BROWSER_VOICE)]);
      await web.hangup(incoming.id);
      await web.event(incoming.id, "FINISH");
    });

    it("has the app told what became of its call", async () => {
      const web = await phone();
      await web.register(account(), "REGISTERED");
      const bob = await softphone();
      const out = await web.call("bob");
      await bob.event("CALL_INCOMING");
      await bob.accept();
      await web.event(out, "ESTABLISHED");
      await web.record();
      await hears(web, PHONE_VOICE);
      const from = web.reports.now();
      await relay.restart(how);
      const end = await web.end(out, { ms: 20_000 });
      assert.deepEqual([end.event, end.code], ["FAILED", OUTCOMES[how]], end.message);
      assert.ok((end.message ?? "").length > 10, "says why in a sentence");
      await web.session("REGISTERED", { from, ms: 20_000 });
    });
  });
}

describe("a relay that stays away", () => {
  it("is given up after the time that the app sets", async () => {
    const alice = await phone();
    await alice.register({ urlServer: relay.url, sipOptions: { login: "alice" }, reconnectTimeout: 2000 });
    const out = await alice.call("echo");
    await alice.event(out, "ESTABLISHED");
    await relay.program.kill();
    const [end, over] = await Promise.all([alice.end(out), alice.session("DISCONNECTED")]);
    assert.deepEqual([end.event, end.code, over.code], ["FAILED", "relayLost", "relayLost"]);
    await relay.restart("by a power cut");
  });
});
