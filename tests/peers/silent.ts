/** A SIP server that takes what it is sent and says nothing. */
import { createSocket, type Socket } from "node:dgram";
import { port } from "./ports.ts";

export class Silent {
  private readonly received: string[] = [];

  private constructor(
    private readonly socket: Socket,
    readonly port: number,
  ) {
    socket.on("message", (message) => this.received.push(message.toString("latin1")));
  }

  static async start(address: string): Promise<Silent> {
    const at = await port(address);
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ port: at, address }, resolve);
    });
    return new Silent(socket, at);
  }

  /** The calls it was offered, however often. */
  calls(): Set<string> {
    return new Set(this.received.flatMap((message) => /^Call-ID: (.*)\r$/m.exec(message)?.[1] ?? []));
  }

  stop(): void {
    this.socket.close();
  }
}
