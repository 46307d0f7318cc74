/**
 * What a session is doing, and the names of the events it fires.
 *
 * On the way up: `PENDING`, `CONNECTED`, `ESTABLISHED`, and `REGISTERED` for an account that registers.
 * At the end: `DISCONNECTED` or `FAILED`. `WARN`, `DEBUG`, `APP_DATA`, `SEND_DATA_STATUS` and `INCOMING_CALL` are
 * events only: they do not change `session.status()`.
 */
export const SESSION_STATUS = Object.freeze({
  CONNECTED: "CONNECTED",
  ESTABLISHED: "ESTABLISHED",
  DISCONNECTED: "DISCONNECTED",
  WARN: "WARN",
  FAILED: "FAILED",
  DEBUG: "DEBUG",
  APP_DATA: "APP_DATA",
  SEND_DATA_STATUS: "SEND_DATA_STATUS",
  PENDING: "PENDING",
  REGISTERED: "REGISTERED",
  UNREGISTERED: "UNREGISTERED",
  INCOMING_CALL: "INCOMING_CALL",
} as const);

/** One of {@link SESSION_STATUS}. */
export type SessionStatus = (typeof SESSION_STATUS)[keyof typeof SESSION_STATUS];

/**
 * What a call is doing, and the names of the events it fires.
 *
 * Outgoing: `NEW`, `PENDING`, `TRYING`, `RING`, `ESTABLISHED`. Incoming: `NEW`, `RING`, `PENDING` once answered,
 * `ESTABLISHED`. `BUSY`, `FINISH` and `FAILED` are the end: nothing follows them. `NEW` and `PENDING` are read with
 * `call.status()` and never fired.
 */
export const CALL_STATUS = Object.freeze({
  NEW: "NEW",
  RING: "RING",
  RING_MEDIA: "RING_MEDIA",
  HOLD: "HOLD",
  ESTABLISHED: "ESTABLISHED",
  FINISH: "FINISH",
  BUSY: "BUSY",
  SESSION_PROGRESS: "SESSION_PROGRESS",
  FAILED: "FAILED",
  PENDING: "PENDING",
  TRYING: "TRYING",
} as const);

/** One of {@link CALL_STATUS}. */
export type CallStatus = (typeof CALL_STATUS)[keyof typeof CALL_STATUS];

/** Events of a call that are not statuses. */
export const CALL_EVENT = Object.freeze({
  /** The far end pressed a key. */
  DTMF: "DTMF",
} as const);

/** One of {@link CALL_EVENT}. */
export type CallEvent = (typeof CALL_EVENT)[keyof typeof CALL_EVENT];

/** Why a call ended, as `call.getInfo()` says it when the relay knows one of these reasons. */
export const CALL_STATUS_INFO = Object.freeze({
  NORMAL_CALL_CLEARING: "Normal call clearing",
  FAILED_BY_SESSION_CREATION: "Failed by session creation",
  FAILED_BY_ICE_ERROR: "Failed by ICE error",
  FAILED_BY_RTP_ACTIVITY: "Failed by RTP activity",
  FAILED_BY_RTMP_WRITER_ERROR: "Failed by RTMP writer error",
  FAILED_BY_DTLS_FINGERPRINT_ERROR: "Failed by DTLS fingerprint error",
  NO_COMMON_CODECS: "No common codecs",
  FAILED_BY_DTLS_ERROR: "Failed by DTLS error",
  FAILED_BY_ERROR: "Failed by error",
  FAILED_BY_REQUEST_TIMEOUT: "Failed by request timeout",
  TRANSCODING_REQUIRED_BUT_DISABLED: "Transcoding required, but disabled",
} as const);

/** Texts of the errors that the SDK throws when it is used wrongly. */
export const ERROR_INFO = Object.freeze({
  OPTIONS_URLSERVER_MUST_BE_PROVIDED: "options.urlServer must be provided",
  INVALID_SESSION_STATE: "Invalid session state",
  OPTIONS_MUST_BE_PROVIDED: "options must be provided",
  INVALID_CALL_STATE: "Invalid call state",
  EVENT_CANT_BE_NULL: "Event can't be null",
  CALLBACK_NEEDS_TO_BE_A_VALID_FUNCTION: "Callback needs to be a valid function",
  LOCAL_ERROR: "Local error",
} as const);
