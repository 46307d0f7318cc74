// The messages of the offhook.v1 WebSocket subprotocol.
// Made from the Rust types of offhook-protocol; `UPDATE_BINDINGS=1 cargo test -p offhook-protocol` writes it anew.

/**
 * A request: an id chosen by the browser, unique on its socket, and what is asked.
 */
export type Request = { 
/**
 * Returned in the one reply to this request.
 */
id: number, } & ({ "type": "hello" } & Hello | { "type": "openSip" } & OpenSip | { "type": "openLocal" } & OpenLocal | { "type": "resume" } & Resume | { "type": "close" } & Close | { "type": "call" } & StartCall | { "type": "ring" } & CallRef | { "type": "answer" } & AnswerCall | { "type": "hangup" } & CallRef | { "type": "hold" } & HoldCall | { "type": "unhold" } & CallRef | { "type": "dtmf" } & SendDtmf | { "type": "sdp" } & CallAnswerSdp | { "type": "offer" } & CallOfferSdp | { "type": "transfer" } & TransferCall | { "type": "sendData" } & SendData | { "type": "message" } & SendMessage | { "type": "report" } & BugReport | { "type": "debug" } & DebugSession | { "type": "stats" } & CallRef | { "type": "ping" } & Ping);

/**
 * Everything a browser can ask. `type` on the wire is the variant's name in camel case.
 */
export type RequestBody = { "type": "hello" } & Hello | { "type": "openSip" } & OpenSip | { "type": "openLocal" } & OpenLocal | { "type": "resume" } & Resume | { "type": "close" } & Close | { "type": "call" } & StartCall | { "type": "ring" } & CallRef | { "type": "answer" } & AnswerCall | { "type": "hangup" } & CallRef | { "type": "hold" } & HoldCall | { "type": "unhold" } & CallRef | { "type": "dtmf" } & SendDtmf | { "type": "sdp" } & CallAnswerSdp | { "type": "offer" } & CallOfferSdp | { "type": "transfer" } & TransferCall | { "type": "sendData" } & SendData | { "type": "message" } & SendMessage | { "type": "report" } & BugReport | { "type": "debug" } & DebugSession | { "type": "stats" } & CallRef | { "type": "ping" } & Ping;

/**
 * The version handshake.
 */
export type Hello = { 
/**
 * The protocol version, [`crate::VERSION`].
 */
version: number, 
/**
 * The client's name and version, for the relay's log.
 */
client: string, };

/**
 * A SIP account to act for.
 */
export type OpenSip = { 
/**
 * The user part of the address of record.
 */
login: string, 
/**
 * The user name of digest authentication, where it differs from `login`.
 */
authenticationName?: string | null, 
/**
 * The digest password.
 */
password: Secret, 
/**
 * The domain of the address of record.
 */
domain: string, 
/**
 * Host (and port) that every request is sent to first.
 */
outboundProxy?: string | null, 
/**
 * The server's port; absent or 0 means the default.
 */
port?: number | null, 
/**
 * `udp` (default), `tcp` or `tls`.
 */
transport?: string | null, 
/**
 * Whether to send REGISTER.
 */
register: boolean, 
/**
 * Whether to watch the account's mailbox: [`crate::event::MessageWaiting`] tells of it.
 */
messageWaiting?: boolean, 
/**
 * The display name others see.
 */
visibleName?: string | null, 
/**
 * The session, with its registration and its calls, outlives the page for the relay's keep-alive time.
 */
keepAlive?: boolean, 
/**
 * The app's key, for the relay's log.
 */
appKey?: string | null, 
/**
 * Whatever the app wants to say of itself, as JSON text.
 */
custom?: Secret | null, };

/**
 * A user of the relay's own domain.
 */
export type OpenLocal = { 
/**
 * The user's name.
 */
login: string, 
/**
 * The user's password, where the relay's configuration names one.
 */
password?: Secret | null, 
/**
 * The display name others see.
 */
visibleName?: string | null, 
/**
 * The session, with its registration and its calls, outlives the page for the relay's keep-alive time.
 */
keepAlive?: boolean, 
/**
 * The app's key, for the relay's log.
 */
appKey?: string | null, 
/**
 * Whatever the app wants to say of itself, as JSON text.
 */
custom?: Secret | null, };

/**
 * A claim on a session whose socket was lost.
 */
export type Resume = { 
/**
 * The token the session was opened with.
 */
token: Secret, 
/**
 * The sequence number of the last event seen; 0 for none.
 */
lastSeq: number, 
/**
 * The page has nothing of the session, as after a reload: `last_seq` means nothing, no event is repeated, and the
 * reply lists the calls.
 */
fresh?: boolean, };

/**
 * Ends the session.
 */
export type Close = { 
/**
 * Ends the calls, but keeps the session and its registration for the keep-alive time, if it was opened for that.
 */
keep?: boolean, };

/**
 * Nothing but a sign of life.
 */
export type Ping = Record<symbol, never>;

/**
 * A call to be made.
 */
export type StartCall = { 
/**
 * Chosen by the SDK (a UUID), unique in the session.
 */
callId: string, 
/**
 * A number, a user name or a SIP URI.
 */
callee: string, 
/**
 * The browser's SDP offer.
 */
sdp: string, 
/**
 * The display name for this call.
 */
visibleName?: string | null, 
/**
 * Whether the caller's number is hidden from the callee.
 */
anonymous?: boolean, 
/**
 * Whether the offer has video.
 */
hasVideo: boolean, 
/**
 * Headers of the app's own for the SIP request or answer.
 */
headers?: Array<Header>, 
/**
 * Lines to be added to the session description on the SIP side.
 */
sipSdp?: Array<string>, 
/**
 * Whatever the app wants to say to the app at the far end, as JSON text.
 */
custom?: Secret | null, };

/**
 * A request that says only which call it is about.
 */
export type CallRef = { 
/**
 * The call.
 */
callId: string, };

/**
 * The answer to an incoming call.
 */
export type AnswerCall = { 
/**
 * The call.
 */
callId: string, 
/**
 * The browser's SDP answer.
 */
sdp: string, 
/**
 * Whether the answer has video.
 */
hasVideo?: boolean, 
/**
 * Headers of the app's own for the SIP request or answer.
 */
headers?: Array<Header>, 
/**
 * Lines to be added to the session description on the SIP side.
 */
sipSdp?: Array<string>, };

/**
 * The browser's SDP answer within a call.
 */
export type CallAnswerSdp = { 
/**
 * The call.
 */
callId: string, 
/**
 * The SDP answer.
 */
sdp: string, };

/**
 * An SDP offer of the browser within a call: other ICE credentials (an ICE restart, RFC 8445 section 9), other media, or
 * the new peer connection of a page that was reloaded.
 */
export type CallOfferSdp = { 
/**
 * The call.
 */
callId: string, 
/**
 * The SDP offer.
 */
sdp: string, };

/**
 * A call to be put on hold.
 */
export type HoldCall = { 
/**
 * The call.
 */
callId: string, 
/**
 * A transfer is meant to follow.
 */
forTransfer?: boolean, };

/**
 * A call whose far end is to talk to somebody else: exactly one of `target` and `with_call` is there.
 */
export type TransferCall = { 
/**
 * The call.
 */
callId: string, 
/**
 * Whom to call for the far end (blind): a number, a user name or a SIP URI. A call of this session that is
 * established with exactly that party is joined instead.
 */
target?: string | null, 
/**
 * The call whose far end is the new partner (attended).
 */
withCall?: string | null, };

/**
 * How digits travel on the SIP side.
 */
export type DtmfMethod = "rfc2833" | "info" | "infoRelay";

/**
 * Digits to send.
 */
export type SendDtmf = { 
/**
 * The call.
 */
callId: string, 
/**
 * `0`–`9`, `*`, `#`, `A`–`D`.
 */
digits: string, 
/**
 * How to send them.
 */
method?: DtmfMethod, };

/**
 * Data for the app at the far end.
 */
export type SendData = { 
/**
 * The data as JSON text.
 */
payload: Secret, 
/**
 * The local user to send it to; without one, whoever is at the far end of the session's calls.
 */
to?: string | null, };

/**
 * A text for somebody.
 */
export type SendMessage = { 
/**
 * Chosen by the SDK, and told again with its fate.
 */
messageId: string, 
/**
 * A number, a user name or a SIP URI.
 */
to: string, 
/**
 * The text.
 */
text: Secret, };

/**
 * What a user has to say about a fault.
 */
export type BugReport = { 
/**
 * The report, for the relay's log.
 */
text: string, };

/**
 * Whether the relay's log follows the session more closely.
 */
export type DebugSession = { 
/**
 * Begin, or end.
 */
enabled: boolean, };

/**
 * The one reply to a request: `{"type":"reply","id":7,"result":{…}}` or `{"type":"reply","id":7,"error":{…}}`.
 */
export type Reply = { "type": "reply", 
/**
 * The request's id; absent when the frame had none that could be read.
 */
id?: number | null, } & ({ "result": ReplyBody } | { "error": Failure });

/**
 * Accepted, or not.
 */
export type Outcome = { "result": ReplyBody } | { "error": Failure };

/**
 * What an accepted request returns.
 */
export type ReplyBody = SessionOpened | Welcome | CallStats | Done;

/**
 * The relay's side of the handshake.
 */
export type Welcome = { 
/**
 * The protocol version in use.
 */
version: number, 
/**
 * The relay's name and version.
 */
server: string, };

/**
 * An open session.
 */
export type SessionOpened = { 
/**
 * The relay's name for the session, good for logs.
 */
sessionId: string, 
/**
 * Takes the session back after a lost socket. A secret.
 */
token: Secret, 
/**
 * The user's login, as the relay uses it.
 */
login: string, 
/**
 * Whether a `registration` event will follow.
 */
registers: boolean, 
/**
 * How long the session outlives its socket, in milliseconds.
 */
graceMs: number, 
/**
 * The sequence number of the latest event: a page that starts afresh counts on from it.
 */
lastSeq?: number, 
/**
 * To `resume`: the id of the last request of the session that was carried out before this one. The browser sends
 * those after it again; what became of the others, events tell.
 */
lastRequest?: number | null, 
/**
 * Whether the SIP registration stands at this moment.
 */
registered?: boolean, 
/**
 * The keep-alive time in milliseconds, if the session was opened for that.
 */
keepAliveMs?: number | null, 
/**
 * The session's calls, for a page that starts afresh. One that rings here is not among them: it comes as
 * [`crate::event::IncomingCall`].
 */
calls?: Array<LiveCall>, };

/**
 * A call that goes on while its page was reloaded.
 */
export type LiveCall = { 
/**
 * The call.
 */
callId: string, 
/**
 * Whether it came in.
 */
incoming?: boolean, 
/**
 * The caller's user part or URI.
 */
caller: string, 
/**
 * Who was called.
 */
callee: string, 
/**
 * The far end's display name.
 */
visibleName?: string | null, 
/**
 * Its status now.
 */
status: CallStatus, 
/**
 * Whether it has video.
 */
hasVideo?: boolean, 
/**
 * Who was called before and had the call sent on, the latest first.
 */
diversions?: Array<Diversion>, 
/**
 * The far end's SIP headers.
 */
headers?: Array<Header>, };

/**
 * What the relay has to say of a call's media.
 */
export type CallStats = { 
/**
 * The figures.
 */
stats: Figures, };

/**
 * The relay's figures of a call, as [`crate::reply::CallStats`] has them.
 */
export type Figures = { 
/**
 * Between the relay and this browser.
 */
own: LegFigures, 
/**
 * Between the relay and the far end, where the relay has its media.
 */
far: LegFigures | null, };

/**
 * Figures of one leg since it was opened.
 */
export type LegFigures = { 
/**
 * What the relay receives from it.
 */
received: WayFigures, 
/**
 * What the relay sends to it.
 */
sent: WayFigures, 
/**
 * Round-trip time between it and the relay in milliseconds, once known.
 */
roundTripMs: number | null, };

/**
 * Figures of one direction.
 */
export type WayFigures = { 
/**
 * The sound.
 */
audio: StreamFigures, 
/**
 * The picture, where there is one.
 */
video: StreamFigures | null, };

/**
 * Figures of one stream.
 */
export type StreamFigures = { 
/**
 * The codec's name, such as `opus`.
 */
codec: string | null, 
/**
 * RTP packets.
 */
packets: number, 
/**
 * Bytes of their payload.
 */
bytes: number, 
/**
 * Packets lost on this way; of what is sent, by the receiver's last report.
 */
lost: number, 
/**
 * Interarrival jitter in milliseconds (RFC 3550 section 6.4.1), once known.
 */
jitterMs: number | null, 
/**
 * How much longer rows of losses were than by chance, once there was one.
 */
burstRatio: number | null, 
/**
 * Sound that was made up in the place of lost packets, in milliseconds, where the relay decodes it.
 */
concealedMs: number | null, 
/**
 * Packets that came too late to be played, where the relay decodes them.
 */
late: number | null, 
/**
 * Mean opinion score of the last few seconds by the E-model (ITU-T G.107), 1 to 4.5.
 */
mos: number | null, 
/**
 * The mean of these since the call was answered.
 */
mosMean: number | null, 
/**
 * The worst of these.
 */
mosLowest: number | null, };

/**
 * One time that a call was sent on (RFC 5806, RFC 7044).
 */
export type Diversion = { 
/**
 * The user part or URI of whoever was called; `anonymous` where that is not to be known.
 */
user: string, 
/**
 * Their display name.
 */
displayName?: string | null, 
/**
 * Why, as `user-busy`, `no-answer` or `unconditional`.
 */
reason?: string | null, 
/**
 * How often, where that is said.
 */
counter?: number | null, };

/**
 * Nothing to return.
 */
export type Done = Record<symbol, never>;

/**
 * An event and its place in the session's sequence, counted from 1 without gaps.
 */
export type Event = { 
/**
 * The sequence number.
 */
seq: number, } & ({ "type": "registration" } & Registration | { "type": "incomingCall" } & IncomingCall | { "type": "callStatus" } & CallStatusChanged | { "type": "callSdp" } & CallSdp | { "type": "dtmf" } & DtmfReceived | { "type": "transfer" } & Transfer | { "type": "party" } & PartyChanged | { "type": "quality" } & CallQuality | { "type": "appData" } & AppData | { "type": "message" } & MessageReceived | { "type": "messageStatus" } & MessageStatus | { "type": "messageWaiting" } & MessageWaiting | { "type": "debug" } & DebugChanged | { "type": "sessionClosed" } & SessionClosed);

/**
 * Everything that can happen. `type` on the wire is the variant's name in camel case.
 */
export type EventBody = { "type": "registration" } & Registration | { "type": "incomingCall" } & IncomingCall | { "type": "callStatus" } & CallStatusChanged | { "type": "callSdp" } & CallSdp | { "type": "dtmf" } & DtmfReceived | { "type": "transfer" } & Transfer | { "type": "party" } & PartyChanged | { "type": "quality" } & CallQuality | { "type": "appData" } & AppData | { "type": "message" } & MessageReceived | { "type": "messageStatus" } & MessageStatus | { "type": "messageWaiting" } & MessageWaiting | { "type": "debug" } & DebugChanged | { "type": "sessionClosed" } & SessionClosed;

/**
 * A change of the SIP registration.
 */
export type Registration = { 
/**
 * The new state.
 */
state: RegistrationState, 
/**
 * Why it failed.
 */
error?: Failure | null, };

/**
 * A call from outside.
 */
export type IncomingCall = { 
/**
 * The relay's id for the call.
 */
callId: string, 
/**
 * The caller's user part or URI.
 */
caller: string, 
/**
 * Who was called.
 */
callee: string, 
/**
 * The caller's display name.
 */
visibleName?: string | null, 
/**
 * The relay's SDP offer to the browser.
 */
sdp: string, 
/**
 * Whether the caller offers video.
 */
hasVideo: boolean, 
/**
 * Who was called before and had the call sent on, the latest first.
 */
diversions?: Array<Diversion>, 
/**
 * The SIP headers of the request.
 */
headers?: Array<Header>, 
/**
 * What the app at the far end wants to say, as JSON text.
 */
custom?: Secret | null, };

/**
 * A call's new status.
 */
export type CallStatusChanged = { 
/**
 * The call.
 */
callId: string, 
/**
 * Its status.
 */
status: CallStatus, 
/**
 * The SIP status code behind it.
 */
sipStatus?: number | null, 
/**
 * The SIP reason phrase that came with it.
 */
sipReason?: string | null, 
/**
 * One of the SDK's `CALL_STATUS_INFO` texts, for terminal statuses.
 */
info?: string | null, 
/**
 * Why the call failed or was refused.
 */
error?: Failure | null, 
/**
 * The SIP headers of the response or request behind it.
 */
headers?: Array<Header>, };

/**
 * SDP from the relay.
 */
export type CallSdp = { 
/**
 * The call.
 */
callId: string, 
/**
 * Offer or answer.
 */
kind: SdpKind, 
/**
 * The session description.
 */
sdp: string, };

/**
 * Which half of an offer/answer exchange an SDP is (JSEP, RFC 9429).
 */
export type SdpKind = "offer" | "answer";

/**
 * A DTMF digit from the far end.
 */
export type DtmfReceived = { 
/**
 * The call.
 */
callId: string, 
/**
 * `0`–`9`, `*`, `#`, `A`–`D`.
 */
digit: string, 
/**
 * How long it was pressed, in milliseconds.
 */
durationMs: number, };

/**
 * News of a transfer, for its transferor.
 */
export type Transfer = { 
/**
 * The transferor's call.
 */
callId: string, 
/**
 * How far it has come.
 */
status: TransferStatus, 
/**
 * Whom the far end is to talk to.
 */
target: string, 
/**
 * The SIP status code behind it.
 */
sipStatus?: number | null, 
/**
 * The SIP reason phrase that came with it.
 */
sipReason?: string | null, 
/**
 * Why it failed.
 */
error?: Failure | null, };

/**
 * Another far end.
 */
export type PartyChanged = { 
/**
 * The call.
 */
callId: string, 
/**
 * The new party's user part or URI.
 */
user: string, 
/**
 * The new party's display name.
 */
displayName?: string | null, };

/**
 * News of what a call sounds like.
 */
export type CallQuality = { 
/**
 * The call.
 */
callId: string, 
/**
 * What it sounds like, to whom, and why.
 */
quality: Quality, };

/**
 * What has become of a call's sound, as [`crate::event::CallQuality`] has it.
 */
export type Quality = { 
/**
 * Whether it is bad now, or good again.
 */
bad: boolean, 
/**
 * Who hears it so.
 */
hearer: End, 
/**
 * On which side of the relay it was spoilt.
 */
side: End, 
/**
 * Why it is bad; empty when it is good again.
 */
causes: Array<QualityCause>, 
/**
 * Mean opinion score of the last few seconds, 1 to 4.5; none where nothing came.
 */
mos: number | null, 
/**
 * The share of packets lost in them, 0 to 1.
 */
loss: number, 
/**
 * Interarrival jitter in milliseconds.
 */
jitterMs: number, 
/**
 * Round-trip time between the relay and that side in milliseconds, once known.
 */
roundTripMs: number | null, };

/**
 * An end of a call, as the browser sees it.
 */
export type End = "own" | "far";

/**
 * What makes sound bad.
 */
export type QualityCause = "loss" | "jitter" | "delay" | "silence";

/**
 * Data from another app.
 */
export type AppData = { 
/**
 * The data as JSON text.
 */
payload: Secret, 
/**
 * The login of the user who sent it.
 */
from?: string | null, 
/**
 * The call it belongs to, if it came from the far end of one.
 */
callId?: string | null, };

/**
 * A text of somebody.
 */
export type MessageReceived = { 
/**
 * The sender's user part or URI.
 */
from: string, 
/**
 * The sender's display name.
 */
visibleName?: string | null, 
/**
 * The text.
 */
text: Secret, };

/**
 * The fate of a text.
 */
export type MessageStatus = { 
/**
 * The name its sender gave it.
 */
messageId: string, 
/**
 * Why nobody took it; without one, somebody did.
 */
error?: Failure | null, };

/**
 * What waits in a mailbox.
 */
export type MessageWaiting = { 
/**
 * Whether anything does.
 */
waiting: boolean, 
/**
 * Voice messages that were not heard yet, where the server counts them.
 */
new?: number | null, 
/**
 * Voice messages that were heard.
 */
old?: number | null, };

/**
 * Whether the relay's log follows the session more closely.
 */
export type DebugChanged = { 
/**
 * It does, or no longer does.
 */
enabled: boolean, };

/**
 * The session ended on the relay's side.
 */
export type SessionClosed = { 
/**
 * Why.
 */
error: Failure, };

/**
 * One failure: a code for the program, a sentence for the person, and the SIP answer behind it where there is one.
 */
export type Failure = { 
/**
 * The stable code.
 */
code: ErrorCode, 
/**
 * A sentence a person can act on.
 */
message: string, 
/**
 * The SIP status code (RFC 3261 section 21), when a SIP answer caused this.
 */
sipStatus?: number | null, 
/**
 * The SIP reason phrase that came with it.
 */
sipReason?: string | null, 
/**
 * The request field at fault.
 */
field?: string | null, };

/**
 * A stable code for each kind of failure. An app may match on it; the sentence beside it may change.
 */
export type ErrorCode = "badRequest" | "unknownRequest" | "helloRequired" | "versionUnsupported" | "tooLarge" | "invalidSessionState" | "invalidCallState" | "unknownCall" | "invalidField" | "resumeRejected" | "destinationForbidden" | "limitReached" | "unauthorized" | "notFound" | "busy" | "declined" | "noAnswer" | "noCommonCodecs" | "mediaFailed" | "unreachable" | "timeout" | "rejected" | "peerLost" | "shuttingDown" | "internal";

/**
 * The status of a call, named as the SDK's `CALL_STATUS`.
 *
 * `NEW` and `PENDING` are the SDK's own and never sent.
 */
export type CallStatus = "TRYING" | "RING" | "RING_MEDIA" | "SESSION_PROGRESS" | "ESTABLISHED" | "HOLD" | "BUSY" | "FINISH" | "FAILED";

/**
 * The state of the session's SIP registration.
 */
export type RegistrationState = "registered" | "unregistered" | "failed";

/**
 * How far the transfer of a call has come, as its transferor is told.
 */
export type TransferStatus = "TRYING" | "RING" | "COMPLETED" | "FAILED";

/**
 * One SIP header field (RFC 3261 section 7.3). Its `Debug` shows the name only: a value may be anybody's secret.
 */
export type Header = { 
/**
 * The name as it stands on the wire.
 */
name: string, 
/**
 * The value, unfolded.
 */
value: string, };

/**
 * A password, a session token or the app's own data. Its `Debug` shows that there is one, never what it is.
 */
export type Secret = string;
