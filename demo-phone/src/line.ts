import type { Call, CallStatus } from "offhook";
import { statusText } from "./sentences.js";

/** A call of the phone. */
export interface Line {
  call: Call;
  status: CallStatus;
  /** The status in words. */
  text: string;
  /** Who is at the other end. */
  peer: string;
  /** When the two ends were connected, in milliseconds of the phone's clock. */
  since: number | undefined;
  muted: boolean;
  /** Whether the call is on hold and the hold is ours to end. */
  held: boolean;
  /** Whether we have asked for a hold. */
  holdAsked: boolean;
  /** Whether the person here has ended the call. */
  hungUp: boolean;
  /** Keys that the far end pressed. */
  received: string;
  /** Keys pressed here. */
  sent: string;
  /** How a transfer goes on, in words. */
  transfer: string;
  /** Whether the far end has been handed over: the call ends for a good reason. */
  transferred: boolean;
}

export function newLine(call: Call, peer: string): Line {
  return {
    call, peer, status: call.status(), text: statusText(call, false), since: undefined, muted: false, held: false,
    holdAsked: false, hungUp: false, received: "", sent: "", transfer: "", transferred: false,
  };
}

/** Takes over what the call is doing now. */
export function refresh(line: Line): void {
  line.status = line.call.status();
  line.held = line.status === "HOLD" && line.holdAsked;
  line.text = statusText(line.call, line.held);
}

/** Whether the call waits for an answer here. */
export function rings({ call, status }: Line): boolean {
  return call.isIncoming() && (status === "NEW" || status === "RING");
}
