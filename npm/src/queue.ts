import { report } from "./report.js";

/**
 * Delivers events in order, each batch from a microtask: never while the app is still inside the call that caused
 * them, so `createSession(...).on(...)` misses nothing.
 */
export class EventQueue {
  #waiting: (() => void)[] = [];

  push(deliver: () => void): void {
    this.#waiting.push(deliver);
    if (this.#waiting.length === 1) queueMicrotask(() => { this.#drain(); });
  }

  #drain(): void {
    // What a listener causes goes to the back of the same line, and is delivered in a turn of its own.
    const batch = this.#waiting;
    this.#waiting = [];
    for (const deliver of batch) {
      // Nothing that happens on the way of one event keeps the next from its listeners.
      try {
        deliver();
      } catch (error) {
        report(error);
      }
    }
  }
}
