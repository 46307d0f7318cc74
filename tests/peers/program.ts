/** A program run as a peer: its output as lines to wait for, its end by its own process id. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Happenings, within } from "./deadline.ts";

/** Programs still running, ended with this process whatever happens to it. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) end(child);
});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

/** Ends a program and what it started in its turn: each is the leader of a group of its own. */
function end(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // All of them have ended already.
  }
}

/** Ends whatever a test left running, as failed ones do. For `afterEach`. */
export async function endPrograms(which: (program: Program) => boolean = () => true): Promise<void> {
  await Promise.all([...programs].filter(which).map((program) => program.stop()));
}

const programs = new Set<Program>();

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Whether it is told lines on its input. */
  readonly told?: boolean;
}

export class Program {
  readonly output = new Happenings<string>();
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  private readonly child: ChildProcess;

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    options: ProgramOptions = {},
  ) {
    this.child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: [options.told ? "pipe" : "ignore", "pipe", "pipe"],
      detached: true,
    });
    // What it is told on its way out reaches nobody.
    this.child.stdin?.on("error", () => undefined);
    running.add(this.child);
    programs.add(this);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", (line) => this.output.add(line));
    }
    this.ended = new Promise((resolve) => {
      const over = (how: number | string): void => {
        running.delete(this.child);
        programs.delete(this);
        resolve(how);
      };
      this.child.on("error", (error) => over(`${command}: ${error.message}`));
      this.child.on("close", (code, signal) => over(code ?? signal ?? "unknown"));
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} did not start`);
    return this.child.pid;
  }

  /** Tells it a line. */
  tell(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** The first line that matches; fails at once if the program ends before. */
  async line(pattern: RegExp, options: { from?: number; ms?: number } = {}): Promise<string> {
    const over = this.ended.then((how) => {
      const late = this.output.all().find((line, i) => i >= (options.from ?? 0) && pattern.test(line));
      if (late !== undefined) return late;
      throw new Error(`${this.name} ended (${how}) before ${pattern}: ${this.text().slice(-2000)}`);
    });
    return Promise.race([this.output.waitFor((line) => pattern.test(line), `${this.name}: ${pattern}`, options), over]);
  }

  text(): string {
    return this.output.all().join("\n");
  }

  /** Asks it to end, insists after three seconds, and tells how it ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    this.child.kill(signal);
    try {
      return await within(this.ended, `${this.name} to end`, 3000);
    } catch {
      end(this.child);
      return within(this.ended, `${this.name} to be killed`);
    }
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    end(this.child);
    await this.ended;
  }
}
