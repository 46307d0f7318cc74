// Handing a caller over: blind, or after asking first.
import { CALL_EVENT, CALL_STATUS, TRANSFER_STATUS, type Call, type Session } from "offhook";

/** Blind: the far end calls the target by itself. Resolves once it has, rejects if it could not: the call goes on then. */
export function transferTo(call: Call, target: string): Promise<void> {
  return new Promise((resolve, reject) => {
    call.on(CALL_EVENT.TRANSFER, (_, { status, error }) => {
      if (status === TRANSFER_STATUS.COMPLETED) resolve();
      else if (status === TRANSFER_STATUS.FAILED) reject(error ?? new Error("The transfer failed."));
    });
    call.transfer(target);
  });
}

/** Attended: the caller waits while the colleague is asked; `decide` says whether the colleague takes the call. */
export function consult(session: Session, caller: Call, colleague: string, decide: () => Promise<boolean>): Call {
  caller.holdForTransfer();
  const question = session.createCall({ callee: colleague });
  question.on(CALL_STATUS.ESTABLISHED, () => {
    void decide().then((takes) => {
      if (takes) {
        caller.transfer(question);
      } else {
        question.hangup();
        caller.unhold();
      }
    });
  });
  question.call();
  return question;
}
