/** What no SDK and no phone would send: an error or silence comes back, the relay lives on, and nothing is kept. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { afterEach, before, after, describe, it } from "node:test";
import { Caller } from "../peers/scenario.ts";
import { within } from "../peers/deadline.ts";
import { endPrograms } from "../peers/program.ts";
import { Relay } from "../peers/relay.ts";
import { Sipp } from "../peers/sipp.ts";
import { Wire } from "../peers/wire.ts";

let relay: Relay;
before(async () => (relay = await Relay.start({ users: { alice: "", bob: "bob-password" } })));
afterEach(async () => {
  await endPrograms((program) => program !== relay.program);
  await relay.idle();
});
after(async () => {
  await relay.idle({ entirely: true, ms: 40_000 });
  await relay.stop();
});

/** The relay answers a client that behaves. */
async function stillServes(): Promise<void> {
  const wire = await Wire.open(relay.url);
  await wire.hello();
  const opened = await wire.ask("openLocal", { login: "alice" });
  assert.ok(opened.result, JSON.stringify(opened));
  await wire.ask("close");
  wire.cut();
  const options = await Sipp.calling("alice", relay.sip, new Caller().options().expect(200));
  await options.done();
}

describe("on the WebSocket", () => {
  it("binary frames, text that is no JSON, and JSON that is no request get an error", async () => {
    const wire = await Wire.open(relay.url);
    await wire.hello();
    const bad: (string | Buffer)[] = [
      Buffer.from([0, 1, 2, 255]),
      "",
      "hello?",
      "{",
      "[]",
      "null",
      "42",
      '"text"',
      '{"id":"seven","type":"ping"}',
      '{"id":-1,"type":"ping"}',
      '{"id":1e99,"type":"ping"}',
      '{"type":"ping"}',
      "[".repeat(20_000),
    ];
    for (const frame of bad) {
      const from = wire.received.now();
      wire.send(frame);
      const reply = await wire.received.waitFor((message) => message.error !== undefined, `an error for ${frame.toString().slice(0, 40)}`, { from });
      assert.equal(reply.error?.code, "badRequest");
    }
    wire.cut();
    await stillServes();
  });

  it("unknown requests, and known ones with wrong fields, get an error with their id", async () => {
    const wire = await Wire.open(relay.url);
    await wire.hello();
    assert.equal((await wire.ask("selfDestruct")).error?.code, "unknownRequest");
    for (const [type, fields] of [
      ["openLocal", {}],
      ["openLocal", { login: 7 }],
      ["openSip", { login: "a" }],
      ["resume", { token: "x", lastSeq: -1 }],
    ] as const) {
      assert.equal((await wire.ask(type, fields)).error?.code, "badRequest", type);
    }
    wire.cut();
  });

  it("requests before hello, and a version nobody speaks, are refused", async () => {
    const wire = await Wire.open(relay.url);
    for (const type of ["openLocal", "call", "ping", "close"]) {
      const fields = { login: "alice", callId: "c", callee: "echo", sdp: "v=0" };
      assert.equal((await wire.ask(type, fields)).error?.code, "helloRequired", type);
    }
    assert.equal((await wire.ask("hello", { version: 99, client: "future" })).error?.code, "versionUnsupported");
    wire.cut();
  });

  it("requests about calls without a session, or about calls that are not, are refused", async () => {
    const wire = await Wire.open(relay.url);
    await wire.hello();
    assert.equal((await wire.ask("hangup", { callId: "none" })).error?.code, "invalidSessionState");
    await wire.ask("openLocal", { login: "alice" });
    for (const type of ["ring", "hangup", "hold", "unhold"]) {
      assert.equal((await wire.ask(type, { callId: "none" })).error?.code, "unknownCall", type);
    }
    assert.equal((await wire.ask("answer", { callId: "none", sdp: "v=0" })).error?.code, "unknownCall");
    assert.equal((await wire.ask("dtmf", { callId: "none", digits: "1" })).error?.code, "unknownCall");
    assert.equal((await wire.ask("openLocal", { login: "alice" })).error?.code, "invalidSessionState");
    wire.cut();
  });

  it("a session description that is none is refused or fails the call, and leaves nothing", async () => {
    const wire = await Wire.open(relay.url);
    await wire.hello();
    await wire.ask("openLocal", { login: "alice" });
    const descriptions = ["", "v=0", "v=0\r\nm=audio", "\u0000".repeat(100), "v=0\r\n".repeat(5000), "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"];
    for (const [index, sdp] of descriptions.entries()) {
      const callId = `bad-${index}`;
      const reply = await wire.ask("call", { callId, callee: "echo", sdp });
      if (reply.error) continue;
      const over = (message: { type?: string; callId?: unknown; status?: unknown }): boolean =>
        message.type === "callStatus" && message.callId === callId && message.status === "FAILED";
      await wire.received.waitFor(over, `the end of call ${callId}`);
    }
    wire.cut();
  });

  it("a frame of a megabyte ends that connection and no other", async () => {
    const other = await Wire.open(relay.url);
    await other.hello();
    const wire = await Wire.open(relay.url);
    await wire.hello();
    wire.send("x".repeat(1_000_000));
    assert.ok([1006, 1009].includes(await within(wire.closed, "the connection to be closed")));
    assert.deepEqual((await other.ask("ping")).result, {});
    other.cut();
    const binary = await Wire.open(relay.url);
    binary.send(Buffer.alloc(1_000_000));
    await within(binary.closed, "the connection to be closed");
  });

  it("requests without end are slowed or cut off, and others are served", async () => {
    const wire = await Wire.open(relay.url);
    await wire.hello();
    for (let id = 1000; id < 6000; id++) wire.send(JSON.stringify({ id, type: "ping" }));
    const limited = wire.received.waitFor((message) => message.error?.code === "limitReached", "a limit").then(() => "limited");
    await Promise.race([limited, within(wire.closed, "the connection to be closed")]);
    await stillServes();
    wire.cut();
  });

  it("connections cut in every state leave nothing", async () => {
    for (let i = 0; i < 20; i++) {
      const wire = await Wire.open(relay.url);
      if (i % 4 > 0) await wire.hello();
      if (i % 4 > 1) await wire.ask("openLocal", { login: "alice" });
      if (i % 4 > 2) void wire.ask("call", { callId: `c${i}`, callee: "noanswer", sdp: "v=0" }).catch(() => undefined);
      wire.cut();
    }
  });

  it("a page from elsewhere, or one that speaks another protocol, is turned away", async () => {
    await assert.rejects(Wire.open(relay.url, "offhook.v1", "https://evil.example"), /403/);
    await assert.rejects(Wire.open(relay.url, "mqtt"), /400/);
    await assert.rejects(Wire.open(relay.url, ""), /400/);
  });

  it("password guesses get the same answer whether the user exists or not", async () => {
    const wire = await Wire.open(relay.url);
    await wire.hello();
    const wrong = await wire.ask("openLocal", { login: "bob", password: "guess-one" });
    const unknown = await wire.ask("openLocal", { login: "nobody", password: "guess-one" });
    assert.deepEqual(wrong.error, unknown.error);
    wire.cut();
  });
});

/** Datagrams that are not SIP, or nearly. */
function garbage(): Buffer[] {
  const invite = [
    "INVITE sip:alice@127.0.0.2 SIP/2.0",
    "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKgarbage",
    "From: <sip:x@127.0.0.1>;tag=1",
    "To: <sip:alice@127.0.0.2>",
    "Call-ID: garbage",
    "CSeq: 1 INVITE",
    "",
    "",
  ];
  const whole = Buffer.from(invite.join("\r\n"));
  const noise = Array.from({ length: 50 }, (_, i) => Buffer.from(Array.from({ length: 1 + i * 20 }, (_, j) => (i * 37 + j * 101) & 255)));
  const truncated = Array.from({ length: 40 }, (_, i) => whole.subarray(0, i * 5));
  const twisted = [
    whole.toString().replace("SIP/2.0", "SIP/9.9"),
    whole.toString().replace("CSeq: 1 INVITE", "CSeq: 99999999999999999999 INVITE"),
    whole.toString().replace("CSeq: 1 INVITE", "CSeq: 1 BYE"),
    whole.toString().replace("Via: ", "Via: ,,,;;;"),
    whole.toString().replace("\r\n\r\n", "\r\nContent-Length: 999999999\r\n\r\n"),
    whole.toString().replace("\r\n\r\n", "\r\nContent-Length: -5\r\n\r\n"),
    whole.toString().replace("Call-ID: garbage", `Call-ID: ${"x".repeat(30_000)}`),
    `SIP/2.0 200 OK\r\n${invite.slice(1).join("\r\n")}`,
    `BYE sip:alice@127.0.0.2 SIP/2.0\r\n${invite.slice(1).join("\r\n").replace("INVITE", "BYE")}`,
  ].map((text) => Buffer.from(text));
  return [Buffer.alloc(0), ...noise, ...truncated, ...twisted, Buffer.alloc(60_000, "A")];
}

describe("on the SIP port", () => {
  it("garbage over UDP gets an error or silence", async () => {
    const { hostname, port } = new URL(`sip://${relay.sip}`);
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    for (const datagram of garbage()) {
      await new Promise<void>((resolve) => socket.send(datagram, Number(port), hostname, () => resolve()));
    }
    await stillServes();
    socket.close();
  });

  it("garbage over TCP gets an error, silence or the end of its connection", async () => {
    const { hostname, port } = new URL(`sip://${relay.sip}`);
    for (const bytes of garbage()) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => undefined);
      await within(new Promise((resolve) => socket.once("connect", resolve).once("error", resolve)), "a TCP connection");
      await new Promise<void>((resolve) => socket.write(bytes.length > 0 ? bytes : "\r\n", () => resolve()));
      socket.destroy();
    }
    await stillServes();
  });

  it("an INVITE whose description is none is refused", async () => {
    const scenario = new Caller().invite({ codecs: ["gsm"] }).expect(100, { optional: true }).expect(488);
    const wire = await Wire.open(relay.url);
    await wire.hello();
    await wire.ask("openLocal", { login: "alice" });
    await (await Sipp.calling("alice", relay.sip, scenario.acknowledge({ failure: true }))).done();
    wire.cut();
  });
});

describe("over HTTP", () => {
  it("other paths and methods get an answer that gives nothing away", async () => {
    for (const path of ["/", "/etc/passwd", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/ws", "/health?x=1"]) {
      const response = await fetch(`${relay.http}${path}`, { method: path === "/ws" ? "POST" : "GET" });
      assert.doesNotMatch(await response.text(), /root:/);
      assert.ok(response.status < 500, `${path}: ${response.status}`);
    }
  });
});
