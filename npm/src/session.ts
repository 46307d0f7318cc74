import type { Call } from "./call.js";
import type { SessionStatus } from "./constants.js";
import type { OffhookError } from "./error.js";
import type { Logger } from "./logger.js";
import type { CallOptions } from "./options.js";

/** What the relay says about an open session. */
export interface Connection {
  /** The user's login, as the relay uses it. */
  sipLogin: string;
  /** Takes the session back after a lost connection. A secret: keep it out of logs and addresses. */
  authToken: string | undefined;
  /** How long the relay keeps the session while the page is gone, in milliseconds; only with `keepAlive`. */
  keepAliveMs: number | undefined;
}

/** Data that another app sent. */
export interface AppData {
  /** What it sent. */
  payload: unknown;
  /** The sender's login. */
  from: string | undefined;
  /** The call that it belongs to, if it came through one. */
  callId: string | undefined;
}

/** What became of data that this app sent. */
export interface SendDataStatus {
  /** A name for the sending. */
  operationId: string;
  /** `ACCEPTED` once somebody has it. */
  status: "ACCEPTED" | "FAILED";
  /** Why nobody got it. */
  info?: string;
}

/** A text that came over SIP. */
export interface TextMessage {
  /** The sender's number, user name or address. */
  from: string;
  /** The sender's name, if it says one. */
  visibleName: string | undefined;
  /** What it says. */
  text: string;
}

/** What became of a text that this app sent. */
export interface MessageStatus {
  /** The name that `sendMessage` gave it. */
  messageId: string;
  /** `ACCEPTED` once the SIP side has taken it. */
  status: "ACCEPTED" | "FAILED";
  /** Why nobody took it. */
  error: OffhookError | undefined;
}

/** What waits in the account's mailbox. */
export interface MessageWaiting {
  /** Whether anything does. */
  waiting: boolean;
  /** Voice messages that were not heard yet, where the server counts them. */
  newMessages: number | undefined;
  /** Voice messages that were heard. */
  oldMessages: number | undefined;
}

/** Whether the relay writes the session's doings into its log. */
export interface DebugState {
  /** Whether it does. */
  enabled: boolean;
}

/** What listeners of a session get. */
export interface SessionEvents {
  /** The socket to the relay is open. */
  CONNECTED: [session: Session];
  /** The relay has taken the session: calls can be made. */
  ESTABLISHED: [session: Session, connection: Connection];
  /** The SIP server has registered the account: calls come in. */
  REGISTERED: [session: Session];
  /** The account is not registered any more, or could not be. */
  UNREGISTERED: [session: Session, error: OffhookError | undefined];
  /** The session is over: closed by the app, or its connection to the relay was lost (`session.error()` says which). */
  DISCONNECTED: [session: Session];
  /** The session could not be opened, or its account was refused. */
  FAILED: [session: Session, error: OffhookError | undefined];
  /** Somebody calls. `RING` of the call follows. */
  INCOMING_CALL: [call: Call];
  /** Something went wrong that ends nothing, such as a refused registration. */
  WARN: [error: OffhookError];
  /** Not fired. */
  PENDING: [session: Session];
  /** The relay began or ceased to log what this session does. */
  DEBUG: [state: DebugState];
  /** Another app sent data. */
  APP_DATA: [data: AppData];
  /** Data that this app sent has arrived, or nobody got it. */
  SEND_DATA_STATUS: [status: SendDataStatus];
  /** Somebody sent a text over SIP. */
  MESSAGE: [message: TextMessage];
  /** A text that this app sent has been taken, or nobody took it. */
  MESSAGE_STATUS: [status: MessageStatus];
  /** What waits in the account's mailbox has changed. */
  MESSAGE_WAITING: [waiting: MessageWaiting];
  /** The connection to the relay is lost and being made again. Calls keep their sound; requests wait. */
  RECONNECTING: [session: Session, error: OffhookError | undefined];
  /** The connection is there again. What was missed follows, in order. */
  RECONNECTED: [session: Session];
}

/** How to leave a session. */
export interface DisconnectOptions {
  /** Leaves the session and its registration to the relay, for the keep-alive time; only with `keepAlive`. */
  keep?: boolean;
}

/** Whom data is for. */
export interface SendDataOptions {
  /** A local user's login. Default: the far ends of this session's connected calls. */
  to?: string;
}

/** A connection to the relay in the name of one user. */
export interface Session {
  /** A name for the session: a UUID. */
  id(): string;
  /** What the session is doing. */
  status(): SessionStatus;
  /** The relay's address, as it was given. */
  getServerUrl(): string;
  /** The calls that have not ended, oldest first; after `authToken` also those that the relay still had. */
  getCalls(): Call[];
  /** Why the session failed. */
  error(): OffhookError | undefined;
  /**
   * Prepares an outgoing call; `call.call()` makes it.
   * @throws OffhookError `invalidSessionState` unless the session is `ESTABLISHED`, `REGISTERED` or `UNREGISTERED`.
   * @throws TypeError without options or a callee.
   */
  createCall(options: CallOptions): Call;
  /**
   * Sends anything that JSON can carry, up to 16 kB, to the apps at the far ends of this session's calls, or to a
   * local user. Resolves once somebody has it, rejects with `notFound` when nobody could get it.
   */
  sendData(data: unknown, options?: SendDataOptions): Promise<SendDataStatus>;
  /**
   * Sends a text, up to 8 kB, to a number, user or SIP address over the account's SIP server. Returns a name for it,
   * with which `MESSAGE_STATUS` tells what becomes of it.
   */
  sendMessage(to: string, text: string): string;
  /** Hands a text or an object to the relay's log, for its operator. */
  submitBugReport(report: unknown): void;
  /** Has this page and the relay log more of what the session does. `DEBUG` follows. */
  startDebug(): void;
  /** Ends that. */
  stopDebug(): void;
  /** Ends the session and its calls, and its registration unless it is kept. `DISCONNECTED` follows. */
  disconnect(options?: DisconnectOptions): void;
  /** What writes this session's log lines. */
  getLogger(): Logger;
  /** Adds a listener. Several may listen to one event. */
  on<E extends keyof SessionEvents>(event: E, listener: (...args: SessionEvents[E]) => void): this;
  /** Removes a listener, or every listener of the event. */
  off<E extends keyof SessionEvents>(event: E, listener?: (...args: SessionEvents[E]) => void): this;
}
