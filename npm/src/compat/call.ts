import { CallObject } from "../call-object.js";
import { CALL_STATUS } from "../constants.js";
import type { Core } from "../core.js";
import { asError, type OffhookError } from "../error.js";
import { DEFAULT_CONSTRAINTS, explicit } from "./constraints.js";
import type { AnswerOptions } from "./types.js";

/** A call that tells with events what the plain API tells with exceptions, but for those that are documented. */
export class CompatCall extends CallObject {
  #refusal: OffhookError | undefined;

  /** Keeps why the core does not take the call, until the app makes it. */
  override refuse(error: OffhookError): void {
    this.#refusal = error;
  }

  override call(): void {
    this.#attempt(() => {
      const refusal = this.#refusal;
      if (refusal && this.status() === CALL_STATUS.NEW) throw refusal;
      super.call();
    });
  }

  /** Early versions took the two displays instead of options. */
  override answer(options: AnswerOptions | HTMLElement = {}, remoteVideoDisplay?: HTMLElement): void {
    const given = isElement(options) ? displays(options, remoteVideoDisplay) : options;
    this.#attempt(() => { super.answer(this.#filled(given)); });
  }

  override attachMedia(options: AnswerOptions = {}): void {
    super.attachMedia(this.#filled(options));
  }

  override hangup(): void {
    if (this.#refusal) this.runtime.failCall(this, this.session, this.#refusal);
    else this.#warning(() => { super.hangup(); });
  }

  protected override act(run: (core: Core) => void): void {
    this.#warning(() => { super.act(run); });
  }

  #filled(given: AnswerOptions): AnswerOptions & { keepElements: true } {
    const asked = explicit(given.constraints ?? DEFAULT_CONSTRAINTS);
    // A picture that nobody would see is not asked for.
    const constraints = this.hasVideo() ? asked : { ...asked, video: false };
    return { receiveVideo: true, ...given, constraints, keepElements: true };
  }

  /** What keeps a call from beginning ends it, with `FAILED`; only the wrong moment is the app's fault. */
  #attempt(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      const error = asError(thrown);
      if (error.code === "invalidCallState") throw error;
      this.pending();
      this.runtime.failCall(this, this.session, error);
    }
  }

  #warning(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.runtime.warn(this.session, asError(thrown));
    }
  }
}

function isElement(value: object): value is HTMLElement {
  return "nodeType" in value;
}

function displays(localVideoDisplay: HTMLElement, remoteVideoDisplay?: HTMLElement): AnswerOptions {
  return remoteVideoDisplay ? { localVideoDisplay, remoteVideoDisplay } : { localVideoDisplay };
}
