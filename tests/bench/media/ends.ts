/** The program that is the ends of all calls (`tests/load`), and what it is told. */
import { createConnection, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { within } from "../../peers/deadline.ts";
import { folder } from "../../peers/folder.ts";
import { Program } from "../../peers/program.ts";
import { toMuLaw } from "../../sound/g711.ts";
import { SENTENCES, speech } from "../../sound/sources.ts";
import { ADDRESS } from "./address.ts";
import type { Pin } from "../servers.ts";

export const BINARY = process.env["OFFHOOK_LOAD_BIN"] ?? new URL("../../../target/release/offhook-load", import.meta.url).pathname;

export interface Credentials {
  readonly ufrag: string;
  readonly password: string;
}

/** What an end speaks. */
export type Codec = "pcmu" | "opus";

/** A telephone: where it takes RTP. */
export interface Phone {
  readonly end: number;
  readonly port: number;
  /** The source of what it sends. */
  readonly ssrc: number;
}

/** A browser: what its description says besides. */
export interface Browser extends Phone {
  readonly ice: Credentials;
  readonly fingerprint: string;
}

/** What became of packets, and how long they took (ms). */
export interface Report {
  readonly streams: number;
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly disordered: number;
  readonly again: number;
  readonly foreign: number;
  readonly lossy: number;
  readonly silent: number;
  readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
  /** How late the ends themselves were at worst (ms). */
  readonly late: number;
}

interface Said {
  readonly id?: number;
  readonly connected?: number;
  readonly error?: string;
}

export class Ends {
  private requests = 0;
  private readonly waiting = new Map<number, (said: Said) => void>();
  private readonly connecting = new Map<number, () => void>();

  private constructor(readonly program: Program, private readonly socket: Socket) {
    createInterface({ input: socket }).on("line", (line) => {
      const said = JSON.parse(line) as Said;
      if (said.connected !== undefined) this.connecting.get(said.connected)?.();
      if (said.id !== undefined) this.waiting.get(said.id)?.(said);
    });
    socket.on("error", () => undefined);
  }

  static async start(pinned: Pin): Promise<Ends> {
    const said = folder("speech");
    const [narrow, wide] = [join(said, "narrow"), join(said, "wide")];
    const at = (rate: number): Float32Array[] => Object.values(SENTENCES).map((sentence) => speech(sentence, rate).samples);
    writeFileSync(narrow, Buffer.concat(at(8000).map(toMuLaw)));
    writeFileSync(wide, Buffer.concat(at(48_000).map((samples) => Buffer.from(Int16Array.from(samples, (sample) => sample * 32767).buffer))));
    const [command, ...args] = pinned([BINARY, "ends", narrow, wide]);
    const program = new Program("ends", command, args);
    const ready = await program.line(/^ready control=/);
    const [, host, port] = /control=(.*):(\d+)/.exec(ready) ?? [];
    const socket = createConnection(Number(port), host);
    await within(new Promise((resolve) => socket.once("connect", resolve)), "the ends to be reached");
    socket.setNoDelay(true);
    return new Ends(program, socket);
  }

  async browser(): Promise<Browser> {
    return this.ask("browser", { ip: ADDRESS });
  }

  /** One that needs no ICE and no DTLS: the floor has the same keys. */
  async keyed(): Promise<Phone> {
    return this.ask("browser", { ip: ADDRESS, keyed: true });
  }

  async phone(): Promise<Phone> {
    return this.ask("phone", { ip: ADDRESS });
  }

  /** Where a telephone sends to. */
  async direct({ end }: Phone, address: string): Promise<void> {
    await this.ask("remote", { end, address });
  }

  /** Has a browser connect. */
  async connect({ end }: Browser, address: string, ice: Credentials): Promise<void> {
    const connected = new Promise<void>((resolve) => this.connecting.set(end, resolve));
    await this.ask("remote", { end, address, ice });
    await within(connected, "a browser to be connected", 20_000);
    this.connecting.delete(end);
  }

  /** Each of them speaks, and is to hear the other. */
  async talk([a, b]: readonly [Phone, Phone], codecs: readonly [Codec, Codec] = ["pcmu", "pcmu"]): Promise<void> {
    await this.ask("call", { a: a.end, b: b.end, codecs });
  }

  async begin(): Promise<void> {
    await this.ask("begin");
  }

  async end(): Promise<void> {
    await this.ask("end");
  }

  async report(): Promise<Report> {
    return this.ask("report");
  }

  async mute(...ends: readonly Phone[]): Promise<void> {
    await this.ask("mute", { ends: ends.map(({ end }) => end) });
  }

  /** They are gone. What became of all that was said between them. */
  async close(...ends: readonly Phone[]): Promise<Report> {
    return this.ask("close", { ends: ends.map(({ end }) => end) });
  }

  async stop(): Promise<void> {
    this.socket.destroy();
    await this.program.stop();
  }

  private async ask<T>(command: string, fields: Record<string, unknown> = {}): Promise<T> {
    const id = ++this.requests;
    const reply = new Promise<Said>((resolve) => this.waiting.set(id, resolve));
    this.socket.write(`${JSON.stringify({ id, do: command, ...fields })}\n`);
    const said = await within(reply, () => `a reply to ${command}: ${this.program.text().slice(-1000)}`);
    this.waiting.delete(id);
    if (said.error !== undefined) throw new Error(`${command}: ${said.error}`);
    return said as T;
  }
}
