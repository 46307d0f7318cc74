import type { Call, MediaChoice, OffhookError, Session, SessionOptions, Transfer } from "offhook";
import { newLine, refresh, rings, type Line } from "./line.js";
import { endText } from "./sentences.js";

/** Something to tell the person at the phone. */
export interface Notice {
  kind: "info" | "problem";
  text: string;
}

/** What the outside gives the phone. */
export interface Surroundings {
  createSession: (options: SessionOptions) => Session;
  /** Where media goes, and what to ask the browser for. */
  media: MediaChoice;
  /** The time in milliseconds. */
  now: () => number;
}

const ENDS = ["FINISH", "BUSY", "FAILED"] as const;
const STEPS = ["TRYING", "RING", "RING_MEDIA", "SESSION_PROGRESS", "HOLD"] as const;

/**
 * The phone without its looks: one session, one call that speaks, and another that waits or is held. Fires `change`
 * when there is something new to show. What a person can do wrong ends as a notice, never as an exception.
 */
export class Phone extends EventTarget {
  readonly #outside: Surroundings;
  #session: Session | undefined;
  /** The call that speaks. */
  #line: Line | undefined;
  #other: Line | undefined;
  /** Whether the person has asked to disconnect. */
  #leaving = false;
  notice: Notice | undefined;
  online = false;
  registered = false;
  login = "";
  /** Numbers called from here, latest first. */
  readonly recent: string[] = [];

  constructor(outside: Surroundings) {
    super();
    this.#outside = outside;
  }

  /** Whether a session is being opened. */
  get connecting(): boolean {
    return this.#session !== undefined && !this.online;
  }

  get line(): Line | undefined {
    return this.#line;
  }

  /** The second call: it rings here and waits for an answer, or is on hold. */
  get other(): Line | undefined {
    return this.#other;
  }

  /** Whether a call rings here and waits for an answer, while no other speaks. */
  get ringing(): boolean {
    return this.#line !== undefined && rings(this.#line);
  }

  /** Whether a second call waits for an answer. */
  get waiting(): boolean {
    return this.#other !== undefined && rings(this.#other);
  }

  connect(options: SessionOptions): void {
    if (this.#session) return;
    this.#leaving = false;
    this.notice = undefined;
    this.login = options.sipOptions?.login ?? "";
    this.#attempt(() => {
      this.#session = this.#listen(this.#outside.createSession(options));
    });
  }

  disconnect(): void {
    this.#leaving = true;
    this.#session?.disconnect();
  }

  dial(callee: string): void {
    const session = this.#session;
    if (!session || !this.online || this.#line || callee === "") return;
    this.notice = undefined;
    this.#remember(callee);
    this.#attempt(() => {
      const call = session.createCall({ ...this.#outside.media, callee });
      this.#take(call, callee);
      call.call();
      if (this.#line) this.#refresh(this.#line);
    });
  }

  answer(): void {
    const line = this.#line;
    if (!line || !this.ringing) return;
    this.#attempt(() => {
      line.call.answer(this.#outside.media);
      this.#refresh(line);
    });
  }

  hangup(): void {
    const line = this.#line;
    if (!line) return;
    this.#attempt(() => {
      line.call.hangup();
      line.hungUp = true;
    });
  }

  /** Answers the call that waits; the one that speaks is held, or ends if it was not connected yet. */
  answerOther(): void {
    const other = this.#other;
    if (!other || !this.waiting) return;
    this.#attempt(() => {
      this.#park();
      other.call.answer(this.#outside.media);
      this.#exchange();
    });
  }

  /** Declines the call that waits. */
  declineOther(): void {
    const other = this.#other;
    if (!other) return;
    this.#attempt(() => {
      other.call.hangup();
      other.hungUp = true;
    });
  }

  /** Goes over to the call that is held. */
  swap(): void {
    const other = this.#other;
    if (!other || this.waiting) return;
    this.#attempt(() => {
      this.#park();
      other.call.unhold();
      this.#exchange();
    });
  }

  /** Has the far ends of both calls speak with each other, and leaves. */
  join(): void {
    const [line, other] = [this.#line, this.#other];
    if (!line || !other || this.waiting) return;
    this.#attempt(() => { line.call.transfer(other.call); });
  }

  /** Hands the far end over to somebody else. */
  transfer(target: string): void {
    const line = this.#line;
    if (!line || target === "") return;
    this.#attempt(() => {
      line.call.transfer(target);
      line.transfer = `Transferring to ${target}…`;
    });
  }

  /** Has the call that speaks use another microphone or speaker. */
  useDevices({ mic, speaker }: { mic?: string; speaker?: string }): void {
    const call = this.#line?.call;
    if (!call) return;
    const refused = (error: unknown): void => { this.#problem(error instanceof Error ? error.message : String(error)); };
    if (mic !== undefined) void call.switchMic(mic).catch(refused);
    if (speaker !== undefined) this.#attempt(() => void call.setAudioOutputId(speaker)?.catch(refused));
  }

  toggleHold(): void {
    const line = this.#line;
    if (!line) return;
    this.#attempt(() => {
      if (line.held) {
        line.call.unhold();
      } else {
        line.call.hold();
        line.holdAsked = true;
      }
    });
  }

  toggleMute(): void {
    const line = this.#line;
    if (!line) return;
    this.#attempt(() => {
      if (line.muted) line.call.unmuteAudio();
      else line.call.muteAudio();
      line.muted = !line.muted;
      this.#changed();
    });
  }

  sendDigit(digit: string): void {
    const line = this.#line;
    if (line?.status !== "ESTABLISHED") return;
    this.#attempt(() => {
      line.call.sendDTMF(digit);
      line.sent += digit;
      this.#changed();
    });
  }

  dismissNotice(): void {
    this.notice = undefined;
    this.#changed();
  }

  #listen(session: Session): Session {
    return session
      .on("ESTABLISHED", (_, connection) => {
        this.online = true;
        this.login = connection.sipLogin || this.login;
        this.#changed();
      })
      .on("REGISTERED", () => {
        this.registered = true;
        this.#changed();
      })
      .on("UNREGISTERED", (_, error) => {
        this.registered = false;
        if (error) this.#problem(withSipStatus(error));
        // A reason that came as a warning says more; and who is leaving need not be told.
        else if (!this.#leaving && this.notice?.kind !== "problem") this.#problem("Not registered any more: calls do not come in.");
        this.#changed();
      })
      .on("RECONNECTING", () => { this.#tell({ kind: "problem", text: "The connection is being made again…" }); })
      .on("RECONNECTED", () => { this.dismissNotice(); })
      .on("WARN", (error) => { this.#problem(withSipStatus(error)); })
      .on("INCOMING_CALL", (call) => { this.#incoming(call); })
      .on("DISCONNECTED", (ended) => { this.#offline(ended.error()?.message); })
      .on("FAILED", (_, error) => { this.#offline(error ? withSipStatus(error) : "The connection failed."); });
  }

  #incoming(call: Call): void {
    if (this.#other) {
      call.hangup();
      this.#tell({ kind: "info", text: `${call.visibleName()} called while you were on the phone.` });
      return;
    }
    this.notice = undefined;
    if (this.#line) this.#other = this.#watched(call, call.visibleName());
    else this.#take(call, call.visibleName());
    this.#changed();
  }

  #take(call: Call, peer: string): void {
    this.#line = this.#watched(call, peer);
  }

  #watched(call: Call, peer: string): Line {
    const line = newLine(call, peer);
    for (const step of STEPS) call.on(step, () => { this.#refresh(line); });
    for (const end of ENDS) call.on(end, () => { this.#ended(line); });
    call.on("ESTABLISHED", () => {
      line.since ??= this.#outside.now();
      line.holdAsked = false;
      this.#refresh(line);
    });
    call.on("DTMF", (_, { digit }) => {
      line.received += digit;
      this.#changed();
    });
    call.on("TRANSFER", (_, transfer) => { this.#transferred(line, transfer); });
    call.on("PARTY_CHANGED", (_, party) => {
      line.peer = party.displayName ?? party.user;
      this.#changed();
    });
    return line;
  }

  #transferred(line: Line, { status, target, error }: Transfer): void {
    line.transfer = "";
    if (status === "FAILED") this.#problem(error ? withSipStatus(error) : `${target} could not be reached.`);
    else if (status === "COMPLETED") this.#tell({ kind: "info", text: `${line.peer} speaks with ${target} now.` });
    else line.transfer = status === "RING" ? `${target} rings…` : `Transferring to ${target}…`;
    line.transferred = status === "COMPLETED";
    this.#changed();
  }

  /** Silences the call that speaks, for another. */
  #park(): void {
    const line = this.#line;
    if (!line) return;
    if (line.status === "ESTABLISHED") {
      line.call.hold();
      line.holdAsked = true;
    } else if (line.status !== "HOLD") {
      line.call.hangup();
      line.hungUp = true;
    }
  }

  #exchange(): void {
    [this.#line, this.#other] = [this.#other, this.#line];
    if (this.#line) this.#refresh(this.#line);
  }

  #refresh(line: Line): void {
    refresh(line);
    this.#changed();
  }

  #ended(line: Line): void {
    if (this.#line !== line && this.#other !== line) return;
    if (this.#line === line) this.#line = this.#other;
    this.#other = undefined;
    if (line.transferred) {
      this.#changed();
      return;
    }
    const lasted = line.since === undefined ? undefined : this.#outside.now() - line.since;
    const kind = line.call.status() === "FINISH" || (line.hungUp && !line.call.error()) ? "info" : "problem";
    this.#tell({ kind, text: endText(line.call, lasted, line.hungUp) });
  }

  #offline(problem: string | undefined): void {
    this.#session = undefined;
    this.#line = undefined;
    this.#other = undefined;
    this.online = false;
    this.registered = false;
    // A call that ended with the session has said so already, and more exactly.
    if (problem !== undefined) this.notice = { kind: "problem", text: problem };
    this.#changed();
  }

  #remember(callee: string): void {
    const known = this.recent.indexOf(callee);
    if (known >= 0) this.recent.splice(known, 1);
    this.recent.unshift(callee);
    this.recent.length = Math.min(this.recent.length, 4);
  }

  /** What the SDK refuses at once is told in the same place as what fails later. */
  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (this.#line?.status === "NEW" && !this.#line.call.isIncoming()) this.#line = undefined;
      this.#problem(error instanceof Error ? error.message : String(error));
    }
    this.#changed();
  }

  #problem(text: string): void {
    this.#tell({ kind: "problem", text });
  }

  #tell(notice: Notice): void {
    this.notice = notice;
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

function withSipStatus(error: OffhookError): string {
  return error.sipStatus === undefined ? error.message : `${error.message} (SIP ${error.sipStatus})`;
}
