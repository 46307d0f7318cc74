/** A SIP account, or a user of the relay itself. */
export interface SipOptions {
  /** User part of the address. No spaces, angle brackets or control characters. */
  login: string;
  /** User name for digest authentication, where it differs from `login`. */
  authenticationName?: string;
  /** The account's password. It goes to the relay and nowhere else; never into a log or an error. */
  password?: string;
  /**
   * Domain of the SIP account. Leave it out to be a user of the relay itself: local users call each other and the
   * service numbers with no SIP server anywhere.
   */
  domain?: string;
  /** Host, or host and port, that every SIP request is sent to first. */
  outboundProxy?: string;
  /** Port of the SIP server, 1 to 65535, as a number or as text. Absent, empty or 0: the default, 5060. */
  port?: number | string;
  /** How the relay speaks to the SIP server. Default `"udp"`. */
  transport?: "udp" | "tcp";
  /** Whether to register for incoming calls. Default `true` for a SIP account; a local user never needs it. */
  registerRequired?: boolean;
  /** The name that others see. Default: the login. */
  visibleName?: string;
}

/** Options of `createSession`. */
export interface SessionOptions {
  /** WebSocket address of the relay: `wss://host/ws`, or `ws://` on localhost. */
  urlServer: string;
  /** Who to be. */
  sipOptions: SipOptions;
  /**
   * Configuration of the peer connections, for STUN and TURN servers. The relay is reachable by itself, so most apps
   * need none.
   */
  mediaOptions?: RTCConfiguration;
}

/** What to ask the browser for, or the media itself. */
export interface CallConstraints extends MediaStreamConstraints {
  /** Sent as it is, instead of opening a device. It stays the app's: the end of the call does not stop it. */
  customStream?: MediaStream;
}

/** What both ends of a call can choose about media. */
export interface MediaChoice {
  /** Element to put the local media in: it gets one `<video>` child, muted, for the length of the call. */
  localVideoDisplay?: HTMLElement;
  /**
   * Element to put the remote media in: it gets one `<video>` child that plays the far end's sound, for the length of
   * the call. Without it the sound is played by an element that is not on the page.
   */
  remoteVideoDisplay?: HTMLElement;
  /** What to ask the browser for. Default: the microphone, no camera. */
  constraints?: CallConstraints;
  /** Whether to receive sound. Default `true`. */
  receiveAudio?: boolean;
  /** Whether to receive a picture. Default `false`. */
  receiveVideo?: boolean;
  /** Codecs to leave out, by name, separated by commas, such as `"G722,PCMA"`. */
  stripCodecs?: string;
}

/** Options of `session.createCall`. */
export interface CallOptions extends MediaChoice {
  /** Who to call: a number, a user's name or a SIP URI. */
  callee: string;
  /** The name the far end sees for this call. Default: the session's. */
  visibleName?: string;
}

/** Options of `call.answer`. */
export type AnswerOptions = MediaChoice;

/** How to send DTMF digits: as events in the media (RFC 4733, the successor of RFC 2833). */
export type DtmfType = "RFC2833";

/** Where the WebAssembly module comes from: its address, its bytes, its response, or the compiled module. */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/** Options of `init`. */
export interface InitOptions {
  /** Where to get the module, for bundlers that do not copy `offhook_sdk_bg.wasm`. Default: beside the script. */
  wasm?: WasmSource | Promise<WasmSource>;
}
