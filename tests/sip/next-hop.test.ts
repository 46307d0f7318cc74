/** How the relay finds a SIP server, and what it does when one fails: DNS by dnsmasq, servers by SIPp. */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { App } from "../peers/app.ts";
import { Dnsmasq, Zone } from "../peers/dnsmasq.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Called } from "../peers/scenario.ts";
import { Silent } from "../peers/silent.ts";
import { Sipp } from "../peers/sipp.ts";

const FIRST = "127.0.0.31";
const SECOND = "127.0.0.32";

/** Ports that the zone names, and SIPp takes when a test wants it to be there. */
let at: Record<"first" | "second" | "refused" | "unavailable" | "tcp" | "v6", number>;
let silent: Silent;
let dns: Dnsmasq;
let relay: Relay;

before(async () => {
  const [first, refused, unavailable] = [await port(FIRST), await port(FIRST), await port(FIRST)];
  at = { first, refused, unavailable, second: await port(SECOND), tcp: await port(FIRST), v6: await port(FIRST) };
  silent = await Silent.start(FIRST);
  const second = { host: "second.test", port: at.second, priority: 20 };
  const zone = new Zone()
    .host("first.test", FIRST)
    .host("second.test", SECOND)
    .host("v6.test", "::1")
    .service("_sip._udp.priorities.test", [second, { host: "first.test", port: at.first, priority: 10 }])
    .service("_sip._tcp.refusing.test", [{ host: "first.test", port: at.refused, priority: 10 }, second])
    .service("_sip._udp.silent.test", [{ host: "first.test", port: silent.port, priority: 10 }, second])
    .service("_sip._udp.unavailable.test", [{ host: "first.test", port: at.unavailable, priority: 10 }, second])
    .offer("wants-tcp.test", "SIP+D2T", "_sip._tcp.wants-tcp.test")
    .offer("wants-tcp.test", "SIP+D2U", "_sip._udp.wants-tcp.test", 20)
    .service("_sip._tcp.wants-tcp.test", [{ host: "first.test", port: at.tcp }])
    .service("_sip._udp.wants-tcp.test", [second])
    .service("_sip._udp.alike.test", [
      { host: "first.test", port: at.first, weight: 7 },
      { host: "second.test", port: at.second, weight: 7 },
    ])
    .service("_sip._udp.weighed.test", [
      { host: "first.test", port: at.first, weight: 0 },
      { host: "second.test", port: at.second, weight: 65_535 },
    ])
    .service("_sip._udp.six.test", [{ host: "v6.test", port: at.v6 }]);
  dns = await Dnsmasq.start(zone);
  relay = await Relay.start({
    connectTimeout: 120,
    destinations: ["*.test", FIRST, SECOND],
    sip: [`dns = "${dns.server}"`],
    v6: true,
  });
});
afterEach(async () => {
  await endPrograms((program) => program !== relay.program && program !== dns.program);
  await relay.idle();
});
after(async () => {
  silent.stop();
  await relay.stop(["unused-password"]);
  await endPrograms();
});

/** A server that says it is busy, which ends a call without sound. */
const busy = (): Called => new Called().invited().reply(486, "Busy Here").asked("ACK");

const server = (address: string, listen: number, scenario = busy(), transport: "udp" | "tcp" = "udp"): Promise<Sipp> =>
  Sipp.answering(scenario, { address, port: listen, transport });

/** Calls from an account of this domain, and waits until somebody was busy. */
async function calls(app: App, fields: Record<string, unknown> = {}): Promise<void> {
  const over = await app.status(await app.call("anyone", fields), "BUSY", { ms: 20_000 });
  assert.equal(over["sipStatus"], 486);
}

describe("of a domain's servers", () => {
  it("the one of the lowest priority is called", async () => {
    const [first, second] = [await server(FIRST, at.first), await server(SECOND, at.second)];
    const app = await App.account(relay, "priorities.test");
    await calls(app);
    await first.done();
    assert.equal(second.messages(), "");
    await app.close();
  });

  it("the next is called when the first refuses the connection", async () => {
    const second = await server(SECOND, at.second, busy(), "tcp");
    const app = await App.account(relay, "refusing.test", { transport: "tcp" });
    await calls(app);
    await second.done();
    await app.close();
  });

  it("the next is called when the first is silent, and straight away the time after", async () => {
    const app = await App.account(relay, "silent.test");
    for (let call = 0; call < 2; call++) {
      const second = await server(SECOND, at.second);
      await calls(app);
      await second.done();
    }
    assert.equal(silent.calls().size, 1, "the second call did not try the silent one");
    await app.close();
  });

  it("the next is called when the first is unavailable (503), with the same call in a transaction of its own", async () => {
    const first = await server(FIRST, at.unavailable, new Called().invited().reply(503, "Service Unavailable").asked("ACK"));
    const second = await server(SECOND, at.second);
    const app = await App.account(relay, "unavailable.test");
    await calls(app);
    await Promise.all([first.done(), second.done()]);
    const [refused, taken] = [await first.message(/^INVITE /m), await second.message(/^INVITE /m)];
    const header = (invite: string, name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(invite)?.[1]?.trim() ?? "";
    for (const name of ["Call-ID", "CSeq", "From", "To"]) assert.equal(header(refused, name), header(taken, name));
    assert.notEqual(header(refused, "Via"), header(taken, "Via"));
    await app.close();
  });
});

describe("servers of one priority", () => {
  const [MANY, MORE] = [40, 1000];

  /** How many of so many calls reached each. */
  async function shared(domain: string, count: number): Promise<readonly [first: number, second: number]> {
    const options = { calls: MORE, transport: "udp" } as const;
    const [first, second] = [
      await Sipp.answering(busy(), { address: FIRST, port: at.first, ...options }),
      await Sipp.answering(busy(), { address: SECOND, port: at.second, ...options }),
    ];
    const app = await App.account(relay, domain);
    for (let call = 0; call < count; call++) await calls(app);
    await app.close();
    const taken = (sipp: Sipp): number => new Set([...sipp.messages().matchAll(/^Call-ID: (.*)$/gm)].map(([line]) => line)).size;
    const each = [taken(first), taken(second)] as const;
    assert.equal(each[0] + each[1], count);
    return each;
  }

  it("share the calls where they weigh the same", async () => {
    const [first, second] = await shared("alike.test", MANY);
    // All of them to one server: once in 2^39 runs.
    assert.ok(first > 0 && second > 0, `${first} and ${second} calls`);
  });

  it("have calls by their weight, and hardly any where that is 0 (RFC 2782)", async () => {
    const [first] = await shared("weighed.test", MANY);
    // Each call goes there once in 65536 times, so three of them once in 10^10 runs.
    assert.ok(first < 3, `${first} calls to the server of weight 0`);
  });
});

describe("the way to a domain", () => {
  it("is TCP where its NAPTR records want that, for the whole dialog", async () => {
    const called = new Called().invited().reply(200, "OK", { sdp: {} }).asked("ACK").asked("BYE").confirm();
    const sipp = await server(FIRST, at.tcp, called, "tcp");
    const app = await App.account(relay, "wants-tcp.test");
    const call = await app.call("anyone");
    const invite = await sipp.message(/^INVITE /m);
    assert.match(invite, new RegExp(`^Via: SIP/2.0/TCP ${relay.sip.replaceAll(".", "\\.")};`, "m"));
    assert.match(invite, new RegExp(`^Contact: <sip:[^@]+@${relay.sip.replaceAll(".", "\\.")};transport=tcp>`, "m"));
    await sipp.message(/^ACK /m);
    await app.hangup(call);
    await sipp.done();
    await app.close();
  });

  it("is IPv6 where the host has such an address, and Via and Contact say so", async () => {
    const sipp = await server("::1", at.v6);
    const app = await App.account(relay, "six.test");
    await calls(app);
    const invite = await sipp.message(/^INVITE /m);
    assert.match(invite, /^Via: SIP\/2.0\/UDP \[::1\]:\d+;/m);
    assert.match(invite, /^Contact: <sip:[^@]+@\[::1\]:\d+>/m);
    await sipp.done();
    await app.close();
  });

  it("is not asked of the DNS again while the answer holds", () => {
    assert.equal(dns.asked("SRV", "_sip._udp.silent.test"), 1);
  });
});

describe("an INVITE of more than 1300 bytes", () => {
  const much = { sipSdp: Array.from({ length: 30 }, (_, n) => `a=x-filling:${n} which nobody will ever read`) };

  it("arrives over TCP", async () => {
    const sipp = await server(FIRST, at.first, busy(), "tcp");
    const app = await App.account(relay, `${FIRST}:${at.first}`);
    await calls(app, much);
    assert.match(await sipp.message(/^INVITE /m), /^Via: SIP\/2.0\/TCP /m);
    await sipp.done();
    await app.close();
  });

  it("arrives over UDP where TCP is refused", async () => {
    const sipp = await server(SECOND, at.second);
    const app = await App.account(relay, `${SECOND}:${at.second}`);
    await calls(app, much);
    const invite = await sipp.message(/^INVITE /m);
    assert.match(invite, /^Via: SIP\/2.0\/UDP /m);
    assert.doesNotMatch(invite, /transport=tcp/);
    await sipp.done();
    await app.close();
  });
});
