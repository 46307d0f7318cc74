/**
 * How long a server keeps each message, from the packets on the loopback interface with the kernel's timestamps: from an
 * INVITE's arrival to the INVITE it sends on, and from each answer's arrival to the answer it gives. What the two ends
 * take is no part of it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "../peers/folder.ts";
import { Program } from "../peers/program.ts";

export interface Delays {
  /** Milliseconds from INVITE to INVITE, in order of size. */
  readonly invite: readonly number[];
  /** From 180 to 180. */
  readonly ringing: readonly number[];
  /** From 200 to 200. */
  readonly answer: readonly number[];
}

export class Tap {
  private constructor(private readonly program: Program, private readonly file: string, private readonly server: string) {}

  /** Listens to all that the server at this host and port gets and sends. */
  static async start(target: string): Promise<Tap> {
    const { hostname, port } = new URL(`sip://${target}`);
    const file = join(folder("tap"), "messages.pcap");
    const filter = `udp and host ${hostname} and port ${port}`;
    const program = new Program("tcpdump", "tcpdump", ["-i", "lo", "-Z", "root", "-B", "65536", "-s", "1500", "-w", file, filter]);
    await program.line(/listening on/);
    return new Tap(program, file, hostname);
  }

  async stop(): Promise<Delays> {
    await this.program.stop("SIGINT");
    return delays(packets(readFileSync(this.file)), this.server);
  }
}

interface Packet {
  /** Milliseconds. */
  readonly at: number;
  readonly from: string;
  readonly text: string;
}

/** The datagrams of a capture of Ethernet frames with IPv4 (RFC 791) and UDP (RFC 768). */
function* packets(capture: Buffer): Generator<Packet> {
  const nanoseconds = capture.readUInt32LE(0) === 0xa1b23c4d;
  for (let at = 24; at + 16 <= capture.length; ) {
    const [seconds, fraction, length] = [capture.readUInt32LE(at), capture.readUInt32LE(at + 4), capture.readUInt32LE(at + 8)];
    const ip = at + 16 + 14;
    const header = (capture[ip] ?? 0) % 16 * 4;
    const from = [...capture.subarray(ip + 12, ip + 16)].join(".");
    yield {
      at: seconds * 1000 + fraction / (nanoseconds ? 1e6 : 1e3),
      from,
      text: capture.toString("latin1", ip + header + 8, at + 16 + length),
    };
    at += 16 + length;
  }
}

function delays(packets: Iterable<Packet>, server: string): Delays {
  const first = { INVITE: new Map<string, number>(), "180": new Map<string, number>(), "200": new Map<string, number>() };
  // A proxy keeps the Call-ID, a user agent does not: the description that passes through names the call.
  const calls = new Map<string, string>();
  const all = { INVITE: [] as number[], "180": [] as number[], "200": [] as number[] };
  for (const { at, from, text } of packets) {
    const kind = /^INVITE /.test(text) ? "INVITE" : (/^SIP\/2\.0 (180|200) /.exec(text)?.[1] as "180" | "200" | undefined);
    const callId = /^(?:Call-ID|i): *(.*?)\r?$/im.exec(text)?.[1];
    if (kind === undefined || callId === undefined || !/^CSeq: *\d+ INVITE/im.test(text)) continue;
    if (kind === "INVITE") {
      const description = /^o=sipp .*$/m.exec(text)?.[0];
      if (description === undefined) continue;
      calls.set(callId, description);
    }
    const call = calls.get(callId);
    if (call === undefined) continue;
    const arrived = first[kind].get(call);
    if (from !== server) {
      if (arrived === undefined) first[kind].set(call, at);
    } else if (arrived !== undefined && arrived >= 0) {
      all[kind].push(at - arrived);
      first[kind].set(call, -1);
    }
  }
  const sorted = (values: number[]): number[] => values.sort((a, b) => a - b);
  return { invite: sorted(all.INVITE), ringing: sorted(all["180"]), answer: sorted(all["200"]) };
}

/** The value that this part of all is below. */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
