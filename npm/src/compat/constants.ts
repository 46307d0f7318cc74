import { CALL_STATUS, CALL_STATUS_INFO, ERROR_INFO, SESSION_STATUS } from "../constants.js";

/** A frozen table in which every name stands for itself. */
function names<const N extends string>(...all: N[]): Readonly<{ [K in N]: K }> {
  return Object.freeze(Object.fromEntries(all.map((name) => [name, name]))) as Readonly<{ [K in N]: K }>;
}

/** Statuses of streams, which Offhook does not have: for apps that mention them. */
export const STREAM_STATUS = /* @__PURE__ */ names(
  "NEW",
  "PENDING",
  "PUBLISHING",
  "PLAYING",
  "PAUSED",
  "UNPUBLISHED",
  "STOPPED",
  "FAILED",
  "PLAYBACK_PROBLEM",
  "RESIZE",
  "SNAPSHOT_COMPLETE",
  "NOT_ENOUGH_BANDWIDTH",
);

/** Which devices `getMediaDevices` lists. */
export const MEDIA_DEVICE_KIND = /* @__PURE__ */ Object.freeze({ OUTPUT: "output", INPUT: "input", ALL: "all" } as const);

/** Transports of streams. */
export const TRANSPORT_TYPE = /* @__PURE__ */ names("UDP", "TCP");

/** Connection qualities of streams. */
export const CONNECTION_QUALITY = /* @__PURE__ */ names("PERFECT", "GOOD", "BAD", "UNKNOWN", "UPDATE");

/** An event of streams. */
export const STREAM_EVENT = "STREAM_EVENT";

/** Kinds of that event. */
export const STREAM_EVENT_TYPE = /* @__PURE__ */ Object.freeze({
  AUDIO_MUTED: "audioMuted",
  AUDIO_UNMUTED: "audioUnmuted",
  VIDEO_MUTED: "videoMuted",
  VIDEO_UNMUTED: "videoUnmuted",
  DATA: "data",
  SNAPSHOT_COMPLETED: "snapshotCompleted",
  SNAPSHOT_FAILED: "snapshotFailed",
  RESIZE: "resize",
  NOT_ENOUGH_BANDWIDTH: "notEnoughBandwidth",
} as const);

/** What a picture shows, for its encoder. */
export const CONTENT_HINT_TYPE = /* @__PURE__ */ Object.freeze({ MOTION: "motion", DETAIL: "detail", TEXT: "text" } as const);

/** Reasons that streams end for: for apps that compare with them. Nothing of Offhook gives one of them. */
export const STREAM_STATUS_INFO = /* @__PURE__ */ Object.freeze({
  FAILED_BY_ICE_ERROR: "Failed by ICE error",
  FAILED_BY_ICE_TIMEOUT: "Failed by ICE timeout",
  FAILED_BY_KEEP_ALIVE: "Failed by ICE keep alive",
  FAILED_BY_DTLS_FINGERPRINT_ERROR: "Failed by DTLS fingerprint error",
  FAILED_BY_DTLS_ERROR: "Failed by DTLS error",
  FAILED_BY_HLS_WRITER_ERROR: "Failed by HLS writer error",
  FAILED_BY_RTMP_WRITER_ERROR: "Failed by RTMP writer error",
  FAILED_BY_RTP_ACTIVITY: "Failed by RTP activity",
  STOPPED_BY_SESSION_DISCONNECT: "Stopped by session disconnect",
  STOPPED_BY_REST_TERMINATE: "Stopped by rest /terminate",
  STOPPED_BY_PUBLISHER_STOP: "Stopped by publisher stop",
  STOPPED_BY_USER: "Stopped by user",
  FAILED_BY_ERROR: "Failed by error",
  FAILED_TO_ADD_STREAM_TO_PROXY: "Failed to add stream to proxy",
  DISTRIBUTOR_STOPPED: "Distributor stopped",
  PUBLISH_STREAM_IS_NOT_READY: "Publish stream is not ready",
  STREAM_NOT_FOUND: "Stream not found",
  STREAM_NAME_ALREADY_IN_USE: "Stream name is already in use",
  MEDIASESSION_ID_NULL: "MediaSessionId is null",
  MEDIASESSION_ID_ALREADY_IN_USE: "MediaSessionId is already in use",
  SESSION_NOT_READY: "Session not ready",
  SESSION_DOES_NOT_EXIST: "Session does not exist",
  RTSP_HAS_WRONG_FORMAT: "Rtsp has wrong format",
  FILE_HAS_WRONG_FORMAT: "File has wrong format",
  FAILED_TO_CONNECT_TO_RTSP_STREAM: "Failed to connect to rtsp stream",
  RTSP_STREAM_NOT_FOUND: "Rtsp stream not found",
  RTSPAGENT_SHUTDOWN: "RtspAgent shutdown",
  STREAM_FAILED: "Stream failed",
  NO_COMMON_CODECS: "No common codecs",
  BAD_URI: "Bad URI",
  GOT_EXCEPTION_WHILE_STREAMING_FILE: "Got exception while streaming file",
  REQUESTED_STREAM_SHUTDOWN: "Requested stream shutdown",
  FAILED_TO_READ_FILE: "Failed to read file",
  FILE_NOT_FOUND: "File not found",
  FAILED_TO_CONNECT_TO_ORIGIN_STREAM: "Failed to connect to origin stream",
  CDN_STREAM_NOT_FOUND: "CDN stream not found",
  FAILED_TO_GET_AGENT_STORAGE: "Failed to get agent storage",
  AGENT_SERVICING_ORIGIN_STREAM_IS_SHUTTING_DOWN: "Agent servicing origin stream is shutting down",
  TERMINATED_BY_KEEP_ALIVE: "Terminated by keep-alive",
  TRANSCODING_REQUIRED_BUT_DISABLED: "Transcoding required, but disabled",
  RESTRICTED_ACCESS: "Restricted access",
  NO_AVAILABLE_TRANSCODERS: "No available transcoders",
} as const);

/** `Flashphoner.constants`. */
export const constants = /* @__PURE__ */ Object.freeze({
  SESSION_STATUS,
  STREAM_STATUS,
  CALL_STATUS,
  STREAM_STATUS_INFO,
  CALL_STATUS_INFO,
  ERROR_INFO,
  MEDIA_DEVICE_KIND,
  TRANSPORT_TYPE,
  CONNECTION_QUALITY,
  STREAM_EVENT,
  STREAM_EVENT_TYPE,
  CONTENT_HINT_TYPE,
});
