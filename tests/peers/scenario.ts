/**
 * SIPp scenarios written as steps: what to wait for and what to send, in the order of the dialog. A scenario is the
 * called side (`Called`, a UAS) or the calling side (`Caller`, a UAC); each knows how its requests and answers look.
 */

/** Who may be offered or answered what. */
export interface Description {
  /** Payload types with their rtpmap lines, in order of preference. */
  readonly codecs?: readonly Codec[];
  readonly direction?: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  /** Another address than the scenario's own, to have the media move. */
  readonly address?: string;
  /** A number, or `STREAMED` where the scenario speaks. */
  readonly port?: number | string;
  /** Grows with every change (RFC 3264 section 8). */
  readonly version?: number;
  /** Further lines, which may be those of further sections. */
  readonly lines?: readonly string[];
}

/** What the body of an INFO says: a key, or what is asked of an encoder. */
export interface Key {
  readonly type: "application/dtmf" | "application/dtmf-relay" | "application/media_control+xml";
  readonly body: string;
}

/** The port SIPp sends a spoken file from; its echo has another. */
export const STREAMED = "[rtpstream_audio_port]";

export type Codec = "pcma" | "pcmu" | "g722" | "opus" | "g729" | "gsm" | "telephone-event" | "telephone-event/48000";

const RTPMAP: Record<Codec, [number, string]> = {
  pcma: [8, "PCMA/8000"],
  pcmu: [0, "PCMU/8000"],
  g722: [9, "G722/8000"],
  // As the relay numbers it: an echo sends back what it got, and an offerer expects its own numbers.
  opus: [111, "opus/48000/2"],
  g729: [18, "G729/8000"],
  // Nothing of the relay's.
  gsm: [3, "GSM/8000"],
  "telephone-event": [101, "telephone-event/8000"],
  "telephone-event/48000": [110, "telephone-event/48000"],
};

export function sdp(description: Description = {}): string {
  const codecs = (description.codecs ?? ["pcma", "telephone-event"]).map((codec) => RTPMAP[codec]);
  return [
    "v=0",
    `o=sipp 4711 ${description.version ?? 1} IN IP[media_ip_type] [media_ip]`,
    "s=-",
    `c=IN IP[media_ip_type] ${description.address ?? "[media_ip]"}`,
    "t=0 0",
    `m=audio ${description.port ?? "[media_port]"} RTP/AVP ${codecs.map(([type]) => type).join(" ")}`,
    ...codecs.map(([type, map]) => `a=rtpmap:${type} ${map}`),
    `a=${description.direction ?? "sendrecv"}`,
    ...(description.lines ?? []),
  ].join("\n");
}

/** What both sides can do. */
export class Scenario {
  protected readonly steps: string[] = [];

  /** Waits this long (ms), as a person would. */
  pause(ms: number): this {
    return this.step(`<pause milliseconds="${ms}"/>`);
  }

  /** Starts sending this file of G.711 A-law bytes as RTP, over and over. */
  speak(file: string): this {
    return this.step(`<nop><action><exec rtp_stream="${file},-1,8"/></action></nop>`);
  }

  /** Sends the RTP of a capture file once. Needs the right to open raw sockets. */
  play(file: string): this {
    return this.step(`<nop><action><exec play_pcap_audio="${file}"/></action></nop>`);
  }

  /** Waits until the test says so (`Sipp.nudge`). */
  nudged(): this {
    return this.step(`<nop><action><log message="waits"/></action></nop>`).step(`<recv request="NUDGE"/>`);
  }

  xml(): string {
    return `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="offhook">\n${this.steps.join("\n")}\n</scenario>\n`;
  }

  protected step(xml: string): this {
    this.steps.push(xml);
    return this;
  }

  protected send(lines: readonly (string | false | undefined)[], body?: string, attributes = "", type = "application/sdp"): this {
    const head = lines.filter(Boolean).join("\n");
    const tail = body === undefined ? "Content-Length: 0\n" : `Content-Type: ${type}\nContent-Length: [len]\n\n${body}\n`;
    return this.step(`<send ${attributes}><![CDATA[\n\n${head}\n${tail}\n]]></send>`);
  }
}

const CONTACT = "Contact: <sip:called@[local_ip]:[local_port];transport=[transport]>";

/** Waits to be called. */
export class Called extends Scenario {
  private requests = 1;

  /** SIPp takes a variable kept and never used for a mistake; a reference counts as use. */
  override xml(): string {
    const xml = super.xml();
    if (!xml.includes('assign_to="local"')) return xml;
    return xml.replace("</scenario>", '<Reference variables="local,remote,via,sequence"/>\n</scenario>');
  }

  /** The first INVITE; its route and target are kept for requests of our own. */
  invited(): this {
    const keep = (header: string, variable: string): string =>
      `<ereg regexp=".*" search_in="hdr" header="${header}:" assign_to="${variable}"/>`;
    const kept = [keep("From", "remote"), keep("To", "local"), keep("Via", "via"), keep("CSeq", "sequence")];
    return this.step(`<recv request="INVITE" rrs="true"><action>${kept.join("")}</action></recv>`);
  }

  /** A re-INVITE, which `answerInvite` answers from now on. */
  reinvited(): this {
    const keep = (header: string, variable: string): string =>
      `<ereg regexp=".*" search_in="hdr" header="${header}:" assign_to="${variable}"/>`;
    return this.step(`<recv request="INVITE"><action>${keep("Via", "via")}${keep("CSeq", "sequence")}</action></recv>`);
  }

  /** A SUBSCRIBE; what its NOTIFYs need is kept. */
  subscribed(): this {
    const keep = (header: string, variable: string): string =>
      `<ereg regexp=".*" search_in="hdr" header="${header}:" assign_to="${variable}"/>`;
    const kept = [keep("From", "remote"), keep("To", "local"), keep("Via", "via"), keep("CSeq", "sequence")];
    return this.step(`<recv request="SUBSCRIBE" rrs="true"><action>${kept.join("")}</action></recv>`);
  }

  /** Takes the subscription for so many seconds. */
  taken(expires: number): this {
    const own = ["[last_Via:]", "[last_From:]", "[last_To:];tag=called[call_number]", "[last_Call-ID:]", "[last_CSeq:]"];
    return this.send(["SIP/2.0 200 OK", ...own, CONTACT, `Expires: ${expires}`]);
  }

  /** Tells what waits in the mailbox that was subscribed to (RFC 3842). */
  notifyMailbox(state: string, summary: string): this {
    const headers = ["Event: message-summary", `Subscription-State: ${state}`];
    return this.inside("NOTIFY", headers, summary, "application/simple-message-summary");
  }

  /** Answers the INVITE although another request (a CANCEL) came since. */
  answerInvite(
    code = 200,
    reason = "OK",
    description?: Description,
    { tag = "called[call_number]", headers = [] as readonly string[] } = {},
  ): this {
    return this.send(
      [
        `SIP/2.0 ${code} ${reason}`,
        "Via:[$via]",
        "From:[$remote]",
        `To:[$local];tag=${tag}`,
        "[last_Call-ID:]",
        "CSeq:[$sequence]",
        CONTACT,
        ...headers,
      ],
      description && sdp(description),
      code >= 200 ? 'retrans="500"' : "",
    );
  }

  /** Is given up by the caller while it rings (RFC 3261 section 9.2). */
  cancelled(): this {
    return this.asked("CANCEL").confirm().answerInvite(487, "Request Terminated").asked("ACK");
  }

  /** A later request of the caller's. */
  asked(method: string, { optional = false } = {}): this {
    return this.step(`<recv request="${method}" optional="${optional}" crlf="true"/>`);
  }

  reply(code: number, reason: string, options: { sdp?: Description; headers?: readonly string[]; tag?: string } = {}): this {
    return this.send(
      [
        `SIP/2.0 ${code} ${reason}`,
        "[last_Via:]",
        "[last_Record-Route:]",
        "[last_From:]",
        code === 100 ? "[last_To:]" : `[last_To:];tag=${options.tag ?? "called[call_number]"}`,
        "[last_Call-ID:]",
        "[last_CSeq:]",
        !options.headers?.some((header) => header.startsWith("Contact:")) && CONTACT,
        ...(options.headers ?? []),
      ],
      options.sdp && sdp(options.sdp),
      code >= 200 ? 'retrans="500"' : "",
    );
  }

  /** Answers a REGISTER: nothing acknowledges that. */
  registrar(code: number, reason: string, headers: readonly string[] = [], { contact = code === 200, via = "" } = {}): this {
    const own = [`[last_Via:]${via}`, "[last_From:]", "[last_To:];tag=registrar", "[last_Call-ID:]", "[last_CSeq:]"];
    return this.send([`SIP/2.0 ${code} ${reason}`, ...own, contact && "[last_Contact:]", ...headers]);
  }

  /** A request of which a header is kept: `[$name]` stands for its value in what follows. */
  keeping(request: string, header: string, name: string): this {
    const kept = `<ereg regexp=".*" search_in="hdr" header="${header}:" assign_to="${name}"/>`;
    return this.step(`<recv request="${request}"><action>${kept}</action></recv>`);
  }

  /** Answers a request inside the dialog, whose To has our tag already. */
  confirm(code = 200, reason = "OK", description?: Description, headers: readonly string[] = []): this {
    return this.send(
      [
        `SIP/2.0 ${code} ${reason}`,
        "[last_Via:]",
        "[last_Record-Route:]",
        "[last_From:]",
        "[last_To:]",
        "[last_Call-ID:]",
        "[last_CSeq:]",
        CONTACT,
        ...headers,
      ],
      description && sdp(description),
    );
  }

  /** A request inside the dialog: BYE, re-INVITE. */
  request(method: string, description?: Description, headers: readonly string[] = []): this {
    return this.inside(method, headers, description && sdp(description));
  }

  /** An INFO: a key that is pressed, or a request to an encoder. */
  info(key: Key): this {
    return this.inside("INFO", [], key.body, key.type);
  }

  /** Tells how the transfer goes that was asked for (RFC 3515). */
  notify(state: string, fragment: string): this {
    const headers = ["Event: refer", `Subscription-State: ${state}`];
    return this.inside("NOTIFY", headers, fragment, "message/sipfrag;version=2.0");
  }

  private inside(method: string, headers: readonly string[], body?: string, type?: string): this {
    return this.send(
      [
        `${method} [next_url] SIP/2.0`,
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        "[routes]",
        "From:[$local];tag=called[call_number]",
        "To:[$remote]",
        "Call-ID: [call_id]",
        `CSeq: ${this.requests++} ${method}`,
        CONTACT,
        "Max-Forwards: 70",
        ...headers,
      ],
      body,
      'retrans="500"',
      type,
    );
  }

  /** The answer to a request of ours. */
  answered(code: number): this {
    return this.step('<recv response="100" optional="true"/>').step(`<recv response="${code}" crlf="true"/>`);
  }

  /** Acknowledges the answer to a re-INVITE. */
  acknowledge({ failure = false, description }: { failure?: boolean; description?: Description } = {}): this {
    const head = [
      "ACK [next_url] SIP/2.0",
      failure ? "[last_Via:]" : "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
      "[routes]",
      "From:[$local];tag=called[call_number]",
      "To:[$remote]",
      "Call-ID: [call_id]",
      `CSeq: ${this.requests - 1} ACK`,
      "Max-Forwards: 70",
    ];
    return this.send(head, description && sdp(description));
  }
}

/** Places a call to the service given on SIPp's command line. */
export class Caller extends Scenario {
  private requests = 0;
  /** The number of the last INVITE. */
  private invites = 0;
  private forwards = 70;

  constructor(private readonly from = "caller", private readonly name = "") {
    super();
  }

  /** Its requests from now on may go over so many hops. */
  hops(forwards: number): this {
    this.forwards = forwards;
    return this;
  }

  invite(description: Description = {}, { authenticate = false, headers = [] as readonly string[] } = {}): this {
    this.invites = ++this.requests;
    return this.out("INVITE", "sip:[service]@[remote_host]:[remote_port]", {
      body: sdp(description),
      extra: authenticate ? [...headers, "[authentication]"] : headers,
      attributes: 'retrans="500"',
    });
  }

  /** The same INVITE by another way, as a proxy sends it that forked it, or a loop (RFC 3261 section 8.2.2.2). */
  merged(description: Description = {}): this {
    return this.out("INVITE", "sip:[service]@[remote_host]:[remote_port]", { body: sdp(description) });
  }

  /** An INVITE with this very description. */
  offering(body: string): this {
    this.invites = ++this.requests;
    return this.out("INVITE", "sip:[service]@[remote_host]:[remote_port]", { body, attributes: 'retrans="500"' });
  }

  /** An INVITE that offers nothing: the callee must offer. */
  inviteWithoutSdp(headers: readonly string[] = []): this {
    this.invites = ++this.requests;
    return this.out("INVITE", "sip:[service]@[remote_host]:[remote_port]", { extra: headers, attributes: 'retrans="500"' });
  }

  /** Changes the session; without a description the callee is to offer. */
  reinvite(description?: Description, headers: readonly string[] = []): this {
    this.invites = ++this.requests;
    const body = description && sdp(description);
    return this.out("INVITE", "[next_url]", { body, extra: headers, attributes: 'retrans="500"', inside: true });
  }

  expect(code: number, { optional = false, authentication = false } = {}): this {
    const attributes = `optional="${optional}" auth="${authentication}" ${code >= 200 && code < 300 ? 'rrs="true"' : ""}`;
    return this.step(`<recv response="${code}" ${attributes}/>`);
  }

  /** A provisional answer that has to be confirmed; its number is kept. */
  early(code: number): this {
    const kept = '<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>';
    this.step('<recv response="100" optional="true"/>');
    return this.step(`<recv response="${code}" rrs="true"><action>${kept}</action></recv>`);
  }

  /** Confirms it (RFC 3262). */
  prack(description?: Description): this {
    this.requests++;
    const extra = [`RAck: [$rseq] ${this.invites} INVITE`];
    return this.out("PRACK", "[next_url]", { body: description && sdp(description), extra, inside: true, attributes: 'retrans="500"' });
  }

  /** Changes the session, before or after the answer (RFC 3311). */
  update(description?: Description, headers: readonly string[] = []): this {
    this.requests++;
    return this.out("UPDATE", "[next_url]", { body: description && sdp(description), extra: headers, inside: true, attributes: 'retrans="500"' });
  }

  /** Provisional answers that may or may not come. */
  progress(): this {
    for (const code of [100, 180, 183]) this.expect(code, { optional: true });
    return this;
  }

  /** Acknowledges a final answer: a 2xx to its target, a failure to where the INVITE went. */
  acknowledge({ failure = false, description }: { failure?: boolean; description?: Description } = {}): this {
    const target = failure ? "sip:[service]@[remote_host]:[remote_port]" : "[next_url]";
    return this.out("ACK", target, { body: description && sdp(description), inside: true });
  }

  bye(): this {
    this.requests++;
    return this.out("BYE", "[next_url]", { inside: true, attributes: 'retrans="500"' });
  }

  /** Presses a key as an INFO. */
  info(key: Key): this {
    this.requests++;
    return this.out("INFO", "[next_url]", { inside: true, body: key.body, type: key.type, attributes: 'retrans="500"' });
  }

  /** Asks for a transfer: `to` is what Refer-To says. */
  refer(to: string): this {
    this.requests++;
    return this.out("REFER", "[next_url]", { inside: true, extra: [`Refer-To: ${to}`], attributes: 'retrans="500"' });
  }

  /** Tells how the transfer goes that was asked for (RFC 3515). */
  notify(state: string, fragment: string): this {
    this.requests++;
    const extra = ["Event: refer", `Subscription-State: ${state}`];
    const type = "message/sipfrag;version=2.0";
    return this.out("NOTIFY", "[next_url]", { inside: true, body: fragment, type, extra, attributes: 'retrans="500"' });
  }

  cancel(headers: readonly string[] = []): this {
    return this.send(
      [
        "CANCEL sip:[service]@[remote_host]:[remote_port] SIP/2.0",
        "[last_Via:]",
        this.fromLine(),
        "To: <sip:[service]@[remote_host]:[remote_port]>",
        "Call-ID: [call_id]",
        `CSeq: ${this.invites} CANCEL`,
        "Max-Forwards: 70",
        ...headers,
      ],
      undefined,
      'retrans="500"',
    );
  }

  options(): this {
    return this.request("OPTIONS");
  }

  /** Any other request than an INVITE, out of a dialog or inside it. */
  request(method: string, headers: readonly string[] = [], { inside = false } = {}): this {
    this.requests++;
    const target = inside ? "[next_url]" : "sip:[service]@[remote_host]:[remote_port]";
    return this.out(method, target, { extra: headers, inside, attributes: 'retrans="500"' });
  }

  /** A text out of a dialog (RFC 3428). */
  message(body: string, type = "text/plain"): this {
    this.requests++;
    const attributes = 'retrans="500"';
    return this.out("MESSAGE", "sip:[service]@[remote_host]:[remote_port]", { body, type, attributes });
  }

  /** What waits in a mailbox, told to somebody who has not asked (RFC 3842). */
  unsolicited(summary: string): this {
    this.requests++;
    return this.out("NOTIFY", "sip:[service]@[remote_host]:[remote_port]", {
      body: summary,
      type: "application/simple-message-summary",
      extra: ["Event: message-summary", "Subscription-State: active"],
      attributes: 'retrans="500"',
    });
  }

  /** A request of the callee's inside the dialog. */
  asked(method: string, { optional = false } = {}): this {
    return this.step(`<recv request="${method}" optional="${optional}"/>`);
  }

  confirm(code = 200, reason = "OK", description?: Description, headers: readonly string[] = []): this {
    return this.send(
      [
        `SIP/2.0 ${code} ${reason}`,
        "[last_Via:]",
        "[last_Record-Route:]",
        "[last_From:]",
        "[last_To:]",
        "[last_Call-ID:]",
        "[last_CSeq:]",
        "Contact: <sip:[local_ip]:[local_port];transport=[transport]>",
        ...headers,
      ],
      description && sdp(description),
    );
  }

  private fromLine(): string {
    return `From: ${this.name && `"${this.name}" `}<sip:${this.from}@[local_ip]:[local_port]>;tag=caller[call_number]`;
  }

  private out(
    method: string,
    target: string,
    options: { body?: string | undefined; type?: string; extra?: readonly string[]; inside?: boolean; attributes?: string },
  ): this {
    return this.send(
      [
        `${method} ${target} SIP/2.0`,
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
        options.inside === true && "[routes]",
        this.fromLine(),
        `To: <sip:[service]@[remote_host]:[remote_port]>${options.inside === true ? "[peer_tag_param]" : ""}`,
        "Call-ID: [call_id]",
        `CSeq: ${method === "ACK" ? this.invites : this.requests} ${method}`,
        `Contact: <sip:${this.from}@[local_ip]:[local_port];transport=[transport]>`,
        `Max-Forwards: ${this.forwards}`,
        ...(options.extra ?? []),
      ],
      options.body,
      options.attributes,
      options.type,
    );
  }
}
