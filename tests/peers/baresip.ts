/** baresip, a real softphone, without a screen: driven over its control socket, speaking from a file, recording. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { join } from "node:path";
import { silence } from "../sound/sources.ts";
import { type Sound, readWav, writeWav } from "../sound/wav.ts";
import { Happenings, eventually, within } from "./deadline.ts";
import { folder } from "./folder.ts";
import { port, ports } from "./ports.ts";
import { Program } from "./program.ts";

export interface BaresipOptions {
  readonly user: string;
  /** Host and port of its registrar; without one it is called directly. */
  readonly registrar?: string;
  readonly password?: string;
  readonly address?: string;
  /** Offered in this order, as `pcmu`, `g722`, `opus`. */
  readonly codecs?: readonly ("opus" | "g722" | "pcmu" | "pcma")[];
  readonly answer?: "manual" | "auto" | "early";
  /** What it says once a call is up, at 16000 or 48000 samples per second. The call ends with it. */
  readonly says?: Sound;
  readonly transport?: "udp" | "tcp" | "tls";
  /** What it shows over TLS, which it speaks at the port above its own then, and the file of whom it believes. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly authority: string };
  /** Whether it encrypts with keys in its descriptions: where the other side can, always, or always with feedback. */
  readonly srtp?: "srtp" | "srtp-mand" | "srtp-mandf";
}

export interface BaresipEvent {
  readonly type: string;
  readonly class: string;
  readonly param?: string;
  readonly peeruri?: string;
  readonly peerdisplayname?: string;
  readonly id?: string;
}

const CODECS = { opus: "opus/48000/2", g722: "G722/16000/1", pcmu: "PCMU/8000/1", pcma: "PCMA/8000/1" };

export class Baresip {
  readonly events = new Happenings<BaresipEvent>();
  private readonly replies = new Happenings<{ token: string; ok: boolean; data: string }>();
  private commands = 0;
  private pending = Buffer.alloc(0);

  private constructor(
    readonly program: Program,
    /** How to reach it directly, such as `sip:bob@127.0.0.20:5080`. */
    readonly uri: string,
    private readonly home: string,
    private readonly control: Socket,
  ) {
    control.on("data", (data) => this.receive(data));
    control.on("error", () => undefined);
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const address = options.address ?? "127.0.0.1";
    // A port that is free on IPv4's loopback will do on IPv6's.
    const probed = address.includes(":") ? "127.0.0.1" : address;
    const [{ first: sip }, ctrl, rtp] = [await ports(2, probed), await port(), await ports(20, probed)];
    const home = folder("baresip");
    writeFileSync(join(home, "config"), configuration(home, address, sip, ctrl, rtp, options));
    writeFileSync(join(home, "accounts"), `${account(address, sip, options)}\n`);
    writeFileSync(join(home, "contacts"), "");
    writeWav(join(home, "says.wav"), options.says ?? silence(120, 16000));
    const program = new Program(`baresip ${options.user}`, "baresip", [address.includes(":") ? "-6" : "-4", "-f", home]);
    await program.line(/baresip is ready/);
    const control = connect(ctrl, "127.0.0.1");
    await within(new Promise((resolve, reject) => control.once("connect", resolve).once("error", reject)), "ctrl_tcp");
    const own = options.transport === "tls" ? sip + 1 : sip;
    return new Baresip(program, `sip:${options.user}@${bracketed(address)}:${own}`, home, control);
  }

  dial(uri: string): Promise<string> {
    return this.command("dial", uri);
  }

  accept(): Promise<string> {
    return this.command("accept");
  }

  /** Ends the call, or declines one that rings (486). */
  hangup(): Promise<string> {
    return this.command("hangup");
  }

  hold(): Promise<string> {
    return this.command("hold");
  }

  resume(): Promise<string> {
    return this.command("resume");
  }

  /** Has the far end of its call call somebody else (REFER). */
  transfer(uri: string): Promise<string> {
    return this.command("transfer", uri);
  }

  /** Presses keys one after another, as RFC 4733 events. */
  async press(keys: string): Promise<void> {
    for (const key of keys) await this.command("sndcode", key);
  }

  /** The codecs of its call as it shows them, such as `PCMU` for what it sends and what it is sent. */
  speaks(): Promise<string> {
    return this.command("audio_debug");
  }

  /** The next event of this type, or the first since `from`. */
  event(type: string, options: { from?: number; ms?: number; param?: RegExp } = {}): Promise<BaresipEvent> {
    const wanted = (event: BaresipEvent): boolean =>
      event.type === type && (options.param === undefined || options.param.test(event.param ?? ""));
    return this.events.waitFor(wanted, `${this.program.name}: ${type}`, options);
  }

  /** Waits for these keys, in this order, among the DTMF events since `from`. */
  async keys(expected: string, options: { from?: number } = {}): Promise<void> {
    await eventually(
      () => this.pressed(options.from) === expected,
      () => `${this.program.name} to be sent ${expected}, got ${this.pressed(options.from)}`,
    );
  }

  private pressed(from = 0): string {
    const starts = this.events.all().slice(from).filter((event) => event.type === "CALL_DTMF_START");
    return starts.map((event) => event.param ?? "").join("");
  }

  /** What it heard in its calls so far, decoded. Its recorder ends with the first hold of a call. */
  heard(): Sound {
    const file = readdirSync(this.home).filter((name) => name.startsWith("dump-") && name.endsWith("-dec.wav")).sort().at(-1);
    if (file === undefined) throw new Error(`${this.program.name} recorded nothing`);
    return readWav(join(this.home, file));
  }

  async stop(): Promise<void> {
    this.control.destroy();
    await this.program.stop();
  }

  /** Vanishes without a word to anybody. */
  async kill(): Promise<void> {
    await this.program.kill();
    this.control.destroy();
  }

  private async command(command: string, params = ""): Promise<string> {
    const token = `t${++this.commands}`;
    const text = JSON.stringify({ command, params, token });
    this.control.write(`${Buffer.byteLength(text)}:${text},`);
    const reply = await this.replies.waitFor((r) => r.token === token, `${this.program.name} to do ${command}`);
    if (!reply.ok) throw new Error(`${this.program.name} refused ${command} ${params}: ${reply.data}`);
    return reply.data;
  }

  /** Netstrings of JSON: `12:{"a":"b"...},`. */
  private receive(data: Buffer): void {
    this.pending = Buffer.concat([this.pending, data]);
    for (;;) {
      const colon = this.pending.indexOf(":");
      if (colon < 0) return;
      const length = Number(this.pending.toString("latin1", 0, colon));
      const end = colon + 1 + length;
      if (this.pending.length < end + 1) return;
      const message = JSON.parse(this.pending.toString("utf8", colon + 1, end)) as Record<string, unknown>;
      this.pending = this.pending.subarray(end + 1);
      if (message["event"] === true) this.events.add(message as unknown as BaresipEvent);
      if (message["response"] === true) this.replies.add(message as never);
    }
  }
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function account(address: string, sip: number, options: BaresipOptions): string {
  const transport = options.transport ?? "udp";
  const host = options.registrar ?? `${bracketed(address)}:${sip}`;
  const codecs = (options.codecs ?? ["opus", "g722", "pcmu", "pcma"]).map((codec) => CODECS[codec]).join(",");
  return [
    `<sip:${options.user}@${host};transport=${transport}>`,
    `auth_user=${options.user}`,
    `auth_pass=${options.password ?? "none"}`,
    `regint=${options.registrar === undefined ? 0 : 60}`,
    `answermode=${options.answer ?? "manual"}`,
    `audio_codecs=${codecs}`,
    ...(options.srtp === undefined ? [] : [`mediaenc=${options.srtp}`]),
  ].join(";");
}

function configuration(
  home: string,
  address: string,
  sip: number,
  ctrl: number,
  rtp: { first: number; last: number },
  options: BaresipOptions,
): string {
  const encryption = options.srtp === undefined ? [] : ["srtp"];
  const modules = ["opus", "g722", "g711", "sndfile", "aufile", ...encryption].map((name) => `module ${name}.so`);
  return [
    "poll_method epoll",
    `sip_listen ${bracketed(address)}:${sip}`,
    ...(options.tls === undefined ? [] : secure(home, options.tls)),
    `net_interface ${address}`,
    "call_max_calls 4",
    `rtp_ports ${rtp.first}-${rtp.last}`,
    "rtcp_mux no",
    `audio_source aufile,${join(home, "says.wav")}`,
    `ausrc_srate ${options.says?.rate ?? 16000}`,
    "ausrc_channels 1",
    "jitter_buffer_delay 2-10",
    "ringback_disabled yes",
    "statmode_default off",
    "audio_path /nonexistent",
    "module_path /usr/lib/baresip/modules",
    ...modules,
    "module_tmp account.so",
    "module_app ctrl_tcp.so",
    "module_app menu.so",
    `ctrl_tcp_listen 127.0.0.1:${ctrl}`,
    `snd_path ${home}`,
    "",
  ].join("\n");
}

/** It reads certificate and key from one file. */
function secure(home: string, tls: NonNullable<BaresipOptions["tls"]>): string[] {
  const file = join(home, "own.pem");
  writeFileSync(file, readFileSync(tls.certificate, "utf8") + readFileSync(tls.key, "utf8"));
  return [`sip_certificate ${file}`, `sip_cafile ${tls.authority}`];
}
