/**
 * A telephone's camera and screen, beside SIPp, which does the signalling: FFmpeg codes a film and decodes what comes. In
 * between stand the ports that descriptions name, so that both ways are one address, and what is asked over RTCP is seen.
 */
import { type Socket as Datagrams, createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { type Server, createServer } from "node:net";
import { join } from "node:path";
import { type Picture, measured } from "../page/picture.ts";
import { type Film, HEIGHT, WIDTH, writeFilm } from "../picture/film.ts";
import { Happenings } from "./deadline.ts";
import { folder } from "./folder.ts";
import { port, ports } from "./ports.ts";
import { Program } from "./program.ts";
import type { Viewer } from "./seeing.ts";

export type VideoCodec = "VP8" | "H264";

/** What is asked of the sender of pictures over RTCP. */
export type Asked = "pli" | "fir" | "nack";

const LOOPBACK = "127.0.0.1";
const FRAME = WIDTH * HEIGHT * 3;
/** The number it gives its codec. */
const TYPE = 98;
const PARAMETERS: Record<VideoCodec, string | undefined> = {
  VP8: undefined,
  H264: "profile-level-id=42c01f;packetization-mode=1;level-asymmetry-allowed=1",
};
const ENCODER: Record<VideoCodec, readonly string[]> = {
  VP8: ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"],
  // Parameter sets go with every whole picture: a description's are only those at the beginning.
  H264: ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-tune", "zerolatency", "-bsf:v", "dump_extra"],
};

export interface VideoEndOptions {
  readonly codec?: VideoCodec;
  readonly shows: Film;
  readonly address?: string;
  /** Frames until the next whole picture. Default: 20, which is one second. */
  readonly wholeEvery?: number;
  /** Asks for a whole picture by itself while packets come that it cannot decode, as telephones do. */
  readonly complains?: boolean;
}

export class VideoEnd implements Viewer {
  readonly asked = new Happenings<Asked>();
  /** Frames it has decoded. */
  frames = 0;
  /** Packets of VP8 that begin a whole picture. */
  whole = 0;
  /** The source of what it is sent. */
  private source = 0;
  private packets = 0;
  private patience: NodeJS.Timeout | undefined;
  private last: Buffer | undefined;
  private rest = Buffer.alloc(0);
  private remote: { address: string; port: number } | undefined;
  private screen: Server | undefined;

  private constructor(
    private readonly options: VideoEndOptions,
    readonly address: string,
    /** Where it receives RTP. */
    readonly port: number,
    private readonly rtp: Datagrams,
    private readonly rtcp: Datagrams,
    private readonly camera: Datagrams,
    private readonly decoder: number,
  ) {
    rtp.on("message", (datagram) => {
      this.source = datagram.readUInt32BE(8);
      this.packets++;
      if (isWhole(datagram)) this.whole++;
      camera.send(datagram, decoder, LOOPBACK);
    });
    rtcp.on("message", (compound) => requests(compound).forEach((asked) => this.asked.add(asked)));
    camera.on("message", (datagram) => {
      if (this.remote) rtp.send(datagram, this.remote.port, this.remote.address);
    });
  }

  static async open(options: VideoEndOptions): Promise<VideoEnd> {
    const address = options.address ?? "127.0.0.30";
    const [{ first }, { first: decoder }, feed] = [await ports(2, address), await ports(2, LOOPBACK), await port(LOOPBACK)];
    const [rtp, rtcp, camera] = [await bound(first, address), await bound(first + 1, address), await bound(feed, LOOPBACK)];
    const end = new VideoEnd(options, address, first, rtp, rtcp, camera, decoder);
    await end.watch();
    if (options.complains === true) end.complain();
    return end;
  }

  get codec(): VideoCodec {
    return this.options.codec ?? "VP8";
  }

  /** Its section of a description; `more` are further lines of it. */
  lines(more: readonly string[] = [], type = TYPE): string[] {
    const parameters = PARAMETERS[this.codec];
    const fmtp = parameters === undefined ? [] : [`a=fmtp:${type} ${parameters}`];
    return [`m=video ${this.port} RTP/AVP ${type}`, `a=rtpmap:${type} ${this.codec}/90000`, ...fmtp, ...more];
  }

  /** Films from now on, for who wrote the description in this message, under the number that gives the codec. */
  film(message: string): void {
    const [sound, pictures = ""] = message.split(/^m=video /m);
    const [address, to] = [/^c=IN IP4 (\S+)/m.exec(sound)?.[1], /^\d+/.exec(pictures)?.[0]];
    const type = this.numbered(pictures);
    if (address === undefined || to === undefined || type === undefined) throw new Error(`no pictures of ${this.codec} in ${message}`);
    this.remote = { address, port: Number(to) };
    const file = join(folder("camera"), "film.y4m");
    writeFilm(file, this.options.shows);
    const input = ["-re", "-stream_loop", "-1", "-i", file, "-an"];
    const rate = ["-b:v", "400k", "-g", `${this.options.wholeEvery ?? 20}`, "-threads", "1"];
    const output = ["-payload_type", type, "-f", "rtp", `rtp://${LOOPBACK}:${this.camera.address().port}?pkt_size=1200`];
    new Program("ffmpeg camera", "ffmpeg", ["-nostdin", "-loglevel", "error", ...input, ...ENCODER[this.codec], ...rate, ...output]);
  }

  seen(): Promise<Picture | undefined> {
    if (this.last === undefined) return Promise.resolve(undefined);
    const line = this.last.subarray((HEIGHT / 2) * WIDTH * 3);
    const pixel = (x: number): [number, number, number] => [line[x * 3], line[x * 3 + 1], line[x * 3 + 2]];
    return Promise.resolve(measured(WIDTH, HEIGHT, Array.from({ length: WIDTH }, (_, x) => pixel(x))));
  }

  /** Has lost something of what it is sent, and asks over RTCP for a whole picture. */
  loses(): void {
    const pli = Buffer.from([0x81, 206, 0, 2, 0, 0, 0, 7, 0, 0, 0, 0]);
    pli.writeUInt32BE(this.source, 8);
    const report = Buffer.from([0x80, 201, 0, 1, 0, 0, 0, 7]);
    if (this.remote) this.rtcp.send(Buffer.concat([report, pli]), this.remote.port + 1, this.remote.address);
  }

  close(): void {
    clearInterval(this.patience);
    for (const socket of [this.rtp, this.rtcp, this.camera]) socket.close();
    this.screen?.close();
  }

  private complain(): void {
    let [packets, frames] = [0, 0];
    this.patience = setInterval(() => {
      if (this.packets > packets && this.frames === frames) this.loses();
      [packets, frames] = [this.packets, this.frames];
    }, 1000);
  }

  /** The number of its codec in a section of the peer's. */
  private numbered(section: string): string | undefined {
    const numbers = [...section.matchAll(/^a=rtpmap:(\d+) (\S+)\/90000/gm)].filter((map) => map[2] === this.codec).map((map) => map[1]);
    if (this.codec === "VP8") return numbers[0];
    const fits = /profile-level-id=42[c-f]0/i;
    return numbers.find((number) => {
      const parameters = new RegExp(`^a=fmtp:${number} (.*)$`, "m").exec(section)?.[1] ?? "";
      return fits.test(parameters) && parameters.includes("packetization-mode=1");
    });
  }

  /** Has what comes decoded, and keeps the latest frame. */
  private async watch(): Promise<void> {
    const server = createServer((socket) => {
      socket.on("data", (data) => this.decoded(data));
      socket.on("error", () => undefined);
    });
    this.screen = server;
    await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
    const address = server.address();
    const to = typeof address === "object" && address !== null ? address.port : 0;
    const sdp = join(folder("screen"), "screen.sdp");
    const [section, ...rest] = this.lines();
    const own = [section.replace(`${this.port}`, `${this.decoder}`), ...rest];
    writeFileSync(sdp, ["v=0", `o=- 0 0 IN IP4 ${LOOPBACK}`, "s=-", `c=IN IP4 ${LOOPBACK}`, "t=0 0", ...own, ""].join("\n"));
    const input = ["-protocol_whitelist", "file,udp,rtp", "-analyzeduration", "1000000", "-i", sdp, "-an"];
    const output = ["-vf", `scale=${WIDTH}:${HEIGHT}`, "-f", "rawvideo", "-pix_fmt", "rgb24", `tcp://${LOOPBACK}:${to}`];
    new Program("ffmpeg screen", "ffmpeg", ["-nostdin", "-loglevel", "error", ...input, ...output]);
  }

  private decoded(data: Buffer): void {
    this.rest = Buffer.concat([this.rest, data]);
    while (this.rest.length >= FRAME) {
      this.last = Buffer.from(this.rest.subarray(0, FRAME));
      this.rest = this.rest.subarray(FRAME);
      this.frames++;
    }
  }
}

async function bound(at: number, address: string): Promise<Datagrams> {
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => socket.bind(at, address, resolve));
  return socket;
}

/** Whether a packet of VP8 is the first of a whole picture (RFC 7741 section 4.3). */
function isWhole(datagram: Buffer): boolean {
  const payload = datagram.subarray(12);
  const first = payload[0];
  let at = 1;
  if ((first & 0x80) !== 0) {
    const more = payload[1];
    at = 2;
    if ((more & 0x80) !== 0) at += (payload[2] & 0x80) !== 0 ? 2 : 1;
    if ((more & 0x40) !== 0) at++;
    if ((more & 0x30) !== 0) at++;
  }
  // The beginning of the first partition, whose lowest bit says whether others are needed.
  return (first & 0x17) === 0x10 && (payload[at] & 1) === 0;
}

/** What a compound packet asks for (RFC 4585, RFC 5104). */
function requests(compound: Buffer): Asked[] {
  const asked: Asked[] = [];
  for (let at = 0; at + 4 <= compound.length; at += 4 * (compound.readUInt16BE(at + 2) + 1)) {
    const [format, kind] = [compound.readUInt8(at) & 0x1f, compound.readUInt8(at + 1)];
    if (kind === 206 && format === 1) asked.push("pli");
    if (kind === 206 && format === 4) asked.push("fir");
    if (kind === 205 && format === 1) asked.push("nack");
  }
  return asked;
}
