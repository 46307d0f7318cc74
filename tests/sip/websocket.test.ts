/** SIP over WebSocket (RFC 7118), said word for word by a client that is only a WebSocket. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { WebSocket } from "ws";
import { Authority } from "../peers/certificates.ts";
import { Happenings, eventually, within } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { port } from "../peers/ports.ts";
import { Relay } from "../peers/relay.ts";

const PASSWORD = "s3cret-of-page";
const authority = new Authority();

let relay: Relay;
let ws: string;
let wss: string;
const trace = `${folder("trace")}/sip.txt`;

before(async () => {
  const [plain, secure] = [await port("127.0.0.2"), await port("127.0.0.2")];
  [ws, wss] = [`ws://127.0.0.2:${plain}`, `wss://127.0.0.2:${secure}`];
  const { certificate, key } = authority.certificate("IP:127.0.0.2");
  relay = await Relay.start({
    users: { page: PASSWORD },
    origins: ["https://shop.example"],
    sip: [
      `ws = "127.0.0.2:${plain}"`,
      `wss = "127.0.0.2:${secure}"`,
      `tls_certificate = "${certificate}"`,
      `tls_key = "${key}"`,
    ],
    args: ["--sip-trace", trace],
  });
});
after(() => relay.stop());

/** A WebSocket that hears whole frames. */
class Page {
  readonly heard = new Happenings<string>();
  readonly closed: Promise<number>;

  private constructor(private readonly socket: WebSocket) {
    socket.on("message", (data) => this.heard.add((data as Buffer).toString()));
    this.closed = new Promise((resolve) => socket.on("close", resolve));
  }

  /** Connects; fails with the HTTP status where it is refused. */
  static async open(url: string, subprotocols: string[] = ["sip"], origin?: string, headers: Record<string, string> = {}): Promise<Page> {
    const socket = new WebSocket(url, subprotocols, { ca: readFileSync(authority.file), headers, ...(origin !== undefined && { origin }) });
    const opened = new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("unexpected-response", (_, response) => reject(new Error(`HTTP ${response.statusCode}`)));
      socket.once("error", reject);
    });
    await within(opened, "the WebSocket to open");
    assert.equal(socket.protocol, "sip");
    return new Page(socket);
  }

  say(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  /** What comes next that matches. */
  async hear(pattern: RegExp): Promise<string> {
    return this.heard.waitFor((frame) => pattern.test(frame), `${pattern}`);
  }

  close(): void {
    this.socket.close();
  }
}

function request(method: string, cseq: number, via: "WS" | "WSS", headers: readonly string[] = [], to = "sip:page@relay.example"): string {
  const target = method === "REGISTER" ? "sip:relay.example" : to;
  return [
    `${method} ${target} SIP/2.0`,
    `Via: SIP/2.0/${via} df7jal23ls0d.invalid;branch=z9hG4bK${method}${cseq}${via}`,
    "From: <sip:page@relay.example>;tag=page",
    `To: <${to}>`,
    `Call-ID: page-${via}`,
    `CSeq: ${cseq} ${method}`,
    "Max-Forwards: 70",
    ...headers,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
}

describe("a page that speaks SIP over WebSocket", () => {
  for (const way of ["WS", "WSS"] as const) {
    it(`is answered over ${way}, whether its frames are text or binary`, async () => {
      const page = await Page.open(way === "WS" ? ws : wss);
      for (const [cseq, frame] of [[1, (text: string) => text], [2, (text: string) => Buffer.from(text)]] as const) {
        page.say(frame(request("OPTIONS", cseq, way)));
        const reply = await page.hear(new RegExp(`CSeq: ${cseq} OPTIONS`));
        assert.match(reply, /^SIP\/2.0 200 OK\r\n/);
        assert.match(reply, new RegExp(`Via: SIP/2.0/${way} df7jal23ls0d.invalid;.*received=127\\.0\\.0\\.1`));
      }
      page.close();
      await page.closed;
    });
  }

  it("keeps its socket alive with line ends", async () => {
    const page = await Page.open(ws);
    page.say("\r\n\r\n");
    await page.hear(/^\r\n$/);
    page.close();
  });

  it("registers with digest", async () => {
    const page = await Page.open(ws);
    const contact = "Contact: <sip:page@df7jal23ls0d.invalid;transport=ws>;expires=60";
    page.say(request("REGISTER", 10, "WS", [contact], "sip:page@relay.example"));
    const challenge = await page.hear(/^SIP\/2.0 401 /);
    const md5 = challenge.split("\r\n").find((line) => /^WWW-Authenticate:.*algorithm=MD5/i.test(line)) ?? "";
    const of = (name: string): string => md5.match(new RegExp(`[ ,]${name}="([^"]*)"`))?.[1] ?? assert.fail(`${name} in ${challenge}`);
    const hash = (text: string): string => createHash("md5").update(text).digest("hex");
    const keys = [hash(`page:${of("realm")}:${PASSWORD}`), hash("REGISTER:sip:relay.example")];
    const response = hash(`${keys[0]}:${of("nonce")}:00000001:abcd:auth:${keys[1]}`);
    const proof = [
      `username="page"`,
      `realm="${of("realm")}"`,
      `nonce="${of("nonce")}"`,
      `uri="sip:relay.example"`,
      `response="${response}"`,
      "algorithm=MD5",
      "qop=auth",
      "nc=00000001",
      `cnonce="abcd"`,
    ];
    page.say(request("REGISTER", 11, "WS", [contact, `Authorization: Digest ${proof.join(", ")}`]));
    const ok = await page.hear(/CSeq: 11 REGISTER/);
    assert.match(ok, /^SIP\/2.0 200 OK\r\n/);
    assert.match(ok, /Contact: <sip:page@df7jal23ls0d\.invalid;transport=ws>;expires=60/);
    page.close();
    await page.closed;
    const text = readFileSync(trace, "utf8");
    assert.match(text, /received WS 127\.0\.0\.2:\d+ < 127\.0\.0\.1:\d+/);
    assert.ok(!text.includes(response) && !text.includes(of("nonce")), "the trace holds what a password is guessed from");
  });

  it("is refused where its origin is foreign or its subprotocol another", async () => {
    await assert.rejects(Page.open(ws, ["sip"], "https://evil.example"), /HTTP 403/);
    await assert.rejects(Page.open(ws, ["offhook.v1"]), /HTTP 400/);
    const page = await Page.open(ws, ["sip"], "https://shop.example");
    page.close();
  });

  it("is who the proxy says that it comes through, and pays for nobody else behind it", async () => {
    const at = await port("127.0.0.2");
    const proxied = await Relay.start({ http: ['trusted_proxies = ["127.0.0.1"]'], sip: [`ws = "127.0.0.2:${at}"`, "stranger_rate = 1"] });
    const url = `ws://127.0.0.2:${at}`;
    const from = (client: string): Promise<Page> => Page.open(url, ["sip"], undefined, { "X-Forwarded-For": `203.0.113.9, ${client}` });
    const [loud, quiet] = [await from("198.51.100.1"), await from("198.51.100.2")];
    for (let cseq = 1; cseq <= 60; cseq++) loud.say(request("OPTIONS", cseq, "WS"));
    assert.match(await loud.hear(/CSeq: 1 OPTIONS/), /received=198\.51\.100\.1;?/);
    await eventually(async () => Number((await proxied.health())["strangersIgnored"]) > 0, "some of them to be met with silence");
    quiet.say(request("OPTIONS", 61, "WS"));
    assert.match(await quiet.hear(/CSeq: 61 OPTIONS/), /received=198\.51\.100\.2/);
    for (const page of [loud, quiet]) page.close();
    await proxied.stop();
  });

  it("loses its socket for a frame that is larger than any message", async () => {
    const page = await Page.open(ws);
    page.say("x".repeat(200 * 1024));
    await within(page.closed, "the WebSocket to close");
  });
});
