/** SIPp running one call of a scenario, and the messages it saw. */
import { createSocket } from "node:dgram";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STEP, eventually, within } from "./deadline.ts";
import { folder } from "./folder.ts";
import { port, ports } from "./ports.ts";
import { Program } from "./program.ts";
import type { Called, Caller } from "./scenario.ts";

export interface SippOptions {
  readonly address?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Sends back the RTP it receives. */
  readonly echo?: boolean;
  readonly transport?: "udp" | "tcp";
  /** User and password for `[authentication]`. */
  readonly credentials?: { user: string; password: string };
  /** What its digest answers are for, where that is not the host and port it sends to: without `sip:`. */
  readonly proves?: string;
  /** Whether it repeats itself over UDP, and takes what comes again for a repetition. */
  readonly retransmissions?: boolean;
  /** Seconds the scenario may take. Default: 60. */
  readonly seconds?: number;
  /** Calls it takes, one after another or at once, before it is done. Default: one. */
  readonly calls?: number;
}

export class Sipp {
  private nudges = 0;

  private constructor(
    readonly program: Program,
    readonly address: string,
    readonly port: number,
    readonly mediaPort: number,
    private readonly home: string,
  ) {}

  /** Waits for a call. */
  static async answering(scenario: Called, options: SippOptions = {}): Promise<Sipp> {
    const sipp = await Sipp.run(scenario, options, []);
    const failed = sipp.program.ended.then((how) => {
      throw new Error(`SIPp ended (${how}) before it listened: ${sipp.program.text()}`);
    });
    failed.catch(() => undefined);
    // It says nothing when it is ready, but holds its port.
    await Promise.race([failed, eventually(() => isBound(sipp.address, sipp.port), "SIPp to listen")]);
    return sipp;
  }

  /** Calls this user at host:port. */
  static calling(user: string, target: string, scenario: Caller, options: SippOptions = {}): Promise<Sipp> {
    return Sipp.run(scenario, options, ["-s", user, target]);
  }

  private static async run(scenario: Called | Caller, options: SippOptions, rest: string[]): Promise<Sipp> {
    const address = options.address ?? "127.0.0.30";
    // A port that is free on IPv4's loopback will do on IPv6's.
    const probed = address.includes(":") ? "127.0.0.1" : address;
    const [sip, media] = [options.port ?? (await port(probed)), await ports(4, probed)];
    const home = folder("sipp");
    // Of the two, only remote_ip puts an IPv6 address into brackets.
    const xml = address.includes(":") ? scenario.xml().replaceAll("[remote_host]", "[remote_ip]") : scenario.xml();
    writeFileSync(join(home, "scenario.xml"), xml);
    const args = ["-sf", join(home, "scenario.xml"), "-i", address, "-p", `${sip}`, "-mi", address];
    args.push("-mp", `${media.first}`, "-m", `${options.calls ?? 1}`, "-nostdin", "-timeout", `${options.seconds ?? 60}`, "-timeout_error");
    args.push("-t", options.transport === "tcp" ? "t1" : "u1");
    args.push("-trace_msg", "-message_file", join(home, "messages"), "-trace_err", "-error_file", join(home, "errors"));
    args.push("-trace_logs", "-log_file", join(home, "log"));
    if (options.retransmissions === false) args.push("-nr");
    if (options.echo === true) args.push("-rtp_echo");
    if (options.credentials) args.push("-au", options.credentials.user, "-ap", options.credentials.password);
    if (options.proves !== undefined) args.push("-auth_uri", options.proves);
    const program = new Program("sipp", "sipp", [...args, ...rest], { cwd: home });
    return new Sipp(program, address, sip, media.first, home);
  }

  /** Host and port it can be reached at. */
  get target(): string {
    return `${this.address}:${this.port}`;
  }

  /** All messages so far, as they were on the wire. */
  messages(): string {
    const file = join(this.home, "messages");
    return existsSync(file) ? readFileSync(file, "latin1") : "";
  }

  /** The first message received (or sent) that matches. */
  async message(pattern: RegExp, { sent = false, ms = STEP } = {}): Promise<string> {
    const wanted = sent ? / message sent / : / message received /;
    return eventually(
      () => this.messages().split(/^-{20,}.*$/m).find((part) => wanted.test(part) && pattern.test(part)),
      () => `SIPp to ${sent ? "send" : "receive"} ${pattern}; so far: ${this.messages().slice(-3000)}`,
      { ms },
    );
  }

  /** Has a scenario over UDP go on that waits for that (`nudged`): a word of the test's within its call. */
  async nudge(): Promise<void> {
    const log = join(this.home, "log");
    const waits = (): number => (existsSync(log) ? readFileSync(log, "latin1").split("waits").length - 1 : 0);
    await eventually(() => waits() > this.nudges, () => `SIPp to wait; so far: ${this.messages().slice(-3000)}`);
    const calls = [...this.messages().matchAll(/^Call-ID: *(.*?)\r?$/gm)];
    const lines = [
      `NUDGE sip:${this.target} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.target};branch=z9hG4bK-nudge-${++this.nudges}`,
      `From: <sip:test@${this.address}>;tag=test`,
      `To: <sip:${this.target}>`,
      `Call-ID: ${calls.at(-1)?.[1]}`,
      `CSeq: ${this.nudges} NUDGE`,
      "Content-Length: 0",
    ];
    const socket = createSocket("udp4");
    await new Promise((sent) => socket.send(`${lines.join("\r\n")}\r\n\r\n`, this.port, this.address, sent));
    socket.close();
  }

  /** Waits for the scenario's end and fails unless all went as written. */
  async done(ms = 2 * STEP): Promise<void> {
    const how = await within(this.program.ended, () => `SIPp to finish; so far: ${this.messages().slice(-3000)}`, ms);
    if (how !== 0) throw new Error(`SIPp's scenario failed (${how}): ${this.errors()}\n${this.messages().slice(-4000)}`);
  }

  async stop(): Promise<void> {
    await this.program.stop("SIGKILL");
  }

  private errors(): string {
    const file = join(this.home, "errors");
    return existsSync(file) ? readFileSync(file, "latin1").slice(0, 2000) : this.program.text().slice(-1000);
  }
}

/** Whether some UDP or TCP socket of this machine holds the port at this address. */
function isBound(address: string, sip: number): boolean {
  const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, "0").toUpperCase();
  const v6 = address === "::1";
  const host = v6 ? hex(0x01000000, 32) : address.split(".").reverse().map((part) => hex(Number(part), 2)).join("");
  const files = ["/proc/net/udp", "/proc/net/tcp"].map((file) => (v6 ? `${file}6` : file));
  return files.some((file) => readFileSync(file, "latin1").includes(`${host}:${hex(sip, 4)}`));
}
