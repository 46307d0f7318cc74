//! How a connection gets a session: a new one, or one that it had before.

use std::time::{Duration, Instant};

use offhook_protocol::reply::{ReplyBody, SessionOpened, Welcome};
use offhook_protocol::request::{Hello, OpenLocal, OpenSip, Resume};
use offhook_protocol::{ErrorCode, EventBody, Failure, Secret};
use subtle::ConstantTimeEq;

use super::connections::Stage;
use super::requests::wrong_state;
use super::{MediaPlane, Output, Relay};
use crate::config::Users;
use crate::session::{Account, ConnectionId, Opening, SessionId, check_app, display_name};
use crate::ua::SipAccount;

impl<M: MediaPlane> Relay<M> {
    pub(super) fn hello(&mut self, connection: ConnectionId, hello: &Hello) -> Result<ReplyBody, Failure> {
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

    pub(super) fn open_local(
        &mut self,
        connection: ConnectionId,
        open: OpenLocal,
        now: Instant,
    ) -> Result<ReplyBody, Failure> {
        self.may_guess(connection, now)?;
        check_app(open.app_key.as_deref(), open.custom.as_ref())?;
        let display_name = display_name(open.visible_name)?;
        if !crate::route::is_user_name(&open.login) {
            let sentence = "A local user's login is 1 to 64 letters, digits and -_.+.";
            let failure = Failure::new(ErrorCode::InvalidField, sentence);
            return Err(Failure { field: Some("login".to_owned()), ..failure });
        }
        if !may_open(&self.config.users, &open.login, open.password.as_ref()) {
            return Err(Failure::new(ErrorCode::Unauthorized, "The user name or password is wrong."));
        }
        let account = Account::Local { name: open.login };
        let keep_alive = self.keep_alive(open.keep_alive);
        let opening = Opening { account, display_name, keep_alive, source: self.source(connection) };
        self.open(connection, opening, open.app_key)
    }

    pub(super) fn open_sip(
        &mut self,
        connection: ConnectionId,
        open: &OpenSip,
        now: Instant,
    ) -> Result<ReplyBody, Failure> {
        self.may_guess(connection, now)?;
        check_app(open.app_key.as_deref(), open.custom.as_ref())?;
        let sip = SipAccount::parse(open)?;
        self.check_destination(&sip)?;
        let display_name = display_name(open.visible_name.clone())?;
        let account = Account::Sip { login: open.login.clone(), registers: open.register };
        let keep_alive = self.keep_alive(open.keep_alive);
        let opening = Opening { account, display_name, keep_alive, source: self.source(connection) };
        let reply = self.open(connection, opening, open.app_key.clone())?;
        if let Some(Stage::Open(session)) = self.stage(connection) {
            self.register(session, sip, now);
        }
        Ok(reply)
    }

    pub(super) fn resume(
        &mut self,
        connection: ConnectionId,
        resume: &Resume,
        now: Instant,
    ) -> Result<ReplyBody, Failure> {
        let (id, token) = self.session_with(resume.token.reveal())?;
        let reply = if resume.fresh {
            let seen = self.last_event(id);
            self.take_session_over(connection, id, token, now);
            SessionOpened { last_seq: seen, calls: self.live_calls(id), ..self.opened(id)? }
        } else {
            let missed = self.resume_session(connection, id, resume.last_seq, now)?;
            self.outputs.extend(missed.into_iter().map(|frame| Output::Frame(connection, frame)));
            SessionOpened { last_request: self.last_request(id), ..self.opened(id)? }
        };
        self.tell_registration(id, resume.fresh);
        Ok(ReplyBody::Session(reply))
    }

    fn open(
        &mut self,
        connection: ConnectionId,
        opening: Opening,
        app_key: Option<String>,
    ) -> Result<ReplyBody, Failure> {
        let keep_alive = opening.keep_alive.is_some();
        let id = self.open_session(connection, opening)?;
        tracing::info!(session = id.0, keep_alive, app_key = app_key.as_deref(), "session opened");
        Ok(ReplyBody::Session(self.opened(id)?))
    }

    fn opened(&self, id: SessionId) -> Result<SessionOpened, Failure> {
        let session = self.sessions.get(&id).ok_or_else(|| wrong_state("The session is over."))?;
        Ok(SessionOpened {
            session_id: id.0.to_string(),
            token: session.token(),
            login: session.account().login().to_owned(),
            registers: session.account().registers(),
            grace_ms: milliseconds(self.grace(id)),
            last_seq: session.last_event(),
            registered: session.is_registered(),
            keep_alive_ms: session.keep_alive().map(milliseconds),
            ..SessionOpened::default()
        })
    }

    /// A browser that comes back hears again that it is registered. Another page hears what the one before it heard.
    fn tell_registration(&mut self, id: SessionId, fresh: bool) {
        let Some(session) = self.sessions.get(&id) else { return };
        let told = session.registration().filter(|_| fresh || session.is_registered()).cloned();
        let waiting = session.waiting().filter(|_| fresh).cloned();
        if let Some(registration) = told {
            self.emit(id, EventBody::Registration(registration));
        }
        if let Some(waiting) = waiting {
            self.emit(id, EventBody::MessageWaiting(waiting));
        }
    }

    fn keep_alive(&self, wanted: bool) -> Option<Duration> {
        wanted.then_some(self.config.limits.keep_alive)
    }
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

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
