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
  transport?: "udp" | "tcp" | "tls";
  /** Whether to register for incoming calls. Default `true` for a SIP account; a local user never needs it. */
  registerRequired?: boolean;
  /** Whether to ask the SIP server what waits in the account's mailbox; `MESSAGE_WAITING` tells. Default `false`. */
  messageWaiting?: boolean;
  /** The name that others see. Default: the login. */
  visibleName?: string;
}

/** A SIP header, as it stands in a message. */
export interface SipHeader {
  /** Its name, such as `X-Account`. */
  name: string;
  /** Its value. */
  value: string;
}

/** Headers to send: as lines (`"X-Account: 7"`), as pairs, or as an object. */
export type SipHeaders = readonly string[] | readonly (readonly [name: string, value: string])[] | Readonly<Record<string, string>>;

/** Options of `createSession`. */
export interface SessionOptions {
  /** WebSocket address of the relay: `wss://host/ws`, or `ws://` on localhost. */
  urlServer: string;
  /** Who to be. May be left out with `authToken`. */
  sipOptions?: SipOptions;
  /**
   * Takes a session back that the relay still has: after a page reload, or after `disconnect` of a `keepAlive` session.
   * It comes with its registration and its calls. If the relay has it no more, a new one is opened with `sipOptions`.
   */
  authToken?: string;
  /** Whether the relay keeps the session, with its registration and its calls, while the page is gone. Default `false`. */
  keepAlive?: boolean;
  /**
   * Address of a load balancer, which names the relay to use: a JSON object with `server`, `ws` and `wss`. If it does
   * not answer within 5 seconds, `urlServer` is used.
   */
  lbUrl?: string;
  /** How long connecting may take, in milliseconds. Default: 10 seconds. */
  timeout?: number;
  /** How often to ask the relay for a sign of life, in milliseconds. Default: 15 seconds of silence. */
  pingInterval?: number;
  /** With `probesInterval`: after so many intervals without a word from the relay the connection counts as lost. */
  receiveProbes?: number;
  /** Length of such an interval, in milliseconds. */
  probesInterval?: number;
  /** How long a lost connection is tried for again, in milliseconds. Default: 5 minutes. 0: not at all. */
  reconnectTimeout?: number;
  /** A name for the application, which the relay hands to its operator. */
  appKey?: string;
  /** Anything that JSON can carry, for the relay's operator. */
  custom?: unknown;
  /**
   * Configuration of the peer connections, for STUN and TURN servers. The relay is reachable by itself, so most apps
   * need none.
   */
  mediaOptions?: RTCConfiguration;
  /** Where this session's log lines go. Default: where `init` said. */
  logger?: LoggerOptions;
}

/** What to ask the browser for of sound. */
export interface AudioConstraints extends MediaTrackConstraints {
  /** The device that plays the far end's sound. */
  outputId?: string;
  /** Whether to send two channels, for which echo cancellation is turned off. */
  stereo?: boolean;
}

/** What to ask the browser for of the picture. */
export interface VideoConstraints extends MediaTrackConstraints {
  /** `screen` for what the person chooses of the screen. Default: the camera. */
  type?: "screen" | "camera";
  /** The least that the picture may take, in kbit/s. */
  minBitrate?: number;
  /** The most that the picture may take, in kbit/s. */
  maxBitrate?: number;
}

/** What to ask the browser for, or the media itself. */
export interface CallConstraints extends MediaStreamConstraints {
  /** The microphone. */
  audio?: boolean | AudioConstraints;
  /** The camera, or the screen. */
  video?: boolean | VideoConstraints;
  /** Sent as it is, instead of opening a device. It stays the app's: the end of the call does not stop it. */
  customStream?: MediaStream;
}

/** What both ends of a call can choose about media. */
export interface MediaChoice {
  /**
   * Element to put the local media in: it gets one `<video>` child, muted, for the length of the call. A `<video>` of
   * the app's is used itself.
   */
  localVideoDisplay?: HTMLElement;
  /**
   * Element to put the remote media in: it gets one `<video>` child that plays the far end's sound, for the length of
   * the call, or is such a `<video>` itself. Without it the sound is played by an element that is not on the page.
   */
  remoteVideoDisplay?: HTMLElement;
  /** What to ask the browser for. Default: the microphone, no camera. */
  constraints?: CallConstraints;
  /** Whether to receive sound. Default `true`. */
  receiveAudio?: boolean;
  /** Whether to receive a picture: `true` asks for one, `false` refuses it. Default: one that is offered is taken. */
  receiveVideo?: boolean;
  /** Codecs to leave out, by name, separated by commas, such as `"G722,PCMA"`. */
  stripCodecs?: string;
  /** Changes what the relay describes of the media. Nothing, or an empty text, leaves it as it is. */
  sdpHook?: SdpHook;
  /** Lines to add to the session description that the SIP side gets, such as `"b=AS:64"`. */
  sipSDP?: readonly string[];
  /** Headers to send with the SIP request or answer. Those that the SIP stack owns are refused with `invalidField`. */
  sipHeaders?: SipHeaders;
}

/** Gets the relay's session description and returns the one to use (RFC 8866). */
export type SdpHook = (description: { sdpString: string }) => string | null | undefined;

/** Options of `session.createCall`. */
export interface CallOptions extends MediaChoice {
  /** Who to call: a number, a user's name or a SIP URI. */
  callee: string;
  /** The name the far end sees for this call. Default: the session's. */
  visibleName?: string;
  /** Whether the far end is not to see who calls: neither number nor name. Default `false`. */
  anonymous?: boolean;
  /** Anything that JSON can carry, up to 4 kB. The far end's app gets it from `call.getCustom()`. */
  custom?: unknown;
  /** Whether the local picture and its devices stay on after the call, for the next one. Default `false`. */
  cacheLocalResources?: boolean;
  /** What the picture shows, for the encoder: `motion`, `detail` or `text`. Default `motion`. */
  videoContentHint?: "motion" | "detail" | "text";
  /** Whether the videos have the browser's controls. Default `false`. */
  useControls?: boolean;
  /** Where this call's log lines go. Default: where the session's go. */
  logger?: LoggerOptions;
}

/** Options of `call.answer` and `call.attachMedia`. */
export type AnswerOptions = MediaChoice;

/**
 * How to send DTMF digits: as events in the media (RFC 4733, the successor of RFC 2833), or as SIP INFO requests with
 * `application/dtmf` or `application/dtmf-relay`.
 */
export type DtmfType = "RFC2833" | "INFO" | "INFO_RELAY";

/** How much is logged; each includes those before it. */
export type LogLevel = "ERROR" | "WARN" | "INFO" | "DEBUG" | "TRACE";

/** What takes log lines instead of the console. */
export interface CustomLogger {
  /** Something failed. */
  error: (text: unknown) => void;
  /** Something is not as it should be. */
  warn: (text: unknown) => void;
  /** Something happened. */
  info: (text: unknown) => void;
  /** Details. */
  debug: (text: unknown) => void;
  /** Every detail. */
  trace: (text: unknown) => void;
}

/** Where log lines go, and which. They never hold passwords, tokens or session descriptions. */
export interface LoggerOptions {
  /** What is logged. Default `"WARN"`. */
  severity?: LogLevel;
  /** Whether `submitBugReport` sends the latest lines along. Default `false`. */
  push?: boolean;
  /** Takes the lines instead of the console. */
  customLogger?: CustomLogger;
  /** Turns logging off. Default `true`. */
  enableLogs?: boolean;
}

/** Where the WebAssembly module comes from: its address, its bytes, its response, or the compiled module. */
export type WasmSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

/** Options of `init`. */
export interface InitOptions {
  /** Where to get the module, for bundlers that do not copy `offhook_sdk_bg.wasm`. Default: beside the script. */
  wasm?: WasmSource | Promise<WasmSource>;
  /** Where log lines go. Default: warnings and errors to the console. */
  logger?: LoggerOptions;
}
