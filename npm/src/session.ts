import { CallObject, type Call } from "./call.js";
import { CALL_STATUS, ERROR_INFO, SESSION_STATUS, type SessionStatus } from "./constants.js";
import type { CoreSessionEvent } from "./core.js";
import { OffhookError, typeError } from "./error.js";
import { randomId } from "./id.js";
import { Listeners } from "./listeners.js";
import type { CallOptions, SessionOptions } from "./options.js";
import type { Runtime } from "./runtime.js";

/** What the relay says about an open session. */
export interface Connection {
  /** The user's login, as the relay uses it. */
  sipLogin: string;
  /** Takes the session back after a lost connection. A secret: keep it out of logs and addresses. */
  authToken: string | undefined;
}

/** What listeners of a session get. */
export interface SessionEvents {
  /** The socket to the relay is open. */
  CONNECTED: [session: Session];
  /** The relay has taken the session: calls can be made. */
  ESTABLISHED: [session: Session, connection: Connection];
  /** The SIP server has registered the account: calls come in. */
  REGISTERED: [session: Session];
  /** The account is not registered any more, or could not be. */
  UNREGISTERED: [session: Session, error: OffhookError | undefined];
  /** The session is over: closed by the app, or its connection to the relay was lost (`session.error()` says which). */
  DISCONNECTED: [session: Session];
  /** The session could not be opened, or its account was refused. */
  FAILED: [session: Session, error: OffhookError | undefined];
  /** Somebody calls. `RING` of the call follows. */
  INCOMING_CALL: [call: Call];
  /** Something went wrong that ends nothing, such as a refused registration. */
  WARN: [error: OffhookError];
  /** Not fired. */
  PENDING: [session: Session];
  /** Not fired. */
  DEBUG: [session: Session];
  /** Not fired. */
  APP_DATA: [session: Session];
  /** Not fired. */
  SEND_DATA_STATUS: [session: Session];
}

/** A connection to the relay in the name of one user. */
export interface Session {
  /** A name for the session: a UUID. */
  id(): string;
  /** What the session is doing. */
  status(): SessionStatus;
  /** The relay's address, as it was given. */
  getServerUrl(): string;
  /** The calls that have not ended, oldest first. */
  getCalls(): Call[];
  /** Why the session failed. */
  error(): OffhookError | undefined;
  /**
   * Prepares an outgoing call; `call.call()` makes it.
   * @throws OffhookError `invalidSessionState` unless the session is `ESTABLISHED`, `REGISTERED` or `UNREGISTERED`.
   * @throws TypeError without options or a callee.
   */
  createCall(options: CallOptions): Call;
  /** Ends the session, its calls and its registration. `DISCONNECTED` follows. */
  disconnect(): void;
  /** Adds a listener. Several may listen to one event. */
  on<E extends keyof SessionEvents>(event: E, listener: (...args: SessionEvents[E]) => void): this;
  /** Removes a listener, or every listener of the event. */
  off<E extends keyof SessionEvents>(event: E, listener?: (...args: SessionEvents[E]) => void): this;
}

const TERMINAL: ReadonlySet<SessionStatus> = new Set([SESSION_STATUS.DISCONNECTED, SESSION_STATUS.FAILED]);
// A lost registration stops calls from coming in, not from going out.
const OPEN: ReadonlySet<SessionStatus> = new Set([
  SESSION_STATUS.ESTABLISHED,
  SESSION_STATUS.REGISTERED,
  SESSION_STATUS.UNREGISTERED,
]);

/** The facade's half of a session: its last known status, its calls, its listeners, and its id for the core. */
export class SessionObject implements Session {
  readonly #runtime: Runtime;
  readonly #id = randomId();
  readonly #url: string;
  readonly #visibleName: string | undefined;
  readonly #listeners = new Listeners<SessionEvents>();
  readonly #calls = new Map<string, CallObject>();
  #status: SessionStatus = SESSION_STATUS.PENDING;
  #login: string;
  #error: OffhookError | undefined;

  constructor(runtime: Runtime, options: SessionOptions) {
    this.#runtime = runtime;
    this.#url = options.urlServer;
    this.#visibleName = options.sipOptions.visibleName;
    this.#login = options.sipOptions.login;
  }

  id(): string {
    return this.#id;
  }

  status(): SessionStatus {
    return this.#status;
  }

  getServerUrl(): string {
    return this.#url;
  }

  getCalls(): Call[] {
    return [...this.#calls.values()];
  }

  error(): OffhookError | undefined {
    return this.#error;
  }

  createCall(options: CallOptions): Call {
    if (!OPEN.has(this.#status)) {
      throw new OffhookError({
        code: "invalidSessionState",
        message: `${ERROR_INFO.INVALID_SESSION_STATE} ${this.#status}`,
      });
    }
    checkCallOptions(options);
    const callee = options.callee;
    const visibleName = options.visibleName ?? this.#visibleName ?? this.#login;
    const call = new CallObject(this.#runtime, randomId(), { caller: this.#login, callee, visibleName, incoming: false });
    this.#runtime.use((core) => { core.createCall(this.#id, call.id(), options); });
    this.#calls.set(call.id(), call);
    return call;
  }

  disconnect(): void {
    if (!this.ended()) this.#runtime.close(this);
  }

  on<E extends keyof SessionEvents>(event: E, listener: (...args: SessionEvents[E]) => void): this {
    this.#listeners.add(event, listener);
    return this;
  }

  off<E extends keyof SessionEvents>(event: E, listener?: (...args: SessionEvents[E]) => void): this {
    this.#listeners.remove(event, listener);
    return this;
  }

  ended(): boolean {
    return TERMINAL.has(this.#status);
  }

  /** The live call of that id. */
  callOf(id: string): CallObject | undefined {
    return this.#calls.get(id);
  }

  /** Drops a call that has ended. */
  forget(call: CallObject): void {
    this.#calls.delete(call.id());
  }

  /** Takes on a new status and tells the listeners. Nothing follows a terminal status. */
  changed(event: Pick<CoreSessionEvent, "status" | "login" | "token" | "error">): void {
    if (this.ended()) return;
    this.#login = event.login ?? this.#login;
    const error = event.error === undefined ? undefined : new OffhookError(event.error);
    switch (event.status) {
      case SESSION_STATUS.ESTABLISHED:
        this.#status = event.status;
        this.#listeners.emit(event.status, this, { sipLogin: this.#login, authToken: event.token });
        break;
      case SESSION_STATUS.UNREGISTERED:
        this.#status = event.status;
        this.#listeners.emit(event.status, this, error);
        break;
      case SESSION_STATUS.DISCONNECTED:
      case SESSION_STATUS.FAILED:
        this.end(event.status, error);
        break;
      case SESSION_STATUS.CONNECTED:
      case SESSION_STATUS.REGISTERED:
        this.#status = event.status;
        this.#listeners.emit(event.status, this);
        break;
      default:
        break;
    }
  }

  /** Ends the session, and first every call it still has: a call never outlives its session silently. */
  end(status: "DISCONNECTED" | "FAILED", error?: OffhookError): void {
    if (this.ended()) return;
    this.#error = error;
    // Before the calls are told: a listener that calls again at once must not add to what is being ended.
    this.#status = status;
    const outcome = status === SESSION_STATUS.FAILED ? CALL_STATUS.FAILED : CALL_STATUS.FINISH;
    for (const call of this.#calls.values()) call.changed(error ? { status: outcome, error } : { status: outcome });
    this.#calls.clear();
    if (status === SESSION_STATUS.FAILED) this.#listeners.emit(status, this, error);
    else this.#listeners.emit(status, this);
  }

  warn(error: OffhookError): void {
    if (!this.ended()) this.#listeners.emit(SESSION_STATUS.WARN, error);
  }

  incoming(call: CallObject): void {
    if (this.ended()) return;
    this.#calls.set(call.id(), call);
    this.#listeners.emit(SESSION_STATUS.INCOMING_CALL, call);
  }
}

/** JavaScript callers have no compiler to tell them. */
function checkCallOptions(options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw typeError("optionsMissing", ERROR_INFO.OPTIONS_MUST_BE_PROVIDED);
  }
  if (!("callee" in options) || typeof options.callee !== "string" || options.callee === "") {
    throw typeError("invalidField", "options.callee must be provided", "callee");
  }
}
