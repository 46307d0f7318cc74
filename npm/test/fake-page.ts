import type { TestContext } from "node:test";

/** A track that remembers whether it was stopped. */
export class FakeTrack {
  stopped = false;
  readonly kind: string;
  readonly deviceId: string;
  constructor(kind: string, deviceId = kind) {
    this.kind = kind;
    this.deviceId = deviceId;
  }
  stop(): void {
    this.stopped = true;
  }
  getSettings(): MediaTrackSettings {
    return { deviceId: this.deviceId };
  }
}

export class FakeStream {
  readonly tracks: FakeTrack[];
  constructor(tracks: FakeTrack[]) {
    this.tracks = tracks;
  }
  getTracks(): FakeTrack[] {
    return this.tracks;
  }
  getVideoTracks(): FakeTrack[] {
    return this.tracks.filter(({ kind }) => kind === "video");
  }
}

export class FakeVideo {
  id = "";
  src = "";
  muted = false;
  controls = false;
  playsInline = false;
  srcObject: unknown = null;
  played: string[] = [];
  paused = false;
  readonly dataset: Record<string, string | undefined> = {};
  play(): Promise<void> {
    this.played.push(this.src);
    return FakeVideo.refusal ? Promise.reject(FakeVideo.refusal) : Promise.resolve();
  }
  pause(): void {
    this.paused = true;
  }
  removeAttribute(name: "src"): void {
    this[name] = "";
  }
  /** What `play` is refused with. */
  static refusal: Error | undefined;
}

/** As much of an element as a display needs. */
export class FakeDisplay {
  readonly children: FakeVideo[] = [];
  appendChild(child: FakeVideo): FakeVideo {
    this.children.push(child);
    return child;
  }
}

/** A page with devices, as far as the namespace of the drop-in script sees it. */
export class FakePage {
  devices: Pick<MediaDeviceInfo, "deviceId" | "kind" | "label">[] = [];
  /** What was asked of the devices. */
  readonly asked: MediaStreamConstraints[] = [];
  readonly streams: FakeStream[] = [];
  /** Refuses what it is given, if it has reason to. */
  refuse: (constraints: MediaStreamConstraints) => Error | undefined = () => undefined;
  /** Whether the browser tells names only once something was open. */
  shy = false;

  constructor(t: TestContext, userAgent = "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36", vendor = "Google Inc.") {
    const open = (constraints: MediaStreamConstraints): Promise<FakeStream> => this.#open(constraints);
    const mediaDevices = { enumerateDevices: () => Promise.resolve(this.#listed()), getUserMedia: open, getDisplayMedia: open };
    const globals = {
      navigator: { userAgent, vendor, mediaDevices },
      document: { createElement: () => new FakeVideo() },
      HTMLVideoElement: FakeVideo,
      MediaStream: FakeStream,
      RTCPeerConnection: Object,
    };
    for (const [name, value] of Object.entries(globals)) {
      const before = Object.getOwnPropertyDescriptor(globalThis, name);
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
      t.after(() => {
        if (before) Object.defineProperty(globalThis, name, before);
        else Reflect.deleteProperty(globalThis, name);
      });
    }
  }

  display(): HTMLElement & FakeDisplay {
    return new FakeDisplay() as HTMLElement & FakeDisplay;
  }

  #listed(): unknown[] {
    return this.devices.map((device) => (this.shy && this.streams.length === 0 ? { ...device, label: "" } : device));
  }

  #open(constraints: MediaStreamConstraints): Promise<FakeStream> {
    this.asked.push(constraints);
    const refusal = this.refuse(constraints);
    if (refusal) return Promise.reject(refusal);
    const tracks: FakeTrack[] = [];
    if (constraints.audio) tracks.push(new FakeTrack("audio"));
    if (constraints.video) tracks.push(new FakeTrack("video", facing(constraints.video)));
    const stream = new FakeStream(tracks);
    this.streams.push(stream);
    return Promise.resolve(stream);
  }
}

function facing(video: boolean | MediaTrackConstraints): string {
  const mode = typeof video === "object" ? video.facingMode : undefined;
  return typeof mode === "object" && "exact" in mode ? String(mode.exact) : "video";
}
