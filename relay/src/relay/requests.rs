use std::time::Instant;

use offhook_media::Digits;
use offhook_protocol::reply::{Done, ReplyBody, SessionOpened, Welcome};
use offhook_protocol::request::{Hello, OpenLocal, OpenSip, Resume};
use offhook_protocol::{ErrorCode, Failure, Request, RequestBody, Secret};
use subtle::ConstantTimeEq;

use super::connections::{Stage, close};
use super::{MediaPlane, Output, Relay};
use crate::browser::BrowserLeg;
use crate::call::Extras;
use crate::config::Users;
use crate::session::{Account, ConnectionId, SessionId, display_name};
use crate::ua::SipAccount;

const DONE: ReplyBody = ReplyBody::Done(Done {});

impl<M: MediaPlane> Relay<M> {
    /// Handles a request. Its reply goes out before any event it gives rise to.
    pub(super) fn request(&mut self, connection: ConnectionId, request: Request, now: Instant) {
        let first = self.outputs.len();
        let id = request.id;
        let result = self.handle(connection, request.body, now);
        if let Err(Failure { code: ErrorCode::Unauthorized | ErrorCode::ResumeRejected, .. }) = &result {
            self.guessed_wrong(connection);
        }
        let rest = self.outputs.split_off(first);
        self.reply(connection, Some(id), result);
        self.outputs.extend(rest);
    }

    fn handle(&mut self, connection: ConnectionId, body: RequestBody, now: Instant) -> Result<ReplyBody, Failure> {
        let stage = self.connections.get(&connection).map_or(Stage::Closing, |connection| connection.stage);
        match (stage, body) {
            (Stage::Silent, RequestBody::Hello(hello)) => self.hello(connection, &hello),
            (Stage::Silent, _) => Err(Failure::new(ErrorCode::HelloRequired, "The first request must be hello.")),
            (_, RequestBody::Hello(_)) => Err(wrong_state("hello was said already.")),
            (_, RequestBody::Ping(_)) => Ok(DONE),
            (Stage::Greeted, RequestBody::OpenLocal(open)) => self.open_local(connection, open),
            (Stage::Greeted, RequestBody::OpenSip(open)) => self.open_sip(connection, &open, now),
            (Stage::Greeted, RequestBody::Resume(resume)) => self.resume(connection, &resume),
            (Stage::Open(_), RequestBody::OpenLocal(_) | RequestBody::OpenSip(_) | RequestBody::Resume(_)) => {
                Err(wrong_state("A session is open on this connection already."))
            }
            (Stage::Open(session), body) => self.in_session(connection, session, body, now),
            (Stage::Greeted | Stage::Closing, _) => Err(wrong_state("No session is open on this connection.")),
        }
    }

    fn hello(&mut self, connection: ConnectionId, hello: &Hello) -> Result<ReplyBody, Failure> {
        if hello.version != offhook_protocol::VERSION {
            let sentence = format!("This relay speaks version {} of the protocol.", offhook_protocol::VERSION);
            return Err(Failure::new(ErrorCode::VersionUnsupported, sentence));
        }
        self.set_stage(connection, Stage::Greeted);
        Ok(ReplyBody::Welcome(Welcome {
            version: offhook_protocol::VERSION,
            server: concat!("offhook-relay/", env!("CARGO_PKG_VERSION")).to_owned(),
        }))
    }

    fn open_local(&mut self, connection: ConnectionId, open: OpenLocal) -> Result<ReplyBody, Failure> {
        let shown = display_name(open.visible_name)?;
        if !crate::route::is_user_name(&open.login) {
            let sentence = "A local user's login is 1 to 64 letters, digits and -_.+.";
            let failure = Failure::new(ErrorCode::InvalidField, sentence);
            return Err(Failure { field: Some("login".to_owned()), ..failure });
        }
        if !may_open(&self.config.users, &open.login, open.password.as_ref()) {
            return Err(Failure::new(ErrorCode::Unauthorized, "The user name or password is wrong."));
        }
        let session = self.open_session(connection, Account::Local { name: open.login }, shown)?;
        self.opened(session)
    }

    fn open_sip(&mut self, connection: ConnectionId, open: &OpenSip, now: Instant) -> Result<ReplyBody, Failure> {
        let account = SipAccount::parse(open)?;
        self.check_destination(&account)?;
        let shown = display_name(open.visible_name.clone())?;
        let identity = Account::Sip { login: open.login.clone(), registers: open.register };
        let session = self.open_session(connection, identity, shown)?;
        self.register(session, account, now);
        self.opened(session)
    }

    fn resume(&mut self, connection: ConnectionId, resume: &Resume) -> Result<ReplyBody, Failure> {
        let (session, missed) = self.resume_session(connection, resume.token.reveal(), resume.last_seq)?;
        self.outputs.extend(missed.into_iter().map(|frame| Output::Frame(connection, frame)));
        self.opened(session)
    }

    fn opened(&self, id: SessionId) -> Result<ReplyBody, Failure> {
        let session = self.sessions.get(&id).ok_or_else(|| wrong_state("The session is over."))?;
        Ok(ReplyBody::Session(SessionOpened {
            session_id: id.0.to_string(),
            token: session.token(),
            login: session.account().login().to_owned(),
            registers: session.account().registers(),
            grace_ms: u32::try_from(self.config.limits.session_grace.as_millis()).unwrap_or(u32::MAX),
            ..SessionOpened::default()
        }))
    }

    fn in_session(
        &mut self,
        connection: ConnectionId,
        session: SessionId,
        body: RequestBody,
        now: Instant,
    ) -> Result<ReplyBody, Failure> {
        match body {
            RequestBody::Close(_) => {
                self.end_session(session, None, now);
                self.close(connection, close::NORMAL, "the session was closed");
            }
            RequestBody::Call(call) => self.start_call(session, call, now)?,
            RequestBody::Ring(call) => self.at_leg(session, &call.call_id, BrowserLeg::ring)?,
            RequestBody::Answer(answer) => {
                let extras = Extras::of_app(answer.headers, answer.sip_sdp, None)?;
                self.at_leg(session, &answer.call_id, |leg| leg.answer(&answer.sdp, extras))?;
            }
            RequestBody::Hangup(call) => {
                let busy = self.is_on_another_call(session, &call.call_id);
                self.at_leg(session, &call.call_id, |leg| leg.hangup(busy))?;
            }
            RequestBody::Hold(call) => self.at_leg(session, &call.call_id, |leg| leg.hold(true))?,
            RequestBody::Unhold(call) => self.at_leg(session, &call.call_id, |leg| leg.hold(false))?,
            RequestBody::Dtmf(dtmf) => {
                let digits: Digits = dtmf.digits.parse().map_err(|error: offhook_media::InvalidDigit| {
                    let failure = Failure::new(ErrorCode::InvalidField, format!("The keys cannot be sent: {error}."));
                    Failure { field: Some("digits".to_owned()), ..failure }
                })?;
                self.take_keys(connection, &digits, now)?;
                self.at_leg(session, &dtmf.call_id, |leg| leg.dtmf(&digits, dtmf.method))?;
            }
            RequestBody::Sdp(answer) => self.at_leg(session, &answer.call_id, |leg| leg.sdp(&answer.sdp))?,
            _ => return Err(Failure::new(ErrorCode::UnknownRequest, "This relay does not know the request.")),
        }
        Ok(DONE)
    }
}

fn wrong_state(sentence: &str) -> Failure {
    Failure::new(ErrorCode::InvalidSessionState, sentence)
}

/// Whether a local session may be opened under this name. Unknown names take as long as wrong passwords.
fn may_open(users: &Users, name: &str, given: Option<&Secret>) -> bool {
    let Users::Named(users) = users else { return true };
    let given = given.map(Secret::reveal).unwrap_or_default();
    match users.get(name) {
        Some(None) => true,
        Some(Some(password)) => password.reveal().as_bytes().ct_eq(given.as_bytes()).into(),
        None => false,
    }
}
