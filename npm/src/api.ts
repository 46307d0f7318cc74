import type { LoadFrom } from "./core.js";
import type { InitOptions, SessionOptions, WasmSource } from "./options.js";
import { Runtime } from "./runtime.js";
import type { Session } from "./session.js";

export { CALL_EVENT, CALL_STATUS, CALL_STATUS_INFO, ERROR_INFO, SESSION_STATUS } from "./constants.js";
export type { CallEvent, CallStatus, SessionStatus } from "./constants.js";
export { OffhookError } from "./error.js";
export type {
  BrowserErrorCode,
  ErrorCode,
  FailureInfo,
  OffhookTypeError,
  RelayErrorCode,
  UsageErrorCode,
} from "./error.js";
export type { Call, CallEvents, DtmfDigit } from "./call.js";
export type { Connection, Session, SessionEvents } from "./session.js";
export type {
  AnswerOptions,
  CallConstraints,
  CallOptions,
  DtmfType,
  InitOptions,
  MediaChoice,
  SessionOptions,
  SipOptions,
  WasmSource,
} from "./options.js";

/** The functions of the package. */
export interface Offhook {
  /**
   * Loads the WebAssembly module ahead of the first session, or from somewhere else. Optional: `createSession` loads
   * it otherwise. Once it is loaded, further calls change nothing.
   * @throws OffhookError `wasmFailed` (a rejected promise) when the module cannot be loaded.
   */
  init: (options?: InitOptions) => Promise<void>;
  /**
   * Connects to a relay. Returns at once with a session that is `PENDING`; everything that follows comes as events,
   * and any failure as `FAILED`.
   * @throws TypeError without `urlServer`.
   */
  createSession: (options: SessionOptions) => Session;
  /** The sessions that have not ended, oldest first. */
  getSessions: () => Session[];
  /** The live session of that id. */
  getSession: (id: string) => Session | undefined;
}

/** @internal */
export function createOffhook(loadFrom: LoadFrom): Offhook {
  let source: WasmSource | Promise<WasmSource> | undefined;
  const runtime = new Runtime((host) => loadFrom(source)(host));
  return {
    init: (options = {}) => {
      source = options.wasm ?? source;
      return runtime.ready();
    },
    createSession: (options) => runtime.createSession(options),
    getSessions: () => [...runtime.sessions.values()],
    getSession: (id) => runtime.sessions.get(id),
  };
}
