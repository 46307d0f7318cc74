/**
 * A bad network, with a NAT in it, between browsers and the relay over UDP: the relay tells browsers to send here, as
 * whatever stands before it does.
 */
import { type Socket, createSocket } from "node:dgram";
import { type Weather, Way } from "./weather.ts";

export class BadWay {
  /** Where browsers are told to send; the port is the relay's. */
  static readonly ADDRESS = "127.0.0.71";

  readonly toRelay: Way;
  readonly toBrowser: Way;
  /** What the relay sees of each browser's socket. */
  private readonly outside = new Map<string, Socket>();
  private stopped = false;

  private constructor(private readonly inside: Socket, private readonly relay: { address: string; port: number }, seed: number) {
    [this.toRelay, this.toBrowser] = [new Way(seed), new Way(seed + 1)];
    inside.on("message", (data, from) => this.carry(data, from.address, from.port));
  }

  /** Before a relay that takes browsers' media at this port of loopback. */
  static async before(port: number, seed = 1): Promise<BadWay> {
    const inside = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
    await new Promise<void>((resolve, reject) => inside.once("error", reject).bind(port, BadWay.ADDRESS, resolve));
    return new BadWay(inside, { address: "127.0.0.1", port }, seed);
  }

  /** From now on this is what happens both ways. */
  weather(weather: Weather): void {
    [this.toRelay.climate.weather, this.toBrowser.climate.weather] = [weather, weather];
  }

  /** As a NAT does that has forgotten its bindings: the relay sees every browser at another port. */
  rebind(): void {
    for (const socket of this.outside.values()) socket.close();
    this.outside.clear();
  }

  stop(): void {
    this.stopped = true;
    this.toRelay.stop();
    this.toBrowser.stop();
    this.rebind();
    this.inside.close();
  }

  private carry(data: Buffer, address: string, port: number): void {
    const name = `${address}:${port}`;
    let socket = this.outside.get(name);
    if (socket === undefined) {
      socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
      socket.on("message", (answer) => {
        this.toBrowser.carry(() => {
          if (!this.stopped) this.inside.send(answer, port, address, () => undefined);
        });
      });
      this.outside.set(name, socket);
    }
    const out = socket;
    this.toRelay.carry(() => {
      if (!this.stopped && this.outside.get(name) === out) out.send(data, this.relay.port, this.relay.address, () => undefined);
    });
  }
}
