import type * as plain from "../api.js";

/** What a call is made with. Everything of the plain API, and what only this one knows. */
export interface CallOptions extends plain.CallOptions, Extras {
  /** Whether to tell the server about the devices. Has no effect: nobody is told. */
  collectDeviceInfo?: boolean;
}

/** What a call is answered with. */
export type AnswerOptions = plain.AnswerOptions & Extras;

/** What only this API knows of calls. */
export interface Extras {
  /** Has no effect: there is WebRTC only. */
  mediaProvider?: string;
  /** Leaves the constraints as they are: no size or rate is filled in. */
  disableConstraintsNormalization?: boolean;
}

/** Account as the app for the Web Call Server gives it. */
export interface SipOptions extends plain.SipOptions {
  /** Used where `outboundProxy` is missing. */
  proxy?: string;
  /** Has no effect. */
  useProxy?: boolean;
}

/** Options of `createSession`. */
export interface SessionOptions extends Omit<plain.SessionOptions, "sipOptions"> {
  /** Who to be. May be left out with `authToken`. */
  sipOptions?: SipOptions;
  /** Has no effect: no client information is sent. */
  sendClientInfo?: boolean;
  /** Has no effect. */
  flashProto?: string;
  /** Has no effect. */
  flashPort?: number;
}

/** Options of `init`. */
export interface InitOptions extends Omit<plain.InitOptions, "logger"> {
  /** Where log lines go; `null` for nowhere. Default: everything from `INFO` on to the console. */
  logger?: plain.LoggerOptions | null;
  /** Is called with the names of the media providers: `["WebRTC"]`. */
  mediaProvidersReadyCallback?: (names: string[]) => void;
  /** The providers to use. Without `WebRTC` among them there is none. */
  preferredMediaProviders?: string[];
  /** What calls ask for when they do not say. Default: microphone, and a picture of 320 by 240. */
  constraints?: plain.CallConstraints;
  /** Options of other media providers, and of what is not needed here. They have no effect. */
  [other: string]: unknown;
}

/** What `ESTABLISHED` hands over. */
export interface Connection extends plain.Connection {
  /** Always `ESTABLISHED`. */
  status: "ESTABLISHED";
  /** As it was given, or `defaultApp`. */
  appKey: string;
  /** As it was given. */
  custom: unknown;
}

/** What `WARN` hands over. */
export interface Warning {
  /** What is wrong, in a sentence. */
  info: string;
  /** The stable code. */
  code: plain.ErrorCode;
  /** The SIP status code behind it, when there was one. */
  sipStatus: number | undefined;
  /** The phrase that came with it. */
  sipReason: string | undefined;
}

/** What listeners of a session get. */
export interface SessionEvents {
  /** The socket to the relay is open. */
  CONNECTED: [session: Session, connection: undefined];
  /** The relay has taken the session: calls can be made. */
  ESTABLISHED: [session: Session, connection: Connection];
  /** The SIP server has registered the account: calls come in. */
  REGISTERED: [session: Session, connection: undefined];
  /** The account is not registered any more. */
  UNREGISTERED: [session: Session, connection: undefined];
  /** The session is over. */
  DISCONNECTED: [session: Session, connection: undefined];
  /** The session could not be opened. */
  FAILED: [session: Session, connection: undefined];
  /** Somebody calls. */
  INCOMING_CALL: [call: plain.Call];
  /** Something went wrong that ends nothing; also a lost connection, and that it is there again. */
  WARN: [warning: Warning];
  /** Not fired. */
  PENDING: [session: Session];
  /** The relay began or ceased to log what this session does. */
  DEBUG: [state: plain.DebugState];
  /** Another app sent data. */
  APP_DATA: [data: plain.AppData];
  /** Data that this app sent has arrived, or nobody got it. */
  SEND_DATA_STATUS: [status: plain.SendDataStatus];
}

/** A connection to the relay in the name of one user. An event has one listener: a later one takes its place. */
export interface Session extends Omit<plain.Session, "createCall" | "disconnect" | "on" | "off"> {
  /** Prepares an outgoing call; `call.call()` makes it. */
  createCall(options: CallOptions): plain.Call;
  /** Ends the session and its calls. A `keepAlive` session stays at the relay, for `authToken`. */
  disconnect(): void;
  /** Throws: Offhook has no streams. */
  createStream(options?: unknown): never;
  /** Throws: Offhook has no streams. */
  getStream(id?: string): never;
  /** Throws: Offhook has no streams. */
  getStreams(): never;
  /** Sets the listener of an event. */
  on<E extends keyof SessionEvents>(event: E, listener: (...args: SessionEvents[E]) => void): this;
  /** Removes the listener of an event. */
  off(event: keyof SessionEvents): this;
}
