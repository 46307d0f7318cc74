import { withBitrate } from "./bitrate.js";
import type { CallBeginning, CallObject } from "./call-object.js";
import { CALL_STATUS, ERROR_INFO, SESSION_EVENT, SESSION_STATUS, type SessionStatus } from "./constants.js";
import type {
  CoreAppDataEvent,
  CoreConnectionEvent,
  CoreMessageEvent,
  CoreMessageWaitingEvent,
  CoreSessionEvent,
} from "./core.js";
import { OffhookError, asError, typeError } from "./error.js";
import { randomId } from "./id.js";
import { Listeners } from "./listeners.js";
import { LevelLogger } from "./logger.js";
import type { CallOptions, LogLevel, SessionOptions } from "./options.js";
import type { Runtime } from "./runtime.js";
import { text } from "./text.js";
import type { Call } from "./call.js";
import type { Connection, DisconnectOptions, SendDataOptions, SendDataStatus, Session, SessionEvents } from "./session.js";

const TERMINAL: ReadonlySet<SessionStatus> = new Set([SESSION_STATUS.DISCONNECTED, SESSION_STATUS.FAILED]);
// A lost registration stops calls from coming in, not from going out.
const OPEN: ReadonlySet<SessionStatus> = new Set([
  SESSION_STATUS.ESTABLISHED,
  SESSION_STATUS.REGISTERED,
  SESSION_STATUS.UNREGISTERED,
]);
/** The most that the relay takes as a report. */
const REPORT_BYTES = 32_000;

/** The facade's half of a session: its last known status, its calls, its listeners, and its id for the core. */
export class SessionObject implements Session {
  protected readonly runtime: Runtime;
  readonly #id = randomId();
  readonly #url: string;
  readonly #visibleName: string | undefined;
  readonly #logger: LevelLogger;
  readonly #listeners: Listeners<SessionEvents>;
  readonly #calls = new Map<string, CallObject>();
  #status: SessionStatus = SESSION_STATUS.PENDING;
  #login: string;
  #error: OffhookError | undefined;
  #quietLevel: LogLevel | undefined;

  constructor(runtime: Runtime, options: SessionOptions) {
    this.runtime = runtime;
    this.#url = options.urlServer;
    this.#visibleName = options.sipOptions?.visibleName;
    this.#login = options.sipOptions?.login ?? "";
    this.#logger = options.logger ? new LevelLogger(options.logger) : runtime.logger;
    this.#listeners = new Listeners(runtime.kinds.singleListeners);
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

  getLogger(): LevelLogger {
    return this.#logger;
  }

  createCall(options: CallOptions): CallObject {
    this.#mustBeOpen();
    checkCallOptions(options);
    const { callee, custom, constraints } = options;
    const visibleName = options.visibleName ?? this.#visibleName ?? this.#login;
    const hasVideo = Boolean(constraints?.video);
    const about: CallBeginning = { caller: this.#login, callee, visibleName, custom, hasVideo, incoming: false };
    if (options.logger) about.logger = new LevelLogger(options.logger);
    const call = new this.runtime.kinds.Call(this.runtime, this, randomId(), about);
    try {
      this.runtime.use((core) => { core.createCall(this.#id, call.id(), withBitrate(options)); });
      call.chooseOutput(options.constraints);
    } catch (error) {
      call.refuse(asError(error));
    }
    this.#calls.set(call.id(), call);
    return call;
  }

  async sendData(data: unknown, { to }: SendDataOptions = {}): Promise<SendDataStatus> {
    this.#mustBeOpen();
    // JSON has no word for it, whatever the types say.
    const payload = (JSON.stringify(data) as string | undefined) ?? "null";
    const operationId = randomId();
    try {
      await this.runtime.use((core) => core.sendData(this.#id, payload, text(to)));
    } catch (thrown) {
      const error = asError(thrown);
      this.#dataSent({ operationId, status: "FAILED", info: error.message });
      throw error;
    }
    return this.#dataSent({ operationId, status: "ACCEPTED" });
  }

  sendMessage(to: string, body: string): string {
    this.#mustBeOpen();
    const messageId = randomId();
    const sent = this.runtime.use((core) => core.sendMessage(this.#id, messageId, text(to) ?? "", text(body) ?? ""));
    sent.catch((error: unknown) => { this.messageSent(messageId, asError(error)); });
    return messageId;
  }

  submitBugReport(report: unknown): void {
    this.#mustBeOpen();
    const text = typeof report === "string" ? report : ((JSON.stringify(report) as string | undefined) ?? "");
    const lines = [text, ...this.#logger.kept()].join("\n");
    this.runtime.use((core) => { core.report(this.#id, clipped(lines)); });
  }

  startDebug(): void {
    this.#mustBeOpen();
    this.#quietLevel ??= this.#logger.level();
    this.#logger.setLevel("DEBUG");
    this.runtime.use((core) => { core.debug(this.#id, true); });
  }

  stopDebug(): void {
    this.#mustBeOpen();
    if (this.#quietLevel) this.#logger.setLevel(this.#quietLevel);
    this.#quietLevel = undefined;
    this.runtime.use((core) => { core.debug(this.#id, false); });
  }

  disconnect(options: DisconnectOptions = {}): void {
    if (!this.ended()) this.runtime.close(this, options.keep === true);
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
  changed(event: Pick<CoreSessionEvent, "status" | "login" | "token" | "keepAliveMs" | "error">): void {
    if (this.ended()) return;
    this.#login = event.login ?? this.#login;
    const error = event.error && asError(event.error);
    switch (event.status) {
      case SESSION_STATUS.ESTABLISHED:
        this.#move(event.status);
        this.emit(event.status, this, this.connection(this.#login, event));
        break;
      case SESSION_STATUS.UNREGISTERED:
        this.#move(event.status);
        this.emit(event.status, this, error);
        break;
      case SESSION_STATUS.DISCONNECTED:
      case SESSION_STATUS.FAILED:
        this.end(event.status, error);
        break;
      case SESSION_STATUS.CONNECTED:
      case SESSION_STATUS.REGISTERED:
        this.#move(event.status);
        this.emit(event.status, this);
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
    this.#move(status);
    const outcome = error || status === SESSION_STATUS.FAILED ? CALL_STATUS.FAILED : CALL_STATUS.FINISH;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.changed(error ? { status: outcome, error } : { status: outcome });
    if (status === SESSION_STATUS.FAILED) this.emit(status, this, error);
    else this.emit(status, this);
  }

  connectionChanged(event: CoreConnectionEvent): void {
    if (this.ended()) return;
    this.#logger.info("session", `${this.#id} connection ${event.state}`);
    if (event.state === "restored") this.emit(SESSION_EVENT.RECONNECTED, this);
    else this.emit(SESSION_EVENT.RECONNECTING, this, event.error && asError(event.error));
  }

  warn(error: OffhookError): void {
    if (this.ended()) return;
    this.#logger.warn("session", error.message);
    this.emit(SESSION_STATUS.WARN, error);
  }

  appData({ payload, from, callId }: CoreAppDataEvent): void {
    if (!this.ended()) this.emit(SESSION_STATUS.APP_DATA, { payload: parsed(payload), from, callId });
  }

  message({ from, visibleName, text }: CoreMessageEvent): void {
    if (!this.ended()) this.emit(SESSION_EVENT.MESSAGE, { from, visibleName, text });
  }

  messageSent(messageId: string, error?: OffhookError): void {
    const status = error ? "FAILED" : "ACCEPTED";
    if (!this.ended()) this.emit(SESSION_EVENT.MESSAGE_STATUS, { messageId, status, error });
  }

  messageWaiting({ waiting, newMessages, oldMessages }: CoreMessageWaitingEvent): void {
    if (!this.ended()) this.emit(SESSION_EVENT.MESSAGE_WAITING, { waiting, newMessages, oldMessages });
  }

  debugChanged(enabled: boolean): void {
    if (!this.ended()) this.emit(SESSION_STATUS.DEBUG, { enabled });
  }

  incoming(call: CallObject): void {
    if (this.ended()) return;
    this.#calls.set(call.id(), call);
    this.#logger.info("call", `${call.id()} comes in`);
    this.emit(SESSION_STATUS.INCOMING_CALL, call);
  }

  /** Has a call again that the relay kept while the page was gone. */
  resumed(call: CallObject): void {
    if (!this.ended()) this.#calls.set(call.id(), call);
  }

  protected emit<E extends keyof SessionEvents>(event: E, ...args: SessionEvents[E]): void {
    this.#listeners.emit(event, ...args);
  }

  /** What listeners of `ESTABLISHED` get. */
  protected connection(sipLogin: string, { token, keepAliveMs }: Pick<CoreSessionEvent, "token" | "keepAliveMs">): Connection {
    return { sipLogin, authToken: token, keepAliveMs };
  }

  #dataSent(outcome: SendDataStatus): SendDataStatus {
    if (!this.ended()) this.emit(SESSION_STATUS.SEND_DATA_STATUS, outcome);
    return outcome;
  }

  #move(status: SessionStatus): void {
    this.#status = status;
    this.#logger.info("session", `${this.#id} ${status}`);
  }

  #mustBeOpen(): void {
    if (OPEN.has(this.#status)) return;
    const message = `${ERROR_INFO.INVALID_SESSION_STATE} ${this.#status}`;
    throw new OffhookError({ code: "invalidSessionState", message });
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

/** What another app sent as JSON. A text that is none stays a text. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return json;
  }
}

function clipped(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return bytes.length <= REPORT_BYTES ? text : new TextDecoder().decode(bytes.subarray(0, REPORT_BYTES));
}
