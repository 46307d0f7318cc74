import { CallObject, isEnd, type CallBeginning } from "./call-object.js";
import type { CallQuality } from "./call.js";
import { CALL_STATUS, ERROR_INFO, SESSION_STATUS } from "./constants.js";
import type { Core, CoreEvent, CoreIncomingEvent, CoreResumedEvent, LoadCore } from "./core.js";
import { OffhookError, asError, typeError } from "./error.js";
import { LevelLogger } from "./logger.js";
import { EventQueue } from "./queue.js";
import { SessionObject, parsed } from "./session-object.js";
import type { CallConstraints, LoggerOptions, SessionOptions } from "./options.js";

/** What sessions and calls are made of, and how many listeners an event has. */
export interface Kinds {
  Session: new (runtime: Runtime, options: SessionOptions) => SessionObject;
  Call: new (runtime: Runtime, session: SessionObject, id: string, about: CallBeginning) => CallObject;
  /** Whether a listener takes the place of the one before. */
  singleListeners: boolean;
}

/** The plain API's. */
export const PLAIN: Kinds = { Session: SessionObject, Call: CallObject, singleListeners: false };

/**
 * Joins the app's objects to the core: loads it in the background, holds sessions back until it is there, brings its
 * events to the right objects, and ends everything with a reason when it breaks.
 */
export class Runtime {
  readonly sessions = new Map<string, SessionObject>();
  readonly kinds: Kinds;
  logger = new LevelLogger();
  /** What calls ask the browser for when the app does not say; without it the core decides. */
  constraints: CallConstraints | undefined;
  readonly #load: LoadCore;
  readonly #queue = new EventQueue();
  /** Sessions that the core has not heard of yet, with what it will be told. Passwords are kept no longer than that. */
  readonly #waiting = new Map<SessionObject, SessionOptions>();
  #loading: Promise<void> | undefined;
  #core: Core | undefined;
  #broken: OffhookError | undefined;

  constructor(load: LoadCore, kinds: Kinds) {
    this.#load = load;
    this.kinds = kinds;
  }

  log(options: LoggerOptions): void {
    this.logger = new LevelLogger(options);
  }

  createSession(options: SessionOptions): SessionObject {
    checkSessionOptions(options);
    // Without an identity the core refuses the session, as it does every other option that cannot be used.
    const wanted = { ...options };
    if (options.sipOptions) wanted.sipOptions = { ...options.sipOptions };
    const session = new this.kinds.Session(this, wanted);
    this.sessions.set(session.id(), session);
    this.#waiting.set(session, wanted);
    this.ready().then(
      () => { this.#open(session); },
      (error: unknown) => { this.#fail(session, asError(error)); },
    );
    return session;
  }

  /** Resolves once the core can be used. A failed load is tried again by the next call of this. */
  async ready(): Promise<void> {
    if (this.#broken) throw this.#broken;
    this.#loading ??= this.#load({
      sink: (event) => { this.#queue.push(() => { this.#route(event); }); },
      crashed: (cause) => { this.#crash(cause); },
    }).then(
      (core) => { this.#core = core; },
      (cause: unknown) => {
        this.#loading = undefined;
        throw loadFailure(cause);
      },
    );
    return this.#loading;
  }

  /** Runs `act` on the core. Whatever it throws reaches the caller as an {@link OffhookError}. */
  use<T>(act: (core: Core) => T): T {
    if (!this.#core) throw this.#broken ?? loadFailure(undefined);
    try {
      return act(this.#core);
    } catch (thrown) {
      if (thrown instanceof WebAssembly.RuntimeError) this.#crash(thrown);
      throw this.#broken ?? asError(thrown);
    }
  }

  /** `keep` leaves the session to the relay. */
  close(session: SessionObject, keep: boolean): void {
    if (this.#waiting.delete(session)) {
      this.#queue.push(() => { this.#end(session, SESSION_STATUS.DISCONNECTED); });
    } else if (this.#core) {
      this.use((core) => { core.closeSession(session.id(), keep); });
    }
  }

  /** Tells of an app's mistake as an event. */
  warn(session: SessionObject, error: OffhookError): void {
    this.#queue.push(() => { session.warn(error); });
  }

  /** Ends a call for a reason that the core does not know. */
  failCall(call: CallObject, session: SessionObject, error: OffhookError): void {
    // The far end must not ring on, nor a microphone stay open, for a call that the app has lost.
    if (this.#core) this.use((core) => { core.hangup(call.id()); });
    this.#queue.push(() => {
      session.forget(call);
      call.changed({ status: CALL_STATUS.FAILED, error });
    });
  }

  #open(session: SessionObject): void {
    const options = this.#waiting.get(session);
    if (!options) return;
    this.#waiting.delete(session);
    try {
      this.use((core) => { core.openSession(session.id(), options); });
    } catch (error) {
      this.#fail(session, asError(error));
    }
  }

  #fail(session: SessionObject, error: OffhookError): void {
    this.#waiting.delete(session);
    this.#queue.push(() => { this.#end(session, SESSION_STATUS.FAILED, error); });
  }

  #end(session: SessionObject, status: "DISCONNECTED" | "FAILED", error?: OffhookError): void {
    this.sessions.delete(session.id());
    session.end(status, error);
  }

  /** After a trap the core's memory cannot be trusted: nothing may run on it again. */
  #crash(cause: unknown): void {
    if (this.#broken) return;
    this.#core = undefined;
    this.#broken = new OffhookError(
      { code: "sdkCrashed", message: "Calling has stopped working in this page. Reload the page to call again." },
      { cause },
    );
    for (const session of this.sessions.values()) this.#fail(session, this.#broken);
  }

  #route(event: CoreEvent): void {
    switch (event.kind) {
      case "session": {
        const session = this.sessions.get(event.sessionId);
        // First: whoever looks for sessions in a listener must not find one that has ended.
        if (event.status === SESSION_STATUS.DISCONNECTED || event.status === SESSION_STATUS.FAILED) this.sessions.delete(event.sessionId);
        session?.changed(event);
        break;
      }
      case "connection":
        this.sessions.get(event.sessionId)?.connectionChanged(event);
        break;
      case "warn":
        this.sessions.get(event.sessionId)?.warn(asError(event.error));
        break;
      case "appData":
        this.sessions.get(event.sessionId)?.appData(event);
        break;
      case "message":
        this.sessions.get(event.sessionId)?.message(event);
        break;
      case "messageStatus":
        this.sessions.get(event.sessionId)?.messageSent(event.messageId, event.error && asError(event.error));
        break;
      case "messageWaiting":
        this.sessions.get(event.sessionId)?.messageWaiting(event);
        break;
      case "debug":
        this.sessions.get(event.sessionId)?.debugChanged(event.enabled);
        break;
      case "incoming": {
        const session = this.sessions.get(event.sessionId);
        const about = { ...beginning(event), incoming: true };
        session?.incoming(new this.kinds.Call(this, session, event.callId, about));
        break;
      }
      case "resumed": {
        const session = this.sessions.get(event.sessionId);
        const about = { ...beginning(event), incoming: event.incoming, status: event.status };
        session?.resumed(new this.kinds.Call(this, session, event.callId, about));
        break;
      }
      case "call":
        this.#withCall(event.callId, (call, session) => {
          if (isEnd(event.status)) session.forget(call);
          call.changed(event);
        });
        break;
      case "dtmf":
        this.#withCall(event.callId, (call) => {
          call.digit({ digit: event.digit, durationMs: event.durationMs });
        });
        break;
      case "transfer":
        this.#withCall(event.callId, (call) => { call.transferred(event); });
        break;
      case "party":
        this.#withCall(event.callId, (call) => { call.partyChanged(event); });
        break;
      case "quality":
        this.#withCall(event.callId, (call) => { call.qualityChanged(parsed(event.quality) as CallQuality); });
        break;
      case "media":
        this.#withCall(event.callId, (call) => { call.mediaChanged({ state: event.state }); });
        break;
    }
  }

  #withCall(id: string, act: (call: CallObject, session: SessionObject) => void): void {
    for (const session of this.sessions.values()) {
      const call = session.callOf(id);
      if (call) {
        act(call, session);
        return;
      }
    }
  }
}

function beginning(event: CoreIncomingEvent | CoreResumedEvent): Omit<CallBeginning, "incoming"> {
  const { caller, callee, hasVideo, diversions, headers } = event;
  const about: Omit<CallBeginning, "incoming"> = { caller, callee, hasVideo, visibleName: event.visibleName ?? caller };
  if (headers) about.headers = headers;
  if (diversions) about.diversions = diversions;
  if (event.kind === "incoming" && event.custom !== undefined) about.custom = parsed(event.custom);
  return about;
}

/** JavaScript callers have no compiler to tell them. */
function checkSessionOptions(options: unknown): void {
  const url = typeof options === "object" && options !== null && "urlServer" in options ? options.urlServer : undefined;
  if (typeof url !== "string" || url === "") {
    throw typeError("optionsMissing", ERROR_INFO.OPTIONS_URLSERVER_MUST_BE_PROVIDED, "urlServer");
  }
}

function loadFailure(cause: unknown): OffhookError {
  const message =
    "The calling software could not be loaded. Check that offhook_sdk_bg.wasm is served beside the page's script " +
    "and that the page's Content-Security-Policy allows 'wasm-unsafe-eval'.";
  return new OffhookError({ code: "wasmFailed", message }, { cause });
}
