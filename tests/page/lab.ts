/**
 * The page of the tests that hold our script against the original's specification. Both ends of a call live in this
 * one page, so that a test is a few lines of what an app would do.
 */
import type { OriginalCall, OriginalSession } from "./original.ts";

/** An event as its listener got it. */
export interface Entry {
  event: string;
  /** What `status()` said at that moment. */
  status: string;
  args: unknown[];
}

const DEADLINE = 10_000;

/** All events of a session or a call so far, and those still waited for. */
class Seen {
  readonly log: Entry[] = [];
  private readonly waiting = new Set<() => void>();

  add(entry: Entry): void {
    this.log.push(entry);
    for (const wake of this.waiting) wake();
  }

  names(): string[] {
    return this.log.map(({ event }) => event);
  }

  /** The first event of this name at or after `from`. */
  until(event: string, from = 0): Promise<Entry> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(wake);
        reject(new Error(`no ${event}; seen: ${this.names().join(" ")}`));
      }, DEADLINE);
      const wake = (): void => {
        const found = this.log.find((entry, i) => i >= from && entry.event === event);
        if (!found) return;
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve(found);
      };
      this.waiting.add(wake);
      wake();
    });
  }
}

interface FollowedSession {
  session: OriginalSession;
  seen: Seen;
}

interface FollowedCall {
  call: OriginalCall;
  seen: Seen;
}

interface Conversation {
  alice: FollowedSession;
  bob: FollowedSession;
  /** The call as Alice has it, who calls. */
  out: FollowedCall;
  /** The call as Bob has it. */
  inc: FollowedCall;
}

interface Given {
  /** Options of the sessions, of `createCall` and of `answer`, besides displays and constraints. */
  session?: object;
  call?: object;
  answer?: object;
}

interface Thrown {
  name: string;
  message: string;
  code?: string;
}

declare global {
  interface Window {
    lab: typeof lab;
    /** Put here by the test: where the relay is, and what makes the names of this test's users its own. */
    stand: { url: string; number: number };
  }
}

const lab = {
  get url(): string {
    return window.stand.url;
  },

  /** The login of this test's own Alice. */
  name(who: string): string {
    return `${who}${window.stand.number}`;
  },

  display(): HTMLDivElement {
    return document.body.appendChild(document.createElement("div"));
  },

  /** Displays of their own, and the microphone alone. */
  media(): { localVideoDisplay: HTMLElement; remoteVideoDisplay: HTMLElement; constraints: MediaStreamConstraints } {
    return { localVideoDisplay: lab.display(), remoteVideoDisplay: lab.display(), constraints: { audio: true, video: false } };
  },

  followSession(session: OriginalSession): FollowedSession {
    const seen = new Seen();
    for (const event of Object.values(window.Flashphoner.constants.SESSION_STATUS)) {
      session.on(event, (...args: unknown[]) => seen.add({ event, status: session.status(), args }));
    }
    return { session, seen };
  },

  followCall(call: OriginalCall): FollowedCall {
    const seen = new Seen();
    for (const event of Object.values(window.Flashphoner.constants.CALL_STATUS)) {
      call.on(event, (...args: unknown[]) => seen.add({ event, status: call.status(), args }));
    }
    return { call, seen };
  },

  /** A session of this test's own user, not waited for. */
  begin(who: string, options: object = {}): FollowedSession {
    void window.Flashphoner.init();
    return lab.followSession(
      window.Flashphoner.createSession({ urlServer: lab.url, sipOptions: { login: lab.name(who) }, ...options }),
    );
  },

  async open(who: string, options: object = {}): Promise<FollowedSession> {
    const followed = lab.begin(who, options);
    await followed.seen.until("ESTABLISHED");
    return followed;
  },

  /** A call of this session that is being made. */
  dial({ session }: FollowedSession, callee: string, options: object = {}): FollowedCall {
    const followed = lab.followCall(session.createCall({ callee, ...lab.media(), ...options }));
    followed.call.call();
    return followed;
  },

  /** The call that comes in at this session, followed from its first moment on. */
  incoming({ session }: FollowedSession): Promise<FollowedCall> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no INCOMING_CALL")), DEADLINE);
      session.on("INCOMING_CALL", (call: OriginalCall) => {
        clearTimeout(timer);
        resolve(lab.followCall(call));
      });
    });
  },

  /** Alice's call to Bob, as far as it rings at both ends. */
  async ringing(given: Given = {}): Promise<Conversation> {
    const [alice, bob] = await Promise.all([lab.open("alice", given.session), lab.open("bob", given.session)]);
    const incoming = lab.incoming(bob);
    const out = lab.dial(alice, lab.name("bob"), given.call);
    const inc = await incoming;
    await Promise.all([out.seen.until("RING"), inc.seen.until("RING")]);
    return { alice, bob, out, inc };
  },

  /** Alice's call to Bob, answered. */
  async pair(given: Given = {}): Promise<Conversation> {
    const conversation = await lab.ringing(given);
    conversation.inc.call.answer({ ...lab.media(), ...given.answer });
    const { out, inc } = conversation;
    await Promise.all([out.seen.until("ESTABLISHED"), inc.seen.until("ESTABLISHED")]);
    return conversation;
  },

  /** The address of a short film. */
  async clip(): Promise<string> {
    const canvas = Object.assign(document.createElement("canvas"), { width: 32, height: 24 });
    const context = canvas.getContext("2d");
    const recorder = new MediaRecorder(canvas.captureStream(30));
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const over = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    for (let i = 0; i < 10; i++) {
      context?.fillRect(i, i, 4, 4);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
    recorder.stop();
    await over;
    return URL.createObjectURL(new Blob(parts, { type: recorder.mimeType }));
  },

  thrown(act: () => unknown): Thrown | undefined {
    try {
      act();
    } catch (error) {
      return told(error);
    }
    return undefined;
  },

  async rejected(promise: Promise<unknown>): Promise<Thrown | undefined> {
    return promise.then(() => undefined, told);
  },

  /** Waits until this is so. For what announces no change. */
  async eventually(ask: () => unknown, what: string): Promise<void> {
    const end = Date.now() + DEADLINE;
    while (!(await ask())) {
      if (Date.now() > end) throw new Error(`waited for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  },

  /** The player of a call in the page. */
  player(call: OriginalCall, end: "local" | "remote"): HTMLVideoElement | null {
    return document.getElementById(`${call.id()}-${end}`) as HTMLVideoElement | null;
  },

  /** The player of the far end, once it plays aloud. */
  async played(call: OriginalCall): Promise<HTMLVideoElement> {
    const player = (): HTMLVideoElement | null => lab.player(call, "remote");
    await lab.eventually(() => player()?.muted === false && player()?.paused === false, "the far end to be played");
    return player() as HTMLVideoElement;
  },

  stream(call: OriginalCall, end: "local" | "remote"): MediaStream | undefined {
    const stream = lab.player(call, end)?.srcObject;
    return stream instanceof MediaStream ? stream : undefined;
  },

  /** Loudness of a stream over a moment, 0..1. */
  async level(stream: MediaStream, ms = 600): Promise<number> {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    const end = performance.now() + ms;
    while (performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      analyser.getFloatTimeDomainData(samples);
      for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
    }
    await context.close();
    return loudest;
  },

  /** Waits until the far end is heard, or is not. */
  hears(call: OriginalCall, yes = true): Promise<void> {
    return lab.eventually(async () => {
      const stream = lab.stream(call, "remote");
      return stream !== undefined && (await lab.level(stream)) > 0.02 === yes;
    }, `the far end to be ${yes ? "heard" : "silent"}`);
  },
};

function told(error: unknown): Thrown {
  if (!(error instanceof Error)) return { name: typeof error, message: String(error) };
  const code = (error as { code?: unknown }).code;
  return { name: error.name, message: error.message, ...(typeof code === "string" ? { code } : {}) };
}

window.lab = lab;
