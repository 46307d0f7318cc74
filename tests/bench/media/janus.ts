/** Janus with its SIP plugin, the nearest thing there is to the relay: browsers by its own WebSocket API, SIP by Sofia. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { WebSocket } from "ws";
import { eventually, within } from "../../peers/deadline.ts";
import { folder } from "../../peers/folder.ts";
import { port } from "../../peers/ports.ts";
import { Program } from "../../peers/program.ts";
import { ADDRESS } from "./address.ts";
import { ofBrowser, reached } from "./descriptions.ts";
import type { Around, Call, Pair, Server } from "./server.ts";

interface Said {
  readonly janus: string;
  readonly transaction?: string;
  readonly sender?: number;
  readonly data?: { readonly id: number };
  readonly plugindata?: { readonly data: { readonly result?: { readonly event: string; readonly reason?: string }; readonly error?: string } };
  readonly jsep?: { readonly sdp: string };
  readonly error?: { readonly reason: string };
}

export class Janus implements Server {
  readonly name = "Janus";
  readonly pairs: readonly Pair[] = ["browser-sip"];
  private readonly waiting = new Map<string, (said: Said) => void>();
  /** By the handle's number and the event's name. */
  private readonly events = new Map<string, (said: Said) => void>();
  private numbers = 0;

  private constructor(readonly program: Program, private readonly around: Around, private readonly socket: WebSocket) {
    socket.on("message", (data) => this.take(JSON.parse((data as Buffer).toString()) as Said));
    socket.on("error", () => undefined);
  }

  static async start(around: Around): Promise<Janus> {
    const api = await port();
    const home = folder("janus");
    mkdirSync(join(home, "nothing"));
    const library = "/usr/lib/x86_64-linux-gnu/janus";
    writeFileSync(join(home, "janus.jcfg"), `
general: { configs_folder = "${home}" plugins_folder = "${library}/plugins" transports_folder = "${library}/transports"
  events_folder = "${home}/nothing" loggers_folder = "${home}/nothing" debug_level = 2 session_timeout = 0 admin_secret = "unused" }
media: { rtp_port_range = "30000-44999" }
nat: { ice_enforce_list = "${ADDRESS}" }
plugins: { disable = "${["audiobridge", "echotest", "nosip", "recordplay", "streaming", "textroom", "videocall", "videoroom", "voicemail", "duktape", "lua"].map((name) => `libjanus_${name}.so`).join(",")}" }
transports: { disable = "${["http", "mqtt", "nanomsg", "pfunix", "rabbitmq"].map((name) => `libjanus_${name}.so`).join(",")}" }
`);
    writeFileSync(join(home, "janus.transport.websockets.jcfg"), `general: { json = "compact" ws = true ws_port = ${api} ws_ip = "127.0.0.1" }\n`);
    writeFileSync(join(home, "janus.plugin.sip.jcfg"), `general: { local_ip = "${ADDRESS}" rtp_port_range = "45000-59999" }\n`);
    const [command, ...args] = around.pin(["janus", "--configs-folder", home, "--config", join(home, "janus.jcfg"), "--disable-colors"]);
    const program = new Program("janus", command, args);
    const socket = await eventually(async () => connect(`ws://127.0.0.1:${api}`), () => `Janus to listen; it said ${program.text().slice(-1000)}`);
    return new Janus(program, around, socket);
  }

  async call(): Promise<Call> {
    const { ends, exchange } = this.around;
    const browser = await ends.browser();
    const session = (await this.ask({ janus: "create" })).data?.id ?? 0;
    const handle = (await this.ask({ janus: "attach", session_id: session, plugin: "janus.plugin.sip" })).data?.id ?? 0;
    const of = { session_id: session, handle_id: handle };
    const user = `sip:browser${++this.numbers}@${ADDRESS}`;
    await this.order(of, { request: "register", type: "guest", username: user, display_name: "browser" }, "registered");
    const { number, called } = await exchange.callee();
    const accepted = this.order(of, { request: "call", uri: `sip:${number}@${exchange.target}` }, "accepted", { type: "offer", sdp: ofBrowser(browser, "offer", "pcmu", "active") });
    const [{ jsep }, phone] = await Promise.all([accepted, called]);
    if (jsep === undefined) throw new Error("Janus did not answer");
    const { address, ice } = reached(jsep.sdp);
    await ends.connect(browser, address, ice);
    return {
      ends: [browser, phone],
      hangup: async () => {
        await this.order(of, { request: "hangup" }, "hangup");
        await this.ask({ janus: "destroy", session_id: session });
      },
    };
  }

  async stop(): Promise<void> {
    this.socket.terminate();
    await this.program.stop("SIGKILL");
  }

  private async ask(request: Record<string, unknown>): Promise<Said> {
    const transaction = `${++this.numbers}`;
    const reply = new Promise<Said>((resolve) => this.waiting.set(transaction, resolve));
    this.socket.send(JSON.stringify({ ...request, transaction }));
    const said = await within(reply, `Janus's reply to ${String(request["janus"])}`, 20_000).finally(() => this.waiting.delete(transaction));
    if (said.error) throw new Error(`Janus: ${said.error.reason}`);
    return said;
  }

  /** Sends the plugin something, and waits until it says that this has happened. */
  private async order(of: { session_id: number; handle_id: number }, body: Record<string, unknown>, event: string, jsep?: unknown): Promise<Said> {
    const key = `${of.handle_id} ${event}`;
    const happened = new Promise<Said>((resolve) => this.events.set(key, resolve));
    await this.ask({ janus: "message", ...of, body, ...(jsep !== undefined && { jsep }) });
    return within(happened, `Janus to say ${event}`, 20_000).finally(() => this.events.delete(key));
  }

  private take(said: Said): void {
    if (said.transaction !== undefined && said.janus !== "event") this.waiting.get(said.transaction)?.(said);
    const event = said.plugindata?.data.result?.event;
    if (event !== undefined) this.events.get(`${said.sender} ${event}`)?.(said);
  }
}

async function connect(url: string): Promise<WebSocket | undefined> {
  const socket = new WebSocket(url, ["janus-protocol"]);
  return new Promise((resolve) => {
    socket.once("open", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}
