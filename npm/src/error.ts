/** Codes of failures that the relay reports. */
export type RelayErrorCode =
  | "badRequest"
  | "unknownRequest"
  | "helloRequired"
  | "versionUnsupported"
  | "tooLarge"
  | "invalidSessionState"
  | "invalidCallState"
  | "unknownCall"
  | "invalidField"
  | "resumeRejected"
  | "destinationForbidden"
  | "limitReached"
  | "unauthorized"
  | "notFound"
  | "busy"
  | "declined"
  | "noAnswer"
  | "noCommonCodecs"
  | "mediaFailed"
  | "unreachable"
  | "timeout"
  | "rejected"
  | "peerLost"
  | "shuttingDown"
  | "internal";

/** Codes of failures that happen in the browser. */
export type BrowserErrorCode =
  | "microphoneDenied"
  | "microphoneMissing"
  | "microphoneBusy"
  | "screenDenied"
  | "cannotSwitch"
  | "insecureContext"
  | "relayUnreachable"
  | "relayLost"
  | "wasmFailed"
  | "sdkCrashed";

/** Codes of errors thrown for a wrong use of the API. */
export type UsageErrorCode = "optionsMissing" | "invalidListener" | "notInitialized" | "notSupported";

/**
 * A stable code for what went wrong. Match on the code and show the message: the sentence may change between versions.
 * New codes may appear, so keep a default branch.
 */
export type ErrorCode = RelayErrorCode | BrowserErrorCode | UsageErrorCode | (string & {});

/** A failure as plain data. */
export interface FailureInfo {
  /** The stable code. */
  code: ErrorCode;
  /** A sentence that a person can act on. */
  message: string;
  /** The SIP status code behind the failure (RFC 3261 section 21), when a SIP answer caused it. */
  sipStatus?: number;
  /** The SIP reason phrase that came with it. */
  sipReason?: string;
  /** The option at fault, when one is. */
  field?: string;
}

/** Every failure of a session or a call: thrown, handed to a listener, or returned by `error()`. */
export class OffhookError extends Error implements FailureInfo {
  /** `OffhookError`. */
  override readonly name = "OffhookError";
  /** The stable code. */
  readonly code: ErrorCode;
  /** The SIP status code behind the failure, when a SIP answer caused it. */
  declare readonly sipStatus?: number;
  /** The SIP reason phrase that came with it. */
  declare readonly sipReason?: string;
  /** The option at fault, when one is. */
  declare readonly field?: string;

  /** Wraps `failure`; `options.cause` keeps the exception that led to it. */
  constructor(failure: FailureInfo, options?: ErrorOptions) {
    super(failure.message, options);
    this.code = failure.code;
    if (failure.sipStatus !== undefined) this.sipStatus = failure.sipStatus;
    if (failure.sipReason !== undefined) this.sipReason = failure.sipReason;
    if (failure.field !== undefined) this.field = failure.field;
  }
}

/** A `TypeError` for an argument that is missing or of the wrong kind, with a `code` like every other error. */
export type OffhookTypeError = TypeError & Pick<FailureInfo, "code" | "field">;

/** @internal */
export function typeError(code: ErrorCode, message: string, field?: string): OffhookTypeError {
  return Object.assign(new TypeError(message), field === undefined ? { code } : { code, field });
}

/** Whether the browser or its devices refused, rather than the network or the far end. @internal */
export function isLocal(code: ErrorCode): boolean {
  return /^(microphone|camera|device|screen|insecure)/.test(code);
}

/** What the core throws has the shape of a failure; anything else is a defect of the core and says so. @internal */
export function asError(thrown: unknown): OffhookError {
  if (thrown instanceof OffhookError) return thrown;
  if (isFailure(thrown)) return new OffhookError(thrown, { cause: thrown });
  return new OffhookError({ code: "internal", message: "The SDK met a condition it should not have." }, { cause: thrown });
}

function isFailure(value: unknown): value is FailureInfo {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "string" &&
    "message" in value &&
    typeof value.message === "string"
  );
}
