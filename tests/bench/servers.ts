/** What stands between the two ends: nothing, a proxy, a back-to-back user agent of somebody else's, or the relay. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSocket } from "node:dgram";
import { eventually } from "../peers/deadline.ts";
import { folder } from "../peers/folder.ts";
import { port } from "../peers/ports.ts";
import { Program } from "../peers/program.ts";

/** Runs a command on the processor that the server has for itself. */
export type Pin = (command: string[]) => string[];

export interface Server {
  readonly name: string;
  /** Host and port. */
  readonly target: string;
  readonly program?: Program;
}

const ADDRESS = "127.0.0.12";

/** Nobody between them: what the generators themselves take. */
export function nobody(called: string): Server {
  return { name: "SIPp to SIPp", target: called };
}

/** Kamailio as a stateful proxy that stays in the path: less than a user agent has to do, so the floor. */
export async function kamailio(called: string, pin: Pin): Promise<Server> {
  const sip = await port(ADDRESS);
  const home = folder("kamailio");
  const file = join(home, "kamailio.cfg");
  writeFileSync(file, `#!KAMAILIO
debug=0
log_stderror=yes
children=1
disable_tcp=yes
auto_aliases=no
listen=udp:${ADDRESS}:${sip}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {
  if (!mf_process_maxfwd_header("10")) exit;
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (has_totag()) { if (loose_route()) t_relay(); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  record_route();
  $du = "sip:${called}";
  t_relay();
}
`);
  const args = pin(["kamailio", "-f", file, "-DD", "-E", "-m", "1024", "-M", "16", "-Y", home, "-P", join(home, "pid")]);
  return up("Kamailio (proxy)", args, `${ADDRESS}:${sip}`);
}

/** baresip with its b2bua module, the one back-to-back user agent in Debian's archive. */
export async function baresip(called: string, pin: Pin): Promise<Server> {
  const sip = await port(ADDRESS);
  const home = folder("baresip");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "config"), [
    `sip_listen ${ADDRESS}:${sip}`,
    "call_max_calls 1000",
    "module_path /usr/lib/baresip/modules",
    "module g711.so",
    "module aubridge.so",
    "audio_source aubridge,nil",
    "audio_player aubridge,nil",
    "module_app account.so",
    "module_app b2bua.so",
    "",
  ].join("\n"));
  const [host, calledPort] = called.split(":");
  writeFileSync(join(home, "accounts"), [
    `<sip:b2bua-inbound@${ADDRESS}:${sip};transport=udp>;regint=0;b2bua=inbound`,
    `<sip:b2bua-outbound@${host}:${calledPort};transport=udp>;regint=0;b2bua=outbound;outbound="sip:${called};transport=udp"`,
    "",
  ].join("\n"));
  return up("baresip (B2BUA)", pin(["baresip", "-f", home]), `${ADDRESS}:${sip}`);
}

/** The relay between two trunks, with descriptions passed end to end: the signalling alone. */
export async function relay(called: string, pin: Pin): Promise<Server> {
  const [sip, http] = [await port(ADDRESS), await port("127.0.0.1")];
  const home = folder("relay");
  const file = join(home, "offhook.toml");
  writeFileSync(file, `
[http]
listen = "127.0.0.1:${http}"
[sip]
udp = "${ADDRESS}:${sip}"
tcp = "off"
[media]
workers = 1
[limits]
calls = 100000
transactions = 1000000
[trunks.callers]
host = "127.0.0.31"
direct_media = true
[trunks.called]
host = "${called}"
direct_media = true
[[routes]]
number = "*"
from = ["callers"]
trunk = ["called"]
`);
  const binary = process.env["OFFHOOK_RELAY_BIN"] ?? new URL("../../target/release/offhook-relay", import.meta.url).pathname;
  return up("Offhook (B2BUA)", pin([binary, "--config", file]), `${ADDRESS}:${sip}`, { RUST_LOG: "warn" });
}

/** Starts a server and waits until it answers OPTIONS with anything. */
async function up(name: string, [command, ...args]: string[], target: string, env: Record<string, string> = {}): Promise<Server> {
  const program = new Program(name, command, args, { env });
  let over: number | string | undefined;
  void program.ended.then((how) => (over = how));
  await eventually(
    async () => {
      if (over !== undefined) throw new Error(`${name} ended (${over}): ${program.text().slice(-2000)}`);
      return answers(target);
    },
    () => `${name} to answer; it said: ${program.text().slice(-2000)}`,
    { ms: 20_000 },
  );
  return { name, target, program };
}

async function answers(target: string): Promise<boolean> {
  const { hostname, port: sip } = new URL(`sip://${target}`);
  const socket = createSocket("udp4");
  // An address of the callers', in case the server knows strangers.
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.31", resolve));
  const own = `127.0.0.31:${socket.address().port}`;
  const id = Math.random().toString(36).slice(2);
  const reply = new Promise<boolean>((resolve) => {
    socket.once("message", () => resolve(true));
    setTimeout(() => resolve(false), 200);
  });
  socket.send([
    `OPTIONS sip:${target} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${id};rport`,
    `From: <sip:probe@${own}>;tag=${id}`,
    `To: <sip:${target}>`,
    `Call-ID: ${id}`,
    "CSeq: 1 OPTIONS",
    `Contact: <sip:probe@${own}>`,
    "Max-Forwards: 70",
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n"), Number(sip), hostname);
  const answered = await reply;
  socket.close();
  return answered;
}
