// A page that is loaded again takes its session and its live call back.
import { CALL_STATUS, SESSION_STATUS, createSession, type Call, type Session, type SipOptions } from "offhook";

const KEY = "phone-session";

export function connect(urlServer: string, sipOptions: SipOptions, show: (call: Call) => void): Session {
  // The token is a secret of this tab: it lasts as long as the tab, and no other page sees it.
  const authToken = sessionStorage.getItem(KEY);
  const session = createSession({ urlServer, sipOptions, keepAlive: true, ...(authToken && { authToken }) });
  // Once: it fires again after the relay was started again, when there are only calls of this page.
  const takeBack = () => {
    session.off(SESSION_STATUS.ESTABLISHED, takeBack);
    for (const call of session.getCalls()) {
      show(call);
      call.attachMedia({ constraints: { audio: true } });
    }
  };
  session
    .on(SESSION_STATUS.ESTABLISHED, takeBack)
    .on(SESSION_STATUS.ESTABLISHED, (_, connection) => {
      if (connection.authToken) sessionStorage.setItem(KEY, connection.authToken);
    })
    .on(SESSION_STATUS.INCOMING_CALL, (call) => {
      show(call);
      call.on(CALL_STATUS.FAILED, () => show(call));
    });
  return session;
}

export function leave(session: Session): void {
  sessionStorage.removeItem(KEY);
  session.disconnect();
}
