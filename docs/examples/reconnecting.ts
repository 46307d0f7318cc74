// What a page shows while the connection to the relay is away: the call goes on, and so does its sound.
import { CALL_EVENT, SESSION_EVENT, SESSION_STATUS, type Call, type Session } from "offhook";

export function showConnection(session: Session, show: (text: string) => void): void {
  session
    .on(SESSION_EVENT.RECONNECTING, () => show("The connection is being made again…"))
    .on(SESSION_EVENT.RECONNECTED, () => show(""))
    .on(SESSION_STATUS.DISCONNECTED, () => show(session.error()?.message ?? "Signed out."));
}

export function showMedia(call: Call, show: (text: string) => void): void {
  call.on(CALL_EVENT.MEDIA, (_, { state }) => show(state === "restarting" ? "The network has changed…" : ""));
}
