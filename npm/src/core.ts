import type { Diversion } from "./call.js";
import type { CallStatus, SessionStatus, TransferStatus } from "./constants.js";
import type { FailureInfo } from "./error.js";
import type { AnswerOptions, CallOptions, DtmfType, SessionOptions, SipHeader, WasmSource } from "./options.js";

/**
 * The compiled core, as the facade sees it. Sessions and calls are named by id; what happens to them comes back as
 * {@link CoreEvent}s. Methods throw errors shaped as {@link FailureInfo}; promises are rejected with such errors.
 */
export interface Core {
  openSession(sessionId: string, options: SessionOptions): void;
  /** `keep` ends the calls but leaves the session and its registration to the relay, for the keep-alive time. */
  closeSession(sessionId: string, keep: boolean): void;
  /** Resolves once somebody has the data; `to` is a local user, otherwise it goes to the far ends of the calls. */
  sendData(sessionId: string, payload: string, to: string | undefined): Promise<void>;
  /** Resolves once the relay has taken the text; a `messageStatus` event with its name follows. */
  sendMessage(sessionId: string, messageId: string, to: string, text: string): Promise<void>;
  report(sessionId: string, text: string): void;
  debug(sessionId: string, enabled: boolean): void;

  createCall(sessionId: string, callId: string, options: CallOptions): void;
  /** Gives a call that a fresh page took back its media. */
  attach(callId: string, options: AnswerOptions): void;
  call(callId: string): void;
  answer(callId: string, options: AnswerOptions): void;
  hangup(callId: string): void;
  hold(callId: string, forTransfer: boolean): void;
  unhold(callId: string): void;
  /** Exactly one of both: a target to be called, or another call of the session to be joined. */
  transfer(callId: string, target: string | undefined, withCallId: string | undefined): void;
  sendDtmf(callId: string, digits: string, type: DtmfType): void;

  setAudioMuted(callId: string, muted: boolean): void;
  audioMuted(callId: string): boolean;
  setVideoMuted(callId: string, muted: boolean): void;
  videoMuted(callId: string): boolean;
  /** From 0 to 100. */
  setVolume(callId: string, volume: number): void;
  /** -1 without remote sound. */
  volume(callId: string): number;
  /** Nothing to wait for before there is sound: the device is remembered. */
  setAudioOutput(callId: string, deviceId: string): Promise<void> | undefined;
  /** The next device without an id. Resolves to the device in use. */
  switchMic(callId: string, deviceId: string | undefined): Promise<string>;
  switchCam(callId: string, deviceId: string | undefined): Promise<string>;
  switchToScreen(callId: string, source: string | undefined): Promise<void>;
  switchToCam(callId: string): Promise<void>;
  stats(callId: string): Promise<RTCStatsReport>;
  /** JSON text; undefined where the relay cannot be asked. */
  relayStats(callId: string): Promise<string | undefined>;
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
  /** How long the relay keeps the session and its registration without a socket. */
  keepAliveMs?: number;
  error?: FailureInfo;
}

/** The session's socket is gone while it tries to get it back, or the session is there again. */
export interface CoreConnectionEvent {
  kind: "connection";
  sessionId: string;
  state: "lost" | "restored";
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
  /** Of the SIP message behind the status. */
  headers?: SipHeader[];
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
  diversions?: Diversion[];
  headers?: SipHeader[];
  /** JSON text, as the caller's app gave it. */
  custom?: string;
}

/** A fresh page has a call of the session that it took back. Comes before the session's `ESTABLISHED`. */
export interface CoreResumedEvent {
  kind: "resumed";
  sessionId: string;
  callId: string;
  incoming: boolean;
  caller: string;
  callee: string;
  visibleName?: string;
  hasVideo: boolean;
  status: CallStatus;
  diversions?: Diversion[];
  headers?: SipHeader[];
}

/** The far end pressed a key. */
export interface CoreDtmfEvent {
  kind: "dtmf";
  callId: string;
  digit: string;
  durationMs: number;
}

/** How a transfer that this end asked for goes on. */
export interface CoreTransferEvent {
  kind: "transfer";
  callId: string;
  status: TransferStatus;
  target: string;
  sipStatus?: number;
  sipReason?: string;
  error?: FailureInfo;
}

/** The far end is somebody else now. */
export interface CorePartyEvent {
  kind: "party";
  callId: string;
  user: string;
  displayName?: string;
}

/** The call's media finds itself a new way, or has found it. */
export interface CoreMediaEvent {
  kind: "media";
  callId: string;
  state: "restarting" | "restored";
}

/** The sound has turned bad, or is good again. */
export interface CoreQualityEvent {
  kind: "quality";
  callId: string;
  /** JSON text, as the relay gave it. */
  quality: string;
}

/** Data from another app. */
export interface CoreAppDataEvent {
  kind: "appData";
  sessionId: string;
  /** JSON text. */
  payload: string;
  /** The sender's login. */
  from?: string;
  callId?: string;
}

/** Somebody sent a text over SIP. */
export interface CoreMessageEvent {
  kind: "message";
  sessionId: string;
  from: string;
  visibleName?: string;
  text: string;
}

/** A text that was sent has been taken, or nobody took it. */
export interface CoreMessageStatusEvent {
  kind: "messageStatus";
  sessionId: string;
  messageId: string;
  error?: FailureInfo;
}

/** What waits in the account's mailbox. */
export interface CoreMessageWaitingEvent {
  kind: "messageWaiting";
  sessionId: string;
  waiting: boolean;
  newMessages?: number;
  oldMessages?: number;
}

/** The relay writes this session's doings into its log, or has stopped to. */
export interface CoreDebugEvent {
  kind: "debug";
  sessionId: string;
  enabled: boolean;
}

/** Something to tell the app that ends nothing. */
export interface CoreWarnEvent {
  kind: "warn";
  sessionId: string;
  error: FailureInfo;
}

/** Everything the core reports, in the order in which it happened. */
export type CoreEvent =
  | CoreSessionEvent
  | CoreConnectionEvent
  | CoreCallEvent
  | CoreIncomingEvent
  | CoreResumedEvent
  | CoreDtmfEvent
  | CoreTransferEvent
  | CorePartyEvent
  | CoreMediaEvent
  | CoreQualityEvent
  | CoreAppDataEvent
  | CoreMessageEvent
  | CoreMessageStatusEvent
  | CoreMessageWaitingEvent
  | CoreDebugEvent
  | CoreWarnEvent;

/** What a loader needs from the facade: where events go, and whom to tell that the core is broken for good. */
export interface CoreHost {
  sink: (event: CoreEvent) => void;
  crashed: (cause: unknown) => void;
}

/** Makes a core. Rejects when the module cannot be had; may be tried again. */
export type LoadCore = (host: CoreHost) => Promise<Core>;

/** Makes what loads a core from the app's source, or from the usual one. */
export type LoadFrom = (source: WasmSource | Promise<WasmSource> | undefined) => LoadCore;
