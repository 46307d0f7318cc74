import { ERROR_INFO } from "./constants.js";
import { typeError } from "./error.js";
import { report } from "./report.js";

/** A set of events: its name and the arguments its listeners get. */
export type EventMap = Record<string, unknown[]>;

type Listener = (...args: unknown[]) => void;

/** The listeners of one object. A listener added twice for an event is called once; one that throws stops no other. */
export class Listeners<Events extends { [E in keyof Events]: unknown[] }> {
  readonly #byEvent = new Map<keyof Events, Set<Listener>>();
  readonly #single: boolean;

  /** With `single` a listener takes the place of the one before. */
  constructor(single: boolean) {
    this.#single = single;
  }

  add<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): void {
    check(event, listener);
    const others = this.#single ? undefined : this.#byEvent.get(event);
    this.#byEvent.set(event, (others ?? new Set()).add(listener as Listener));
  }

  has(event: keyof Events): boolean {
    return (this.#byEvent.get(event)?.size ?? 0) > 0;
  }

  /** Without a listener, removes all listeners of the event. */
  remove<E extends keyof Events>(event: E, listener?: (...args: Events[E]) => void): void {
    if (listener === undefined) this.#byEvent.delete(event);
    else this.#byEvent.get(event)?.delete(listener as Listener);
  }

  emit<E extends keyof Events>(event: E, ...args: Events[E]): void {
    // A copy: a listener may add or remove listeners, which counts from the next event on.
    for (const listener of [...(this.#byEvent.get(event) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** JavaScript callers have no compiler to tell them. */
function check(event: unknown, listener: unknown): void {
  if (event === null || event === undefined || event === "") {
    throw typeError("invalidListener", ERROR_INFO.EVENT_CANT_BE_NULL);
  }
  if (typeof listener !== "function") {
    throw typeError("invalidListener", ERROR_INFO.CALLBACK_NEEDS_TO_BE_A_VALID_FUNCTION);
  }
}
