import type { Call, CallStatus, MediaChoice, OffhookError, Session, SessionOptions } from "offhook";
import { endText, statusText } from "./sentences.js";

/** Something to tell the person at the phone. */
export interface Notice {
  kind: "info" | "problem";
  text: string;
}

/** The one call that the phone shows. */
export interface Line {
  call: Call;
  status: CallStatus;
  /** The status in words. */
  text: string;
  /** Who is at the other end. */
  peer: string;
  /** When the two ends were connected, in milliseconds of the phone's clock. */
  since: number | undefined;
  muted: boolean;
  /** Whether the call is on hold and the hold is ours to end. */
  held: boolean;
  /** Whether we have asked for a hold. */
  holdAsked: boolean;
  /** Whether the person here has ended the call. */
  hungUp: boolean;
  /** Keys that the far end pressed. */
  received: string;
  /** Keys pressed here. */
  sent: string;
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
 * The phone without its looks: one session and one call at a time. Fires `change` when there is something new to
 * show. What a person can do wrong ends as a notice, never as an exception.
 */
export class Phone extends EventTarget {
  readonly #outside: Surroundings;
  #session: Session | undefined;
  #line: Line | undefined;
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

  /** Whether a call rings here and waits for an answer. */
  get ringing(): boolean {
    const line = this.#line;
    return line !== undefined && line.call.isIncoming() && (line.status === "NEW" || line.status === "RING");
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
      this.#refresh();
    });
  }

  answer(): void {
    if (!this.ringing) return;
    this.#attempt(() => {
      this.#line?.call.answer(this.#outside.media);
      this.#refresh();
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
      .on("WARN", (error) => { this.#problem(withSipStatus(error)); })
      .on("INCOMING_CALL", (call) => { this.#incoming(call); })
      .on("DISCONNECTED", () => { this.#offline(undefined); })
      .on("FAILED", (_, error) => { this.#offline(error ? withSipStatus(error) : "The connection failed."); });
  }

  #incoming(call: Call): void {
    if (this.#line) {
      call.hangup();
      this.#tell({ kind: "info", text: `${call.visibleName()} called while you were on the phone.` });
      return;
    }
    this.notice = undefined;
    this.#take(call, call.visibleName());
    this.#changed();
  }

  #take(call: Call, peer: string): void {
    const line: Line = {
      call, peer, status: call.status(), text: statusText(call, false), since: undefined,
      muted: false, held: false, holdAsked: false, hungUp: false, received: "", sent: "",
    };
    this.#line = line;
    for (const step of STEPS) call.on(step, () => { this.#refresh(); });
    for (const end of ENDS) call.on(end, () => { this.#ended(line); });
    call.on("ESTABLISHED", () => {
      line.since ??= this.#outside.now();
      line.holdAsked = false;
      this.#refresh();
    });
    call.on("DTMF", (_, { digit }) => {
      line.received += digit;
      this.#changed();
    });
  }

  #refresh(): void {
    const line = this.#line;
    if (line) {
      line.status = line.call.status();
      line.held = line.status === "HOLD" && line.holdAsked;
      line.text = statusText(line.call, line.held);
    }
    this.#changed();
  }

  #ended(line: Line): void {
    if (this.#line !== line) return;
    this.#line = undefined;
    const lasted = line.since === undefined ? undefined : this.#outside.now() - line.since;
    const kind = line.call.status() === "FINISH" ? "info" : "problem";
    this.#tell({ kind, text: endText(line.call, lasted, line.hungUp) });
  }

  #offline(problem: string | undefined): void {
    this.#session = undefined;
    this.#line = undefined;
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
