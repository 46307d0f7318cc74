/**
 * A bad network between the relay and a SIP phone over UDP. The relay calls it instead of the phone: it passes SIP on,
 * puts itself into the session descriptions, and does to the media what the weather of each direction is.
 */
import { type Socket, createSocket } from "node:dgram";
import { ports } from "./ports.ts";
import { type Weather, Way } from "./weather.ts";

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Sockets for RTP and for RTCP, at an even port and the one above. */
type Pair = readonly [rtp: Socket, rtcp: Socket];

/** One `m=` section: what the phone sends to, what the relay sends to, and where they really are. */
interface Stream {
  readonly near: Pair;
  far: Pair;
  phone?: Address;
  relay?: Address;
}

export class Impairer {
  /** From the phone to the relay. */
  readonly toRelay: Way;
  /** From the relay to the phone. */
  readonly toPhone: Way;
  private relay: Address | undefined;
  private readonly streams: Stream[] = [];
  /** Messages are passed on one after the other: ports for their descriptions may have to be found first. */
  private turn: Promise<void> = Promise.resolve();
  private stopped = false;

  private constructor(
    private readonly host: string,
    private readonly sip: Socket,
    private readonly phone: Address,
    seed: number,
  ) {
    [this.toRelay, this.toPhone] = [new Way(seed), new Way(seed + 1)];
    sip.on("message", (message, { address, port }) => {
      const fromPhone = address === phone.host && port === phone.port;
      if (!fromPhone) this.relay = { host: address, port };
      this.turn = this.turn.then(() => this.passOn(message.toString("latin1"), fromPhone));
    });
  }

  /** Before the phone at this host and port. */
  static async before(phone: string, { host = "127.0.0.30", seed = 1 } = {}): Promise<Impairer> {
    const colon = phone.lastIndexOf(":");
    const { first } = await ports(2, host);
    const sip = await bound(first, host);
    return new Impairer(host, sip, { host: phone.slice(0, colon), port: Number(phone.slice(colon + 1)) }, seed);
  }

  /** Host and port to call instead of the phone's. */
  get target(): string {
    return `${this.host}:${this.sip.address().port}`;
  }

  /** From now on this is what happens to the media both ways, or one. */
  weather(weather: Weather, way: "both" | "toRelay" | "toPhone" = "both"): void {
    if (way !== "toPhone") this.toRelay.climate.weather = weather;
    if (way !== "toRelay") this.toPhone.climate.weather = weather;
  }

  /** As a NAT does that has forgotten its binding: the phone's media comes from other ports now. */
  async rebind(): Promise<void> {
    for (const stream of this.streams) {
      const old = stream.far;
      stream.far = await this.pair();
      this.listen(stream.far, (kind, data) => this.fromRelay(stream, kind, data));
      for (const socket of old) socket.close();
    }
  }

  stop(): void {
    this.stopped = true;
    this.toRelay.stop();
    this.toPhone.stop();
    for (const socket of [this.sip, ...this.streams.flatMap(({ near, far }) => [...near, ...far])]) socket.close();
  }

  private async passOn(message: string, fromPhone: boolean): Promise<void> {
    const to = fromPhone ? this.relay : this.phone;
    if (to === undefined) return;
    const rewritten = await this.rewritten(message, fromPhone);
    if (!this.stopped) this.sip.send(Buffer.from(rewritten, "latin1"), to.port, to.host, () => undefined);
  }

  /** With the ports of this in its session description, if it has one. */
  private async rewritten(message: string, fromPhone: boolean): Promise<string> {
    const end = message.indexOf("\r\n\r\n");
    const [head, body] = [message.slice(0, end), message.slice(end + 4)];
    if (end < 0 || !/^content-type: *application\/sdp/im.test(head)) return message;
    const [session = "", ...sections] = body.split(/(?=^m=)/m);
    const host = /^c=IN IP4 (\S+)/m.exec(body)?.[1];
    if (host === undefined) return message;
    const written = [session.replaceAll(host, this.host)];
    for (const [index, section] of sections.entries()) {
      const port = Number(/^m=\S+ (\d+)/.exec(section)?.[1] ?? 0);
      if (port === 0) {
        written.push(section);
        continue;
      }
      const stream = (this.streams[index] ??= await this.stream());
      const own = /^c=IN IP4 (\S+)/m.exec(section)?.[1] ?? host;
      stream[fromPhone ? "phone" : "relay"] = { host: own, port };
      const shown = (fromPhone ? stream.far : stream.near)[0].address().port;
      const moved = section.replace(/^(m=\S+ )\d+/, `$1${shown}`).replaceAll(own, this.host);
      written.push(moved.replace(/^a=rtcp:\d+/m, `a=rtcp:${shown + 1}`));
    }
    const description = written.join("");
    return `${head.replace(/^(content-length|l)( *: *)\d+/im, `$1$2${description.length}`)}\r\n\r\n${description}`;
  }

  private async stream(): Promise<Stream> {
    const stream: Stream = { near: await this.pair(), far: await this.pair() };
    this.listen(stream.near, (kind, data) => {
      this.carry(this.toRelay, kind, data, () => ({ from: stream.far, to: stream.relay }));
    });
    this.listen(stream.far, (kind, data) => this.fromRelay(stream, kind, data));
    return stream;
  }

  private fromRelay(stream: Stream, kind: 0 | 1, data: Buffer): void {
    this.carry(this.toPhone, kind, data, () => ({ from: stream.near, to: stream.phone }));
  }

  private listen(pair: Pair, heard: (kind: 0 | 1, data: Buffer) => void): void {
    pair[0].on("message", (data) => heard(0, data));
    pair[1].on("message", (data) => heard(1, data));
  }

  /** RTCP has its share of the weather only where everything is lost: what it says should arrive. */
  private carry(way: Way, kind: 0 | 1, data: Buffer, path: () => { from: Pair; to: Address | undefined }): void {
    const deliver = (): void => {
      const { from, to } = path();
      if (to !== undefined && !this.stopped) from[kind].send(data, to.port + kind, to.host, () => undefined);
    };
    const isRtcp = kind === 1 || (data.length > 1 && data.readUInt8(1) >= 192 && data.readUInt8(1) <= 223);
    if (!isRtcp) way.carry(deliver);
    else if (way.climate.weather.loss !== 1) deliver();
  }

  private async pair(): Promise<Pair> {
    const { first } = await ports(2, this.host);
    return [await bound(first, this.host), await bound(first + 1, this.host)];
  }
}

async function bound(port: number, address: string): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, address, resolve);
  });
  return socket;
}
