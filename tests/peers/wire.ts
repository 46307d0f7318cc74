/** A client of the relay's WebSocket that may say anything, well formed or not. */
import { WebSocket } from "ws";
import { Happenings, within } from "./deadline.ts";

export interface Message {
  type?: string;
  id?: number | null;
  result?: Record<string, unknown>;
  error?: { code: string; message: string };
  [field: string]: unknown;
}

export class Wire {
  readonly received = new Happenings<Message>();
  /** The close code (RFC 6455 section 7.4). */
  readonly closed: Promise<number>;
  private requests = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on("message", (data) => this.received.add(JSON.parse((data as Buffer).toString()) as Message));
    this.closed = new Promise((resolve) => {
      socket.on("close", resolve);
      socket.on("error", () => undefined);
    });
  }

  static async open(url: string, subprotocol: string | undefined = "offhook.v1", origin?: string): Promise<Wire> {
    const socket = new WebSocket(url, subprotocol === "" ? [] : [subprotocol], origin === undefined ? {} : { origin });
    const wire = new Wire(socket);
    const opened = new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    await within(opened, "the WebSocket to open");
    return wire;
  }

  send(data: string | Buffer): void {
    this.socket.send(data, () => undefined);
  }

  /** Sends a request under the next id and waits for its one reply. */
  async ask(type: string, fields: Record<string, unknown> = {}): Promise<Message> {
    const id = ++this.requests;
    this.send(JSON.stringify({ id, type, ...fields }));
    return this.received.waitFor((message) => message.type === "reply" && message.id === id, `a reply to ${type}`);
  }

  /** Says hello, as every client must. */
  async hello(): Promise<void> {
    await this.ask("hello", { version: 1, client: "tests" });
  }

  /** Cuts the connection without a close frame. */
  cut(): void {
    this.socket.terminate();
  }
}
