/** rtpengine in user space: it carries media for a SIP proxy and speaks no SIP itself, so it is told of each call here. */
import { createSocket, type Socket } from "node:dgram";
import { randomBytes } from "node:crypto";
import { eventually, within } from "../../peers/deadline.ts";
import { port } from "../../peers/ports.ts";
import { Program } from "../../peers/program.ts";
import { ADDRESS } from "./address.ts";
import { media, ofBrowser, ofPhone, reached } from "./descriptions.ts";
import type { Around, Call, Pair, Server } from "./server.ts";

type Value = string | readonly string[];

export class Rtpengine implements Server {
  readonly name = "rtpengine";
  readonly pairs: readonly Pair[] = ["browser-sip", "sip-sip"];
  private readonly waiting = new Map<string, (reply: string) => void>();

  private constructor(readonly program: Program, private readonly around: Around, private readonly socket: Socket, private readonly control: number) {
    socket.on("message", (data) => {
      const text = data.toString("latin1");
      this.waiting.get(text.slice(0, text.indexOf(" ")))?.(text);
    });
  }

  static async start(around: Around): Promise<Rtpengine> {
    const control = await port();
    const [command, ...args] = around.pin([
      "rtpengine", "--foreground", "--config-file=none", "--log-stderr", "--log-level=4", "--table=-1",
      `--interface=${ADDRESS}`, `--listen-ng=127.0.0.1:${control}`, "--port-min=30000", "--port-max=59999",
    ]);
    const program = new Program("rtpengine", command, args);
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const rtpengine = new Rtpengine(program, around, socket, control);
    await eventually(async () => rtpengine.ask("ping", {}, 300).then(() => true, () => false), () => `rtpengine to answer; it said ${program.text().slice(-1000)}`);
    return rtpengine;
  }

  async call(pair: Pair): Promise<Call> {
    const { ends } = this.around;
    const [callId, tags] = [randomBytes(8).toString("hex"), { "from-tag": "a", "to-tag": "b" }];
    const callee = await ends.phone();
    const offered = { "call-id": callId, "from-tag": "a", replace: ["origin"], DTLS: "passive" };
    const answered = { "call-id": callId, ...tags, replace: ["origin"], DTLS: "passive" };
    const hangup = async (): Promise<void> => {
      await this.ask("delete", { "call-id": callId, "from-tag": "a" });
    };
    if (pair === "sip-sip") {
      const caller = await ends.phone();
      const offer = await this.ask("offer", { ...offered, sdp: ofPhone(caller) });
      const answer = await this.ask("answer", { ...answered, sdp: ofPhone(callee) });
      await Promise.all([ends.direct(callee, media(offer)), ends.direct(caller, media(answer))]);
      return { ends: [caller, callee], hangup };
    }
    const caller = await ends.browser();
    const offer = await this.ask("offer", { ...offered, sdp: ofBrowser(caller, "offer"), "transport-protocol": "RTP/AVP", ICE: "remove", "rtcp-mux": ["demux"] });
    const answer = await this.ask("answer", { ...answered, sdp: ofPhone(callee), ICE: "force" });
    const { address, ice } = reached(answer);
    await Promise.all([ends.direct(callee, media(offer)), ends.connect(caller, address, ice)]);
    return { ends: [caller, callee], hangup };
  }

  async stop(): Promise<void> {
    this.socket.close();
    await this.program.stop();
  }

  /** The "ng" protocol: a cookie and a bencoded dictionary. Gives back the description in the reply. */
  private async ask(command: string, fields: Record<string, Value>, ms = 10_000): Promise<string> {
    const cookie = randomBytes(6).toString("hex");
    const reply = new Promise<string>((resolve) => this.waiting.set(cookie, resolve));
    this.socket.send(`${cookie} ${dictionary({ command, ...fields })}`, this.control, "127.0.0.1");
    const text = await within(reply, `rtpengine's reply to ${command}`, ms).finally(() => this.waiting.delete(cookie));
    if (!/6:result(2:ok|4:pong)/.test(text)) throw new Error(`${command}: ${text}`);
    const [all, length] = /3:sdp(\d+):/.exec(text) ?? [];
    return all === undefined ? "" : text.slice(text.indexOf(all) + all.length).slice(0, Number(length));
  }
}

const text = (value: string): string => `${value.length}:${value}`;
const bencoded = (value: Value): string => (typeof value === "string" ? text(value) : `l${value.map(text).join("")}e`);

function dictionary(fields: Record<string, Value>): string {
  return `d${Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => text(name) + bencoded(value)).join("")}e`;
}
