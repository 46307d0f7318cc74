// An app for the Web Call Server's SDK, on modules instead of the script.
import Flashphoner, { constants, type Session } from "offhook/compat";

const { SESSION_STATUS, CALL_STATUS } = constants;

export function connect(urlServer: string, login: string, password: string, domain: string, show: (text: string) => void): Session {
  void Flashphoner.init();
  return Flashphoner.createSession({ urlServer, sipOptions: { login, password, domain, registerRequired: true } })
    .on(SESSION_STATUS.REGISTERED, (session) => {
      const call = session
        .createCall({ callee: "1002", constraints: { audio: true, video: false } })
        .on(CALL_STATUS.ESTABLISHED, () => show(CALL_STATUS.ESTABLISHED))
        .on(CALL_STATUS.FINISH, () => show(CALL_STATUS.FINISH))
        .on(CALL_STATUS.FAILED, () => show(call.getInfo()));
      call.call();
    })
    .on(SESSION_STATUS.FAILED, () => show(SESSION_STATUS.FAILED));
}
