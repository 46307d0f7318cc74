import type { CallStatus, SessionStatus } from "./constants.js";
import type { FailureInfo } from "./error.js";
import type { AnswerOptions, CallOptions, SessionOptions, WasmSource } from "./options.js";

/**
 * The compiled core, as the facade sees it. Sessions and calls are named by id; what happens to them comes back as
 * {@link CoreEvent}s. Methods throw errors shaped as {@link FailureInfo}.
 */
export interface Core {
  openSession(sessionId: string, options: SessionOptions): void;
  closeSession(sessionId: string): void;
  createCall(sessionId: string, callId: string, options: CallOptions): void;
  call(callId: string): void;
  answer(callId: string, options: AnswerOptions): void;
  hangup(callId: string): void;
  hold(callId: string): void;
  unhold(callId: string): void;
  sendDtmf(callId: string, digits: string, type: string): void;
  setAudioMuted(callId: string, muted: boolean): void;
  audioMuted(callId: string): boolean;
}

/** A session has a new status. */
export interface CoreSessionEvent {
  kind: "session";
  sessionId: string;
  status: SessionStatus;
  /** The user's login as the relay uses it, once it is known. */
  login?: string;
  /** Takes the session back after a lost socket. A secret. */
  token?: string;
  error?: FailureInfo;
}

/** A call has a new status. */
export interface CoreCallEvent {
  kind: "call";
  callId: string;
  status: CallStatus;
  sipStatus?: number;
  sipReason?: string;
  info?: string;
  error?: FailureInfo;
}

/** Somebody calls. */
export interface CoreIncomingEvent {
  kind: "incoming";
  sessionId: string;
  callId: string;
  caller: string;
  callee: string;
  visibleName?: string;
  hasVideo: boolean;
}

/** The far end pressed a key. */
export interface CoreDtmfEvent {
  kind: "dtmf";
  callId: string;
  digit: string;
  durationMs: number;
}

/** Something to tell the app that ends nothing. */
export interface CoreWarnEvent {
  kind: "warn";
  sessionId: string;
  error: FailureInfo;
}

/** Everything the core reports, in the order in which it happened. */
export type CoreEvent = CoreSessionEvent | CoreCallEvent | CoreIncomingEvent | CoreDtmfEvent | CoreWarnEvent;

/** What a loader needs from the facade: where events go, and whom to tell that the core is broken for good. */
export interface CoreHost {
  sink: (event: CoreEvent) => void;
  crashed: (cause: unknown) => void;
}

/** Makes a core. Rejects when the module cannot be had; may be tried again. */
export type LoadCore = (host: CoreHost) => Promise<Core>;

/** Makes what loads a core from the app's source, or from the usual one. */
export type LoadFrom = (source: WasmSource | Promise<WasmSource> | undefined) => LoadCore;
