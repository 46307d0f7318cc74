/** A webphone made of JsSIP. */
import * as JsSIP from "jssip";
import type { AnswerOptions, EndEvent, RTCSession } from "jssip/lib/RTCSession.js";
import type { RTCSessionEvent, UnRegisteredEvent } from "jssip/lib/UA.js";
import { type Account, Ear, Outcome, type Webphone, voice } from "./webphone.ts";

/** One call of its own. */
class Call {
  readonly up = new Outcome<void>();
  readonly over = new Outcome<void>();
  ear: Ear | undefined;

  constructor(readonly session: RTCSession) {
    // A call of its own has its connection at once, one that comes in once it is answered.
    const connection = session.connection as RTCPeerConnection | null;
    if (connection) this.ear = new Ear(connection);
    else session.on("peerconnection", ({ peerconnection }: { peerconnection: RTCPeerConnection }) => (this.ear = new Ear(peerconnection)));
    session.on("confirmed", () => this.up.resolve());
    session.on("ended", () => this.over.resolve());
    session.on("failed", (event: EndEvent) => {
      this.up.reject(new Error(`JsSIP: ${event.cause}`));
      this.over.resolve();
    });
  }
}

let ua: JsSIP.UA;
let account: Account;
let call: Call;
let incoming = new Outcome<string>();
const options = (): AnswerOptions => ({ mediaStream: voice(), pcConfig: { iceServers: [] } });

const phone: Webphone = {
  async register(its) {
    account = its;
    const [sockets, uri] = [[new JsSIP.WebSocketInterface(its.ws)], `sip:${its.user}@${its.host}`];
    ua = new JsSIP.UA({ sockets, uri, password: its.password, register: true, session_timers: false });
    const registered = new Outcome<void>();
    ua.on("registered", () => registered.resolve());
    ua.on("registrationFailed", (event: UnRegisteredEvent) => registered.reject(new Error(`JsSIP: ${event.cause ?? "failed"}`)));
    ua.on("newRTCSession", ({ originator, session }: RTCSessionEvent) => {
      if ((originator as string) !== "remote") return;
      call = new Call(session);
      incoming.resolve(session.remote_identity.uri.user);
    });
    ua.start();
    await registered.promise;
  },
  async unregister() {
    const gone = new Outcome<void>();
    ua.on("unregistered", () => gone.resolve());
    ua.unregister();
    await gone.promise;
    ua.stop();
  },
  async call(number) {
    call = new Call(ua.call(`sip:${number}@${account.host}`, options()));
    await call.up.promise;
  },
  async called() {
    const user = await incoming.promise;
    incoming = new Outcome();
    return user;
  },
  async accept() {
    call.session.answer(options());
    await call.up.promise;
  },
  async hangup() {
    call.session.terminate();
    await call.over.promise;
  },
  ended: () => call.over.promise,
  heard(seconds) {
    if (!call.ear) throw new Error("there is no connection");
    return call.ear.heard(seconds);
  },
};
window.webphone = phone;
