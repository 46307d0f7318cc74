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

/** Events of a session that are not statuses. */
export const SESSION_EVENT = Object.freeze({
  /** The connection to the relay is lost and being made again. Calls keep their sound; requests wait. */
  RECONNECTING: "RECONNECTING",
  /** The connection is there again, and everything missed has been caught up with. */
  RECONNECTED: "RECONNECTED",
  /** Somebody sent a text over SIP. */
  MESSAGE: "MESSAGE",
  /** A text that this app sent has been taken, or nobody took it. */
  MESSAGE_STATUS: "MESSAGE_STATUS",
  /** Messages wait in the account's mailbox, or none any more. */
  MESSAGE_WAITING: "MESSAGE_WAITING",
} as const);

/** One of {@link SESSION_EVENT}. */
export type SessionEvent = (typeof SESSION_EVENT)[keyof typeof SESSION_EVENT];

/** Events of a call that are not statuses. */
export const CALL_EVENT = Object.freeze({
  /** The far end pressed a key. */
  DTMF: "DTMF",
  /** A transfer of this call goes on, is done, or has failed. */
  TRANSFER: "TRANSFER",
  /** The far end is somebody else now, because it was transferred. */
  PARTY_CHANGED: "PARTY_CHANGED",
  /** The network has changed: the call's media looks for a new way, or has found it. */
  MEDIA: "MEDIA",
  /** The sound has turned bad at one end, or is good again. */
  QUALITY: "QUALITY",
} as const);

/** One of {@link CALL_EVENT}. */
export type CallEvent = (typeof CALL_EVENT)[keyof typeof CALL_EVENT];

/** How a transfer goes on: `TRYING`, perhaps `RING`, then `COMPLETED` or `FAILED`. */
export const TRANSFER_STATUS = Object.freeze({
  TRYING: "TRYING",
  RING: "RING",
  COMPLETED: "COMPLETED",
  FAILED: "FAILED",
} as const);

/** One of {@link TRANSFER_STATUS}. */
export type TransferStatus = (typeof TRANSFER_STATUS)[keyof typeof TRANSFER_STATUS];

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

/** Texts of the errors that the SDK throws when it is used wrongly, and of what devices refuse. */
export const ERROR_INFO = Object.freeze({
  NONE_OF_MEDIAPROVIDERS_AVAILABLE: "None of MediaProviders available",
  NONE_OF_PREFERRED_MEDIAPROVIDERS_AVAILABLE: "None of preferred MediaProviders available",
  FLASHPHONER_API_NOT_INITIALIZED: "Flashphoner API is not initialized",
  OPTIONS_URLSERVER_MUST_BE_PROVIDED: "options.urlServer must be provided",
  INVALID_SESSION_STATE: "Invalid session state",
  OPTIONS_MUST_BE_PROVIDED: "options must be provided",
  INVALID_CALL_STATE: "Invalid call state",
  EVENT_CANT_BE_NULL: "Event can't be null",
  CALLBACK_NEEDS_TO_BE_A_VALID_FUNCTION: "Callback needs to be a valid function",
  OPTIONS_NAME_MUST_BE_PROVIDED: "options.name must be provided",
  CAN_NOT_SWITCH_CAM: "Number of cams is less than 2 or camera is already used by other application",
  CAN_NOT_SWITCH_MIC: "Number of mics is less than 2 or microphone is already used by other application",
  CAN_NOT_SET_RESOLUTION: "Cannot switch a published stream resolution",
  CAN_NOT_GET_STATS: "Cannot get PeerConnection stats",
  LOCAL_ERROR: "Local error",
} as const);
