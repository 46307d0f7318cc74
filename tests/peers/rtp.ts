/** An end of RTP whose packets a test makes and reads itself, beside SIPp, which does the signalling. */
import { type Socket, createSocket } from "node:dgram";
import { Happenings } from "./deadline.ts";
import { ports } from "./ports.ts";
import type { Description } from "./scenario.ts";

export interface Packet {
  readonly marker: boolean;
  readonly type: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly source: number;
  readonly payload: Buffer;
  /** When it came (ms). */
  readonly at: number;
}

/** A telephone-event packet (RFC 4733 section 2.3). */
export interface EventPacket extends Packet {
  readonly key: string;
  readonly end: boolean;
  readonly duration: number;
}

const KEYS = "0123456789*#ABCD";
const FRAME = 20;

export class RtpPeer {
  readonly packets = new Happenings<Packet>();
  private sequence = Math.floor(Math.random() * 30_000);
  private readonly source = Math.floor(Math.random() * 2 ** 32);
  private remote: { address: string; port: number } | undefined;

  private constructor(private readonly socket: Socket, readonly address: string, readonly port: number) {
    socket.on("message", (datagram) => {
      if (datagram.length >= 12 && datagram.readUInt8(0) >> 6 === 2) this.packets.add(read(datagram));
    });
  }

  /** At SIPp's own address: a relay sends no media deeper into the network than to who names the place. */
  static async open(address = "127.0.0.30"): Promise<RtpPeer> {
    const { first } = await ports(2, address);
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(first, address, resolve));
    return new RtpPeer(socket, address, first);
  }

  /** What its session descriptions say. */
  describes(description: Description): Description {
    return { ...description, address: this.address, port: this.port };
  }

  /** Sends to where this message's session description says from now on. */
  sendsTo(message: string): void {
    const [address, port] = [/^c=IN IP4 (\S+)/m.exec(message)?.[1], /^m=audio (\d+)/m.exec(message)?.[1]];
    if (address === undefined || port === undefined) throw new Error(`no session description in ${message}`);
    this.remote = { address, port: Number(port) };
  }

  /** One packet, now. */
  send(type: number, timestamp: number, payload: Buffer, marker = false): void {
    const head = Buffer.alloc(12);
    head.writeUInt8(0x80, 0);
    head.writeUInt8((marker ? 0x80 : 0) | type, 1);
    head.writeUInt16BE(this.sequence++ % 2 ** 16, 2);
    head.writeUInt32BE(timestamp >>> 0, 4);
    head.writeUInt32BE(this.source, 8);
    if (this.remote) this.socket.send(Buffer.concat([head, payload]), this.remote.port, this.remote.address);
  }

  /** Sends these frames, 20 ms apart, of so many ticks each; the timestamp after the last. */
  async speak(type: number, timestamp: number, ticks: number, frames: readonly Buffer[]): Promise<number> {
    const begin = performance.now();
    for (const [at, frame] of frames.entries()) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, begin + at * FRAME - performance.now())));
      this.send(type, timestamp + at * ticks, frame, at === 0);
    }
    return timestamp + frames.length * ticks;
  }

  /** Presses a key for so many updates of 20 ms and tells its end three times; the timestamp after it. */
  async press(type: number, timestamp: number, ticks: number, key: string, updates = 5): Promise<number> {
    const event = (duration: number, end: boolean): Buffer => {
      return Buffer.from([KEYS.indexOf(key), (end ? 0x80 : 0) | 10, duration >> 8, duration & 0xff]);
    };
    const begin = performance.now();
    for (let at = 1; at < updates + 3; at++) {
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, begin + at * FRAME - performance.now())));
      this.send(type, timestamp, event(Math.min(at, updates) * ticks, at >= updates), at === 1);
    }
    return timestamp + (updates + 3) * ticks;
  }

  /** The telephone-events among the packets so far of this payload type. */
  events(type: number): EventPacket[] {
    const events = this.packets.all().filter((packet) => packet.type === type);
    return events.map((packet) => ({
      ...packet,
      key: KEYS[packet.payload.readUInt8(0)] ?? "?",
      end: (packet.payload.readUInt8(1) & 0x80) !== 0,
      duration: packet.payload.readUInt16BE(2),
    }));
  }

  close(): void {
    this.socket.close();
  }
}

function read(datagram: Buffer): Packet {
  const [second, sources] = [datagram.readUInt8(1), datagram.readUInt8(0) & 0x0f];
  return {
    marker: (second & 0x80) !== 0,
    type: second & 0x7f,
    sequence: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    source: datagram.readUInt32BE(8),
    at: Date.now(),
    payload: datagram.subarray(12 + 4 * sources),
  };
}
