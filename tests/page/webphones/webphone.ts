/** What is asked of a SIP client in a page, whichever library it is made of. */
import { type Recorder, type Recording, record } from "../recorder.ts";

/** Whom it acts for, and where. */
export interface Account {
  /** The SIP server's WebSocket. */
  readonly ws: string;
  /** The host of the user's address. */
  readonly host: string;
  readonly user: string;
  readonly password: string;
}

/** Settles each promise when what is asked has happened. */
export interface Webphone {
  register(account: Account): Promise<void>;
  unregister(): Promise<void>;
  /** Calls this number, until it is answered. */
  call(number: string): Promise<void>;
  /** Is called: the caller's user. */
  called(): Promise<string>;
  accept(): Promise<void>;
  hangup(): Promise<void>;
  /** The call is over, whoever ended it. */
  ended(): Promise<void>;
  heard(seconds: number): Recording | Promise<Recording>;
}

declare global {
  interface Window {
    webphone: Webphone;
  }
}

/** What each client says in its calls: a tone of this frequency (Hz). */
const TONE = 440;

let microphone: MediaStream | undefined;

/** A microphone with a tone. */
export function voice(): MediaStream {
  if (microphone) return microphone;
  const context = new AudioContext();
  const tone = context.createOscillator();
  tone.frequency.value = TONE;
  const destination = context.createMediaStreamDestination();
  tone.connect(destination);
  tone.start();
  return (microphone = destination.stream);
}

/** What is heard in one call. */
export class Ear {
  private recorder: Promise<Recorder> | undefined;

  /** Listens to what this connection receives, now or later. */
  constructor(connection: RTCPeerConnection) {
    for (const { track } of connection.getReceivers()) this.listen(track);
    connection.addEventListener("track", ({ track }) => this.listen(track));
  }

  async heard(seconds: number): Promise<Recording> {
    if (!this.recorder) throw new Error("nothing is received");
    return (await this.recorder).take(seconds);
  }

  private listen(track: MediaStreamTrack): void {
    if (this.recorder || track.kind !== "audio") return;
    const stream = new MediaStream([track]);
    // Chromium gives the sound of a peer to Web Audio only while an element plays it.
    const audio = document.createElement("audio");
    audio.muted = true;
    audio.srcObject = stream;
    void audio.play();
    this.recorder = record(stream);
  }
}

/** A promise, and what settles it. */
export class Outcome<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Who asks hears of it; nobody needs to.
    this.promise.catch(() => undefined);
  }
}
