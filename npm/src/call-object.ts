import { withBitrate } from "./bitrate.js";
import type { Call, CallEvents, CallQuality, Diversion, DtmfDigit, MediaChange, StatsCallback, Transfer } from "./call.js";
import { CALL_EVENT, CALL_STATUS, ERROR_INFO, type CallStatus } from "./constants.js";
import type { Core, CoreCallEvent, CorePartyEvent, CoreTransferEvent } from "./core.js";
import { OffhookError, asError, isLocal, type FailureInfo } from "./error.js";
import { Listeners } from "./listeners.js";
import type { Logger } from "./logger.js";
import type { AnswerOptions, AudioConstraints, CallConstraints, DtmfType, SipHeader } from "./options.js";
import type { Runtime } from "./runtime.js";
import { parsed, type SessionObject } from "./session-object.js";
import { callStats, nativeStats, type CallStats, type NativeStats } from "./stats.js";
import { text } from "./text.js";

/** What is known of a call when it begins. */
export interface CallBeginning {
  caller: string;
  callee: string;
  visibleName: string;
  incoming: boolean;
  hasVideo?: boolean;
  headers?: readonly SipHeader[];
  diversions?: readonly Diversion[];
  custom?: unknown;
  logger?: Logger;
  /** Where a call stands that was taken back: it is not new, and has no media yet. */
  status?: CallStatus;
}

/** How long the relay may take to say its figures. */
const RELAY_STATS_MS = 2000;

const TERMINAL: ReadonlySet<CallStatus> = new Set([CALL_STATUS.FINISH, CALL_STATUS.BUSY, CALL_STATUS.FAILED]);

/** Whether nothing follows this status. */
export function isEnd(status: CallStatus): boolean {
  return TERMINAL.has(status);
}

/** The facade's half of a call: its last known status, its listeners, and its id for the core. */
export class CallObject implements Call {
  protected readonly runtime: Runtime;
  protected readonly session: SessionObject;
  readonly #id: string;
  readonly #about: CallBeginning;
  readonly #listeners: Listeners<CallEvents>;
  #status: CallStatus;
  /** Whether the call is without media because the page that had it is gone. */
  #bare: boolean;
  #info = "";
  #error: OffhookError | undefined;
  #sipStatus: number | undefined;
  #sipReason: string | undefined;
  #headers: readonly SipHeader[];

  constructor(runtime: Runtime, session: SessionObject, id: string, about: CallBeginning) {
    this.runtime = runtime;
    this.session = session;
    this.#id = id;
    this.#about = { ...about };
    this.#listeners = new Listeners(runtime.kinds.singleListeners);
    this.#status = about.status ?? CALL_STATUS.NEW;
    this.#bare = about.status !== undefined;
    this.#headers = about.headers ?? [];
  }

  id(): string {
    return this.#id;
  }

  status(): CallStatus {
    return this.#status;
  }

  caller(): string {
    return this.#about.caller;
  }

  callee(): string {
    return this.#about.callee;
  }

  visibleName(): string {
    return this.#about.visibleName;
  }

  isIncoming(): boolean {
    return this.#about.incoming;
  }

  hasVideo(): boolean {
    return this.#about.hasVideo === true;
  }

  getHeaders(): readonly SipHeader[] {
    return this.#headers;
  }

  getHeader(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#headers.find((header) => header.name.toLowerCase() === wanted)?.value;
  }

  getDiversions(): readonly Diversion[] {
    return this.#about.diversions ?? [];
  }

  getCustom(): unknown {
    return this.#about.custom;
  }

  call(): void {
    if (this.#status !== CALL_STATUS.NEW || this.isIncoming()) throw invalidState();
    this.runtime.use((core) => { core.call(this.#id); });
    this.pending();
  }

  answer(options: AnswerOptions = {}): void {
    const rings = this.#status === CALL_STATUS.NEW || this.#status === CALL_STATUS.RING;
    if (!rings || !this.isIncoming()) throw invalidState();
    this.runtime.use((core) => { core.answer(this.#id, withBitrate(options)); });
    this.pending();
    this.chooseOutput(options.constraints);
  }

  attachMedia(options: AnswerOptions = {}): void {
    if (!this.#bare || this.ended()) throw invalidState();
    this.runtime.use((core) => { core.attach(this.#id, withBitrate(options)); });
    this.#bare = false;
    this.chooseOutput(options.constraints);
  }

  hangup(): void {
    if (this.ended()) return;
    this.runtime.use((core) => { core.hangup(this.#id); });
  }

  hold(): void {
    this.act((core) => { core.hold(this.#id, false); });
  }

  holdForTransfer(): void {
    this.act((core) => { core.hold(this.#id, true); });
  }

  unhold(): void {
    this.act((core) => { core.unhold(this.#id); });
  }

  transfer(target: string | Call): void {
    this.act((core) => {
      if (isCall(target)) core.transfer(this.#id, undefined, target.id());
      else core.transfer(this.#id, text(target) ?? "", undefined);
    });
  }

  sendDTMF(digits: string | number, type: DtmfType = "RFC2833"): void {
    this.act((core) => { core.sendDtmf(this.#id, String(digits), (text(type) ?? "") as DtmfType); });
  }

  muteAudio(): void {
    this.#adjust((core) => { core.setAudioMuted(this.#id, true); });
  }

  unmuteAudio(): void {
    this.#adjust((core) => { core.setAudioMuted(this.#id, false); });
  }

  isAudioMuted(): boolean {
    return this.ended() || this.runtime.use((core) => core.audioMuted(this.#id));
  }

  muteVideo(): void {
    this.#adjust((core) => { core.setVideoMuted(this.#id, true); });
  }

  unmuteVideo(): void {
    this.#adjust((core) => { core.setVideoMuted(this.#id, false); });
  }

  isVideoMuted(): boolean {
    return this.ended() || this.runtime.use((core) => core.videoMuted(this.#id));
  }

  setVolume(volume: number): void {
    this.#adjust((core) => { core.setVolume(this.#id, volume); });
  }

  getVolume(): number {
    return this.ended() ? -1 : this.runtime.use((core) => core.volume(this.#id));
  }

  setAudioOutputId(deviceId: string): Promise<void> | undefined {
    if (this.ended()) return undefined;
    return this.runtime.use((core) => core.setAudioOutput(this.#id, text(deviceId) ?? ""))?.catch(rethrow);
  }

  switchMic(deviceId?: string): Promise<string> {
    return this.#switch((core) => core.switchMic(this.#id, text(deviceId)));
  }

  switchCam(deviceId?: string): Promise<string> {
    return this.#switch((core) => core.switchCam(this.#id, text(deviceId)));
  }

  switchToScreen(source?: string): Promise<void> {
    return this.#switch((core) => core.switchToScreen(this.#id, text(source)));
  }

  switchToCam(): Promise<void> {
    return this.#switch((core) => core.switchToCam(this.#id));
  }

  getStats(): Promise<CallStats>;
  getStats(callback: StatsCallback<CallStats>, native?: false): Promise<void>;
  getStats(callback: StatsCallback<NativeStats>, native: true): Promise<void>;
  async getStats(
    callback?: StatsCallback<CallStats> | StatsCallback<NativeStats>,
    native?: boolean,
  ): Promise<unknown> {
    if (callback === undefined) {
      const stats = callStats(await this.#reports());
      const relay = await this.#relayStats();
      return relay === undefined ? stats : { ...stats, relay: parsed(relay) };
    }
    let reports: RTCStatsReport;
    try {
      reports = await this.#reports();
    } catch (error) {
      this.getLogger().warn("call", error);
      return undefined;
    }
    if (native === true) (callback as StatsCallback<NativeStats>)(nativeStats(reports));
    else (callback as StatsCallback<CallStats>)(callStats(reports));
    return undefined;
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

  getSipReason(): string | undefined {
    return this.#sipReason;
  }

  getLogger(): Logger {
    return this.#about.logger ?? this.session.getLogger();
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
    return isEnd(this.#status);
  }

  /** The core does not take the call. */
  refuse(error: OffhookError): void {
    throw error;
  }

  /** Takes on a new status and tells the listeners. Nothing follows a terminal status. */
  changed(event: Omit<CoreCallEvent, "kind" | "callId">): void {
    if (this.ended()) return;
    this.#status = event.status;
    this.#sipStatus = event.sipStatus ?? event.error?.sipStatus ?? this.#sipStatus;
    this.#sipReason = event.sipReason ?? event.error?.sipReason ?? this.#sipReason;
    if (event.headers) this.#headers = event.headers;
    if (event.error) this.#error = asError(event.error);
    this.#info = event.info ?? reason(event) ?? this.#info;
    this.getLogger().info("call", `${this.#id} ${event.status} ${this.#info}`);
    this.#listeners.emit(event.status, this);
    // An app that does not know of BUSY must not wait for ever.
    if (event.status === CALL_STATUS.BUSY && !this.#listeners.has(event.status)) {
      this.#listeners.emit(CALL_STATUS.FAILED, this);
    }
  }

  digit(digit: DtmfDigit): void {
    if (!this.ended()) this.#listeners.emit(CALL_EVENT.DTMF, this, digit);
  }

  transferred(event: CoreTransferEvent): void {
    if (this.ended()) return;
    const { status, target, sipStatus, sipReason, error } = event;
    const transfer: Transfer = { status, target };
    if (sipStatus !== undefined) transfer.sipStatus = sipStatus;
    if (sipReason !== undefined) transfer.sipReason = sipReason;
    if (error) transfer.error = asError(error);
    this.getLogger().info("call", `${this.#id} transfer ${status}`);
    this.#listeners.emit(CALL_EVENT.TRANSFER, this, transfer);
  }

  partyChanged({ user, displayName }: CorePartyEvent): void {
    if (this.ended()) return;
    if (this.isIncoming()) {
      this.#about.caller = user;
      this.#about.visibleName = displayName ?? user;
    } else {
      this.#about.callee = user;
    }
    this.#listeners.emit(CALL_EVENT.PARTY_CHANGED, this, displayName === undefined ? { user } : { user, displayName });
  }

  mediaChanged(change: MediaChange): void {
    if (!this.ended()) this.#listeners.emit(CALL_EVENT.MEDIA, this, change);
  }

  qualityChanged(quality: CallQuality): void {
    if (!this.ended()) this.#listeners.emit(CALL_EVENT.QUALITY, this, quality);
  }

  /** The call is under way, though nothing is known of it yet. */
  protected pending(): void {
    this.#status = CALL_STATUS.PENDING;
  }

  /** Asks something of the far end. */
  protected act(run: (core: Core) => void): void {
    if (this.ended()) throw invalidState();
    this.runtime.use(run);
  }

  chooseOutput(constraints: CallConstraints | undefined): void {
    const audio = constraints?.audio as AudioConstraints | boolean | null | undefined;
    if (!audio || audio === true || !audio.outputId) return;
    this.setAudioOutputId(audio.outputId)?.catch((error: unknown) => { this.getLogger().warn("call", error); });
  }

  /** A switch that a page still shows may be pressed while the call ends: then it does nothing. */
  #adjust(run: (core: Core) => void): void {
    if (!this.ended()) this.runtime.use(run);
  }

  async #switch<T>(run: (core: Core) => Promise<T>): Promise<T> {
    if (this.#status !== CALL_STATUS.ESTABLISHED && this.#status !== CALL_STATUS.HOLD) throw invalidState();
    return this.runtime.use(run).catch(rethrow);
  }

  /** A relay that does not say is no reason to keep what the browser has said. */
  async #relayStats(): Promise<string | undefined> {
    if (this.ended()) return undefined;
    let stop = (): void => undefined;
    const patience = new Promise<undefined>((resolve) => {
      const timer = setTimeout(resolve, RELAY_STATS_MS);
      stop = (): void => clearTimeout(timer);
    });
    return Promise.race([this.runtime.use((core) => core.relayStats(this.#id)), patience])
      .catch(() => undefined)
      .finally(stop);
  }

  async #reports(): Promise<RTCStatsReport> {
    if (this.ended()) throw new OffhookError({ code: "invalidCallState", message: ERROR_INFO.CAN_NOT_GET_STATS });
    return this.runtime.use((core) => core.stats(this.#id)).catch(rethrow);
  }
}

/** In few words, what made the call fail. */
function reason({ error, sipStatus, sipReason }: { error?: FailureInfo; sipStatus?: number; sipReason?: string }): string | undefined {
  const code = sipStatus ?? error?.sipStatus;
  const phrase = sipReason ?? error?.sipReason;
  if (code !== undefined && code >= 300) return phrase === undefined ? String(code) : `${code} ${phrase}`;
  if (!error) return undefined;
  return isLocal(error.code) ? ERROR_INFO.LOCAL_ERROR : error.message;
}

function rethrow(thrown: unknown): never {
  throw asError(thrown);
}

function invalidState(): OffhookError {
  return new OffhookError({ code: "invalidCallState", message: ERROR_INFO.INVALID_CALL_STATE });
}

function isCall(target: string | Call | null): target is Call {
  return typeof target === "object" && target !== null;
}
