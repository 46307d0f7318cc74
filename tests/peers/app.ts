/**
 * An app without a browser: it speaks offhook.v1 itself and offers what a browser would. Its sound never connects, so
 * it is for tests of signalling, on a relay whose `connectTimeout` is longer than they take.
 */
import { readFileSync } from "node:fs";
import { type Message, Wire } from "./wire.ts";
import type { Relay } from "./relay.ts";

const RECORDED = new URL("../../relay/src/webrtc/testdata/", import.meta.url);
const OFFER = readFileSync(new URL("chromium-offer.sdp", RECORDED), "utf8");
const ANSWER = readFileSync(new URL("chromium-answer.sdp", RECORDED), "utf8");

export class App {
  private calls = 0;

  private constructor(readonly wire: Wire) {}

  /** With a session of a local user. */
  static async local(relay: Relay, login: string, fields: Record<string, unknown> = {}): Promise<App> {
    return App.open(relay, "openLocal", { login, ...fields });
  }

  /** With a session of a SIP account at this host and port, registered only where `fields` say so. */
  static async account(relay: Relay, target: string, fields: Record<string, unknown> = {}): Promise<App> {
    const { hostname, port } = new URL(`sip://${target}`);
    const account = { login: "web", password: "unused-password", domain: hostname, register: false };
    return App.open(relay, "openSip", { ...account, ...(port !== "" && { port: Number(port) }), ...fields });
  }

  private static async open(relay: Relay, type: string, fields: Record<string, unknown>): Promise<App> {
    const app = new App(await Wire.open(relay.url));
    await app.wire.hello();
    await app.ask(type, fields);
    return app;
  }

  /** Asks, and fails where the relay refuses. */
  async ask(type: string, fields: Record<string, unknown> = {}): Promise<Message> {
    const reply = await this.wire.ask(type, fields);
    if (reply.error) throw new Error(`${type} was refused: ${JSON.stringify(reply.error)}`);
    return reply;
  }

  /** Calls somebody. What becomes of it comes as events. */
  async call(callee: string, fields: Record<string, unknown> = {}): Promise<string> {
    const callId = `call-${++this.calls}`;
    await this.ask("call", { callId, callee, sdp: OFFER, ...fields });
    return callId;
  }

  /** Is called, and answers with 180. */
  async called(): Promise<Message & { callId: string }> {
    const incoming = (await this.event("incomingCall")) as Message & { callId: string };
    await this.ask("ring", { callId: incoming.callId });
    return incoming;
  }

  async answer(callId: string): Promise<void> {
    await this.ask("answer", { callId, sdp: ANSWER });
  }

  async hangup(callId: string): Promise<void> {
    await this.ask("hangup", { callId });
  }

  /** The first event of this type with these fields, at or after `from` (of `app.wire.received.now()`). */
  async event(type: string, fields: Record<string, unknown> = {}, options: { from?: number; ms?: number } = {}): Promise<Message> {
    const entries = Object.entries(fields);
    const matches = (message: Message): boolean =>
      message.type === type && entries.every(([name, value]) => message[name] === value);
    return this.wire.received.waitFor(matches, `${type} ${JSON.stringify(fields)}`, options);
  }

  /** The call's status, once it is this one. */
  async status(callId: string, status: string, options: { from?: number; ms?: number } = {}): Promise<Message> {
    return this.event("callStatus", { callId, status }, options);
  }

  /** Closes session and socket. */
  async close(): Promise<void> {
    await this.wire.ask("close");
    this.wire.cut();
  }
}
