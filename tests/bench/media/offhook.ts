/** The relay: browsers over offhook.v1, each with a WebSocket and a session of its own; telephones behind a trunk. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, within } from "../../peers/deadline.ts";
import { folder } from "../../peers/folder.ts";
import { port } from "../../peers/ports.ts";
import { Program } from "../../peers/program.ts";
import { type Message, Wire } from "../../peers/wire.ts";
import { ADDRESS } from "./address.ts";
import { ofBrowser, reached } from "./descriptions.ts";
import type { Browser, Codec, Phone } from "./ends.ts";
import { type Around, type Call, type Pair, type Server, codecs } from "./server.ts";

const BINARY = process.env["OFFHOOK_RELAY_BIN"] ?? new URL("../../../target/release/offhook-relay", import.meta.url).pathname;

/** Users of each side. */
const USERS = 4000;

export class Offhook implements Server {
  readonly name = "Offhook";
  readonly pairs: readonly Pair[] = ["browser-sip", "sip-sip", "browser-browser", "opus-sip"];
  private users = 0;

  private constructor(readonly program: Program, private readonly around: Around, private readonly http: string, private readonly sip: string) {}

  static async start(around: Around): Promise<Offhook> {
    const [http, sip, webrtc] = [await port(), await port(ADDRESS), await port(ADDRESS)];
    const file = join(folder("relay"), "offhook.toml");
    writeFileSync(file, `
[http]
listen = "127.0.0.1:${http}"
[sip]
udp = "${ADDRESS}:${sip}"
tcp = "off"
[media]
workers = 1
webrtc_listen = "${ADDRESS}:${webrtc}"
rtp_listen = "${ADDRESS}"
rtp_ports = "30000-59999"
quarantine = 1
[limits]
calls = 100000
sessions = 100000
connections = 100000
transactions = 1000000
[trunks.phones]
host = "${around.exchange.target}"
[[routes]]
number = "5*"
from = "any"
trunk = ["phones"]
[users]
${Array.from({ length: USERS }, (_, user) => `caller${user} = {}\ncallee${user} = {}`).join("\n")}
`);
    const [command, ...args] = around.pin([BINARY, "--config", file]);
    const program = new Program("relay", command, args, { env: { RUST_LOG: process.env["BENCH_LOG"] ?? "warn" } });
    await program.line(/ ready /);
    const offhook = new Offhook(program, around, `127.0.0.1:${http}`, `${ADDRESS}:${sip}`);
    await eventually(async () => (await offhook.health().catch(() => undefined)) !== undefined, "the relay to be healthy");
    return offhook;
  }

  async call(pair: Pair): Promise<Call> {
    if (pair === "sip-sip") return this.phones();
    // A name is free again when its call is over.
    const user = ++this.users % USERS;
    const caller = await Page.open(this.http, `caller${user}`, await this.around.ends.browser());
    if (pair !== "browser-browser") return this.outgoing(caller, codecs(pair)[0]);
    return this.pages(caller, await Page.open(this.http, `callee${user}`, await this.around.ends.browser()));
  }

  async held(): Promise<Record<string, number>> {
    const health = await this.health();
    const lasting = ["transactions", "dialogs", "quarantinedPorts", "sipConnections", "strangersIgnored", "accounts", "bindings"];
    return Object.fromEntries(Object.entries(health).filter(([name, value]) => typeof value === "number" && !lasting.includes(name))) as Record<string, number>;
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }

  private async outgoing(caller: Page, codec: Codec): Promise<Call> {
    const { ends, exchange } = this.around;
    const { number, called } = await exchange.callee();
    const { address, ice } = await caller.call(number, codec);
    const [phone] = await within(Promise.all([called, ends.connect(caller.browser, address, ice)]), "a call", 20_000);
    return { ends: [caller.browser, phone], hangup: async () => caller.close() };
  }

  private async pages(caller: Page, callee: Page): Promise<Call> {
    const { ends } = this.around;
    const answered = callee.answer();
    const [here, there] = await Promise.all([caller.call(callee.login), answered]);
    await Promise.all([ends.connect(caller.browser, here.address, here.ice), ends.connect(callee.browser, there.address, there.ice)]);
    return {
      ends: [caller.browser, callee.browser],
      hangup: async () => {
        await caller.close();
        await callee.close();
      },
    };
  }

  private async phones(): Promise<Call> {
    const { exchange } = this.around;
    const { number, called } = await exchange.callee();
    const [caller, phone]: [{ phone: Phone; hangup: () => Promise<void> }, Phone] = await Promise.all([exchange.call(this.sip, number), called]);
    return { ends: [caller.phone, phone], hangup: caller.hangup };
  }

  private async health(): Promise<Record<string, unknown>> {
    const response = await fetch(`http://${this.http}/health`, { signal: AbortSignal.timeout(10_000) });
    return (await response.json()) as Record<string, unknown>;
  }
}

/** A page with one call. */
class Page {
  private constructor(private readonly wire: Wire, readonly login: string, readonly browser: Browser) {}

  static async open(http: string, login: string, browser: Browser): Promise<Page> {
    const wire = await Wire.open(`ws://${http}/ws`);
    await wire.hello();
    const page = new Page(wire, login, browser);
    await page.ask("openLocal", { login });
    return page;
  }

  /** Calls, and says where the relay is to be reached for it. */
  async call(callee: string, codec: Codec = "pcmu"): Promise<ReturnType<typeof reached>> {
    await this.ask("call", { callId: "call", callee, sdp: ofBrowser(this.browser, "offer", codec) });
    const answer = await this.wire.received.waitFor(({ type, kind }) => type === "callSdp" && kind === "answer", `an answer from ${callee}`);
    return reached(answer["sdp"] as string);
  }

  /** Takes the call that comes. */
  async answer(): Promise<ReturnType<typeof reached>> {
    const incoming = await this.wire.received.waitFor(({ type }) => type === "incomingCall", "a call", { ms: 20_000 });
    await this.ask("answer", { callId: incoming["callId"], sdp: ofBrowser(this.browser, "answer") });
    return reached(incoming["sdp"] as string);
  }

  async close(): Promise<void> {
    await this.wire.ask("close");
    this.wire.cut();
  }

  private async ask(type: string, fields: Record<string, unknown>): Promise<Message> {
    const reply = await this.wire.ask(type, fields);
    if (reply.error) throw new Error(`${type} was refused: ${JSON.stringify(reply.error)}`);
    return reply;
  }
}
