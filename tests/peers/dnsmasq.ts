/** dnsmasq as the DNS of domains that only the tests know. */
import { userInfo } from "node:os";
import { Program } from "./program.ts";
import { port } from "./ports.ts";

const ADDRESS = "127.0.0.53";

/** A host of a service: its name, its port, and how it stands among the others (RFC 2782). */
export interface Host {
  readonly host: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

/** What a zone is made of. */
export class Zone {
  private readonly records: string[] = [];

  /** A host with these addresses. */
  host(name: string, ...addresses: readonly string[]): this {
    return this.record("host-record", name, ...addresses);
  }

  /** A service, such as `_sip._udp.office.test`, and its hosts. */
  service(name: string, hosts: readonly Host[]): this {
    for (const { host, port: at, priority = 0, weight = 0 } of hosts) this.record("srv-host", name, host, at, priority, weight);
    return this;
  }

  /** What a domain offers (RFC 3263 section 4.1), such as `SIP+D2T`, and the name of its service records. */
  offer(domain: string, service: string, replacement: string, preference = 10): this {
    return this.record("naptr-record", domain, 10, preference, "S", service, "", replacement);
  }

  args(): readonly string[] {
    return this.records;
  }

  private record(option: string, ...fields: readonly (string | number)[]): this {
    this.records.push(`--${option}=${fields.join(",")}`);
    return this;
  }
}

export class Dnsmasq {
  private constructor(
    readonly program: Program,
    /** Address and port, as `sip.dns` takes them. */
    readonly server: string,
  ) {}

  static async start(zone: Zone): Promise<Dnsmasq> {
    const at = await port(ADDRESS);
    const args = ["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces", "--log-queries"];
    args.push("--local-ttl=300");
    args.push(`--user=${userInfo().username}`, `--listen-address=${ADDRESS}`, `--port=${at}`, "--local=/test/");
    const program = new Program("dnsmasq", "dnsmasq", [...args, ...zone.args()]);
    const failed = program.ended.then((how) => {
      throw new Error(`dnsmasq ended (${how}): ${program.text().slice(-2000)}`);
    });
    failed.catch(() => undefined);
    await Promise.race([failed, program.output.waitFor((line) => line.includes("started, version"), "dnsmasq to start")]);
    return new Dnsmasq(program, `${ADDRESS}:${at}`);
  }

  /** How often it was asked for records of this kind at this name. */
  asked(kind: string, name: string): number {
    return this.program.output.all().filter((line) => line.includes(`query[${kind}] ${name} `)).length;
  }
}
