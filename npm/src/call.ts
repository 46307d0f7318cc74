import { CALL_STATUS, ERROR_INFO, type CallStatus } from "./constants.js";
import type { CoreCallEvent } from "./core.js";
import { OffhookError, type FailureInfo } from "./error.js";
import { Listeners } from "./listeners.js";
import type { AnswerOptions, DtmfType } from "./options.js";
import type { Runtime } from "./runtime.js";

/** A DTMF digit from the far end. */
export interface DtmfDigit {
  /** `0` to `9`, `*`, `#`, `A` to `D`. */
  digit: string;
  /** How long the key was pressed, in milliseconds. */
  durationMs: number;
}

/** What listeners of a call get: the call itself, and for `DTMF` the digit. */
export type CallEvents = { [S in CallStatus]: [call: Call] } & { DTMF: [call: Call, digit: DtmfDigit] };

/** A call, outgoing or incoming. One object stands for it everywhere: in listeners, in `getCalls()`, in your variable. */
export interface Call {
  /** A name for the call that is unique in the session. */
  id(): string;
  /** What the call is doing. */
  status(): CallStatus;
  /** Who calls: the user part of the address, or a URI. */
  caller(): string;
  /** Who is called, as it was dialled. */
  callee(): string;
  /** The caller's display name; the caller where there is none. */
  visibleName(): string;
  /** Whether somebody else made this call. */
  isIncoming(): boolean;

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
   * Ends the call in whatever state it is: hangs up, gives up a call that still rings, declines an incoming one.
   * The status changes when the relay confirms, within 5 seconds. On a call that has ended it does nothing.
   */
  hangup(): void;
  /** Puts the far end on hold. The status is `HOLD` once the far end agrees. */
  hold(): void;
  /** Ends the hold. The status is `ESTABLISHED` once the far end agrees. */
  unhold(): void;
  /**
   * Sends digits, one after the other.
   * @param digits `0` to `9`, `*`, `#`, `A` to `D`; at most 64 at once.
   * @throws OffhookError `invalidField` for anything else, `invalidCallState` where there is no connected call.
   */
  sendDTMF(digits: string, type?: DtmfType): void;
  /** Stops sending the microphone; the far end hears silence. */
  muteAudio(): void;
  /** Sends the microphone again. */
  unmuteAudio(): void;
  /** Whether the microphone is muted; also `true` when the call has none (yet, or any more). */
  isAudioMuted(): boolean;

  /** Why the call ended, in a sentence; one of `CALL_STATUS_INFO` where that fits. Empty while it goes well. */
  getInfo(): string;
  /** The failure behind a call that ended badly, in a sentence. Empty where there was none. */
  getErrorInfo(): string;
  /** The failure behind a call that ended badly, with its code. */
  error(): OffhookError | undefined;
  /** The last SIP status code of the far end (RFC 3261 section 21), such as 486. */
  getSipStatus(): number | undefined;

  /** Adds a listener for a status or for `DTMF`. Several may listen to one event. */
  on<E extends keyof CallEvents>(event: E, listener: (...args: CallEvents[E]) => void): this;
  /** Removes a listener, or every listener of the event. */
  off<E extends keyof CallEvents>(event: E, listener?: (...args: CallEvents[E]) => void): this;
}

/** What is known of a call when it begins. */
export interface CallParties {
  caller: string;
  callee: string;
  visibleName: string;
  incoming: boolean;
}

const TERMINAL: ReadonlySet<CallStatus> = new Set([CALL_STATUS.FINISH, CALL_STATUS.BUSY, CALL_STATUS.FAILED]);

/** The facade's half of a call: its last known status, its listeners, and its id for the core. */
export class CallObject implements Call {
  readonly #runtime: Runtime;
  readonly #id: string;
  readonly #parties: CallParties;
  readonly #listeners = new Listeners<CallEvents>();
  #status: CallStatus = CALL_STATUS.NEW;
  #info = "";
  #error: OffhookError | undefined;
  #sipStatus: number | undefined;

  constructor(runtime: Runtime, id: string, parties: CallParties) {
    this.#runtime = runtime;
    this.#id = id;
    this.#parties = parties;
  }

  id(): string {
    return this.#id;
  }

  status(): CallStatus {
    return this.#status;
  }

  caller(): string {
    return this.#parties.caller;
  }

  callee(): string {
    return this.#parties.callee;
  }

  visibleName(): string {
    return this.#parties.visibleName;
  }

  isIncoming(): boolean {
    return this.#parties.incoming;
  }

  call(): void {
    if (this.#status !== CALL_STATUS.NEW || this.isIncoming()) throw invalidState();
    this.#runtime.use((core) => { core.call(this.#id); });
    this.#status = CALL_STATUS.PENDING;
  }

  answer(options: AnswerOptions = {}): void {
    const rings = this.#status === CALL_STATUS.NEW || this.#status === CALL_STATUS.RING;
    if (!rings || !this.isIncoming()) throw invalidState();
    this.#runtime.use((core) => { core.answer(this.#id, options); });
    this.#status = CALL_STATUS.PENDING;
  }

  hangup(): void {
    if (this.ended()) return;
    this.#runtime.use((core) => { core.hangup(this.#id); });
  }

  hold(): void {
    this.#mustLive();
    this.#runtime.use((core) => { core.hold(this.#id); });
  }

  unhold(): void {
    this.#mustLive();
    this.#runtime.use((core) => { core.unhold(this.#id); });
  }

  sendDTMF(digits: string, type: DtmfType = "RFC2833"): void {
    this.#mustLive();
    this.#runtime.use((core) => { core.sendDtmf(this.#id, digits, type); });
  }

  muteAudio(): void {
    this.#mustLive();
    this.#runtime.use((core) => { core.setAudioMuted(this.#id, true); });
  }

  unmuteAudio(): void {
    this.#mustLive();
    this.#runtime.use((core) => { core.setAudioMuted(this.#id, false); });
  }

  isAudioMuted(): boolean {
    return this.ended() || this.#runtime.use((core) => core.audioMuted(this.#id));
  }

  getInfo(): string {
    return this.#info;
  }

  getErrorInfo(): string {
    return this.#error?.message ?? "";
  }

  error(): OffhookError | undefined {
    return this.#error;
  }

  getSipStatus(): number | undefined {
    return this.#sipStatus;
  }

  on<E extends keyof CallEvents>(event: E, listener: (...args: CallEvents[E]) => void): this {
    this.#listeners.add(event, listener);
    return this;
  }

  off<E extends keyof CallEvents>(event: E, listener?: (...args: CallEvents[E]) => void): this {
    this.#listeners.remove(event, listener);
    return this;
  }

  ended(): boolean {
    return TERMINAL.has(this.#status);
  }

  /** Takes on a new status and tells the listeners. Nothing follows a terminal status. */
  changed(event: Omit<CoreCallEvent, "kind" | "callId">): void {
    if (this.ended()) return;
    this.#status = event.status;
    this.#sipStatus = event.sipStatus ?? event.error?.sipStatus ?? this.#sipStatus;
    if (event.error) this.#error = asError(event.error);
    this.#info = event.info ?? event.error?.message ?? this.#info;
    this.#listeners.emit(event.status, this);
  }

  digit(digit: DtmfDigit): void {
    if (!this.ended()) this.#listeners.emit("DTMF", this, digit);
  }

  #mustLive(): void {
    if (this.ended()) throw invalidState();
  }
}

function asError(failure: FailureInfo): OffhookError {
  return failure instanceof OffhookError ? failure : new OffhookError(failure);
}

function invalidState(): OffhookError {
  return new OffhookError({ code: "invalidCallState", message: ERROR_INFO.INVALID_CALL_STATE });
}
