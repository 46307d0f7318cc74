/** A NAT before a UDP peer: whoever sends to its inner port reaches the far end from another address and port. */
import { type Socket, createSocket } from "node:dgram";
import { port } from "./ports.ts";

const [INSIDE, OUTSIDE] = ["127.0.0.60", "127.0.0.61"];

export class Nat {
  private peer: { address: string; port: number } | undefined;

  private constructor(
    private readonly inner: Socket,
    private readonly outer: Socket,
    /** Host and port that its peer sends to instead of the far end. */
    readonly inside: string,
    /** Host and port that the far end sees. */
    readonly outside: string,
    far: string,
  ) {
    const [host, at] = far.split(":");
    inner.on("message", (datagram, { address, port: from }) => {
      this.peer = { address, port: from };
      outer.send(datagram, Number(at), host);
    });
    outer.on("message", (datagram) => {
      // Who has gone misses what comes late.
      if (this.peer !== undefined) inner.send(datagram, this.peer.port, this.peer.address, () => undefined);
    });
  }

  /** Between a peer and this host and port. */
  static async before(far: string): Promise<Nat> {
    const bound = async (address: string): Promise<[socket: Socket, at: number]> => {
      const [socket, at] = [createSocket("udp4"), await port(address)];
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.bind(at, address, resolve);
      });
      return [socket, at];
    };
    const [inner, outer] = [await bound(INSIDE), await bound(OUTSIDE)];
    return new Nat(inner[0], outer[0], `${INSIDE}:${inner[1]}`, `${OUTSIDE}:${outer[1]}`, far);
  }

  stop(): void {
    this.inner.close();
    this.outer.close();
  }
}
