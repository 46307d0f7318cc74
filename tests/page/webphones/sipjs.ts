/** A webphone made of SIP.js. */
import { type Invitation, Inviter, Registerer, RegistererState, type Session, SessionState, UserAgent, Web } from "sip.js";
import { type Account, Ear, Outcome, type Webphone, voice } from "./webphone.ts";

/** One call of its own. */
class Call {
  readonly up = new Outcome<void>();
  readonly over = new Outcome<void>();

  constructor(readonly session: Session) {
    session.stateChange.addListener((state) => {
      if (state === SessionState.Established) this.up.resolve();
      if (state !== SessionState.Terminated) return;
      this.up.reject(new Error("SIP.js: the call ended"));
      this.over.resolve();
    });
  }

  private ears: Ear | undefined;

  get ear(): Ear {
    const connection = (this.session.sessionDescriptionHandler as Web.SessionDescriptionHandler).peerConnection;
    if (!connection) throw new Error("there is no connection");
    return (this.ears ??= new Ear(connection));
  }
}

const HANDLING = { constraints: { audio: true, video: false } };

let ua: UserAgent;
let registerer: Registerer;
let account: Account;
let call: Call;
let invited: Invitation;
let incoming = new Outcome<string>();

function uri(user: string): NonNullable<ReturnType<typeof UserAgent.makeURI>> {
  const made = UserAgent.makeURI(`sip:${user}@${account.host}`);
  if (!made) throw new Error(`no address: ${user}`);
  return made;
}

async function inState(wanted: RegistererState, ask: () => Promise<unknown>): Promise<void> {
  const reached = new Outcome<void>();
  registerer.stateChange.addListener((state) => {
    if (state === wanted) reached.resolve();
  });
  await ask();
  await reached.promise;
}

const phone: Webphone = {
  async register(its) {
    account = its;
    ua = new UserAgent({
      uri: uri(its.user),
      transportOptions: { server: its.ws },
      authorizationUsername: its.user,
      authorizationPassword: its.password,
      logLevel: "error",
      sessionDescriptionHandlerFactory: Web.defaultSessionDescriptionHandlerFactory(() => Promise.resolve(voice())),
      sessionDescriptionHandlerFactoryOptions: { peerConnectionConfiguration: { iceServers: [] }, iceGatheringTimeout: 500 },
      delegate: {
        onInvite(invitation) {
          invited = invitation;
          call = new Call(invitation);
          incoming.resolve(invitation.remoteIdentity.uri.user ?? "");
        },
      },
    });
    await ua.start();
    registerer = new Registerer(ua);
    const refused = new Outcome<never>();
    const onReject = (response: { message: { statusCode?: number | undefined } }): void =>
      refused.reject(new Error(`SIP.js: registration refused with ${response.message.statusCode ?? 0}`));
    await Promise.race([inState(RegistererState.Registered, () => registerer.register({ requestDelegate: { onReject } })), refused.promise]);
  },
  async unregister() {
    await inState(RegistererState.Unregistered, () => registerer.unregister());
    await ua.stop();
  },
  async call(number) {
    const inviter = new Inviter(ua, uri(number), { sessionDescriptionHandlerOptions: HANDLING });
    call = new Call(inviter);
    await inviter.invite();
    await call.up.promise;
  },
  async called() {
    const user = await incoming.promise;
    incoming = new Outcome();
    return user;
  },
  async accept() {
    await invited.accept({ sessionDescriptionHandlerOptions: HANDLING });
    await call.up.promise;
  },
  async hangup() {
    await call.session.bye();
    await call.over.promise;
  },
  ended: () => call.over.promise,
  heard: (seconds) => call.ear.heard(seconds),
};
window.webphone = phone;
