import type { CallObject } from "../call-object.js";
import type { CoreSessionEvent } from "../core.js";
import { OffhookError } from "../error.js";
import type { SessionOptions } from "../options.js";
import type { Runtime } from "../runtime.js";
import type * as plain from "../session.js";
import { SessionObject } from "../session-object.js";
import { markedToken } from "./account.js";
import { DEFAULT_CONSTRAINTS, explicit, hasMedia, hasPicture } from "./constraints.js";
import type { CallOptions, Connection, Warning } from "./types.js";

/** A session whose listeners get what those of the Web Call Server's SDK get. */
export class CompatSession extends SessionObject {
  readonly #about: { appKey: string | undefined; custom: unknown; keepAlive: boolean | undefined };
  #reachable = false;

  constructor(runtime: Runtime, options: SessionOptions) {
    super(runtime, options);
    const { appKey, custom, keepAlive } = options;
    this.#about = { appKey, custom, keepAlive };
  }

  /** Whether the app is to be told of a registration as soon as the session is there. */
  setReachable(reachable: boolean): void {
    this.#reachable = reachable;
  }

  override createCall(options: CallOptions): CallObject {
    // JavaScript callers have no compiler to tell them: without options the error is the plain API's.
    return super.createCall((options as CallOptions | undefined) ? this.#filled(options) : options);
  }

  override async sendData(data: unknown, options?: plain.SendDataOptions): Promise<plain.SendDataStatus> {
    try {
      return await super.sendData(data, options);
    } catch (error) {
      throw Object.assign(error as OffhookError, { status: "FAILED", info: (error as OffhookError).message });
    }
  }

  override disconnect(): void {
    super.disconnect({ keep: this.#about.keepAlive === true });
  }

  createStream(): never {
    return noStreams("createStream");
  }

  getStream(): never {
    return noStreams("getStream");
  }

  getStreams(): never {
    return noStreams("getStreams");
  }

  protected override connection(sipLogin: string, event: Pick<CoreSessionEvent, "token" | "keepAliveMs">): Connection {
    const { appKey = "defaultApp", custom } = this.#about;
    const authToken = markedToken(event.token, this.#reachable);
    return { ...super.connection(sipLogin, event), authToken, status: "ESTABLISHED", appKey, custom };
  }

  protected override emit<E extends keyof plain.SessionEvents>(event: E, ...args: plain.SessionEvents[E]): void {
    const [first, second] = args as unknown[];
    switch (event) {
      case "WARN":
        this.#tell("WARN", warning(first as OffhookError));
        break;
      case "RECONNECTING":
        this.#tell("WARN", warning((second as OffhookError | undefined) ?? LOST));
        break;
      case "RECONNECTED":
        this.#tell("WARN", warning(RESTORED));
        break;
      case "FAILED":
      case "UNREGISTERED":
        this.#tell(event, this, undefined);
        break;
      case "ESTABLISHED":
        super.emit(event, ...args);
        if (this.#reachable) this.changed({ status: "REGISTERED" });
        break;
      default:
        super.emit(event, ...args);
    }
  }

  #tell(event: keyof plain.SessionEvents, ...args: unknown[]): void {
    super.emit(event, ...(args as never));
  }

  #filled(given: CallOptions): CallOptions & { keepElements: true } {
    const asked = given.constraints ?? this.runtime.constraints ?? DEFAULT_CONSTRAINTS;
    // Who shows nothing sees nothing, unless neither is heard.
    const receiveVideo = given.receiveVideo !== false && (hasPicture(asked) || !hasMedia(asked));
    return { ...given, constraints: explicit(asked), receiveVideo, keepElements: true };
  }
}

const LOST = new OffhookError({ code: "relayLost", message: "The connection to the relay was lost and is being made again." });
const RESTORED = new OffhookError({ code: "relayRestored", message: "The connection to the relay is there again." });

function warning({ message, code, sipStatus, sipReason }: OffhookError): Warning {
  return { info: message, code, sipStatus, sipReason };
}

function noStreams(name: string): never {
  const message = `${name} is not possible: Offhook makes calls and has no streams, rooms or RTMP.`;
  throw new OffhookError({ code: "notSupported", message });
}
