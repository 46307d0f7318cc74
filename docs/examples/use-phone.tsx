// A React hook: one session for the length of the component, and its calls as state.
import { useCallback, useEffect, useState, type ReactElement } from "react";
import { CALL_STATUS, SESSION_EVENT, SESSION_STATUS, createSession } from "offhook";
import type { Call, CallStatus, OffhookError, Session, SessionStatus, SipOptions } from "offhook";

export interface PhoneCall {
  call: Call;
  status: CallStatus;
}

export interface Phone {
  status: SessionStatus;
  reconnecting: boolean;
  error: OffhookError | undefined;
  calls: PhoneCall[];
  dial: (callee: string) => void;
}

export function usePhone(urlServer: string, { login, password, domain }: SipOptions): Phone {
  const [session, setSession] = useState<Session>();
  const [status, setStatus] = useState<SessionStatus>(SESSION_STATUS.PENDING);
  const [reconnecting, setReconnecting] = useState(false);
  const [calls, setCalls] = useState<PhoneCall[]>([]);

  useEffect(() => {
    const account: SipOptions = { login, ...(password && { password }), ...(domain && { domain }) };
    const opened = createSession({ urlServer, sipOptions: account });
    const refresh = (): void => setCalls(opened.getCalls().map((call) => ({ call, status: call.status() })));
    for (const name of [SESSION_STATUS.CONNECTED, SESSION_STATUS.REGISTERED, SESSION_STATUS.UNREGISTERED] as const) {
      opened.on(name, () => setStatus(opened.status()));
    }
    opened
      .on(SESSION_STATUS.ESTABLISHED, () => setStatus(opened.status()))
      .on(SESSION_STATUS.DISCONNECTED, () => setStatus(opened.status()))
      .on(SESSION_STATUS.FAILED, () => setStatus(opened.status()))
      .on(SESSION_EVENT.RECONNECTING, () => setReconnecting(true))
      .on(SESSION_EVENT.RECONNECTED, () => setReconnecting(false))
      .on(SESSION_STATUS.INCOMING_CALL, (call) => watch(call, refresh));
    setSession(opened);
    // Strict mode mounts twice in development: the first session ends here, and its events with it.
    return () => opened.disconnect();
  }, [urlServer, login, password, domain]);

  const dial = useCallback((callee: string) => {
    if (!session) return;
    const call = session.createCall({ callee });
    watch(call, () => setCalls(session.getCalls().map((known) => ({ call: known, status: known.status() }))));
    call.call();
  }, [session]);

  return { status, reconnecting, error: session?.error(), calls, dial };
}

/** Calls `changed` now and at every status. A call that has ended is in no list any more when its status says so. */
function watch(call: Call, changed: () => void): void {
  for (const status of Object.values(CALL_STATUS)) call.on(status, changed);
  changed();
}

export function PhonePanel({ urlServer, account }: { urlServer: string; account: SipOptions }): ReactElement {
  const { status, reconnecting, error, calls, dial } = usePhone(urlServer, account);
  return (
    <section>
      <p>{reconnecting ? "Reconnecting…" : (error?.message ?? status)}</p>
      <button onClick={() => dial("echo")}>Call the echo</button>
      {calls.map(({ call, status: doing }) => (
        <p key={call.id()}>
          {call.isIncoming() ? call.visibleName() : call.callee()} {doing}
          {call.isIncoming() && doing === CALL_STATUS.RING && <button onClick={() => call.answer()}>Answer</button>}
          <button onClick={() => call.hangup()}>Hang up</button>
        </p>
      ))}
    </section>
  );
}
