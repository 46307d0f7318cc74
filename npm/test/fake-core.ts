import { createOffhook, type Offhook, type SessionOptions } from "../src/api.js";
import type { CallStatus, SessionStatus } from "../src/constants.js";
import type { Core, CoreCallEvent, CoreEvent, CoreHost, CoreIncomingEvent, LoadFrom } from "../src/core.js";
import type { FailureInfo } from "../src/error.js";
import type { Call } from "../src/call.js";
import type { Session } from "../src/session.js";
import { createFlashphoner, type FlashphonerApi } from "../src/compat/flashphoner.js";
import type { Session as CompatSession } from "../src/compat/types.js";

/** A core that records what it is asked and says what the test tells it to. */
export class FakeCore implements Core {
  readonly asked: unknown[][] = [];
  /** Thrown by the next request instead of recording it. */
  refusal: Error | undefined;
  /** What the promises of the next requests are rejected with. */
  rejection: Error | undefined;
  muted = false;
  videoIsMuted = false;
  loudness = -1;
  reports: RTCStatsReport = new Map();
  /** What the relay says of a call, as JSON text. */
  relayFigures: string | undefined;
  /** Whether there is sound yet, whose output device could be changed. */
  sounding = false;

  openSession(...args: Parameters<Core["openSession"]>): void {
    this.#ask("openSession", ...args);
  }
  closeSession(...args: Parameters<Core["closeSession"]>): void {
    this.#ask("closeSession", ...args);
  }
  report(...args: Parameters<Core["report"]>): void {
    this.#ask("report", ...args);
  }
  debug(...args: Parameters<Core["debug"]>): void {
    this.#ask("debug", ...args);
  }
  createCall(...args: Parameters<Core["createCall"]>): void {
    this.#ask("createCall", ...args);
  }
  attach(...args: Parameters<Core["attach"]>): void {
    this.#ask("attach", ...args);
  }
  call(...args: Parameters<Core["call"]>): void {
    this.#ask("call", ...args);
  }
  answer(...args: Parameters<Core["answer"]>): void {
    this.#ask("answer", ...args);
  }
  hangup(...args: Parameters<Core["hangup"]>): void {
    this.#ask("hangup", ...args);
  }
  hold(...args: Parameters<Core["hold"]>): void {
    this.#ask("hold", ...args);
  }
  unhold(...args: Parameters<Core["unhold"]>): void {
    this.#ask("unhold", ...args);
  }
  transfer(...args: Parameters<Core["transfer"]>): void {
    this.#ask("transfer", ...args);
  }
  sendDtmf(...args: Parameters<Core["sendDtmf"]>): void {
    this.#ask("sendDtmf", ...args);
  }
  setAudioMuted(callId: string, muted: boolean): void {
    this.#ask("setAudioMuted", callId, muted);
    this.muted = muted;
  }
  audioMuted(): boolean {
    return this.muted;
  }
  setVideoMuted(callId: string, muted: boolean): void {
    this.#ask("setVideoMuted", callId, muted);
    this.videoIsMuted = muted;
  }
  videoMuted(): boolean {
    return this.videoIsMuted;
  }
  setVolume(callId: string, volume: number): void {
    this.#ask("setVolume", callId, volume);
    this.loudness = volume;
  }
  volume(): number {
    return this.loudness;
  }
  setAudioOutput(...args: Parameters<Core["setAudioOutput"]>): Promise<void> | undefined {
    const chosen = this.#promise("setAudioOutput", undefined, ...args);
    return this.sounding ? chosen : undefined;
  }
  sendData(...args: Parameters<Core["sendData"]>): Promise<void> {
    return this.#promise("sendData", undefined, ...args);
  }
  sendMessage(...args: Parameters<Core["sendMessage"]>): Promise<void> {
    return this.#promise("sendMessage", undefined, ...args);
  }
  switchMic(...args: Parameters<Core["switchMic"]>): Promise<string> {
    return this.#promise("switchMic", args[1] ?? "mic-2", ...args);
  }
  switchCam(...args: Parameters<Core["switchCam"]>): Promise<string> {
    return this.#promise("switchCam", args[1] ?? "cam-2", ...args);
  }
  switchToScreen(...args: Parameters<Core["switchToScreen"]>): Promise<void> {
    return this.#promise("switchToScreen", undefined, ...args);
  }
  switchToCam(...args: Parameters<Core["switchToCam"]>): Promise<void> {
    return this.#promise("switchToCam", undefined, ...args);
  }
  stats(...args: Parameters<Core["stats"]>): Promise<RTCStatsReport> {
    return this.#promise("stats", this.reports, ...args);
  }
  relayStats(...args: Parameters<Core["relayStats"]>): Promise<string | undefined> {
    return this.#promise("relayStats", this.relayFigures, ...args);
  }

  #ask(...request: unknown[]): void {
    if (this.refusal !== undefined) {
      const refusal = this.refusal;
      this.refusal = undefined;
      throw refusal;
    }
    this.asked.push(request);
  }

  #promise<T>(name: string, outcome: T, ...args: unknown[]): Promise<T> {
    this.#ask(name, ...args);
    return this.rejection === undefined ? Promise.resolve(outcome) : Promise.reject(this.rejection);
  }
}

/** An error of the shape that the core throws. */
export function refusal(failure: FailureInfo): Error {
  return Object.assign(new Error(failure.message), failure);
}

/** A fake core that can be loaded, and the levers of both. */
export class CoreBench {
  readonly core = new FakeCore();
  /** How often the core has been loaded. */
  loads = 0;
  /** Rejects the next load. */
  loadError: Error | undefined;
  #host: CoreHost | undefined;

  readonly load: LoadFrom = () => async (host) => {
    this.loads += 1;
    await Promise.resolve();
    if (this.loadError) throw this.loadError;
    this.#host = host;
    return this.core;
  };

  emit(event: CoreEvent): void {
    this.#host?.sink(event);
  }

  crash(cause: unknown): void {
    this.#host?.crashed(cause);
  }

  session(session: { id(): string }, status: SessionStatus, error?: FailureInfo): void {
    this.emit({ kind: "session", sessionId: session.id(), status, ...(error && { error }) });
  }

  call(call: { id(): string }, status: CallStatus, more: Partial<CoreCallEvent> = {}): void {
    this.emit({ ...more, kind: "call", callId: call.id(), status });
  }

  /** What the core was asked to do by that name, latest last. */
  requests(name: string): unknown[][] {
    return this.core.asked.filter(([asked]) => asked === name).map((request) => request.slice(1));
  }
}

/** The plain API on a fake core. */
export class Bench extends CoreBench {
  readonly offhook: Offhook = createOffhook(this.load);

  /** A session that the core knows and that is still PENDING. */
  async opened(options: Partial<SessionOptions> = {}): Promise<Session> {
    const session = this.offhook.createSession({ urlServer: "wss://relay.example/ws", sipOptions: { login: "anna" }, ...options });
    await settled();
    return session;
  }

  async established(options: Partial<SessionOptions> = {}): Promise<Session> {
    const session = await this.opened(options);
    this.session(session, "CONNECTED");
    this.emit({ kind: "session", sessionId: session.id(), status: "ESTABLISHED", login: "anna", token: "t" });
    await settled();
    return session;
  }

  async incoming(session: Session, callId = "in-1"): Promise<Call> {
    this.emit({ kind: "incoming", sessionId: session.id(), callId, caller: "bob", callee: "anna", hasVideo: false });
    await settled();
    const call = session.getCalls().find((known) => known.id() === callId);
    if (!call) throw new Error("no incoming call");
    return call;
  }
}

/** The namespace of the drop-in script on a fake core. */
export class CompatBench extends CoreBench {
  readonly flashphoner: FlashphonerApi = createFlashphoner(this.load);

  /** A session that the core knows and that is still PENDING. */
  async opened(options: Partial<SessionOptions> = {}): Promise<CompatSession> {
    // A browser that can make calls: the namespace asks for no more than the name.
    Object.assign(globalThis, { RTCPeerConnection: Object });
    void this.flashphoner.init({ logger: { enableLogs: false } });
    const account = { sipOptions: { login: "anna" } };
    const session = this.flashphoner.createSession({ urlServer: "wss://relay.example/ws", ...account, ...options });
    await settled();
    return session;
  }

  async established(options: Partial<SessionOptions> = {}): Promise<CompatSession> {
    const session = await this.opened(options);
    this.emit({ kind: "session", sessionId: session.id(), status: "ESTABLISHED", login: "anna", token: "t" });
    await settled();
    return session;
  }

  async incoming(session: CompatSession, more: Partial<CoreIncomingEvent> = {}): Promise<Call> {
    const about = { sessionId: session.id(), callId: "in-1", caller: "bob", callee: "anna", hasVideo: false };
    this.emit({ kind: "incoming", ...about, ...more });
    await settled();
    const call = session.getCalls()[0];
    if (!call) throw new Error("no incoming call");
    return call;
  }
}

/** Resolves when every microtask that is due, and those that it causes, have run. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
