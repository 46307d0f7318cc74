/** Waiting for things that happen, never for time to pass. */

/** How long an ordinary step of a call may take (ms) before a test gives up on it. */
export const STEP = 10_000;

/** How long one command to a browser may take (ms), a little longer than any wait inside a page. */
export const COMMAND = 20_000;

/** Settles as the promise does, or fails at the deadline saying what was waited for. */
export async function within<T>(promise: Promise<T>, what: string | (() => string), ms = STEP): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`waited ${ms} ms for ${typeof what === "string" ? what : what()}`));
    }, ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again until the answer is neither undefined nor false. For sources that cannot announce a change. */
export async function eventually<T>(
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  what: string | (() => string),
  { ms = STEP, every = 50 } = {},
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    // A source that hangs must not make the deadline hang with it.
    const answer = await within(Promise.resolve(ask()), () => `an answer about ${typeof what === "string" ? what : what()}`, Math.max(end - Date.now(), 0) + COMMAND);
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${typeof what === "string" ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** What has happened so far, in order, and what is still waited for. */
export class Happenings<T> {
  private readonly past: T[] = [];
  private readonly waiting = new Set<() => void>();

  add(happening: T): void {
    this.past.push(happening);
    for (const wake of this.waiting) wake();
  }

  all(): readonly T[] {
    return this.past;
  }

  /** Where the future begins: pass it as `from` to ignore what is past. */
  now(): number {
    return this.past.length;
  }

  /** The first that matches, at or after `from`. */
  async waitFor(matches: (happening: T) => boolean, what: string, { from = 0, ms = STEP } = {}): Promise<T> {
    let wake: () => void = () => undefined;
    const found = new Promise<T>((resolve) => {
      wake = (): void => {
        const index = this.past.findIndex((happening, i) => i >= from && matches(happening));
        if (index >= 0) resolve(this.past[index]);
      };
    });
    this.waiting.add(wake);
    wake();
    const describe = (): string => `${what}; seen: ${this.past.slice(from).map((h) => show(h)).slice(-25).join(" | ")}`;
    try {
      return await within(found, describe, ms);
    } finally {
      this.waiting.delete(wake);
    }
  }
}

function show(happening: unknown): string {
  return typeof happening === "string" ? happening : JSON.stringify(happening);
}
