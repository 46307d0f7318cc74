/** The least that any server can do: packets opened or sealed and sent on, many at a time (`tests/load/src/floor`). */
import { createConnection, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { within } from "../../peers/deadline.ts";
import { Program } from "../../peers/program.ts";
import { ADDRESS } from "./address.ts";
import { BINARY } from "./ends.ts";
import type { Around, Call, Pair, Server } from "./server.ts";

interface Opened {
  readonly browser: string;
  readonly phone: string;
}

export class Floor implements Server {
  readonly name = "Floor";
  readonly pairs: readonly Pair[] = ["browser-sip"];
  /** Replies come in the order of the requests. */
  private readonly waiting: ((opened: Opened) => void)[] = [];

  private constructor(readonly program: Program, private readonly around: Around, private readonly socket: Socket) {
    createInterface({ input: socket }).on("line", (line) => this.waiting.shift()?.(JSON.parse(line) as Opened));
    socket.on("error", () => undefined);
  }

  static async start(around: Around): Promise<Floor> {
    const [command, ...args] = around.pin([BINARY, "floor", ADDRESS]);
    const program = new Program("floor", command, args);
    const [, host, port] = /control=(.*):(\d+)/.exec(await program.line(/^ready control=/)) ?? [];
    const socket = createConnection(Number(port), host);
    await within(new Promise((resolve) => socket.once("connect", resolve)), "the floor to be reached");
    return new Floor(program, around, socket);
  }

  async call(): Promise<Call> {
    const { ends } = this.around;
    const [browser, phone] = [await ends.keyed(), await ends.phone()];
    const opened = new Promise<Opened>((resolve) => this.waiting.push(resolve));
    this.socket.write(`${JSON.stringify({ browser: `${ADDRESS}:${browser.port}`, phone: `${ADDRESS}:${phone.port}` })}\n`);
    const to = await within(opened, "the floor to open a call");
    await Promise.all([ends.direct(browser, to.browser), ends.direct(phone, to.phone)]);
    return { ends: [browser, phone], hangup: () => Promise.resolve() };
  }

  async stop(): Promise<void> {
    this.socket.destroy();
    await this.program.stop();
  }
}
