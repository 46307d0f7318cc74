/** Strangers by the thousand: datagrams from many addresses of loopback, and connections that are opened and left so. */
import { createSocket, type Socket as Datagrams } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { eventually } from "./deadline.ts";
import type { Relay } from "./relay.ts";

const METHODS = ["INVITE", "REGISTER", "OPTIONS"] as const;

/** Fewer than half of the small datagrams that a socket holds, so that none is lost however slowly it is read. */
const IN_FLIGHT = 40;

/** An address of loopback that is no other peer's. */
export function stranger(number: number): string {
  return `127.77.${Math.floor(number / 200)}.${(number % 200) + 1}`;
}

/** Bytes that a process has in memory. */
export function resident(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]);
  return pages * 4096;
}

/** Senders of requests, each at an address of its own. */
export class Strangers {
  /** The requests that had an answer, by Call-ID. */
  readonly answered = new Set<string>();
  /** Everything that came back. */
  answers = 0;
  sent = 0;

  private constructor(private readonly sockets: readonly Datagrams[]) {
    for (const socket of sockets) {
      socket.on("message", (message) => {
        this.answers += 1;
        this.answered.add(/^Call-ID: *(.*)\r$/im.exec(message.toString("latin1"))?.[1] ?? "");
      });
      socket.on("error", () => undefined);
    }
  }

  static async at(relay: Relay, count: number): Promise<Strangers> {
    const [host, port] = relay.sip.split(":") as [string, string];
    const open = async (number: number): Promise<Datagrams> => {
      const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
      await new Promise<void>((resolve) => socket.bind(0, stranger(number), resolve));
      await new Promise<void>((resolve) => socket.connect(Number(port), host, resolve));
      return socket;
    };
    return new Strangers(await Promise.all(Array.from({ length: count }, (_, number) => open(number))));
  }

  /** Sends so many as fast as it can, most of which a socket has no room for. */
  burst(count: number): void {
    for (let left = count; left > 0; left -= 1) this.send();
  }

  /** Sends so many and sees to it that the relay has taken every one. */
  async flood(count: number, relay: Relay): Promise<void> {
    for (let left = count; left > 0; left -= IN_FLIGHT) {
      this.burst(Math.min(left, IN_FLIGHT));
      // What was read before the question is answered has been taken.
      await relay.health();
    }
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }

  private send(): void {
    const number = this.sent++;
    const socket = this.sockets[number % this.sockets.length];
    const { address, port } = socket.address();
    const method = METHODS[number % METHODS.length] ?? "OPTIONS";
    socket.send(request(method, `${address}:${port}`, number));
  }
}

/** As scanners write them: to a number that is not there. */
function request(method: string, from: string, number: number, transport = "UDP"): Buffer {
  const lines = [
    `${method} sip:${1000 + (number % 9000)}@203.0.113.1 SIP/2.0`,
    `Via: SIP/2.0/${transport} ${from};branch=z9hG4bK-${number}`,
    `From: "100"<sip:100@203.0.113.1>;tag=${number}`,
    "To: <sip:100@203.0.113.1>",
    `Call-ID: ${number}`,
    `CSeq: 1 ${method}`,
    `Contact: <sip:100@${from}>`,
    "User-Agent: friendly-scanner",
    "Max-Forwards: 70",
    "Content-Length: 0",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

/** What a connection does whose peer wants nothing but its place. */
export type Habit = "says nothing" | "stops in a header" | "trickles" | "pings" | "asks once";

/** Those that never say a whole message. */
export const HALF_OPEN: readonly Habit[] = ["says nothing", "stops in a header", "trickles", "pings"];
const BEGINNING = "INVITE sip:100@203.0.113.1 SIP/2.0\r\nVia: SIP/2.0/TCP ";

/** Connections that are there to be in the way. */
export class Squatters {
  private readonly open = new Map<Socket, Habit>();
  private readonly dripping: NodeJS.Timeout;
  /** Bytes that were said to any of them. */
  heard = 0;
  opened = 0;

  constructor(
    private readonly relay: Relay,
    private readonly habits: readonly Habit[],
  ) {
    this.dripping = setInterval(() => {
      for (const [socket, habit] of this.open) {
        if (habit === "trickles") socket.write("x");
        if (habit === "pings") socket.write("\r\n\r\n");
      }
    }, 1000);
  }

  /** How many of them nobody has closed yet. */
  get left(): number {
    return this.open.size;
  }

  /** Opens so many from the addresses that `from` tells, some at a time. */
  async connect(count: number, from: (number: number) => string): Promise<void> {
    for (let begun = 0; begun < count; begun += IN_FLIGHT) {
      const some = Array.from({ length: Math.min(IN_FLIGHT, count - begun) }, (_, at) => this.one(from(begun + at)));
      await Promise.all(some);
    }
  }

  close(): void {
    clearInterval(this.dripping);
    for (const socket of this.open.keys()) socket.destroy();
  }

  private one(localAddress: string): Promise<void> {
    const [host, port] = this.relay.sip.split(":") as [string, string];
    const number = this.opened++;
    const habit = this.habits[number % this.habits.length] ?? "says nothing";
    const socket = connect({ host, port: Number(port), localAddress });
    return new Promise((resolve) => {
      socket.once("connect", () => {
        this.open.set(socket, habit);
        if (habit === "stops in a header" || habit === "trickles") socket.write(BEGINNING);
        if (habit === "pings") socket.write("\r\n\r\n");
        if (habit === "asks once") socket.write(request("OPTIONS", `${localAddress}:5060`, number, "TCP"));
        resolve();
      });
      socket.on("data", (data) => (this.heard += data.length));
      socket.on("error", () => undefined);
      socket.once("close", () => {
        this.open.delete(socket);
        resolve();
      });
    });
  }
}

/** A caller's end of a call that is there to be hung up: no sound, and every message by hand. */
export class BareCall {
  private sequence = 1;

  private constructor(
    private readonly socket: Datagrams,
    private readonly from: string,
    private readonly to: string,
    private readonly received: string[],
  ) {}

  /** Calls a number of the relay's from this address, which must be one that may. */
  static async place(relay: Relay, number: string, address: string): Promise<BareCall> {
    const [host, port] = relay.sip.split(":") as [string, string];
    const socket = createSocket("udp4");
    const received: string[] = [];
    socket.on("message", (message) => received.push(message.toString("latin1")));
    await new Promise<void>((resolve) => socket.bind(0, address, resolve));
    await new Promise<void>((resolve) => socket.connect(Number(port), host, resolve));
    const from = `${address}:${socket.address().port}`;
    const call = new BareCall(socket, from, `sip:${number}@${relay.sip}`, received);
    const offer = ["v=0", `o=- 1 1 IN IP4 ${address}`, "s=-", `c=IN IP4 ${address}`, "t=0 0", "m=audio 9 RTP/AVP 0"];
    call.send("INVITE", "", `${offer.join("\r\n")}\r\n`);
    await call.answer("INVITE");
    call.send("ACK", call.tag());
    return call;
  }

  /** Hangs up; tells how long the answer took (ms). */
  async bye(): Promise<number> {
    const begun = Date.now();
    this.sequence += 1;
    // T1, as if the datagram might be lost (RFC 3261 section 17.1.2.2).
    const repeated = setInterval(() => this.send("BYE", this.tag()), 500);
    this.send("BYE", this.tag());
    try {
      await this.answer("BYE");
    } finally {
      clearInterval(repeated);
      this.socket.close();
    }
    return Date.now() - begun;
  }

  private async answer(method: string): Promise<void> {
    const mine = (message: string): boolean => message.startsWith("SIP/2.0 200") && message.includes(` ${method}\r\n`);
    await eventually(() => this.received.some(mine), () => `a 200 to ${method}: ${this.received.join("\n")}`, { every: 5 });
  }

  private tag(): string {
    const ok = this.received.find((message) => message.startsWith("SIP/2.0 200")) ?? "";
    return /^To:.*(;tag=[^\r;]*)/im.exec(ok)?.[1] ?? "";
  }

  private send(method: string, tag: string, body = ""): void {
    const lines = [
      `${method} ${this.to} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.from};branch=z9hG4bK-bare-${method}-${this.from}`,
      `From: <sip:bare@${this.from}>;tag=bare`,
      `To: <${this.to}>${tag}`,
      `Call-ID: bare-${this.from}`,
      `CSeq: ${this.sequence} ${method}`,
      `Contact: <sip:bare@${this.from}>`,
      "Max-Forwards: 70",
      ...(body === "" ? [] : ["Content-Type: application/sdp"]),
      `Content-Length: ${body.length}`,
    ];
    this.socket.send(`${lines.join("\r\n")}\r\n\r\n${body}`);
  }
}
