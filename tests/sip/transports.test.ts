/** TLS with Kamailio and OpenSSL, IPv6 with SIPp, and what the relay's own trace shows of it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type Socket, createConnection } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { type ConnectionOptions, type TLSSocket, connect } from "node:tls";
import { App } from "../peers/app.ts";
import { Authority } from "../peers/certificates.ts";
import { eventually, within } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { Kamailio } from "../peers/kamailio.ts";
import { port } from "../peers/ports.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Caller } from "../peers/scenario.ts";
import { Sipp } from "../peers/sipp.ts";

const PASSWORD = "s3cret-of-alice";
const authority = new Authority();
const secure = (name: string, of = authority): { certificate: string; key: string } => of.certificate(name);

/** `[sip]` lines for these certificates. */
function identity({ certificate, key }: { certificate: string; key: string }): string[] {
  return [`tls_certificate = "${certificate}"`, `tls_key = "${key}"`];
}

describe("an account over TLS", () => {
  let relay: Relay;
  before(async () => (relay = await Relay.start({ sip: [`tls_ca = "${authority.file}"`] })));
  afterEach(async () => {
    // The server answers that the binding is gone before it ends, and with it the connection.
    await relay.zero((name) => name === "accounts", 15_000);
    await endPrograms((program) => program !== relay.program);
    await relay.idle();
  });
  after(() => relay.stop([PASSWORD]));

  async function registering(tls: { certificate: string; key: string }): Promise<App> {
    const kamailio = await Kamailio.start({ users: { alice: PASSWORD }, tls });
    const fields = { login: "alice", password: PASSWORD, transport: "tls", register: true };
    return App.account(relay, `${kamailio.address}:${kamailio.tlsPort}`, fields);
  }

  it("registers where the server's certificate names it and comes from the authority of tls_ca", async () => {
    const app = await registering(secure("IP:127.0.0.10"));
    await app.event("registration", { state: "registered" });
    await app.close();
  });

  for (const [what, tls, sentence] of [
    ["is another's", () => secure("DNS:other.example"), /for another name/],
    ["comes from nobody known", () => secure("IP:127.0.0.10", new Authority("Stranger")), /no authority that the relay trusts/],
  ] as const) {
    it(`does not register where the certificate ${what}, and says so`, async () => {
      const app = await registering(tls());
      const failed = await app.event("registration", { state: "failed" });
      assert.match(failed.error?.message ?? "", sentence);
      await app.close();
    });
  }
});

const OPTIONS = [
  "OPTIONS sips:relay.example SIP/2.0",
  "Via: SIP/2.0/TLS 127.0.0.1:1;branch=z9hG4bKtls;rport",
  "From: <sip:probe@127.0.0.1>;tag=1",
  "To: <sip:relay.example>",
  "Call-ID: tls",
  "CSeq: 1 OPTIONS",
  "Max-Forwards: 70",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

/** What is said over a TLS connection until it ends or has said this much. */
async function said(socket: Socket, pattern: RegExp): Promise<string> {
  let text = "";
  const over = new Promise<string>((resolve) => {
    socket.on("data", (data: Buffer) => {
      text += data.toString();
      if (pattern.test(text)) resolve(text);
    });
    socket.on("error", (error: Error) => resolve(`${text}${error.message}`));
    socket.on("close", () => resolve(text));
  });
  return within(over, () => `${pattern} over TLS; so far: ${text}`);
}

describe("the TLS listener", () => {
  let relay: Relay;
  let tls: number;
  const own = secure("DNS:relay.example");
  before(async () => {
    tls = await port("127.0.0.2");
    relay = await Relay.start({
      sip: [`tls = "127.0.0.2:${tls}"`, ...identity(own), `tls_client_ca = "${authority.file}"`],
    });
  });
  after(() => relay.stop());

  function connecting(options: ConnectionOptions): TLSSocket {
    const trust = { ca: readFileSync(authority.file), servername: "relay.example" };
    return connect({ host: "127.0.0.2", port: tls, ...trust, ...options });
  }

  it("shows its certificate, and serves who shows one of a known authority", async () => {
    const { certificate, key } = secure("DNS:phone.example");
    const phone = connecting({ cert: readFileSync(certificate), key: readFileSync(key) });
    phone.write(OPTIONS);
    const reply = await said(phone, /\r\n\r\n/);
    assert.match(reply, /^SIP\/2.0 200 OK\r\n/);
    assert.match(reply, /received=127\.0\.0\.1/);
    phone.write("\r\n\r\n");
    assert.match(await said(phone, /\r\n/), /^\r\n$/);
    phone.destroy();
  });

  it("serves nobody else", async () => {
    const phone = connecting({});
    phone.write(OPTIONS);
    assert.doesNotMatch(await said(phone, /SIP/), /SIP/);
    phone.destroy();
  });
});

describe("IPv6", () => {
  let relay: Relay;
  before(async () => (relay = await Relay.start({ v6: true })));
  after(() => relay.stop());

  for (const transport of ["udp", "tcp"] as const) {
    it(`is spoken over ${transport}`, async () => {
      const ready = await relay.program.line(/ ready /);
      const target = ready.match(new RegExp(`sip-${transport}=(\\[::1\\]:\\d+)`))?.[1] ?? assert.fail(ready);
      const sipp = await Sipp.calling("echo", target, new Caller().options().expect(200), { address: "::1", transport });
      await sipp.done();
    });
  }
});

describe("strangers' connections", () => {
  let relay: Relay;
  before(async () => (relay = await Relay.start({ sip: ["connections_per_source = 3"] })));
  after(() => relay.stop());

  it("are no more than one address may have, and give their places back", async () => {
    const [host = "", sip] = relay.sip.split(":");
    const open = async (): Promise<Socket> => {
      const socket = createConnection({ host, port: Number(sip) });
      socket.on("error", () => undefined);
      await within(new Promise((resolve) => socket.once("connect", resolve)), "a connection");
      return socket;
    };
    const ended = (socket: Socket): Promise<unknown> => within(new Promise((resolve) => socket.once("close", resolve)), "its end");
    const three = [await open(), await open(), await open()];
    const fourth = await open();
    fourth.resume();
    await ended(fourth);
    three[0]?.destroy();
    await eventually(async () => (await relay.health())["sipConnections"] === 2, "the place to be free");
    const next = await open();
    next.write(OPTIONS.replace("sips:", "sip:").replace("/TLS", "/TCP"));
    const [reply] = (await within(once(next, "data"), "an answer")) as [Buffer];
    assert.match(reply.toString(), /^SIP\/2.0 200 OK\r\n/);
    // The two that say nothing whole are closed in time.
    three[1]?.write("OPTIONS sip:relay.example SIP/2.0\r\nVia: SIP/2.0/T");
    for (const socket of three.slice(1)) socket.resume();
    await Promise.all(three.slice(1).map((socket) => within(once(socket, "close"), "the end of the silent", 15_000)));
    next.destroy();
  });
});

describe("connections in all", () => {
  let relay: Relay;
  before(async () => (relay = await Relay.start({ unanswered: 8, sip: ["connections = 4", "connections_per_source = 100"] })));
  after(() => relay.stop());

  it("are no more than sip.connections: the silent make room, and who has a call is not sent away", async () => {
    const [host = "", sip] = relay.sip.split(":");
    const open = async (): Promise<Socket> => {
      const socket = createConnection({ host, port: Number(sip) });
      socket.on("error", () => undefined);
      await within(new Promise((resolve) => socket.once("connect", resolve)), "a connection");
      return socket;
    };
    // A call that rings is something that both sides need its connection for.
    const ringing = async (socket: Socket, number: number): Promise<void> => {
      const body = "v=0\r\no=x 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
      const lines = [
        `INVITE sip:noanswer@${relay.sip} SIP/2.0`,
        `Via: SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bKring${number};rport`,
        "From: <sip:probe@127.0.0.1>;tag=1",
        `To: <sip:noanswer@${relay.sip}>`,
        `Call-ID: ring-${number}`,
        "CSeq: 1 INVITE",
        "Contact: <sip:probe@127.0.0.1:1;transport=tcp>",
        "Max-Forwards: 70",
        "Content-Type: application/sdp",
        `Content-Length: ${body.length}`,
      ];
      socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
      assert.match(await said(socket, /SIP\/2.0 180 /), /SIP\/2.0 180 /);
    };
    const held = async (count: number): Promise<void> => {
      await eventually(async () => (await relay.health())["sipConnections"] === count, `${count} connections`);
    };
    const [first, second] = [await open(), await open()];
    await ringing(first, 1);
    await ringing(second, 2);
    const [silent, other] = [await open(), await open()];
    await held(4);
    // The fifth is served in the place of the one that has been silent for longest.
    const gone = within(once(silent.resume(), "close"), "the end of the silent");
    const fifth = await open();
    await gone;
    await ringing(fifth, 3);
    await ringing(other, 4);
    // Now that there is a call over each of them, nobody makes room.
    const refused = (await open()).resume();
    await within(once(refused, "close"), "the end of the sixth");
    assert.equal((await relay.health())["calls"], 4);
    first.destroy();
    await held(3);
    const next = await open();
    await ringing(next, 5);
    for (const socket of [second, other, fifth, next]) socket.destroy();
    await held(0);
    await relay.idle();
  });
});

describe("--sip-trace", () => {
  for (const transport of ["udp", "tcp"] as const) {
    it(`writes a capture that tshark reads, over ${transport}, without secrets`, async () => {
      const file = join(folder("trace"), "sip.pcap");
      const relay = await Relay.start({ args: ["--sip-trace", file] });
      const kamailio = await Kamailio.start({ users: { alice: PASSWORD } });
      const fields = { login: "alice", password: PASSWORD, transport, register: true };
      const app = await App.account(relay, kamailio.domain, fields);
      await app.event("registration", { state: "registered" });
      await app.close();
      await kamailio.registered("alice", false);
      await relay.stop([PASSWORD]);
      await kamailio.stop();

      const dissect = (...args: string[]): string[] => {
        const decode = ["-d", `${transport}.port==${kamailio.port},sip`];
        const output = execFileSync("tshark", ["-n", "-r", file, ...decode, ...args], { stdio: ["ignore", "pipe", "ignore"] });
        return output.toString().trim().split("\n").filter(Boolean);
      };
      const seen = dissect("-T", "fields", "-e", "ip.src", "-e", "ip.dst", "-e", "sip.Method", "-e", "sip.Status-Code");
      // Connections leave from where the relay listens, too.
      const own = "127.0.0.2";
      const expected = [`${own}\t127.0.0.10\tREGISTER\t`, `127.0.0.10\t${own}\t\t401`, `127.0.0.10\t${own}\t\t200`];
      assert.deepEqual(new Set(seen), new Set(expected));
      assert.deepEqual(dissect("-Y", "_ws.malformed || ip.checksum.status == 0 || tcp.analysis.lost_segment"), []);
      const auth = dissect("-T", "fields", "-e", "sip.auth.digest.response", "-Y", "sip.auth.digest.response");
      assert.ok(auth.length > 0 && auth.every((response) => /^"?x+"?$/.test(response)), auth.join());
      const nonces = dissect("-T", "fields", "-e", "sip.auth.nonce", "-Y", "sip.auth.nonce");
      assert.ok(nonces.length > 0 && nonces.every((nonce) => /^"?x+"?$/.test(nonce)), nonces.join());
    });
  }
});
