/** Telephones' signalling: one SIP user agent over UDP that all telephones share. It takes every call at once. */
import { type Socket, createSocket } from "node:dgram";
import { randomBytes } from "node:crypto";
import { within } from "../../peers/deadline.ts";
import { ADDRESS } from "./address.ts";
import { media, ofPhone } from "./descriptions.ts";
import type { Ends, Phone } from "./ends.ts";

const token = (): string => randomBytes(6).toString("hex");

interface Message {
  readonly first: string;
  readonly text: string;
  readonly body: string;
  header(name: string): string;
}

/** Called under a number of its own, so that what is called is known again. */
interface Expected {
  readonly phone: Phone;
  readonly ringing: (phone: Phone) => void;
}

export class Exchange {
  private readonly expected = new Map<string, Expected>();
  private readonly answers = new Map<string, (answer: Message) => void>();
  private readonly answered = new Map<string, string>();
  private readonly confirmed = new Map<string, () => void>();
  private numbers = 0;

  private constructor(private readonly socket: Socket, private readonly ends: Ends) {
    socket.on("message", (data, { address, port }) => this.take(read(data.toString("latin1")), `${address}:${port}`));
  }

  static async open(ends: Ends, sip: number): Promise<Exchange> {
    const socket = createSocket({ type: "udp4", recvBufferSize: 4 << 20 });
    await new Promise<void>((resolve) => socket.bind(sip, ADDRESS, resolve));
    return new Exchange(socket, ends);
  }

  get target(): string {
    const { address, port } = this.socket.address();
    return `${address}:${port}`;
  }

  /** A number that can be called, and the telephone that then has been. */
  async callee(): Promise<{ number: string; called: Promise<Phone> }> {
    const number = `5${`${++this.numbers}`.padStart(6, "0")}`;
    const phone = await this.ends.phone();
    const called = new Promise<Phone>((resolve) => this.expected.set(number, { phone, ringing: resolve }));
    return { number, called };
  }

  /** Calls a number at a server. What ends it comes back. */
  async call(server: string, number: string): Promise<{ phone: Phone; hangup: () => Promise<void> }> {
    const phone = await this.ends.phone();
    const [callId, tag] = [token(), token()];
    const to = `<sip:${number}@${server}>`;
    const from = `<sip:load@${this.target}>;tag=${tag}`;
    const answer = await this.ask(server, `INVITE sip:${number}@${server}`, { callId, from, to, cseq: 1 }, ofPhone(phone));
    if (!/^SIP\/2.0 200/.test(answer.first)) throw new Error(answer.first);
    const target = /<([^>]+)>/.exec(answer.header("Contact"))?.[1] ?? "";
    const dialog = { callId, from, to: answer.header("To") };
    this.send(server, request(`ACK ${target}`, this.target, { ...dialog, cseq: 1 }));
    await this.ends.direct(phone, media(answer.body));
    const hangup = async (): Promise<void> => {
      await this.ask(server, `BYE ${target}`, { ...dialog, cseq: 2 });
    };
    return { phone, hangup };
  }

  close(): void {
    this.socket.close();
  }

  private async ask(server: string, what: string, dialog: Dialog, body = ""): Promise<Message> {
    const key = `${dialog.callId} ${dialog.cseq}`;
    const answer = new Promise<Message>((resolve) => this.answers.set(key, resolve));
    const text = request(what, this.target, dialog, body);
    this.send(server, text);
    const again = setInterval(() => this.send(server, text), 1000);
    try {
      return await within(answer, `an answer to ${what}`, 20_000);
    } finally {
      clearInterval(again);
      this.answers.delete(key);
    }
  }

  private take(message: Message, from: string): void {
    if (message.first.startsWith("SIP/2.0")) {
      const key = `${message.header("Call-ID")} ${parseInt(message.header("CSeq"), 10)}`;
      if (!/^SIP\/2.0 1/.test(message.first)) this.answers.get(key)?.(message);
      return;
    }
    const [method] = message.first.split(" ", 1);
    const callId = message.header("Call-ID");
    if (method === "INVITE") this.invited(message, from);
    else if (method === "ACK") this.confirmed.get(callId)?.();
    else {
      this.send(from, response(message, "200 OK", this.target));
      this.answered.delete(callId);
    }
  }

  private invited(message: Message, from: string): void {
    const callId = message.header("Call-ID");
    const number = /^INVITE sip:([^@;]+)@/.exec(message.first)?.[1] ?? "";
    const expected = this.expected.get(number);
    const before = this.answered.get(callId);
    if (before !== undefined) this.send(from, before);
    else if (expected === undefined) this.send(from, response(message, "404 Not Found", this.target));
    else {
      this.expected.delete(number);
      const answer = response(message, "200 OK", this.target, ofPhone(expected.phone));
      this.answered.set(callId, answer);
      this.send(from, answer);
      const again = setInterval(() => this.send(from, answer), 500);
      const confirmed = new Promise<void>((resolve) => this.confirmed.set(callId, resolve));
      void Promise.all([confirmed, this.ends.direct(expected.phone, media(message.body))]).then(() => {
        clearInterval(again);
        this.confirmed.delete(callId);
        expected.ringing(expected.phone);
      });
    }
  }

  private send(to: string, text: string): void {
    const [host, port] = to.split(":");
    this.socket.send(text, Number(port), host);
  }
}

interface Dialog {
  readonly callId: string;
  readonly from: string;
  readonly to: string;
  readonly cseq: number;
}

function request(what: string, own: string, { callId, from, to, cseq }: Dialog, body = ""): string {
  const method = what.split(" ", 1)[0];
  return [
    `${what} SIP/2.0`,
    `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${method === "ACK" ? token() : `${callId}${cseq}`};rport`,
    `From: ${from}`,
    `To: ${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    `Contact: <sip:load@${own}>`,
    "Max-Forwards: 70",
    ...(body === "" ? [] : ["Content-Type: application/sdp"]),
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

function response(to: Message, status: string, own: string, body = ""): string {
  const copied = to.text.split("\r\n").filter((line) => /^(via|v|record-route|from|f|call-id|i|cseq):/i.test(line.replace(/\s*:/, ":")));
  const tagged = to.header("To");
  return [
    `SIP/2.0 ${status}`,
    ...copied,
    `To: ${/;tag=/.test(tagged) ? tagged : `${tagged};tag=${token()}`}`,
    `Contact: <sip:${own}>`,
    ...(body === "" ? [] : ["Content-Type: application/sdp"]),
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

const SHORT: Record<string, string> = { "Call-ID": "i", Contact: "m", To: "t", From: "f", CSeq: "cseq" };

function read(text: string): Message {
  const end = text.indexOf("\r\n\r\n");
  const head = text.slice(0, end);
  return {
    first: head.slice(0, head.indexOf("\r\n")),
    text: head,
    body: text.slice(end + 4),
    header: (name) => new RegExp(`^(?:${name}|${SHORT[name] ?? name}) *: *(.*?)\\r?$`, "im").exec(head)?.[1] ?? "",
  };
}
