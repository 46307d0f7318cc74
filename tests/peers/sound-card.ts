/**
 * A sound card for programs that insist on one: PulseAudio with an output that leads nowhere. Firefox plays, records and
 * computes no sound on a machine without any.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./folder.ts";
import { Program } from "./program.ts";

export class SoundCard {
  private constructor(
    private readonly program: Program,
    /** What a program's environment must hold to use it. */
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async start(): Promise<SoundCard> {
    const home = folder("pulseaudio");
    const runtime = join(home, "runtime");
    mkdirSync(runtime, { mode: 0o700 });
    const socket = join(home, "native");
    const args = [
      "-n",
      "--daemonize=no",
      "--use-pid-file=no",
      "--exit-idle-time=-1",
      "--log-target=stderr",
      "--log-level=info",
      "--load=module-null-sink",
      `--load=module-native-protocol-unix socket=${socket} auth-anonymous=1`,
    ];
    const env = { HOME: home, XDG_RUNTIME_DIR: runtime };
    const program = new Program("pulseaudio", "pulseaudio", args, { env });
    await program.line(/Daemon startup complete/);
    return new SoundCard(program, { PULSE_SERVER: `unix:${socket}` });
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }
}
