/** The relay as a client of registrars: what it says of itself, what it follows, and what the app hears of it. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Cable } from "../peers/cable.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

let relay: Relay;
before(async () => (relay = await Relay.start({ connectTimeout: 120, sip: ["gruu = true"] })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(() => relay.stop(["unused-password", "web-password"]));

const USERS = { web: "web-password", bob: "bob-password" };
const ADDRESS = "127.0.0.30";

/** An app whose account is registered there; the scenario takes its REGISTERs. */
async function registering(target: string, fields: Record<string, unknown> = {}): Promise<App> {
  return App.account(relay, target, { register: true, ...fields });
}

async function outcome(app: App, state: string, from = 0): Promise<Record<string, unknown>> {
  return app.event("registration", { state }, { from });
}

const error = (event: Record<string, unknown>): Record<string, unknown> => event["error"] as Record<string, unknown>;

describe("what the registrar is told", () => {
  it("is an instance, and what the relay supports", async () => {
    const sipp = await Sipp.answering(new Called().asked("REGISTER").registrar(200, "OK").asked("REGISTER").registrar(200, "OK"));
    const app = await registering(sipp.target, { domain: "one.example", outboundProxy: sipp.target });
    await outcome(app, "registered");
    const register = await sipp.message(/^REGISTER sip:one\.example /m);
    assert.match(register, /^Supported: .*path.*gruu/m);
    assert.match(register, /^Allow: .*INVITE/m);
    const instance = /\+sip\.instance="<urn:uuid:[0-9a-f-]{36}>"/.exec(register)?.[0];
    assert.ok(instance, register);
    await app.close();
    const removal = await sipp.message(/^Expires: 0\r?$/m);
    assert.ok(removal.includes(instance), removal);
    await sipp.done();
  });

  it("is a flow to be kept (RFC 5626), where it is over TCP", async () => {
    const scenario = new Called().asked("REGISTER").registrar(200, "OK").asked("REGISTER").registrar(200, "OK");
    const contacts: string[] = [];
    for (const transport of ["tcp", "udp"] as const) {
      const sipp = await Sipp.answering(scenario, { transport });
      const app = await registering(sipp.target, { transport });
      await outcome(app, "registered");
      const register = await sipp.message(/^REGISTER /m);
      const field = (name: string): string => new RegExp(`^${name}: (.*?)\r?$`, "m").exec(register)?.[1] ?? assert.fail(register);
      contacts.push(field("Contact"));
      // A datagram has no flow that the server could lose.
      assert.equal(/\boutbound\b/.test(field("Supported")), transport === "tcp");
      await app.close();
      await sipp.done();
    }
    const [kept = "", plain = ""] = contacts;
    assert.match(kept, /^<sip:[^>]+;transport=tcp(;ob)?>;(?=.*\+sip\.instance="<urn:uuid:[0-9a-f-]{36}>").*reg-id=1\b/);
    assert.doesNotMatch(plain, /reg-id/);
  });

  it("is an outbound flow over TCP, which is registered again at once when the server ends it", async () => {
    const sip = await port("127.0.0.10");
    const first = await Kamailio.start({ users: USERS, port: sip });
    const app = await registering(first.domain, { password: USERS.web, transport: "tcp" });
    await outcome(app, "registered");
    await first.stop();
    const second = await Kamailio.start({ users: USERS, port: sip });
    // The server is back before or after the first new attempt: either way the account is registered there again.
    await second.registered("web", true, { ms: 60_000 });
    await app.close();
    await second.registered("web", false);
  });
});

describe("what the registrar wants", () => {
  it("a Service-Route is the way of calls, and its Path and GRUU are understood", async () => {
    const proxy = await Sipp.answering(new Called().invited().reply(603, "Decline").asked("ACK"));
    const route = `Service-Route: <sip:${proxy.target};lr>, <sip:core.example;lr>`;
    const gruu = 'Contact:[$contact];expires=60;pub-gruu="sip:web@pbx.example;gr=urn:1"';
    const scenario = new Called()
      .keeping("REGISTER", "Contact", "contact")
      .registrar(200, "OK", [route, "Path: <sip:edge.example;lr>", gruu], { contact: false })
      .asked("REGISTER")
      .registrar(200, "OK");
    const sipp = await Sipp.answering(scenario);
    const app = await registering(sipp.target);
    await outcome(app, "registered");
    await app.status(await app.call("bob"), "FAILED");
    const invite = await proxy.message(/^INVITE /m);
    assert.match(invite, new RegExp(`^Route: <sip:${proxy.target};lr>\r?\nRoute: <sip:core\\.example;lr>`, "m"));
    assert.match(invite, /^Contact: <sip:web@pbx\.example;gr=urn:1>/m);
    await proxy.done();
    await app.close();
    await sipp.done();
  });

  it("a longer registration is asked for on a 423", async () => {
    const scenario = new Called().asked("REGISTER").registrar(423, "Interval Too Brief", ["Min-Expires: 1800"]);
    const sipp = await Sipp.answering(scenario.asked("REGISTER").registrar(200, "OK").asked("REGISTER").registrar(200, "OK"));
    const app = await registering(sipp.target);
    await outcome(app, "registered");
    assert.match(sipp.messages(), /^Expires: 1800\r?$/m);
    await app.close();
    await sipp.done();
  });

  it("a busy server is left alone until its Retry-After, and then asked again", async () => {
    const scenario = new Called().asked("REGISTER").registrar(503, "Service Unavailable", ["Retry-After: 2"]);
    const sipp = await Sipp.answering(scenario.asked("REGISTER").registrar(200, "OK").asked("REGISTER").registrar(200, "OK"));
    const app = await registering(sipp.target);
    const failed = error(await outcome(app, "failed"));
    assert.deepEqual([failed["sipStatus"], failed["sipReason"]], [503, "Service Unavailable"]);
    const began = Date.now();
    await outcome(app, "registered");
    assert.ok(Date.now() - began >= 1_900, `asked again after ${Date.now() - began} ms`);
    await app.close();
    await sipp.done();
  });

  it("refreshes come before the granted time is over", async () => {
    const granted = ["Contact:[$contact];expires=6"];
    const scenario = new Called().keeping("REGISTER", "Contact", "contact").registrar(200, "OK", granted, { contact: false });
    const sipp = await Sipp.answering(scenario.asked("REGISTER").registrar(200, "OK").asked("REGISTER").registrar(200, "OK"));
    const app = await registering(sipp.target);
    await outcome(app, "registered");
    const began = Date.now();
    await sipp.message(/^CSeq: 2 REGISTER/m);
    assert.ok(Date.now() - began < 6_000, `refreshed after ${Date.now() - began} ms`);
    await app.close();
    await sipp.done();
  });

  it("the address it sees is the one that is registered", async () => {
    const scenario = new Called().asked("REGISTER").registrar(200, "OK", [], { via: ";received=198.51.100.7" });
    const sipp = await Sipp.answering(scenario.asked("REGISTER").registrar(200, "OK").asked("REGISTER").registrar(200, "OK"));
    const app = await registering(sipp.target);
    await outcome(app, "registered");
    const moved = await sipp.message(/^CSeq: 2 REGISTER/m);
    assert.match(moved, /^Contact: <sip:[0-9a-f]+@198\.51\.100\.7:\d+>;\+sip\.instance/m);
    assert.match(moved, /^Contact: <sip:[0-9a-f]+@127\.0\.0\.2:\d+>;expires=0/m);
    await app.close();
    await sipp.done();
  });
});

describe("where a registrar sends the relay", () => {
  it("a proxy on the account's own server is used, and its challenge answered", async () => {
    const kamailio = await Kamailio.start({ users: USERS, address: ADDRESS });
    const proxy = [`Contact: <sip:${kamailio.domain}>`];
    const sipp = await Sipp.answering(new Called().asked("REGISTER").registrar(305, "Use Proxy", proxy));
    const app = await registering(sipp.target, { password: USERS.web });
    await outcome(app, "registered");
    await sipp.done();
    await kamailio.registered("web");
    await app.close();
    await kamailio.registered("web", false);
  });

  it("another server is used where the relay may go, but is not given the password", async () => {
    const kamailio = await Kamailio.start({ users: USERS });
    const sipp = await Sipp.answering(
      new Called().asked("REGISTER").registrar(305, "Use Proxy", [`Contact: <sip:${kamailio.domain}>`]),
    );
    const app = await registering(sipp.target, { password: USERS.web });
    const failed = error(await outcome(app, "failed"));
    assert.deepEqual([failed["code"], failed["sipStatus"]], ["destinationForbidden", 401]);
    await app.close();
    await sipp.done();
  });

  it("a server that the relay may not reach is not asked", async () => {
    const elsewhere = ["Contact: <sip:198.51.100.9>"];
    const sipp = await Sipp.answering(new Called().asked("REGISTER").registrar(305, "Use Proxy", elsewhere));
    const app = await registering(sipp.target);
    const failed = error(await outcome(app, "failed"));
    assert.deepEqual([failed["code"], failed["sipStatus"], failed["sipReason"]], ["destinationForbidden", 305, "Use Proxy"]);
    await app.close();
    await sipp.done();
  });
});

describe("a registration that is refused", () => {
  for (const [code, phrase, name] of [
    [403, "Forbidden", "unauthorized"],
    [404, "Not Found", "notFound"],
    [423, "Interval Too Brief", "rejected"],
    [480, "Temporarily Unavailable", "noAnswer"],
  ] as const) {
    it(`with ${code} reaches the app with code and reason`, async () => {
      const sipp = await Sipp.answering(new Called().asked("REGISTER").registrar(code, phrase));
      const app = await registering(sipp.target);
      const failed = error(await outcome(app, "failed"));
      assert.deepEqual([failed["code"], failed["sipStatus"], failed["sipReason"]], [name, code, phrase]);
      assert.ok(String(failed["message"]).length > 10);
      await app.close();
      await sipp.done();
    });
  }
});

describe("challenges", () => {
  it("the strongest of several is answered, once", async () => {
    const offers = ["MD5", "SHA-256", "SHA-512-256"].map(
      (algorithm) => `WWW-Authenticate: Digest realm="pbx", nonce="n-${algorithm}", algorithm=${algorithm}, qop="auth,auth-int"`,
    );
    const scenario = new Called().asked("REGISTER").registrar(401, "Unauthorized", offers);
    const sipp = await Sipp.answering(scenario.asked("REGISTER").registrar(200, "OK").asked("REGISTER").registrar(200, "OK"));
    const app = await registering(sipp.target);
    await outcome(app, "registered");
    const answer = await sipp.message(/^Authorization: /m);
    assert.equal(answer.match(/^Authorization: /gm)?.length, 1);
    assert.match(answer, /^Authorization: Digest .*nonce="n-SHA-512-256".*algorithm=SHA-512-256.*qop=auth-int/m);
    await app.close();
    await sipp.done();
  });

  for (const algorithm of ["MD5", "SHA-256"] as const) {
    it(`${algorithm} convinces Kamailio, for several accounts at once`, async () => {
      const kamailio = await Kamailio.start({ users: USERS, algorithm });
      const apps = await Promise.all(
        Object.entries(USERS).map(([login, password]) => registering(kamailio.domain, { login, password })),
      );
      for (const app of apps) await outcome(app, "registered");
      for (const user of Object.keys(USERS)) await kamailio.registered(user);
      for (const app of apps) await app.close();
      for (const user of Object.keys(USERS)) await kamailio.registered(user, false);
    });
  }
});

describe("a server that is not there", () => {
  it("is told as such, and found again when it comes", async () => {
    const sip = await port("127.0.0.10");
    const app = await registering(`127.0.0.10:${sip}`, { password: USERS.web, transport: "tcp" });
    assert.equal(error(await outcome(app, "failed"))["code"], "unreachable");
    const kamailio = await Kamailio.start({ users: USERS, port: sip });
    await app.event("registration", { state: "registered" }, { ms: 45_000 });
    await app.close();
    await kamailio.registered("web", false);
  });
});

describe("several servers at once", () => {
  it("each have their own account, realm and password, and lose none of the others", async () => {
    const [home, away] = [
      await Kamailio.start({ users: { web: "password-at-home" } }),
      await Kamailio.start({ users: { web: "password-away" }, address: ADDRESS, algorithm: "SHA-256" }),
    ];
    const accounts = [
      { server: home, password: "password-at-home" },
      { server: away, password: "password-away" },
    ] as const;
    const apps = await Promise.all(accounts.map(({ server, password }) => registering(server.domain, { password })));
    for (const app of apps) await outcome(app, "registered");
    for (const { server } of accounts) await server.registered("web");
    assert.equal((await relay.health())["accounts"], 2);
    // The password of one is no use at the other.
    const wrong = await registering(away.domain, { password: "password-at-home" });
    assert.equal(error(await outcome(wrong, "failed"))["code"], "unauthorized");
    await wrong.close();
    const [first, second] = apps;
    await first.close();
    await home.registered("web", false);
    const from = away.program.output.now();
    await second.close();
    await away.registered("web", false, { from });
  });
});

describe("a network that goes dead", () => {
  it("is noticed, and the account registered again once it is back", async () => {
    const watchful = await Relay.start({ connectTimeout: 120, sip: ["keep_alive = 1"] });
    const kamailio = await Kamailio.start({ users: USERS });
    const cable = await Cable.to(`ws://${kamailio.domain}`);
    const proxy = new URL(cable.url).host;
    const fields = { register: true, password: USERS.web, transport: "tcp", outboundProxy: proxy };
    const app = await App.account(watchful, kamailio.domain, fields);
    await outcome(app, "registered");
    // The server has answered a ping, so that its silence says something.
    await cable.brought.waitFor((piece) => piece === "\r\n", "an answer to a ping");
    cable.swallow();
    await cable.ended.waitFor((end) => end === "near", "the relay to give the connection up", { ms: 20_000 });
    const again = kamailio.program.output.now();
    await cable.mend();
    await kamailio.registered("web", true, { from: again });
    const from = kamailio.program.output.now();
    await app.close();
    await kamailio.registered("web", false, { from });
    cable.cut();
    await watchful.stop([USERS.web]);
  });
});
