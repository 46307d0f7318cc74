/** linphone, a real softphone, without a screen: told lines, speaking from a file, recording. It has G.729. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Sound, readSamples, writeWav } from "../sound/wav.ts";
import { folder } from "./folder.ts";
import { port } from "./ports.ts";
import { Program } from "./program.ts";

export interface LinphoneOptions {
  readonly user: string;
  readonly password: string;
  /** Host and port of its registrar. */
  readonly registrar: string;
  /** The only codec it speaks, as its list has it. */
  readonly codec: string;
  /** Parameters of that codec, as `annexb=no`. */
  readonly parameters?: string;
  /** What it says once a call is up, at 8000 samples per second. */
  readonly says: Sound;
}

/** The codecs in its configuration: those that it has before it is told anything else are all there. */
const CODECS = [
  ["opus", 48_000, 2],
  ["speex", 16_000, 1],
  ["speex", 8000, 1],
  ["PCMU", 8000, 1],
  ["PCMA", 8000, 1],
  ["G722", 8000, 1],
  ["G729", 8000, 1],
] as const;

/** Samples a second of what it records, and where they begin. */
const [RECORDED, HEADER] = [8000, 44];

export class Linphone {
  private constructor(
    readonly program: Program,
    private readonly recording: string,
  ) {}

  /** Registers, and answers whoever calls. What becomes of either it says too late to be waited for. */
  static async start(options: LinphoneOptions): Promise<Linphone> {
    const home = folder("linphone");
    const [says, recording] = [join(home, "says.wav"), join(home, "heard.wav")];
    mkdirSync(join(home, ".local/share/linphone"), { recursive: true });
    writeWav(says, options.says);
    writeFileSync(join(home, "linphonerc"), await configuration(options));
    const arguments_ = ["-c", join(home, "linphonerc"), "-a", "-d", "0"];
    const program = new Program(`linphone ${options.user}`, "linphonec", arguments_, { env: { HOME: home }, told: true });
    await program.line(/video is disabled|linphonec>/);
    for (const line of ["soundcard use files", `play ${says}`, `record ${recording}`]) program.tell(line);
    program.tell(`register sip:${options.user}@${options.registrar} sip:${options.registrar} ${options.password}`);
    return new Linphone(program, recording);
  }

  dial(uri: string): void {
    this.program.tell(`call ${uri}`);
  }

  /** What it heard so far, decoded. Its recorder leaves room for the header, and fills it in when it closes. */
  heard(): Sound {
    return { rate: RECORDED, samples: readSamples(this.recording, HEADER) };
  }

  async stop(): Promise<void> {
    this.program.tell("quit");
    await this.program.stop();
  }
}

async function configuration(options: LinphoneOptions): Promise<string> {
  const codecs = CODECS.flatMap(([mime, rate, channels], number) => [
    `[audio_codec_${number}]`,
    `mime=${mime}`,
    `rate=${rate}`,
    `channels=${channels}`,
    `enabled=${mime === options.codec ? 1 : 0}`,
    ...(mime === options.codec && options.parameters !== undefined ? [`recv_fmtp=${options.parameters}`] : []),
  ]);
  return [
    "[sip]",
    `sip_port=${await port()}`,
    "sip_tcp_port=0",
    "sip_tls_port=0",
    "use_ipv6=0",
    "use_rfc2833=1",
    "[rtp]",
    `audio_rtp_port=${await port()}`,
    ...codecs,
    "",
  ].join("\n");
}
