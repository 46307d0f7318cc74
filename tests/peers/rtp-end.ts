/** Somebody at an end of RTP: says a sound in G.711 µ-law over and over, and hears what it is sent. */
import { fromMuLaw, toMuLaw } from "../sound/g711.ts";
import type { Sound } from "../sound/wav.ts";
import { RtpPeer } from "./rtp.ts";

const [RATE, TYPE] = [8000, 0];
/** Samples of a packet, and what they last (ms). */
const [PACKET, LASTS] = [160, 20];

export class RtpEnd {
  private talk: NodeJS.Timeout | undefined;

  private constructor(private readonly peer: RtpPeer) {}

  static async open(address: string): Promise<RtpEnd> {
    return new RtpEnd(await RtpPeer.open(address));
  }

  get port(): number {
    return this.peer.port;
  }

  /** Says this from now on, to where this message's session description says. */
  say(sound: Sound, message: string): void {
    this.peer.sendsTo(message);
    const bytes = toMuLaw(sound.samples);
    const began = Date.now();
    let number = 0;
    this.talk = setInterval(() => {
      // As many as are due: a busy machine wakes late.
      for (; number * LASTS <= Date.now() - began; number++) {
        const at = (number * PACKET) % (bytes.length - PACKET);
        this.peer.send(TYPE, number * PACKET, bytes.subarray(at, at + PACKET));
      }
    }, LASTS);
  }

  /** What it was sent in the last seconds; silence where nothing came. */
  heard(seconds = 1): Sound {
    const since = Date.now() - seconds * 1000;
    const recent = this.peer.packets.all().filter(({ type, at }) => type === TYPE && at >= since);
    return { rate: RATE, samples: fromMuLaw(Buffer.concat(recent.map(({ payload }) => payload))) };
  }

  close(): void {
    clearInterval(this.talk);
    this.peer.close();
  }
}
