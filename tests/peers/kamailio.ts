/** Kamailio as the SIP server of a small office: a registrar with digest and a proxy between its users. */
import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./deadline.ts";
import { folder } from "./folder.ts";
import { port } from "./ports.ts";
import { Program } from "./program.ts";

export interface KamailioOptions {
  /** Passwords by user. Others are answered 403. */
  readonly users: Record<string, string>;
  readonly address?: string;
  /** Where a port cannot be chosen: a random one otherwise. */
  readonly port?: number;
  readonly algorithm?: "MD5" | "SHA-256";
  /** Seconds a registration is granted at most. */
  readonly expires?: number;
  /** Seconds a nonce is good for. */
  readonly nonceExpires?: number;
  /** What it shows over TLS, which it then speaks besides. */
  readonly tls?: { certificate: string; key: string };
  /** The authority (a file) of who may connect over TLS; nobody has to show a certificate otherwise. */
  readonly clients?: string;
}

export class Kamailio {
  private constructor(
    readonly program: Program,
    readonly address: string,
    readonly port: number,
    /** Where it speaks TLS, if it does. */
    readonly tlsPort: number,
  ) {}

  /** Host and port, as a user's domain. */
  get domain(): string {
    return `${this.address}:${this.port}`;
  }

  static async start(options: KamailioOptions): Promise<Kamailio> {
    const address = options.address ?? "127.0.0.10";
    const sip = options.port ?? (await port(address));
    const home = folder("kamailio");
    const file = join(home, "kamailio.cfg");
    const tls = await port(address);
    writeFileSync(file, configuration(address, sip, tls, home, options));
    const args = ["-f", file, "-DD", "-E", "-m", "32", "-M", "4", "-Y", home, "-P", join(home, "pid")];
    const program = new Program("kamailio", "kamailio", args);
    const kamailio = new Kamailio(program, address, sip, tls);
    let over: number | string | undefined;
    void program.ended.then((how) => (over = how));
    await eventually(async () => {
      if (over !== undefined) throw new Error(`kamailio ended (${over}): ${program.text().slice(-2000)}`);
      return answers(address, sip);
    }, "kamailio to answer OPTIONS");
    return kamailio;
  }

  /** Waits until this user's registration is (or is no longer) in its memory. */
  async registered(user: string, yes = true, options: { from?: number; ms?: number } = {}): Promise<void> {
    await this.program.line(new RegExp(`binding of ${user} ${yes ? "saved" : "removed"}`), options);
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }
}

async function answers(address: string, sip: number): Promise<boolean> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  const own = `${address}:${socket.address().port}`;
  const reply = new Promise<boolean>((resolve) => {
    socket.once("message", () => resolve(true));
    socket.once("error", () => resolve(false));
    setTimeout(() => resolve(false), 200);
  });
  const lines = [
    `OPTIONS sip:${address}:${sip} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${Math.random().toString(36).slice(2)};rport`,
    `From: <sip:probe@${own}>;tag=probe`,
    `To: <sip:${address}:${sip}>`,
    `Call-ID: ${Math.random().toString(36).slice(2)}`,
    "CSeq: 1 OPTIONS",
    "Max-Forwards: 70",
    "Content-Length: 0",
  ];
  socket.send(`${lines.join("\r\n")}\r\n\r\n`, sip, address);
  const answered = await reply;
  socket.close();
  return answered;
}

function configuration(address: string, sip: number, tls: number, home: string, options: KamailioOptions): string {
  const secure = options.tls && [
    "enable_tls=yes",
    `listen=tls:${address}:${tls}`,
    'loadmodule "tls.so"',
    'modparam("tls", "tls_method", "TLSv1.2+")',
    `modparam("tls", "certificate", "${options.tls.certificate}")`,
    `modparam("tls", "private_key", "${options.tls.key}")`,
    ...(options.clients === undefined
      ? []
      : [
          `modparam("tls", "ca_list", "${options.clients}")`,
          'modparam("tls", "verify_certificate", 1)',
          'modparam("tls", "require_certificate", 1)',
        ]),
  ];
  // What it heard in the greeting: who it was taken for, and who it was told to speak with.
  const greeted = options.tls && 'if (proto==TLS) xlog("L_ERR", "asked for as $tls_peer_server_name by $tls_peer_subject_cn\\n");';
  const passwords = Object.entries(options.users)
    .map(([user, password]) => `  if ($var(user) == "${user}") $var(password) = "${password}";`)
    .join("\n");
  return `#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=2
tcp_children=2
auto_aliases=no
alias="${address}"
listen=udp:${address}:${sip}
listen=tcp:${address}:${sip}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
${secure?.join("\n") ?? ""}
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
modparam("auth", "algorithm", "${options.algorithm === "SHA-256" ? "SHA-256" : ""}")
modparam("auth", "nonce_expire", ${options.nonceExpires ?? 300})
modparam("auth", "qop", "auth")
modparam("usrloc", "db_mode", 0)
modparam("registrar", "max_expires", ${options.expires ?? 3600})
modparam("registrar", "default_expires", ${options.expires ?? 3600})
modparam("tm", "fr_timer", 5000)
modparam("tm", "fr_inv_timer", 30000)

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("OPTIONS") && uri==myself && $rU==$null) { sl_send_reply("200", "OK"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    sl_send_reply("404", "Not here"); exit;
  }
  t_check_trans();
  if (is_method("REGISTER")) { route(REGISTRAR); exit; }
  if (from_uri==myself) {
    $var(user) = $fU;
    route(PASSWORD);
    if (!pv_proxy_authenticate("$fd", "$var(password)", "0")) { auth_challenge("$fd", "1"); exit; }
    consume_credentials();
  }
  record_route();
  if (uri==myself) {
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  }
  t_relay();
}

route[REGISTRAR] {
  ${greeted ?? ""}
  $var(user) = $tU;
  route(PASSWORD);
  if (!pv_www_authenticate("$td", "$var(password)", "0")) { auth_challenge("$td", "1"); exit; }
  if (!save("location")) { sl_reply_error(); exit; }
  if (registered("location", "$tu")) {
    xlog("L_ERR", "binding of $tU saved\\n");
  } else {
    xlog("L_ERR", "binding of $tU removed\\n");
  }
}

route[PASSWORD] {
  $var(password) = "";
${passwords}
  if ($var(password) == "") { sl_send_reply("403", "Forbidden"); exit; }
}
# Its own folder: ${home}
`;
}
