/**
 * A network of its own for a browser (network_namespaces(7)), joined to this machine's by links that can be cut. It is
 * held by a process, so that nothing is left of it when that ends. Needs root.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./folder.ts";
import { Program } from "./program.ts";

/** Where links get their addresses: RFC 2544 sets these apart for networks under test. */
const NETWORK = "198.18";
/** Every process takes links of its own. */
let links = (process.pid % 50) * 5;

export class Namespace {
  private constructor(private readonly holder: Program) {}

  static async create(): Promise<Namespace> {
    const script = "ip link set lo up && echo ready && exec sleep infinity";
    const holder = new Program("namespace", "unshare", ["--net", "--", "sh", "-c", script]);
    await holder.line(/^ready$/).catch((cause: unknown) => {
      throw new Error("no network namespace can be made here: these tests need Linux and root (CAP_SYS_ADMIN, CAP_NET_ADMIN)", { cause });
    });
    return new Namespace(holder);
  }

  /** A cable from it to the network of this machine, not plugged in yet. */
  link(): Link {
    const number = links++ % 250;
    const [far, near] = [`oh${process.pid % 100_000}f${number}`, `oh${process.pid % 100_000}n${number}`];
    ip("link", "add", far, "type", "veth", "peer", "name", near, "netns", String(this.holder.pid));
    const link = new Link(this, far, near, number);
    ip("address", "add", `${link.address}/30`, "dev", far);
    ip("link", "set", far, "up");
    return link;
  }

  /** Runs this inside. */
  run(command: string, ...args: readonly string[]): string {
    return execFileSync("nsenter", ["--target", String(this.holder.pid), "--net", "--", command, ...args], { encoding: "utf8" });
  }

  /** A program that runs another one inside: for what wants the path of a program and starts it itself. */
  wrapper(command: string): string {
    const file = join(folder("namespace"), "run");
    writeFileSync(file, `#!/bin/sh\nexec nsenter --target ${this.holder.pid} --net -- ${command} "$@"\n`);
    chmodSync(file, 0o755);
    return file;
  }

  async stop(): Promise<void> {
    await this.holder.stop("SIGKILL");
  }
}

/** A cable between a namespace and this machine. It goes with the namespace. */
export class Link {
  constructor(
    private readonly namespace: Namespace,
    private readonly far: string,
    private readonly near: string,
    private readonly number: number,
  ) {}

  /** This machine's end. */
  get address(): string {
    return `${NETWORK}.${this.number}.1`;
  }

  /** The namespace's end. */
  get inner(): string {
    return `${NETWORK}.${this.number}.2`;
  }

  /** Plugs it in. Where two lead to the same place, the one made first is taken. */
  plug(): void {
    this.namespace.run("ip", "link", "set", this.near, "up");
    this.namespace.run("ip", "address", "replace", `${this.inner}/30`, "dev", this.near);
    this.namespace.run("ip", "route", "replace", "default", "via", this.address, "dev", this.near, "metric", `${100 + this.number}`);
  }

  /** Gives both ends addresses of IPv6 besides, of a network that nobody else has (RFC 4193). */
  addIpv6(): { address: string; inner: string } {
    const [address, inner] = [`fd6f:6666::${this.number.toString(16)}:1`, `fd6f:6666::${this.number.toString(16)}:2`];
    ip("-6", "address", "replace", `${address}/112`, "dev", this.far, "nodad");
    this.namespace.run("ip", "-6", "address", "replace", `${inner}/112`, "dev", this.near, "nodad");
    this.namespace.run("ip", "-6", "route", "replace", "default", "via", address, "dev", this.near);
    return { address, inner };
  }

  /** Takes it out of the namespace, where the system notices at once and forgets the address. */
  unplug(): void {
    this.namespace.run("ip", "link", "set", this.near, "down");
    this.namespace.run("ip", "address", "flush", "dev", this.near);
  }

  /** Sends everything that goes through it to nobody, both ways. It looks as if it were well. */
  swallow(): void {
    const nobody = ["lladdr", "02:00:00:00:00:99", "nud", "permanent"];
    ip("neighbour", "replace", this.inner, "dev", this.far, ...nobody);
    this.namespace.run("ip", "neighbour", "replace", this.address, "dev", this.near, ...nobody);
  }

  /** Carries everything again. */
  pass(): void {
    ip("neighbour", "del", this.inner, "dev", this.far);
    this.namespace.run("ip", "neighbour", "del", this.address, "dev", this.near);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "pipe", "pipe"] });
}
