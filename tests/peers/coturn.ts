/** coturn as the TURN server (RFC 8656) of browsers that reach nothing else. */
import { join } from "node:path";
import { folder } from "./folder.ts";
import { port, ports } from "./ports.ts";
import { Program } from "./program.ts";

const ADDRESS = "127.0.0.70";
const [USER, PASSWORD] = ["web", "turn-secret"];

export class Coturn {
  private constructor(
    readonly program: Program,
    private readonly port: number,
  ) {}

  static async start(): Promise<Coturn> {
    const at = await port(ADDRESS);
    const relayed = await ports(20, ADDRESS);
    const place = folder("coturn");
    const args = [
      "-n", "--no-cli", "--no-tls", "--no-dtls", "--verbose", "--log-file=stdout", "--simple-log", "--no-rfc5780",
      `--pidfile=${join(place, "pid")}`, `--userdb=${join(place, "users")}`,
      `--listening-ip=${ADDRESS}`, `--listening-port=${at}`, `--relay-ip=${ADDRESS}`,
      `--min-port=${relayed.first}`, `--max-port=${relayed.last}`,
      "--lt-cred-mech", "--realm=offhook.test", `--user=${USER}:${PASSWORD}`,
      // It keeps its clients away from the machine it runs on, which here is everybody.
      "--allow-loopback-peers",
    ];
    const program = new Program("coturn", "turnserver", args);
    const failed = program.ended.then((how) => {
      throw new Error(`coturn ended (${how}): ${program.text().slice(-2000)}`);
    });
    failed.catch(() => undefined);
    await Promise.race([failed, program.output.waitFor((line) => /TCP listener opened/.test(line), "coturn to listen")]);
    return new Coturn(program, at);
  }

  /** What a page hands its peer connection: this server and no other way. */
  only(transport: "udp" | "tcp"): RTCConfiguration {
    const server = { urls: `turn:${ADDRESS}:${this.port}?transport=${transport}`, username: USER, credential: PASSWORD };
    return { iceTransportPolicy: "relay", iceServers: [server] };
  }

  /** How many allocations it has granted. */
  get allocations(): number {
    return this.program.output.all().filter((line) => /ALLOCATE processed, success/.test(line)).length;
  }
}
