/** SIPp as both ends of many calls: a called side that answers at once, and a caller at a given rate. */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { within } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { port } from "../peers/ports.ts";
import { Program } from "../peers/program.ts";

const CALLER = "127.0.0.31";
const CALLED = "127.0.0.32";

/** Every description names a port, and nobody sends to it. */
const SDP = `v=0
o=sipp [call_number] [pid] IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 6000 RTP/AVP 8
a=rtpmap:8 PCMA/8000
`;

const headers = (cseq: string, extra = ""): string => `Via: SIP/2.0/UDP [local_ip]:[local_port];branch=[branch]
From: <sip:load@[local_ip]:[local_port]>;tag=[pid]x[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${cseq}
Contact: <sip:load@[local_ip]:[local_port]>
Max-Forwards: 70
${extra}`;

function callerScenario(holdMs: number): string {
  return `<?xml version="1.0"?>
<scenario name="caller">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
${headers("1 INVITE")}Content-Type: application/sdp
Content-Length: [len]

${SDP}]]></send>
<recv response="100" optional="true"/>
<recv response="180" rrs="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
${headers("1 ACK", "[routes]\n")}Content-Length: 0

]]></send>
<pause milliseconds="${holdMs}"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
${headers("2 BYE", "[routes]\n")}Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
`;
}

const answer = (status: string, extra: string): string => `<send${status.startsWith("200 OK ") ? ' retrans="500"' : ""}><![CDATA[
SIP/2.0 ${status.trim()}
[last_Via:]
[last_Record-Route:]
[last_From:]
[last_To:];tag=[pid]y[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
${extra}]]></send>`;

const CALLED_SCENARIO = `<?xml version="1.0"?>
<scenario name="called">
<recv request="INVITE" rrs="true"/>
${answer("180 Ringing", "Content-Length: 0\n\n")}
${answer("200 OK ", `Content-Type: application/sdp\nContent-Length: [len]\n\n${SDP}`)}
<recv request="ACK" optional="false"/>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
Content-Length: 0

]]></send>
</scenario>
`;

/** How a run went. */
export interface Outcome {
  readonly calls: number;
  readonly failed: number;
  readonly retransmissions: number;
  /** Seconds it took. */
  readonly seconds: number;
}

/** Waits for calls until it is ended. */
export class CalledSide {
  private constructor(readonly program: Program, readonly target: string) {}

  static async start(pinned: (command: string[]) => string[]): Promise<CalledSide> {
    const sip = await port(CALLED);
    const home = folder("called");
    writeFileSync(join(home, "called.xml"), CALLED_SCENARIO);
    const args = ["-sf", join(home, "called.xml"), "-i", CALLED, "-p", `${sip}`, "-nostdin", "-t", "u1", "-l", "60000", "-buff_size", "8388608"];
    const [program, ...rest] = pinned(["sipp", ...args]);
    return new CalledSide(new Program("called", program, rest, { cwd: home }), `${CALLED}:${sip}`);
  }

  async stop(): Promise<void> {
    await this.program.stop("SIGKILL");
  }
}

export interface LoadOptions {
  /** Calls a second. */
  readonly rate: number;
  readonly calls: number;
  /** Milliseconds each call lasts after its answer. */
  readonly hold?: number;
}

/** Makes calls through whatever is at this host and port. */
export async function load(target: string, { rate, calls, hold = 0 }: LoadOptions, pinned: (command: string[]) => string[], meanwhile?: () => Promise<void>): Promise<Outcome> {
  const sip = await port(CALLER);
  const home = folder("caller");
  writeFileSync(join(home, "caller.xml"), callerScenario(hold));
  const seconds = calls / rate + hold / 1000;
  const args = ["-sf", join(home, "caller.xml"), "-i", CALLER, "-p", `${sip}`, "-s", "load", "-nostdin", "-t", "u1"];
  args.push("-r", `${rate}`, "-m", `${calls}`, "-l", `${Math.max(2000, Math.ceil(rate * (2 + hold / 1000)))}`, "-buff_size", "8388608");
  args.push("-trace_stat", "-fd", "1", "-timeout", `${Math.ceil(seconds * 2 + 40)}`);
  const [program, ...rest] = pinned(["sipp", ...args, target]);
  const sipp = new Program("caller", program, rest, { cwd: home });
  await meanwhile?.();
  await within(sipp.ended, () => `the load to end: ${sipp.text().slice(-1500)}`, (seconds * 2 + 60) * 1000);
  return outcome(home);
}

function outcome(home: string): Outcome {
  const table = readFileSync(join(home, readdirSync(home).find((file) => /caller_\d+_\.csv$/.test(file)) ?? ""), "latin1").trim().split("\n").map((line) => line.split(";"));
  const [names, last] = [table[0] ?? [], table.at(-1) ?? []];
  const value = (name: string): number => Number(last[names.indexOf(name)] ?? 0);
  const elapsed = (last[names.indexOf("ElapsedTime(C)")] ?? "0:0:0").split(":").map(Number);
  return {
    calls: value("SuccessfulCall(C)"),
    failed: value("FailedCall(C)"),
    retransmissions: value("Retransmissions(C)"),
    seconds: (elapsed[0] ?? 0) * 3600 + (elapsed[1] ?? 0) * 60 + (elapsed[2] ?? 0),
  };
}
