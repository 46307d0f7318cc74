/** Texts between apps and SIP (RFC 3428), and waiting messages (RFC 3842). */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called, Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";
import type { Message } from "../peers/wire.ts";

const USERS = { web: "web-password", bob: "bob-password" };
const TWO = "Messages-Waiting: yes\nMessage-Account: sip:web@pbx.example\nVoice-Message: 2/8 (0/1)";
const NONE = "Messages-Waiting: no\nVoice-Message: 0/8";

let relay: Relay;
before(async () => (relay = await Relay.start({ connectTimeout: 120, users: { alice: "" } })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password", ...Object.values(USERS), "nobody else may read this"]));

function failure(event: Message): Record<string, unknown> {
  return event["error"] as Record<string, unknown>;
}

describe("a text from a SIP phone", () => {
  it("reaches the local user it is for", async () => {
    const app = await App.local(relay, "alice");
    const sipp = await Sipp.calling("alice", relay.sip, new Caller("bob", "Bob B.").message("nobody else may read this").expect(200));
    const told = await app.event("message");
    // SIPp ends a body with a line break of its own.
    const said = String(told["text"]).trimEnd();
    assert.deepEqual([told["from"], told["visibleName"], said], ["bob@127.0.0.30", "Bob B.", "nobody else may read this"]);
    await sipp.done();
    await app.close();
  });

  it("is refused for nobody, in another form than text, and when it is too long", async () => {
    const app = await App.local(relay, "alice");
    for (const [user, body, type, status] of [
      ["nobody", "Hello?", "text/plain", 404],
      ["alice", "<x/>", "application/pidf+xml", 415],
      ["alice", "x".repeat(9_000), "text/plain", 413],
    ] as const) {
      const transport = body.length > 1_000 ? "tcp" : "udp";
      const sipp = await Sipp.calling(user, relay.sip, new Caller().message(body, type).expect(status), { transport });
      await sipp.done();
    }
    await app.close();
  });

  it("reaches the app through a registrar, and one of an app another app's phone", async () => {
    const kamailio = await Kamailio.start({ users: USERS });
    const open = (login: keyof typeof USERS): Promise<App> =>
      App.account(relay, kamailio.domain, { login, password: USERS[login], register: true, visibleName: login });
    const [web, bob] = [await open("web"), await open("bob")];
    for (const app of [web, bob]) await app.event("registration", { state: "registered" });
    await web.ask("message", { messageId: "m1", to: "bob", text: "Grüße" });
    const told = await bob.event("message");
    assert.deepEqual([told["from"], told["text"]], ["web", "Grüße"]);
    assert.equal(failure(await web.event("messageStatus", { messageId: "m1" })), undefined);
    await web.ask("message", { messageId: "m2", to: "nobody", text: "Hello?" });
    const failed = failure(await web.event("messageStatus", { messageId: "m2" }));
    assert.deepEqual([failed["code"], failed["sipStatus"]], ["notFound", 404]);
    for (const app of [web, bob]) await app.close();
    for (const user of Object.keys(USERS)) await kamailio.registered(user, false);
  });
});

describe("waiting messages", () => {
  /** A registrar, and an app whose mailbox is watched at the proxy that it names. */
  async function watching(mailbox: Sipp, fields: Record<string, unknown> = {}): Promise<{ app: App; registrar: Sipp }> {
    const scenario = new Called().asked("REGISTER").registrar(200, "OK", [`Service-Route: <sip:${mailbox.target};lr>`]);
    const registrar = await Sipp.answering(scenario.asked("REGISTER").registrar(200, "OK"));
    const app = await App.account(relay, registrar.target, { register: true, ...fields });
    await app.event("registration", { state: "registered" });
    return { app, registrar };
  }

  it("are subscribed to and told as they change", async () => {
    const mailbox = await Sipp.answering(
      new Called()
        .subscribed()
        .taken(1000)
        .notifyMailbox("active;expires=1000", TWO)
        .answered(200)
        .notifyMailbox("active;expires=999", NONE)
        .answered(200)
        .asked("SUBSCRIBE")
        .confirm(),
    );
    const { app, registrar } = await watching(mailbox, { messageWaiting: true });
    const subscribe = await mailbox.message(/^SUBSCRIBE /m);
    const told = await app.event("messageWaiting", { waiting: true });
    assert.deepEqual([told["new"], told["old"]], [2, 8]);
    const later = await app.event("messageWaiting", { waiting: false });
    assert.deepEqual([later["new"], later["old"]], [0, 8]);
    assert.match(subscribe, /^Event: message-summary/m);
    assert.match(subscribe, /^Accept: application\/simple-message-summary/m);
    await app.close();
    await mailbox.done();
    assert.match(mailbox.messages(), /^Expires: 0\r?$/m);
    await registrar.done();
  });

  for (const [code, phrase] of [
    [403, "Forbidden"],
    [404, "Not Found"],
    [489, "Bad Event"],
  ] as const) {
    it(`are quietly none where a server says ${code}`, async () => {
      const mailbox = await Sipp.answering(new Called().asked("SUBSCRIBE").registrar(code, phrase));
      const { app, registrar } = await watching(mailbox, { messageWaiting: true });
      await mailbox.done();
      await app.ask("ping");
      const types = app.wire.received.all().map((message) => message.type);
      assert.deepEqual(types.filter((type) => type === "messageWaiting"), []);
      await app.close();
      await registrar.done();
    });
  }

  it("are believed unasked from who knows the Contact of a registration, and from nobody else", async () => {
    const registrar = await Sipp.answering(
      new Called().asked("REGISTER").registrar(200, "OK").asked("REGISTER").registrar(200, "OK"),
    );
    const app = await App.account(relay, registrar.target, { register: true });
    await app.event("registration", { state: "registered" });
    const contact = /^Contact: <sip:([0-9a-f]+)@/m.exec(await registrar.message(/^REGISTER /m))?.[1] ?? "";
    const stranger = await Sipp.calling("web", relay.sip, new Caller().unsolicited(TWO).expect(481));
    await stranger.done();
    const known = await Sipp.calling(contact, relay.sip, new Caller().unsolicited(TWO).expect(200));
    const told = await app.event("messageWaiting");
    assert.deepEqual([told["waiting"], told["new"], told["old"]], [true, 2, 8]);
    await known.done();
    await app.close();
    await registrar.done();
  });
});
