/** The relay's own binary on ports of its own, and what must be true of it when a test ends. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { STEP, eventually } from "./deadline.ts";
import { forbidden } from "./log.ts";
import { folder } from "./folder.ts";
import { port, ports } from "./ports.ts";
import { Program } from "./program.ts";

export interface RelayOptions {
  /** Local users and their passwords; an empty one asks for none. */
  readonly users?: Record<string, string>;
  /** Where pages come from. */
  readonly origins?: readonly string[];
  /** Seconds without RTP until a call ends. Default: 4, and 60 where `connectTimeout` is set. */
  readonly rtpInactivity?: number;
  /** Seconds a call may ring. */
  readonly unanswered?: number;
  /** Seconds a session outlives its socket. */
  readonly grace?: number;
  /** Seconds a session does that was opened to be kept alive. */
  readonly keepAlive?: number;
  /** Hosts a SIP account may lead to. */
  readonly destinations?: readonly string[];
  /** Folder of files to serve. */
  readonly files?: string;
  /** The address where browsers find its WebSocket. Default: loopback. */
  readonly listen?: string;
  /** The address where it takes browsers' media. Default: loopback. */
  readonly media?: string;
  /** Addresses that browsers are told to send media to. Default: the one where it takes it. */
  readonly advertised?: readonly string[];
  /** Seconds until a browser's sound must be connected. Default: the relay's own. */
  readonly connectTimeout?: number;
  /** Whether SIP reaches it at `::1` too, on ports the system chooses. */
  readonly v6?: boolean;
  /** The addresses where it takes SIP peers' media, one of each family. Default: that of SIP. */
  readonly rtp?: readonly string[];
  /** What SIP peers are told of where it takes their media. Default: the address where it does. */
  readonly rtpAdvertised?: string;
  /** Whether it takes SIP at every IPv4 address of this machine. */
  readonly everywhere?: boolean;
  /** Further lines of `[http]`. */
  readonly http?: readonly string[];
  /** Further lines of `[media]`. */
  readonly mediaLines?: readonly string[];
  /** Further lines of `[sip]`. */
  readonly sip?: readonly string[];
  /** Further lines of `[limits]`. */
  readonly limits?: readonly string[];
  /** Further tables, as TOML. */
  readonly tables?: string;
  /** Further command-line arguments. */
  readonly args?: readonly string[];
  /** File descriptors it may have at first, as a service manager says; as many as this process otherwise. */
  readonly descriptors?: number;
}

const BINARY =
  process.env["OFFHOOK_RELAY_BIN"] ?? new URL("../../target/debug/offhook-relay", import.meta.url).pathname;

const ADDRESS = "127.0.0.2";
const LOOPBACK = "127.0.0.1";

/** What the relay counts of itself at `/health`. */
export type Health = Record<string, unknown>;

export class Relay {
  private constructor(
    private running: Program,
    private readonly file: string,
    private readonly options: RelayOptions,
    readonly http: string,
    /** Host and port where SIP reaches it, UDP and TCP. */
    readonly sip: string,
    private readonly secrets: readonly string[],
    /** The port where browsers' media reaches it. */
    readonly media: number,
  ) {}

  static async start(options: RelayOptions = {}): Promise<Relay> {
    const [listen, media] = [options.listen ?? LOOPBACK, options.media ?? LOOPBACK];
    const [http, sip, webrtc] = [await port(listen), await port(ADDRESS), await port(media)];
    const rtp = await ports(100, ADDRESS);
    const file = join(folder("relay"), "offhook.toml");
    writeFileSync(file, configuration(options, `${listen}:${http}`, sip, `${host(media)}:${webrtc}`, rtp));
    const passwords = Object.values(options.users ?? {}).filter((password) => password !== "");
    const relay = new Relay(run(file, options), file, options, `http://${listen}:${http}`, `${ADDRESS}:${sip}`, passwords, webrtc);
    await relay.healthy();
    return relay;
  }

  /** The program that runs, or ran last. */
  get program(): Program {
    return this.running;
  }

  /** Ends it in good order, or as a power cut would, and starts it again where it was. */
  async restart(how: "in good order" | "by a power cut"): Promise<void> {
    if (how === "in good order") await this.stop();
    else await this.running.kill();
    this.running = run(this.file, this.options);
    await this.healthy();
  }

  /** Host and port where SIP reaches it over IPv6, if it was asked to. */
  async sip6(transport: "udp" | "tcp"): Promise<string> {
    const ready = await this.program.line(/ ready /);
    const found = new RegExp(`sip-${transport}=(\\[::1\\]:\\d+)`).exec(ready)?.[1];
    if (found === undefined) throw new Error(`no SIP over IPv6: ${ready}`);
    return found;
  }

  /** What `urlServer` is. */
  get url(): string {
    return `${this.http.replace("http", "ws")}/ws`;
  }

  private async healthy(): Promise<void> {
    const program = this.running;
    let over: number | string | undefined;
    void program.ended.then((how) => (over = how));
    await eventually(async () => {
      if (over !== undefined) throw new Error(`the relay ended (${over}): ${program.text().slice(-3000)}`);
      return this.health().catch(() => undefined);
    }, () => `the relay to be healthy; it said: ${program.text().slice(-3000)}`);
  }

  async health(): Promise<Health> {
    const response = await fetch(`${this.http}/health`, { signal: AbortSignal.timeout(STEP) });
    return (await response.json()) as Health;
  }

  /**
   * Waits until it holds no session, call, leg or port any more. SIP transactions linger for 32 seconds by design
   * (RFC 3261 section 17: timers D, H and J), a dialog whose peer vanished does until its BYE times out, and connections
   * to servers are kept to be used again; they count only where `entirely` is asked for.
   */
  async idle({ entirely = false, ms = 15_000 } = {}): Promise<void> {
    const lingering = entirely ? [] : ["transactions", "dialogs", "sipConnections"];
    await this.zero((name) => !lingering.includes(name), ms);
  }

  /** Waits until these counts of its health report are zero. */
  async zero(which: (name: string) => boolean, ms: number): Promise<void> {
    let health: Health = {};
    await eventually(
      async () => {
        health = await this.health();
        return counts(health).every(([name, count]) => count === 0 || !which(name));
      },
      () => `the relay to let go of everything: ${JSON.stringify(health)}`,
      { ms },
    );
  }

  /** Ends it, and fails if it did not end well or said what it must not: a panic, a password, a session description. */
  async stop(secrets: readonly string[] = []): Promise<void> {
    const how = await this.program.stop();
    const found = forbidden(this.program.output.all(), [...this.secrets, ...secrets]);
    if (found !== undefined) throw new Error(`the relay's log holds ${found}`);
    if (how !== 0) throw new Error(`the relay ended badly (${how}): ${this.program.text().slice(-3000)}`);
  }
}

function run(file: string, { args = [], descriptors }: RelayOptions): Program {
  // As talkative as it can be: what must not be in its log is not in it at any level.
  const env = { RUST_LOG: "offhook_relay=trace,offhook_sip=trace,offhook_media=debug,info", RUST_BACKTRACE: "1" };
  const all = ["--config", file, ...args];
  if (descriptors === undefined) return new Program("offhook-relay", BINARY, all, { env });
  const limited = `ulimit -Sn ${descriptors} && exec "$0" "$@"`;
  return new Program("offhook-relay", "sh", ["-c", limited, BINARY, ...all], { env });
}

/** The numbers of a health report that must be zero when nothing goes on. */
function counts(health: Health): [string, number][] {
  return Object.entries(health).flatMap(([name, value]): [string, number][] => {
    // It only grows.
    if (name === "strangersIgnored") return [];
    if (typeof value === "number") return [[name, value]];
    if (typeof value === "object" && value !== null) return counts(value as Health);
    return [];
  });
}

/** An address as it stands before a port. */
function host(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function configuration(
  options: RelayOptions,
  http: string,
  sip: number,
  webrtc: string,
  rtp: { first: number; last: number },
): string {
  const bound = options.everywhere === true ? "0.0.0.0" : ADDRESS;
  const list = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
  const users = Object.entries(options.users ?? {}).map(
    ([user, password]) => `${user} = ${password === "" ? "{}" : `{ password = ${JSON.stringify(password)} }`}`,
  );
  return [
    "[http]",
    `listen = "${http}"`,
    ...(options.files === undefined ? [] : [`static = ${JSON.stringify(options.files)}`]),
    `allowed_origins = ${list(options.origins ?? [])}`,
    ...(options.http ?? []),
    "[sip]",
    `udp = ${list([`${bound}:${sip}`, ...(options.v6 === true ? ["[::1]:0"] : [])])}`,
    `tcp = ${list([`${bound}:${sip}`, ...(options.v6 === true ? ["[::1]:0"] : [])])}`,
    ...(options.sip ?? []),
    `destinations = ${list(options.destinations ?? ["127.0.0.1", "127.0.0.10", "127.0.0.20", "127.0.0.30"])}`,
    "[media]",
    "workers = 1",
    `webrtc_listen = "${webrtc}"`,
    ...(options.advertised === undefined ? [] : [`webrtc_advertised = ${list(options.advertised)}`]),
    `rtp_listen = ${list(options.rtp ?? [ADDRESS])}`,
    ...(options.rtpAdvertised === undefined ? [] : [`rtp_advertised = "${options.rtpAdvertised}"`]),
    `rtp_ports = "${rtp.first}-${rtp.last}"`,
    // Where no browser has to connect nobody speaks either, and a busy machine takes long over a call.
    `rtp_inactivity = ${options.rtpInactivity ?? (options.connectTimeout === undefined ? 4 : 60)}`,
    "quarantine = 0",
    ...(options.mediaLines ?? []),
    ...(options.connectTimeout === undefined ? [] : [`connect_timeout = ${options.connectTimeout}`]),
    "[limits]",
    `session_grace = ${options.grace ?? 1}`,
    ...(options.keepAlive === undefined ? [] : [`keep_alive = ${options.keepAlive}`]),
    `unanswered = ${options.unanswered ?? 20}`,
    ...(options.limits ?? []),
    "[users]",
    ...users,
    options.tables ?? "",
    "",
  ].join("\n");
}
