/** A TCP connection that can be cut: stands between a browser and the relay's WebSocket. */
import { type Server, type Socket, connect, createServer } from "node:net";
import { Happenings } from "./deadline.ts";
import { port } from "./ports.ts";

export class Cable {
  /** What came from the far end, piece by piece. */
  readonly brought = new Happenings<string>();
  /** The connections that have ended, by the end that was first. */
  readonly ended = new Happenings<"near" | "far">();
  private server: Server | undefined;
  private readonly ends = new Set<Socket>();
  private swallowing = false;

  private constructor(
    private readonly host: string,
    private readonly far: number,
    private readonly near: number,
  ) {}

  /** A cable to where this WebSocket address leads, or any other of TCP. */
  static async to(url: string): Promise<Cable> {
    const { hostname, port: far } = new URL(url);
    const cable = new Cable(hostname, Number(far), await port());
    await cable.mend();
    return cable;
  }

  /** The address to use instead. */
  get url(): string {
    return `ws://127.0.0.1:${this.near}/ws`;
  }

  /** Breaks every connection, and refuses new ones until it is mended. */
  cut(): void {
    this.server?.close();
    this.server = undefined;
    for (const end of this.ends) end.destroy();
  }

  /** Lets connections stay and carries nothing any more, as a network does that has gone dead. */
  swallow(): void {
    this.swallowing = true;
  }

  /** Carries everything again. Connections that were swallowed do not recover. */
  async mend(): Promise<void> {
    this.swallowing = false;
    if (this.server) return;
    const server = createServer((near) => {
      const far = connect(this.far, this.host);
      far.on("data", (data) => this.brought.add(data.toString("latin1")));
      this.join("near", near, far);
      this.join("far", far, near);
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.near, "127.0.0.1", resolve);
    });
  }

  private join(end: "near" | "far", from: Socket, to: Socket): void {
    this.ends.add(from);
    from.on("data", (data) => {
      if (!this.swallowing) to.write(data);
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.ends.delete(from);
      if (!to.destroyed) this.ended.add(end);
      to.destroy();
    });
  }
}
