/**
 * The page of the tests: the public API and nothing else, with every event reported outside as it happens.
 * Calls are named by their id across the border.
 */
import type { Call, CallQuality, CallStats, Session, SessionOptions } from "offhook";
import { PLAIN_AUDIO, loopback } from "./loopback.ts";
import { type Picture, look } from "./picture.ts";
import { type Recorder, type Recording, record } from "./recorder.ts";

/** What is reported of an event. */
export interface Report {
  from: "session" | "call";
  event: string;
  /** The call's id, or the session's. */
  id: string;
  status: string;
  info?: string;
  code?: string;
  message?: string;
  field?: string;
  sipStatus?: number;
  digit?: string;
  /** Of `MEDIA`: whether a way is looked for, or has been found. */
  media?: string;
  caller?: string;
  callee?: string;
  visibleName?: string;
  login?: string;
  /** The SIP headers it came with, as `name: value`. */
  headers?: string[];
  /** The SIP reason phrase. */
  sipReason?: string;
  /** Of `TRANSFER`: how far it is. */
  transfer?: string;
  /** Of `PARTY_CHANGED`: who is there now. */
  party?: string;
  /** Of `QUALITY`: what the call sounds like. */
  quality?: CallQuality;
}

/** What a test may choose for a call or an answer beside its media. */
export interface AnswerChoice {
  camera?: boolean;
  /** Whether to be shown pictures; without it they are taken if they come. */
  receiveVideo?: boolean;
  sipHeaders?: Record<string, string>;
  sipSDP?: string[];
}

export interface CallChoice extends AnswerChoice {
  visibleName?: string;
  stripCodecs?: string;
}

declare global {
  interface Window {
    /** Put here by the test that drives the page. */
    report: (report: Report) => Promise<void>;
    testPhone: typeof testPhone;
  }
}

type Sdk = typeof import("offhook");
type Mute = "muteAudio" | "unmuteAudio" | "isAudioMuted" | "muteVideo" | "unmuteVideo";
type Act = "hangup" | "hold" | "unhold" | "holdForTransfer" | Mute | "sendDTMF";

let sdk: Sdk | undefined;
let session: Session | undefined;
let token: string | undefined;
const calls = new Map<string, Call>();
let recorder: Recorder | undefined;

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found;
};

interface Media {
  localVideoDisplay: HTMLElement;
  remoteVideoDisplay: HTMLElement;
  constraints: MediaStreamConstraints;
}

const media = ({ camera = false } = {}): Media => ({
  localVideoDisplay: element("local"),
  remoteVideoDisplay: element("remote"),
  constraints: { audio: PLAIN_AUDIO, video: camera },
});

function tell(report: Report): void {
  void window.report(report);
}

/** Reports every event of a call from now on. */
function follow(call: Call, known: Sdk): void {
  calls.set(call.id(), call);
  const of = (event: string): Report => ({
    from: "call",
    event,
    id: call.id(),
    status: call.status(),
    info: call.getInfo(),
    caller: call.caller(),
    callee: call.callee(),
    visibleName: call.visibleName(),
    headers: call.getHeaders().map(({ name, value }) => `${name}: ${value}`),
    ...failure(call.error()),
    ...sipStatus(call.getSipStatus()),
  });
  for (const status of Object.values(known.CALL_STATUS)) call.on(status, () => tell(of(status)));
  call.on("TRANSFER", (_, { status, sipStatus: code, error }) => tell({ ...of("TRANSFER"), transfer: status, ...sipStatus(code), ...failure(error) }));
  call.on("PARTY_CHANGED", (_, { user }) => tell({ ...of("PARTY_CHANGED"), party: user }));
  call.on("DTMF", (_, { digit }) => tell({ ...of("DTMF"), digit }));
  call.on("QUALITY", (_, quality) => tell({ ...of("QUALITY"), quality }));
  call.on("MEDIA", (_, { state }) => tell({ ...of("MEDIA"), media: state }));
}

function failure(error: { code: string; message: string; field?: string; sipStatus?: number } | undefined): Partial<Report> {
  if (!error) return {};
  return {
    code: error.code,
    message: error.message,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...sipStatus(error.sipStatus),
  };
}

function sipStatus(status: number | undefined): { sipStatus?: number } {
  return status === undefined ? {} : { sipStatus: status };
}

const testPhone = {
  /** Opens a session; all further comes as reports. */
  async connect(options: SessionOptions): Promise<string> {
    // Not known to the compiler: the server hands out the built package here.
    const address = "/offhook/index.js";
    const known = (sdk ??= (await import(address)) as Sdk);
    const opened = known.createSession(options);
    session = opened;
    const of = (event: string): Report => ({ from: "session", event, id: opened.id(), status: opened.status() });
    for (const status of ["CONNECTED", "REGISTERED"] as const) opened.on(status, () => tell(of(status)));
    opened.on("DISCONNECTED", () => tell({ ...of("DISCONNECTED"), ...failure(opened.error()) }));
    opened.on("ESTABLISHED", (_, { sipLogin, authToken }) => {
      token = authToken;
      tell({ ...of("ESTABLISHED"), login: sipLogin });
    });
    opened.on("RECONNECTING", (_, error) => tell({ ...of("RECONNECTING"), ...failure(error) }));
    opened.on("RECONNECTED", () => tell(of("RECONNECTED")));
    opened.on("UNREGISTERED", (_, error) => tell({ ...of("UNREGISTERED"), ...failure(error) }));
    opened.on("FAILED", (_, error) => tell({ ...of("FAILED"), ...failure(error) }));
    opened.on("WARN", (error) => tell({ ...of("WARN"), ...failure(error) }));
    opened.on("INCOMING_CALL", (call) => {
      follow(call, known);
      tell({ ...of("INCOMING_CALL"), id: call.id(), status: call.status(), caller: call.caller(), visibleName: call.visibleName() });
    });
    return opened.id();
  },

  disconnect(): void {
    session?.disconnect();
  },

  /** What takes the session back after the page was loaded again. */
  token(): string | undefined {
    return token;
  },

  /** The calls of the session that this page did not know, as after it was loaded again. */
  found(): string[] {
    const known = sdk;
    if (!session || !known) throw new Error("no session");
    const unknown = session.getCalls().filter((call) => !calls.has(call.id()));
    for (const call of unknown) follow(call, known);
    return unknown.map((call) => call.id());
  },

  /** Gives a call that was found its media. */
  attach(id: string, { camera = false } = {}): void {
    callOf(id).attachMedia(media({ camera }));
  },

  sessionStatus(): string | undefined {
    return session?.status();
  },

  call(callee: string, options: CallChoice = {}): string {
    if (!session || !sdk) throw new Error("no session");
    const { camera = false, ...further } = options;
    const call = session.createCall({ callee, ...media({ camera }), ...further });
    follow(call, sdk);
    call.call();
    return call.id();
  },

  answer(id: string, { camera = false, ...further }: AnswerChoice = {}): void {
    callOf(id).answer({ ...media({ camera }), ...further });
  },

  /** Hands the far end over to somebody, or to the far end of another call. */
  transfer(id: string, target: string | { call: string }): void {
    callOf(id).transfer(typeof target === "string" ? target : callOf(target.call));
  },

  /** Presses keys in one of the ways SIP knows. */
  press(id: string, keys: string, type: "RFC2833" | "INFO" | "INFO_RELAY"): void {
    callOf(id).sendDTMF(keys, type);
  },

  stats(id: string): Promise<CallStats> {
    return callOf(id).getStats();
  },

  /** What the media of a call is encrypted with. */
  async cipher(id: string): Promise<string> {
    const { transport = [] } = await new Promise<Record<string, readonly object[]>>((resolve) => {
      void callOf(id).getStats(resolve, true);
    });
    return transport.map((report) => ("srtpCipher" in report ? String(report.srtpCipher) : "")).join();
  },

  status(id: string): string {
    return callOf(id).status();
  },

  /** Any method of a call that takes texts and gives nothing or something plain. */
  act(id: string, method: Act, text = ""): unknown {
    const call = callOf(id);
    if (method === "isAudioMuted") return call.isAudioMuted();
    if (method === "sendDTMF") call.sendDTMF(text);
    else call[method]();
    return undefined;
  },

  /** Starts to record what the remote display plays. */
  async record(): Promise<void> {
    await recorder?.stop();
    recorder = await record(await remoteStream());
  },

  /** What the remote display shows. */
  seen(): Picture | undefined {
    return look(element("remote"));
  },

  /** Shows the camera in the remote display. */
  async mirror(): Promise<void> {
    const video = Object.assign(document.createElement("video"), { muted: true });
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true });
    element("remote").append(video);
    await video.play();
  },

  /** The addresses that the browser would make calls from. */
  async addresses(): Promise<string[]> {
    const connection = new RTCPeerConnection();
    const found = new Set<string>();
    const gathered = new Promise<void>((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (candidate === null) resolve();
        else if (candidate.address !== null) found.add(candidate.address);
      };
    });
    connection.createDataChannel("addresses");
    await connection.setLocalDescription();
    await gathered;
    connection.close();
    return [...found];
  },

  async loopback(): Promise<void> {
    recorder = await loopback();
  },

  /** The last seconds of what was recorded. */
  heard(seconds: number): Recording | Promise<Recording> {
    if (!recorder) throw new Error("nothing is recorded");
    return recorder.take(seconds);
  },
};

function callOf(id: string): Call {
  const call = calls.get(id);
  if (!call) throw new Error(`no call ${id}`);
  return call;
}

/** The stream of the remote display, as soon as it has one. */
async function remoteStream(): Promise<MediaStream> {
  const display = element("remote");
  for (;;) {
    const stream = display.querySelector("video")?.srcObject;
    if (stream instanceof MediaStream && stream.getAudioTracks().length > 0) return stream;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
}

window.testPhone = testPhone;
