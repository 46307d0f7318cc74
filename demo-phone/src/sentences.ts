import type { Call } from "offhook";
import { clockText } from "./duration.js";

/** What a call is doing, as a person would say it. */
export function statusText(call: Call, heldByUs: boolean): string {
  switch (call.status()) {
    case "NEW":
    case "PENDING":
      return call.isIncoming() ? "Connecting…" : "Calling…";
    case "TRYING":
    case "SESSION_PROGRESS":
      return "Calling…";
    case "RING":
    case "RING_MEDIA":
      return "Ringing…";
    case "ESTABLISHED":
      return "Connected";
    case "HOLD":
      return heldByUs ? "On hold" : "The other side has put you on hold";
    default:
      return "Ended";
  }
}

/**
 * How a call ended. `lasted` is in milliseconds, and absent for a call that was never connected; `hungUp` says whether
 * the person here ended it.
 */
export function endText(call: Call, lasted: number | undefined, hungUp: boolean): string {
  const peer = call.isIncoming() ? call.visibleName() : call.callee();
  const sip = call.getSipStatus();
  const code = sip !== undefined && sip >= 300 ? ` (SIP ${sip})` : "";
  // A call that is given up before anything is known of it counts as failed.
  const gaveUp = hungUp && !call.error();
  switch (gaveUp ? "FINISH" : call.status()) {
    case "BUSY":
      return `${call.getErrorInfo() || `${peer} is busy.`}${code}`;
    case "FAILED":
      return `${call.getErrorInfo() || call.getInfo() || "The call failed."}${code}`;
    default:
      if (lasted !== undefined) return `Call with ${peer} ended after ${clockText(lasted)}.`;
      if (!call.isIncoming()) return `Call to ${peer} ended.`;
      return hungUp ? `You declined a call from ${peer}.` : `Missed a call from ${peer}.`;
  }
}
