import type { LoadFrom } from "./core.js";
import type { InitOptions, SessionOptions, WasmSource } from "./options.js";
import { PLAIN, Runtime } from "./runtime.js";
import type { Session } from "./session.js";

export {
  CALL_EVENT,
  CALL_STATUS,
  CALL_STATUS_INFO,
  ERROR_INFO,
  SESSION_EVENT,
  SESSION_STATUS,
  TRANSFER_STATUS,
} from "./constants.js";
export type { CallEvent, CallStatus, SessionEvent, SessionStatus, TransferStatus } from "./constants.js";
export { OffhookError } from "./error.js";
export type {
  BrowserErrorCode,
  ErrorCode,
  FailureInfo,
  OffhookTypeError,
  RelayErrorCode,
  UsageErrorCode,
} from "./error.js";
export type { Call, CallEvents, CallQuality, Diversion, DtmfDigit, MediaChange, Party, StatsCallback, Transfer } from "./call.js";
export type {
  AppData,
  Connection,
  DebugState,
  DisconnectOptions,
  SendDataOptions,
  SendDataStatus,
  MessageStatus,
  MessageWaiting,
  TextMessage,
  Session,
  SessionEvents,
} from "./session.js";
export type {
  CallStats,
  ConnectionStats,
  MediaStats,
  NativeStats,
  RelayLeg,
  RelayMedia,
  RelayStats,
  RelayStream,
  StreamStats,
} from "./stats.js";
export type { Logger } from "./logger.js";
export type {
  AnswerOptions,
  AudioConstraints,
  CallConstraints,
  CallOptions,
  CustomLogger,
  DtmfType,
  InitOptions,
  LogLevel,
  LoggerOptions,
  MediaChoice,
  SdpHook,
  SessionOptions,
  SipHeader,
  SipHeaders,
  SipOptions,
  VideoConstraints,
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
  const runtime = new Runtime((host) => loadFrom(source)(host), PLAIN);
  return {
    init: (options = {}) => {
      source = options.wasm ?? source;
      if (options.logger) runtime.log(options.logger);
      return runtime.ready();
    },
    createSession: (options) => runtime.createSession(options),
    getSessions: () => [...runtime.sessions.values()],
    getSession: (id) => runtime.sessions.get(id),
  };
}
