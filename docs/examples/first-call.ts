// The shortest useful page: connect, call, hang up.
import { CALL_STATUS, SESSION_STATUS, createSession, type Call } from "offhook";

export function callEcho(urlServer: string, show: (text: string) => void): () => void {
  let call: Call | undefined;
  const session = createSession({ urlServer, sipOptions: { login: "anna" } })
    .on(SESSION_STATUS.ESTABLISHED, () => {
      call = session
        .createCall({ callee: "echo" })
        .on(CALL_STATUS.RING, () => show("Ringing…"))
        .on(CALL_STATUS.ESTABLISHED, () => show("Speak: you hear yourself."))
        .on(CALL_STATUS.FINISH, () => show("Ended."))
        .on(CALL_STATUS.FAILED, (failed) => show(failed.getErrorInfo()));
      call.call();
    })
    .on(SESSION_STATUS.FAILED, (_, error) => show(error?.message ?? "The session failed."));
  return () => session.disconnect();
}
