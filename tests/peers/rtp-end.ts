/** An end of RTP without signalling: it says a sound in G.711 µ-law to whom it is told, and keeps what it is sent. */
import { type Socket, createSocket } from "node:dgram";
import { fromMuLaw, toMuLaw } from "../sound/g711.ts";
import type { Sound } from "../sound/wav.ts";
import { ports } from "./ports.ts";

const RATE = 8000;
/** Samples of a packet, and what they last (ms). */
const [PACKET, LASTS] = [160, 20];
const HEADER = 12;

export class RtpEnd {
  private readonly got: { at: number; payload: Buffer }[] = [];
  private talk: NodeJS.Timeout | undefined;

  private constructor(
    private readonly socket: Socket,
    readonly address: string,
    readonly port: number,
  ) {
    socket.on("message", (packet) => {
      if (packet.length > HEADER && (packet.readUInt8(1) & 0x7f) === 0) {
        this.got.push({ at: Date.now(), payload: packet.subarray(HEADER) });
      }
    });
  }

  static async open(address: string): Promise<RtpEnd> {
    const { first } = await ports(2, address);
    const socket = createSocket("udp4");
    await new Promise<void>((bound) => socket.bind(first, address, bound));
    return new RtpEnd(socket, address, first);
  }

  /** Says this over and over, from now on, to what a session description names. */
  say(sound: Sound, description: string): void {
    const host = /^c=IN IP4 (\S+)/m.exec(description)?.[1];
    const port = Number(/^m=audio (\d+)/m.exec(description)?.[1]);
    const bytes = toMuLaw(sound.samples);
    const source = Math.floor(Math.random() * 2 ** 32);
    let number = 0;
    const [began, header] = [Date.now(), Buffer.alloc(HEADER)];
    this.talk = setInterval(() => {
      // As many as are due: a busy machine wakes late.
      for (; number * LASTS <= Date.now() - began; number++) {
        header.writeUInt16BE(0x8000);
        header.writeUInt16BE(number & 0xffff, 2);
        header.writeUInt32BE((number * PACKET) >>> 0, 4);
        header.writeUInt32BE(source, 8);
        const at = (number * PACKET) % (bytes.length - PACKET);
        this.socket.send(Buffer.concat([header, bytes.subarray(at, at + PACKET)]), port, host);
      }
    }, LASTS);
  }

  /** What it was sent in the last seconds; silence where nothing came. */
  heard(seconds = 1): Sound {
    const since = Date.now() - seconds * 1000;
    const samples = fromMuLaw(Buffer.concat(this.got.filter(({ at }) => at >= since).map(({ payload }) => payload)));
    return { rate: RATE, samples };
  }

  close(): void {
    clearInterval(this.talk);
    this.socket.close();
  }
}
