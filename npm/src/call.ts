import type { CallStatus, TransferStatus } from "./constants.js";
import type { OffhookError } from "./error.js";
import type { Logger } from "./logger.js";
import type { AnswerOptions, DtmfType, SipHeader } from "./options.js";
import type { CallStats, NativeStats } from "./stats.js";

/** A DTMF digit from the far end. */
export interface DtmfDigit {
  /** `0` to `9`, `*`, `#`, `A` to `D`. */
  digit: string;
  /** How long the key was pressed, in milliseconds. */
  durationMs: number;
}

/** How a transfer goes on. */
export interface Transfer {
  /** `TRYING`, `RING`, and at the end `COMPLETED` or `FAILED`. */
  status: TransferStatus;
  /** Who the far end is transferred to. */
  target: string;
  /** The SIP status code that the transfer's own call met (RFC 3515), if any. */
  sipStatus?: number;
  /** The phrase that came with it. */
  sipReason?: string;
  /** Why it failed. The call goes on, as it was before. */
  error?: OffhookError;
}

/** Somebody at the far end. */
export interface Party {
  /** The user part of the address, or a URI. */
  user: string;
  /** The name to show, where there is one. */
  displayName?: string;
}

/** Somebody who was called before and had the call sent on (RFC 5806, RFC 7044). */
export interface Diversion {
  /** The user part of the address, or a URI; `anonymous` where that is not to be known. */
  user: string;
  /** The name to show, where there is one. */
  displayName?: string;
  /** Why, such as `user-busy`, `no-answer`, `unconditional`, `deflection`, `unavailable` or `unknown`. */
  reason?: string;
  /** How often the call was sent on there, where that is said. */
  counter?: number;
}

/** What happens to a call's media when the network changes. */
export interface MediaChange {
  /** `restarting`: there is no way for the media just now. `restored`: there is one again. */
  state: "restarting" | "restored";
}

/** What a call's sound is like, when it has turned bad or is good again. */
export interface CallQuality {
  /** Whether it is bad now, or good again. */
  bad: boolean;
  /** Who hears it so: this end, or the far end. */
  hearer: "own" | "far";
  /** On which side of the relay it was spoilt: between here and the relay, or between the relay and the far end. */
  side: "own" | "far";
  /** Why it is bad; empty when it is good again. `silence`: nothing comes at all. */
  causes: ("loss" | "jitter" | "delay" | "silence")[];
  /** Mean opinion score of the last few seconds, 1 to 4.5 (ITU-T G.107); none where nothing came. */
  mos?: number;
  /** The share of packets lost in them, from 0 to 1. */
  loss: number;
  /** How unevenly they came, in milliseconds (RFC 3550). */
  jitterMs: number;
  /** Round-trip time between the relay and that side in milliseconds, once known. */
  roundTripMs?: number;
}

/** What listeners of a call get: the call itself, and what the event is about. */
export type CallEvents = { [S in CallStatus]: [call: Call] } & {
  /** The far end pressed a key. */
  DTMF: [call: Call, digit: DtmfDigit];
  /** A transfer of this call goes on, is done, or has failed. */
  TRANSFER: [call: Call, transfer: Transfer];
  /** The far end is somebody else now. */
  PARTY_CHANGED: [call: Call, party: Party];
  /** The media looks for a new way, or has found it. */
  MEDIA: [call: Call, change: MediaChange];
  /** The sound has turned bad at one end, or is good again. */
  QUALITY: [call: Call, quality: CallQuality];
};

/** Gets the figures of a call. */
export type StatsCallback<S> = (stats: S) => void;

/** A call, outgoing or incoming. One object stands for it everywhere: in listeners, in `getCalls()`, in your variable. */
export interface Call {
  /** A name for the call that is unique in the session. */
  id(): string;
  /** What the call is doing. */
  status(): CallStatus;
  /** Who calls: the user part of the address, or a URI. Follows `PARTY_CHANGED` of an incoming call. */
  caller(): string;
  /** Who is called, as it was dialled. Follows `PARTY_CHANGED` of an outgoing call. */
  callee(): string;
  /** The caller's display name; the caller where there is none. */
  visibleName(): string;
  /** Whether somebody else made this call. */
  isIncoming(): boolean;
  /** Whether the caller asks for a call with pictures. */
  hasVideo(): boolean;
  /** The headers of the other side's SIP message: of the request for an incoming call, else of the latest answer. */
  getHeaders(): readonly SipHeader[];
  /** The value of the first header of that name, whatever its case. */
  getHeader(name: string): string | undefined;
  /** Who was called before and had the call sent here, the latest first, as far as a trusted server says. */
  getDiversions(): readonly Diversion[];
  /** What the caller's app sent along as `custom`. */
  getCustom(): unknown;

  /**
   * Makes an outgoing call: asks for the microphone, then rings the far end. The status is `PENDING` at once.
   * @throws OffhookError `invalidCallState` unless the status is `NEW`.
   */
  call(): void;
  /**
   * Answers an incoming call. The status is `PENDING` at once.
   * @throws OffhookError `invalidCallState` unless the status is `NEW` or `RING`.
   */
  answer(options?: AnswerOptions): void;
  /**
   * Gives a call its media after the page was loaded again: for a call found in `getCalls()` once a session was taken
   * back with `authToken`. Until then the far end hears nothing.
   * @throws OffhookError `invalidCallState` for a call that has its media.
   */
  attachMedia(options?: AnswerOptions): void;
  /**
   * Ends the call in whatever state it is: hangs up, gives up a call that still rings, declines an incoming one.
   * The status changes when the relay confirms, within 5 seconds. On a call that has ended it does nothing.
   */
  hangup(): void;
  /** Puts the far end on hold. The status is `HOLD` once the far end agrees. */
  hold(): void;
  /** Holds the call to ask somebody else before `transfer`. The status is `HOLD` once the far end agrees. */
  holdForTransfer(): void;
  /** Ends the hold. The status is `ESTABLISHED` once the far end agrees. */
  unhold(): void;
  /**
   * Hands the far end over, to a number, a user or a URI, or to the far end of another call of this session.
   * A target that another connected call of the session already speaks to is joined with it. `TRANSFER` events tell
   * how it goes; after `COMPLETED` this call ends with `FINISH`, after `FAILED` it goes on.
   */
  transfer(target: string | Call): void;
  /**
   * Sends digits, one after the other.
   * @param digits `0` to `9`, `*`, `#`, `A` to `D`; at most 64 at once.
   * @throws OffhookError `invalidField` for anything else, `invalidCallState` where there is no connected call.
   */
  sendDTMF(digits: string | number, type?: DtmfType): void;

  /** Stops sending the microphone; the far end hears silence. */
  muteAudio(): void;
  /** Sends the microphone again. */
  unmuteAudio(): void;
  /** Whether the microphone is muted; also `true` when the call has none (yet, or any more). */
  isAudioMuted(): boolean;
  /** Stops sending the picture; the far end sees black. */
  muteVideo(): void;
  /** Sends the picture again. */
  unmuteVideo(): void;
  /** Whether the picture is muted; also `true` when the call has none. */
  isVideoMuted(): boolean;
  /** How loud the far end is played, from 0 to 100. */
  setVolume(volume: number): void;
  /** How loud the far end is played, from 0 to 100; -1 while there is no sound of it. */
  getVolume(): number;
  /**
   * Chooses what plays the far end. Before there is sound the choice is remembered and there is nothing to wait for;
   * later a promise says when it has been made.
   */
  setAudioOutputId(deviceId: string): Promise<void> | undefined;
  /**
   * Changes the microphone, to the next one without an id. Mute and hold stay as they are. Resolves to the id of the
   * device in use; rejects with `ERROR_INFO.CAN_NOT_SWITCH_MIC` when there is no other.
   */
  switchMic(deviceId?: string): Promise<string>;
  /** Changes the camera, to the next one without an id, as `switchMic` does. */
  switchCam(deviceId?: string): Promise<string>;
  /** Sends what the person chooses of the screen instead of the camera. */
  switchToScreen(source?: string): Promise<void>;
  /** Sends the camera again. */
  switchToCam(): Promise<void>;
  /**
   * Figures of the call's media: the browser's, and those of the relay where it says so within 2 seconds. Rejects with
   * `ERROR_INFO.CAN_NOT_GET_STATS` while it has none.
   */
  getStats(): Promise<CallStats>;
  /** The browser's figures for a callback, which is not called while the call has no media. */
  getStats(callback: StatsCallback<CallStats>, native?: false): Promise<void>;
  /** The browser's own reports, by their type. */
  getStats(callback: StatsCallback<NativeStats>, native: true): Promise<void>;

  /**
   * Why the call ended, in few words: one of `CALL_STATUS_INFO` or what SIP said, such as `486 Busy Here`, or
   * `Local error`. Empty while it goes well.
   */
  getInfo(): string;
  /** The failure behind a call that ended badly, in a sentence to show. Empty where there was none. */
  getErrorInfo(): string;
  /** The failure behind a call that ended badly, with its code. */
  error(): OffhookError | undefined;
  /** The last SIP status code of the far end (RFC 3261 section 21), such as 486. */
  getSipStatus(): number | undefined;
  /** The phrase that came with it, such as `Busy Here`. */
  getSipReason(): string | undefined;
  /** What writes this call's log lines. */
  getLogger(): Logger;

  /** Adds a listener for a status or one of `CALL_EVENT`. Several may listen to one event. */
  on<E extends keyof CallEvents>(event: E, listener: (...args: CallEvents[E]) => void): this;
  /** Removes a listener, or every listener of the event. */
  off<E extends keyof CallEvents>(event: E, listener?: (...args: CallEvents[E]) => void): this;
}
