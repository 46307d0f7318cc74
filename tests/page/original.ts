/**
 * The API that apps of the original are written against, as far as it concerns calls: typed from its specification and
 * not from our own types, so that the tests hold the one against the other.
 */

export type Names<T extends string> = Readonly<Record<T, string>>;

export interface Constants {
  SESSION_STATUS: Names<string>;
  CALL_STATUS: Names<string>;
  [group: string]: unknown;
}

export interface Device {
  id: string;
  label: string;
  type: "mic" | "speaker" | "camera";
}

export interface Devices {
  audio: Device[];
  video: Device[];
}

export interface OriginalSession {
  id(): string;
  status(): string;
  getServerUrl(): string;
  createCall(options: object): OriginalCall;
  createStream(options: object): unknown;
  getStream(id: string): unknown;
  getStreams(): unknown;
  sendData(data: object): Promise<unknown>;
  disconnect(): void;
  submitBugReport(report: object): void;
  startDebug(): void;
  stopDebug(): void;
  on(event: string, listener: (...args: never[]) => void): OriginalSession;
  getLogger(): unknown;
}

export interface StreamStats {
  audio?: Record<string, unknown>;
  video?: Record<string, unknown>;
}

export interface Stats {
  outboundStream: StreamStats;
  inboundStream: StreamStats;
  otherStats: unknown;
}

export interface OriginalCall {
  call(): void;
  answer(options?: object): void;
  hangup(): void;
  id(): string;
  getInfo(): string | undefined;
  getErrorInfo(): string | undefined;
  status(): string;
  getStats(listener: (stats: Stats) => void, native?: boolean): void;
  setAudioOutputId(id: string): Promise<void> | undefined;
  setVolume(volume: number): void;
  getVolume(): number;
  muteAudio(): void;
  unmuteAudio(): void;
  isAudioMuted(): boolean;
  muteVideo(): void;
  unmuteVideo(): void;
  isVideoMuted(): boolean;
  caller(): string;
  callee(): string;
  visibleName(): string;
  hold(): void;
  holdForTransfer(): void;
  unhold(): void;
  sendDTMF(digits: string, type?: string): void;
  transfer(target: string): void;
  on(event: string, listener: (...args: never[]) => void): OriginalCall;
  switchCam(id?: string): Promise<string>;
  switchMic(id?: string): Promise<string>;
  switchToScreen(source?: string, withoutExtension?: boolean): Promise<void>;
  switchToCam(): unknown;
  getLogger(): unknown;
  /** Ours beside the original's. */
  getSipStatus(): number | undefined;
}

export interface Original {
  init(options?: object): Promise<void>;
  isUsingTemasys(): boolean;
  getMediaProviders(): string[];
  getMediaDevices(provider?: string | null, labels?: boolean, kind?: string, constraints?: object): Promise<Devices>;
  getMobileDevices(provider?: string | null, kind?: string, constraints?: object): Promise<Devices>;
  getMediaAccess(constraints: object | null, display: HTMLElement, provider?: string, asGiven?: boolean): Promise<HTMLElement>;
  releaseLocalMedia(display: HTMLElement, provider?: string): boolean;
  getSessions(): OriginalSession[];
  getSession(id: string): OriginalSession | undefined;
  createSession(options?: object): OriginalSession;
  playFirstSound(noise?: unknown): void;
  playFirstVideo(display: HTMLElement, isLocal: boolean, src?: string, useControls?: boolean): Promise<unknown>;
  getLogger(): Record<string, (...args: unknown[]) => void>;
  constants: Constants;
  firefoxScreenSharingExtensionInstalled: boolean;
  Browser: Record<string, (...args: unknown[]) => unknown>;
}

declare global {
  interface Window {
    Flashphoner: Original;
  }
}
